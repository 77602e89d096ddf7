"""What the tests in cfn-lint share: the program, what it reports of our pack, and what our own scan reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cfnlint.rules
import pytest
from cfnlint.config import ConfigMixIn
from cfnlint.runner import Runner

from posturio_iac.cli import main
from posturio_iac.core.host_ids import CFN_LINT, CFN_LINT_UNDETERMINED
from posturio_iac.core.text.terminal import printable
from tests.support.hosts.linters_inside import linter_in_fork
from tests.support.repository import BOT

ROOT = Path(__file__).parents[3]
PROGRAM = str(Path(sys.executable).with_name("cfn-lint"))
PACK = ("--append-rules", "posturio_iac.adapters.cfn_lint")
MISSING, EXPOSED, SEVERAL, OVERLONG, OWNERLESS = "W9371", "E9373", "W9376", "W9378", "W9379"
INCOMPLETE, UNDETERMINED, REMARKS = "E9397", "I9398", "I9399"
FAILURES = ("E0000", "E0001", "E0002")
ENDINGS = (".yaml", ".yml", ".json")
REFUSED = {"multidocument": "stacks.yaml", "parameters": "prod.json"}
"""Files in ``fixtures/cloudformation/``, by their folder, that are no templates to cfn-lint."""
KEY = BOT


class Match(NamedTuple):
    id: str
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    path: str
    message: str


class Verdict(NamedTuple):
    """What our scan says about one key, under the id of the pack. Of an undetermined key the report gives no columns."""

    id: str
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    address: str


def call(*arguments: str, cwd: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return linter_in_fork(cwd, "from cfnlint.runner import main; main()", ["cfn-lint", *arguments], os.environ, given)


def program(*arguments: str, cwd: Path, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments], cwd=cwd, env={**os.environ, **environment}, input=given, capture_output=True, text=True, check=False
    )


def runner(*arguments: str) -> Runner:
    """Return cfn-lint with our rules, and of its own those about files that fail: half a second goes into loading the others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cfnlint.config._DEFAULT_RULESDIR", str(Path(cfnlint.rules.__file__).with_name("errors")))
        return Runner(ConfigMixIn([*arguments]))


def reported(cwd: Path, *files: str, options: Sequence[str] = ("-c", "I"), given: str = "") -> list[Match]:
    """Return what cfn-lint reports of our pack, and fail when anything but its log and our count is on standard error."""
    done = call("--format", "json", *options, *PACK, *(["--", *files] if files else []), cwd=cwd, given=given)
    assert all("cfnlint.decode" in line or " is undetermined about " in line for line in done.stderr.splitlines()), done.stderr
    return [match for match in map(_from_json, json.loads(done.stdout or "[]")) if concerns_us(match)]


def lint(cwd: Path, *files: str, options: Sequence[str] = ("-c", "I"), pack: Sequence[str] = PACK) -> list[Match]:
    here = Path.cwd()
    os.chdir(cwd)
    try:
        made = runner(*options, *pack, *(["--", *files] if files else []))
        return [match for match in map(from_object, made.run()) if concerns_us(match)]
    finally:
        os.chdir(here)


def concerns_us(match: Match) -> bool:
    return match.id[1:3] == "93" or match.id in FAILURES


def _from_json(entry: dict[str, Any]) -> Match:
    place = entry["Location"]
    start, end = ((place[side]["LineNumber"], place[side]["ColumnNumber"]) for side in ("Start", "End"))
    return Match(entry["Rule"]["Id"], entry["Filename"] or "", *start, *end, "/".join(map(str, place["Path"] or ())), entry["Message"])


def from_object(match: Any) -> Match:
    ends = (match.linenumber, match.columnnumber, match.linenumberend, match.columnnumberend)
    return Match(match.rule.id, match.filename or "", *ends, "/".join(map(str, getattr(match, "path", ()))), match.message)


def scanned(capsys: pytest.CaptureFixture[str], *arguments: str) -> set[Verdict]:
    """Return what our scan says in the current folder: the findings that count, and the keys about which something is undetermined."""
    capsys.readouterr()
    main(["scan", "--format", "json", *arguments])
    report = json.loads(capsys.readouterr().out)
    found = [(CFN_LINT[f["rule"]], f) for f in report["findings"] if "suppressed" not in f]
    found += [(CFN_LINT_UNDETERMINED, key) for key in report["keys"] if key.get("undecided")]
    return {Verdict(i, e["path"], e["line"], e.get("column", 0), e["end_line"], e.get("end_column", 0), e["address"]) for i, e in found}


def apart(matches: Iterable[Match], verdicts: Iterable[Verdict]) -> tuple[list[Match], list[Verdict]]:
    """Return what only one of both says: cfn-lint, and our scan. Both agree when id, place and address do."""
    matches, verdicts = list(matches), list(verdicts)
    lonely = [m for m in matches if not any(_same(m, v) for v in verdicts)]
    return lonely, [v for v in verdicts if not any(_same(m, v) for m in matches)]


def _same(match: Match, verdict: Verdict) -> bool:
    place = slice(0, 6) if verdict.column else slice(0, 3)
    return match[place] == verdict[place] and printable(verdict.address) in match.message
