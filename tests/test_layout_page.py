"""docs/layout.md shows what each kind of extension costs, as a diff: each is applied to a copy of the repository and run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.layout_page import ENVIRONMENT, SECTIONS, apply, copied

ANSWER = """
from types import SimpleNamespace
from posturio_iac.contract import RenderContext
from posturio_iac.contract.write import render
from posturio_iac.core.finding import JudgedKey, Report, Verdict
from posturio_iac.live.build import access_keys
from posturio_iac.live.model import Account, DeployedKey
from posturio_iac.live.reading.users import detailed
from posturio_iac.core.metadata.names import Names
from tests.support.keys import AS_OF

arn, edge = "arn:aws:iam::123456789012:user/ci", "arn:aws:iam::123456789012:policy/edge"
user = {"UserName": "ci", "Arn": arn, "PermissionsBoundary": {"PermissionsBoundaryArn": edge}}
users = detailed(SimpleNamespace(pages=lambda *_, **__: [{"UserDetailList": [user]}]))
found = access_keys([DeployedKey(users[arn], "key-1", "Active", AS_OF, None)], Account("123456789012"), Names(), AS_OF)
judged = tuple(JudgedKey(key, Verdict.CLEAN) for key in found)
print(render(Report(AS_OF, judged, (), (), 0), RenderContext(lambda _: None, "", 0.0)))
"""


@pytest.fixture
def extended(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    copied(tmp_path)
    apply(tmp_path, request.param)
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "posturio_iac", *arguments]
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def scanned(folder: Path, program: str) -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = json.loads(run(folder, "scan", "--format", "json", f"fixtures/{program}"))["keys"]
    return keys


def test_every_section_has_a_diff() -> None:
    assert [title for title, diffs in SECTIONS.items() if not diffs] == ["A new front end"]


@pytest.mark.parametrize("extended", ["A new rule"], indirect=True)
def test_a_rule(extended: Path) -> None:
    rule = "iam.temporary_users_with_access_keys"
    assert rule in run(extended, "scan", "fixtures/temporary_users_with_access_keys")
    assert "What was meant for a week" in run(extended, "explain", rule)
    environment = ENVIRONMENT | {"PYTHONPATH": str(extended)}
    subprocess.run([sys.executable, "docs/generate.py"], cwd=extended, env=environment, check=True, capture_output=True, timeout=120)
    assert (extended / f"docs/rules/{rule}.md").is_file()
    assert run(extended, "explain", "CKV_POSTURIO_98") == run(extended, "explain", "W9389") == run(extended, "explain", rule)


@pytest.mark.parametrize("extended", ["A new field of a deployed key"], indirect=True)
def test_a_field_of_a_deployed_key(extended: Path) -> None:
    (extended / "answer.py").write_text(ANSWER, encoding="utf-8")
    command, environment = [sys.executable, "answer.py"], ENVIRONMENT | {"PYTHONPATH": str(extended)}
    done = subprocess.run(command, cwd=extended, env=environment, capture_output=True, text=True, check=True, timeout=60)
    (key,) = json.loads(done.stdout)["keys"]
    assert key["boundary"] == "arn:aws:iam::123456789012:policy/edge"


@pytest.mark.parametrize("extended", ["A new resource that rotates keys"], indirect=True)
def test_a_resource_that_rotates_keys(extended: Path) -> None:
    (key,) = scanned(extended, "access_keys_without_lifetime/clean_metronome")
    assert key["verdict"] == "clean"
    (evidence,) = key["lifetime"]
    assert evidence["value"] == "30 days"


@pytest.mark.parametrize("extended", ["A new Terraform function"], indirect=True)
def test_a_terraform_function(extended: Path) -> None:
    (key,) = scanned(extended, "access_keys_without_lifetime/flagged_initials")
    assert key["user"] == "ci-PT"


@pytest.mark.parametrize("extended", ["A new format"], indirect=True)
def test_a_format(extended: Path) -> None:
    (extended / "main.tf").write_text('resource "aws_iam_access_key" "ci" {\n  user = "ci"\n}\n', encoding="utf-8")
    found = run(extended, "scan", "--format", "rows", "main.tf").splitlines()
    assert json.loads(found[1]) == ["iam.access_keys_without_lifetime", "", "aws_iam_access_key.ci", "main.tf", 1]
