"""What the tests in checkov share: the program, what it reports of our pack, and what our own scan reports."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from posturio_iac.cli import main
from posturio_iac.config.load import parse_toml
from posturio_iac.core.host_ids import CHECKOV
from tests.support.fixture_tools import AS_OF
from tests.support.hosts.linters_inside import CHECKOV as RUN
from tests.support.hosts.linters_inside import linter_in_fork
from tests.support.repository import BOT, CI

ROOT = Path(__file__).parents[3]
PROGRAM = str(Path(sys.executable).with_name("checkov"))
PACK = str(ROOT / "policies" / "checkov")
AS_OF_VARIABLE = "POSTURIO_IAC_AS_OF"
VERSION = tuple(int(part) for part in version("checkov").split("."))
OLDEST = (3, 2, 0)
DIFFERENT: list[dict[str, Any]] = parse_toml(Path(__file__).with_name("checkov_differences.toml").read_text(encoding="utf-8"), "")[
    "difference"
]
"""What checkov says otherwise about the programs in ``fixtures/``."""
RULES = {check: rule for rule, check in CHECKOV.items()}
FRAMEWORKS = ("terraform", "terraform_plan", "terraform_json", "cloudformation", "serverless")
MISSING, EXPIRED, OUTAGE, OWNERLESS = (
    CHECKOV[f"iam.{name}"]
    for name in ("access_keys_without_lifetime", "expired_access_keys", "access_key_rotation_outages", "ownerless_access_keys")
)
KEY, TEMPLATE = CI, BOT
_TYPE = re.compile(r"^(?:AWS|Custom)::[A-Za-z0-9:_@-]+\.")


class Record(NamedTuple):
    result: str
    check: str
    file: str
    resource: str
    """As checkov names it, without the type before a logical id."""
    name: str
    severity: str | None
    guideline: str | None
    reason: str


def checkov(
    folder: Path, *arguments: str, pack: str | None = PACK, ids: str | None = ",".join(RULES), first: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run checkov in a folder, for Terraform alone unless told otherwise, with our checks alone unless ``ids`` is None.

    ``first`` is code that runs before it. Only where variables are given, which it reads at its start, is its program started.
    """
    options = _options(arguments, pack, ids)
    if environment.keys() - {AS_OF_VARIABLE}:
        assert not first
        return checkov_program(folder, *arguments, pack=pack, ids=ids, **environment)
    return linter_in_fork(folder, f"{first}\n{RUN}", ["checkov", *options], {**os.environ, AS_OF_VARIABLE: AS_OF, **environment})


def checkov_program(
    folder: Path, *arguments: str, pack: str | None = PACK, ids: str | None = ",".join(RULES), **environment: str
) -> subprocess.CompletedProcess[str]:
    command, given = [PROGRAM, *_options(arguments, pack, ids)], {AS_OF_VARIABLE: AS_OF, **environment}
    return subprocess.run(command, cwd=folder, env={**os.environ, **given}, capture_output=True, text=True, check=False)


def _options(arguments: Sequence[str], pack: str | None, ids: str | None) -> list[str]:
    return ["--skip-download", *(["--external-checks-dir", pack] if pack else []), *(["--check", ids] if ids else []), *arguments]


def records(done: subprocess.CompletedProcess[str]) -> list[Record]:
    reports = json.loads(done.stdout)
    reports = reports if isinstance(reports, list) else [reports]
    return [_record(result, entry) for report in reports if "results" in report for result, entry in _entries(report["results"])]


def _entries(results: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(result, entry) for result in ("failed", "passed", "skipped") for entry in results[f"{result}_checks"]]


def _record(result: str, entry: dict[str, Any]) -> Record:
    resource = _TYPE.sub("", entry["resource"])
    reason = entry["check_result"].get("suppress_comment") or ""
    return Record(
        result,
        entry["check_id"],
        entry["file_path"].lstrip("/"),
        resource,
        entry["check_name"],
        entry["severity"],
        entry["guideline"],
        reason,
    )


def report(folder: Path, *arguments: str, first: str = "", **environment: str) -> list[Record]:
    """Scan a folder with checkov and return what it reports of our pack; a check or a pack that fails to run fails the test."""
    done = checkov(folder, "-d", ".", "--framework", *FRAMEWORKS, "--output", "json", *arguments, first=first, **environment)
    assert not re.search("Cannot load external check|Failed to run check|posturio_iac/", done.stderr), done.stderr
    assert done.stdout, done.stderr
    return records(done)


def failed(found: list[Record]) -> set[tuple[str, str]]:
    return {(one.check, one.resource) for one in found if one.result == "failed"}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def differences_here() -> list[dict[str, Any]]:
    return [row for row in DIFFERENT if row.get("only") in (None, "oldest" if VERSION == OLDEST else "newest")]


def scan(folder: Path) -> dict[str, list[dict[str, Any]]]:
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.chdir(folder)
        main(["scan", "--format", "json", "--as-of", AS_OF, "."])
    found: dict[str, list[dict[str, Any]]] = json.loads(out.getvalue())
    return found


def case_of(path: str) -> str:
    return "/".join(path.split("/")[:2])
