"""What a template tells cfn-lint to ignore of our pack, our own scan ignores too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import run

KEY = """\
Resources:
  Bot:
    Type: AWS::IAM::User
  Key:
    Type: AWS::IAM::AccessKey
    Metadata: {metadata}
    Properties:
      UserName: !Ref Bot
"""
MISSING, OWNERLESS = "iam.access_keys_without_lifetime", "iam.ownerless_access_keys"
IGNORES = "{cfn-lint: {config: {ignore_checks: %s}}}"


def findings(capsys: pytest.CaptureFixture[str], folder: Path, *options: str) -> dict[str, dict[str, Any] | None]:
    """The suppression of each finding, None where there is none, by its rule."""
    _, out, _ = run(capsys, "scan", "--no-config", "--format", "json", *options, str(folder))
    report = json.loads(out)
    assert report["diagnostics"] == []
    return {f["rule"]: f.get("suppressed") for f in report["findings"]}


def template(folder: Path, text: str, ignored: str = "{}") -> Path:
    (folder / "stack.yaml").write_text(text.replace("{metadata}", ignored), encoding="utf-8")
    return folder


def test_an_id_of_the_pack_suppresses_its_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = template(tmp_path, KEY, IGNORES % "[W9371]")
    reason = {"reason": "W9371 is ignored in cfn-lint's Metadata", "until": None, "source": "cfn-lint metadata"}
    assert findings(capsys, folder) == {MISSING: reason, OWNERLESS: None}
    assert findings(capsys, folder, "--no-suppressions") == {MISSING: None, OWNERLESS: None}


def test_metadata_of_the_template_holds_for_all_its_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = findings(capsys, template(tmp_path, f"Metadata: {IGNORES % '[W9371, W9379]'}\n{KEY}"))
    assert [why and why["source"] for why in found.values()] == ["cfn-lint metadata"] * 2


@pytest.mark.parametrize(
    "metadata",
    [
        *(IGNORES % one for one in ("[W]", "[W93]", "[w9371]", "W9371", "[E1001, 9371]", "{W9371: true}", "[[W9371]]", "[!Ref W9371]")),
        *("{cfn-lint: [W9371]}", "{cfn-lint: {ignore_checks: [W9371]}}", "{cfnlint: {config: 3}}"),
    ],
)
def test_nothing_but_a_whole_id_in_the_list_counts(metadata: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert findings(capsys, template(tmp_path, KEY, metadata)) == {MISSING: None, OWNERLESS: None}


def test_metadata_of_a_nesting_stack_in_another_file_does_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    template(tmp_path, KEY)
    child = f"{{Type: AWS::CloudFormation::Stack, Metadata: {IGNORES % '[W9379]'}, Properties: {{TemplateURL: stack.yaml}}}}"
    (tmp_path / "parent.yaml").write_text(f"Resources:\n  Child: {child}\n", encoding="utf-8")
    assert findings(capsys, tmp_path) == {MISSING: None, OWNERLESS: None}


def test_metadata_of_a_stack_set_holds_for_the_template_in_its_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = KEY.replace("    Metadata: {metadata}\n", "").replace("\n", "\n        ")
    head = "Resources:\n  Set:\n    Type: AWS::CloudFormation::StackSet\n    Metadata: {metadata}\n"
    text = f"{head}    Properties:\n      TemplateBody: |\n        {body}"
    found = findings(capsys, template(tmp_path, text, IGNORES % "[W9379]"))
    assert (found[MISSING] is None, found[OWNERLESS] is None) == (True, False)
