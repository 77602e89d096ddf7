"""The answers of our checks without checkov: a function with the variables of checkov's runner asks about blocks of the fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest

from posturio_iac.adapters.checkov import scanning
from posturio_iac.adapters.checkov.answers import answer
from posturio_iac.adapters.checkov.entity import entity_of
from tests.support.fixture_tools import AS_OF

FIXTURES = Path(__file__).parents[2] / "fixtures"
KEY, NEVER, EXPIRED = "aws_iam_access_key", "access_keys_without_lifetime", "expired_access_keys"
FLAGGED, TWICE = f"{NEVER}/flagged", f"{EXPIRED}/flagged_count_in_module_called_twice"


def ask(root_folder: str, full_file_path: Path, kind: str, name: str, address: str = "", first: int = 0, rule: str = NEVER) -> str:
    lines = {"__start_line__": [first], "__end_line__": first + 3}
    config = {"Properties": {"__startline__": first, "__endline__": first + 3}} if "::" in kind else {"__address__": address, **lines}
    found = answer(entity_of("/elsewhere.tf", config, name, kind, None), f"iam.{rule}")
    assert root_folder in str(full_file_path)
    return f"{found.result.value} {found.text}"


@pytest.mark.parametrize(
    ("root", "file", "block", "said"),
    [
        (FLAGGED, "main.tf", (KEY, "deploy", f"{KEY}.deploy", 6), f"failed {KEY}.deploy never expires: the code states neither"),
        (FLAGGED, "main.tf", (KEY, "deploy", f"{KEY}.deploy", 6, EXPIRED), "passed "),
        (FLAGGED, "main.tf", (KEY, "other", f"{KEY}.other", 6), "unknown "),
        (f"{NEVER}/suppressed", "main.tf", (KEY, "camera", f"{KEY}.camera", 7), "skipped moves to IAM Roles Anywhere"),
        (f"{NEVER}/unknown", "main.tf", (KEY, "this", "", 10), "skipped undetermined: tags of aws_iam_user.this: var.tags has no value"),
        (TWICE, "m/main.tf", (KEY, "bot[1]", f"module.old.{KEY}.bot[1]", 9, EXPIRED), f"failed module.old.{KEY}.bot[1] is still active"),
        (TWICE, "m/main.tf", (KEY, "bot[1]", f"module.new.{KEY}.bot[1]", 9, EXPIRED), "passed "),
        (TWICE, "m/main.tf", (KEY, "bot", "", 9, EXPIRED), f"failed module.old.{KEY}.bot[0] is still active"),
        (
            f"{NEVER}/flagged_registry_module_old_version",
            "main.tf",
            ("module", "pinned", "pinned", 1),
            "failed module.pinned never expires: ",
        ),
        (f"{NEVER}/flagged_registry_module_old_version", "main.tf", ("module", "pinned", "pinned", 2), "unknown "),
        (
            "cloudformation/stackset",
            "template.yaml",
            ("AWS::CloudFormation::StackSet", "Everywhere", "", 10),
            "failed Everywhere/ScannerKey ",
        ),
        ("cloudformation/stackset", "template.yaml", ("AWS::IAM::AccessKey", "Everywhere", "", 1), "unknown "),
        (
            "cloudformation",
            f"../{FLAGGED}/main.tf",
            (KEY, "deploy", "", 6),
            "skipped undetermined: checkov does not show the user of the key",
        ),
        ("cloudformation", f"../{FLAGGED}/main.tf", (KEY, "deploy", "", 6, EXPIRED), "unknown "),
    ],
)
def test_a_check_answers_as_our_scan(monkeypatch: pytest.MonkeyPatch, root: str, file: str, block: tuple[str, str], said: str) -> None:
    monkeypatch.setenv("POSTURIO_IAC_AS_OF", AS_OF)
    answered = ask(str(FIXTURES / root), FIXTURES / root / file, *block)
    assert answered.startswith(said)
    assert answered == said or said[0] in "fs"  # which say why


def test_a_crash_is_told_for_each_block_and_met_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_iam_access_key" "ci" {\n  user = "ci"\n}\n', encoding="utf-8")
    met = []

    def crash(*_arguments: object, **_named: object) -> None:
        met.append(1)
        raise RuntimeError("boom")

    monkeypatch.setattr(scanning, "judged", crash)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="boom"):
            ask(str(tmp_path), tmp_path / "main.tf", KEY, "ci", f"{KEY}.ci", 1)
    assert len(met) == 1


@pytest.mark.parametrize(("parser", "said"), [("", "main.tf:5: "), ("tree_sitter", "tree_sitter is not installed with checkov, so in ")])
def test_what_is_not_read_is_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, parser: str, said: str
) -> None:
    monkeypatch.setattr(scanning, "missing_parser", lambda: parser)
    (tmp_path / "main.tf").write_text(f'resource "{KEY}" "a" {{\n  user = "a"\n}}\nresource "{KEY}" {{\n')
    for _ in range(2):
        ask(str(tmp_path), tmp_path / "main.tf", KEY, "a", f"{KEY}.a", 1)
    (message,) = caplog.messages
    assert message.startswith(f"posturio-iac: {said}")


@pytest.mark.parametrize(("time", "text", "said"), [("yesterday", "", "POSTURIO_IAC_AS_OF must be a date such as"), ("", "no = 1", "")])
def test_a_mistake_of_the_run_fails_each_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, time: str, text: str, said: str) -> None:
    (tmp_path / "posturio-iac.toml").write_text(text)
    monkeypatch.setenv("POSTURIO_IAC_AS_OF", time)
    assert ask(str(tmp_path), tmp_path / "main.tf", KEY, "a").startswith(f"failed No access key was checked here: {said}")
