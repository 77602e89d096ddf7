"""The examples on the rules' pages, run: what a page calls flagged is flagged, and what it calls mended is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from posturio_iac.cli import main
from posturio_iac.rules import all_rules
from tests.support.keys import AS_OF

ROOT = Path(__file__).parents[2]
LIVE = frozenset(name for name, entry in all_rules().items() if entry.rule.only_live)  # rules that code alone cannot break
WITHOUT_KEY = frozenset({"iam.root_access_keys", "iam.forbidden_access_keys"})
"""Rules whose mended code declares no key, so that there is nothing to look at."""
TERRAFORM = {
    'resource "aws_iam_user" "ci"': '{\n  name = "ci"\n  tags = { owner = "payments@example.com" }\n}',
    'resource "aws_iam_access_key" "ci"': "{\n  user = aws_iam_user.ci.name\n}",
    'resource "time_rotating" "ci"': "{\n  rotation_days = 60\n}",
    'resource "time_static" "ci"': "{\n  rfc3339 = time_rotating.ci.rfc3339\n}",
}
"""What the examples refer to without repeating it."""
CLOUDFORMATION = {
    "User": "\n  Type: AWS::IAM::User\n  Properties:\n    UserName: ci",
    "Key": "\n  Type: AWS::IAM::AccessKey\n  Properties:\n    UserName: !Ref User",
}


def examples(page: str, section: str) -> Iterator[tuple[bool, str]]:
    """Yield the examples of a section, and whether each is said to be flagged."""
    text = page.partition(f"## {section}\n")[2].partition("\n## ")[0]
    for said, code in re.findall(r"^(\S.*):\n\n((?:    .*\n|\n)+)", f"{text}\n", re.MULTILINE):
        yield said.startswith("Flagged"), "".join(f"{line[4:]}\n" for line in code.splitlines())


def blocks(code: str) -> dict[str, str]:
    """Split Terraform into blocks by their headers; comments belong to the block below them."""
    found = re.findall(r"((?:^#[^\n]*\n)*)^(\w+(?: \"\w+\")*) (\{.*?^\})", code, re.MULTILINE | re.DOTALL)
    return {header: comments + header + " " + body for comments, header, body in found}


def entries(code: str) -> dict[str, str]:
    """Split a template into resources by their ids, and outputs."""
    top = dict(re.findall(r"^(\w+):(.*?)(?=^\w|\Z)", code, re.MULTILINE | re.DOTALL))
    resources = entries(re.sub(r"^  ", "", top.pop("Resources").lstrip("\n"), flags=re.MULTILINE)) if "Resources" in top else {}
    return resources | {name: f"{name}:{rest}" for name, rest in top.items()}


def terraform(parts: dict[str, str]) -> str:
    """Complete a program."""
    given = {header: f"{header} {body}" for header, body in TERRAFORM.items()}
    if 'resource "aws_iam_access_key" "ci"' not in parts and any("aws_iam_access_key" in header for header in parts):
        del given['resource "aws_iam_access_key" "ci"']
    return "\n\n".join((given | parts).values())


def cloudformation(parts: dict[str, str]) -> str:
    """Complete a template."""
    given = {name: f"{name}:{body}" for name, body in CLOUDFORMATION.items()}
    if "Key" not in parts and any("AWS::IAM::AccessKey" in body for body in parts.values()):
        del given["Key"]
    resources = {name: body for name, body in (given | parts).items() if name != "Outputs"}
    text = "\n".join(re.sub(r"^", "  ", body.rstrip(), flags=re.MULTILINE) for body in resources.values())
    return f"Resources:\n{text}\n{parts.get('Outputs', '')}"


def found(path: Path, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """The rules that flag something in a file."""
    configured = path.with_name("posturio-iac.toml")
    config = ["--config", str(configured)] if configured.exists() else ["--no-config"]
    assert main(["scan", str(path), *config, "--as-of", AS_OF.isoformat(), "--format", "json"]) in (0, 1)
    report = json.loads(capsys.readouterr().out)
    assert report["keys"]
    assert report["diagnostics"] == []
    return {finding["rule"] for finding in report["findings"]}


def states(rule: str, section: str) -> list[tuple[bool, dict[str, str]]]:
    """What each example of a rule leaves the code in: one that is mended replaces what the flagged one holds."""
    split = blocks if section == "Terraform" else entries
    result: list[tuple[bool, dict[str, str]]] = []
    flagged: dict[str, str] = {}
    for is_flagged, code in examples(all_rules()[rule].page, section):
        parts = split(code)
        flagged = parts if is_flagged else flagged
        whole = parts if is_flagged else flagged | parts
        result.append((is_flagged, whole))
    return result


@pytest.mark.parametrize("rule", sorted(all_rules().keys() - LIVE))
@pytest.mark.parametrize(("section", "name"), [("Terraform", "main.tf"), ("CloudFormation", "template.yaml")])
def test_the_examples_of_a_page_are_true(rule: str, section: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    complete = terraform if section == "Terraform" else cloudformation
    told = states(rule, section)
    for is_flagged, parts in told:
        if not is_flagged and rule in WITHOUT_KEY:
            continue
        (tmp_path / name).write_text(complete(parts))
        if rule == "iam.forbidden_access_keys":
            (tmp_path / "posturio-iac.toml").write_text("[forbidden]\n")
        assert (rule in found(tmp_path / name, capsys)) is is_flagged, complete(parts)
    assert told or section == "CloudFormation"


def test_the_two_keys_of_the_page_that_take_turns_are_those_of_the_fixture() -> None:
    page = (ROOT / "posturio_iac/rules/access_key_rotation_outages.py").read_text(encoding="utf-8")
    section = page.partition("### Two keys that take turns")[2].partition("\n## ")[0]
    code = [line[4:] for line in section.splitlines() if line.startswith("    ")]
    fixture = (ROOT / "fixtures/access_key_rotation_outages/clean_leapfrog/main.tf").read_text(encoding="utf-8")
    assert "\n".join(code) in "\n".join(line for line in fixture.splitlines() if line)
