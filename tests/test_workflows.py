"""Scheduled workflows that seem to rotate the keys of a user are named at the key, and prove nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.fixture_tools import scan

if TYPE_CHECKING:
    from pathlib import Path

USER = 'resource "aws_iam_user" "u" {{\n  name = "deployer"\n{}}}\n'
KEY = 'resource "aws_iam_access_key" "k" {\n  user = aws_iam_user.u.name\n}\n'
WORKFLOW = """\
on:
  ON
jobs:
  rotate:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        user: [MATRIX]
    steps:
      - uses: actions/checkout@v4
      - STEP
"""
SCHEDULE = 'schedule: [{cron: "0 3 * * 1"}]'
CREATE = "run: aws iam create-access-key --user-name deployer"
ACTION = "uses: kneemaa/github-action-rotate-aws-secrets@v1\n        env: {IAM_USERNAME: deployer}"


def message(folder: Path, workflow: str, tags: str = "") -> str:
    """The finding about the lifetime of the key; nothing where there is none."""
    (folder / "main.tf").write_text(USER.format(tags) + KEY, encoding="utf-8")
    (folder / ".github" / "workflows").mkdir(parents=True)
    (folder / ".github" / "workflows" / "keys.yml").write_text(workflow, encoding="utf-8")
    _, report = scan(folder)
    found = [f["message"] for f in report["findings"] if f["rule"] == "iam.access_keys_without_lifetime"]
    assert len(found) < 2
    return found[0] if found else ""


def workflow(step: str, on: str = SCHEDULE, matrix: str = "nobody") -> str:
    return WORKFLOW.replace("ON", on, 1).replace("MATRIX", matrix).replace("STEP", step)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (workflow(CREATE), "runs aws iam create-access-key"),
        (
            workflow("run: |\n          aws iam update-access-key \\\n            --user-name=deployer --status Inactive"),
            "runs aws iam update-access-key",
        ),
        (workflow(ACTION), "uses kneemaa/github-action-rotate-aws-secrets"),
        (
            workflow("run: aws iam create-access-key --user-name ${{ matrix.user }}", matrix="other, deployer"),
            "runs aws iam create-access-key",
        ),
    ],
)
def test_a_scheduled_workflow_that_names_the_user_is_a_note(tmp_path: Path, text: str, what: str) -> None:
    expected = (
        f"The scheduled workflow .github/workflows/keys.yml:11 names its user and {what}, but that does not prove that this key ends."
    )
    assert expected in message(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        workflow(CREATE, on="push:"),
        workflow(CREATE.replace("deployer", "deployer-2")),
        workflow(CREATE.replace("deployer", "my.deployer")),
        workflow("run: aws iam list-access-keys --user-name deployer"),
        workflow("uses: someone/rotate-logs@v1\n        with: {user: deployer}"),
        workflow("name: deployer\n        run: aws iam create-access-key --user-name other"),
        workflow(CREATE) + "\t- no: [yaml",
        "on: {schedule: 1}\njobs: [rotate, access-key]\n",
        "- schedule\n- access-key\n",
        "",
    ],
)
def test_any_other_workflow_is_none(tmp_path: Path, text: str) -> None:
    found = message(tmp_path, text)
    assert "never expires" in found
    assert "workflow" not in found


def test_a_workflow_is_no_lifetime_and_takes_none_away(tmp_path: Path) -> None:
    assert message(tmp_path, workflow(CREATE), '  tags = {\n    expires = "2027-01-31"\n  }\n') == ""


def test_aliases_that_multiply_are_read_once(tmp_path: Path) -> None:
    levels = "".join(f"  a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(12))
    text = workflow(CREATE) + f"env:\n  a0: &a0 [x]\n{levels}"
    assert "never expires" in message(tmp_path, text)
