"""A rule costs one module: one that is written outside of the package is judged, explained, reported, suppressed and given its ids."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest

from docs import generate, pack_pages
from posturio_iac import rules
from posturio_iac.cli import main
from posturio_iac.rules import all_rules

RULE = "iam.temporary_users_with_access_keys"
MODULE = '''
"""Access keys of users that are named temporary.

A name such as `tmp-load-test` promises an end that nothing in the code keeps.
"""

from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import about
from posturio_iac.rules import register
from posturio_iac.rules._shared import sentence

RULE = Rule(
    id="iam.temporary_users_with_access_keys",
    severity=Severity.HIGH,
    title="Access keys of users that are named temporary",
    checkov=99,
    cfn_lint="E9399",
)


@register(RULE)
def check(key, context):
    """Yield at most one violation."""
    match key.user:
        case str() as name if name.startswith("tmp-") and not key.effective():
            remedy = key.remedies.stating("expires", "2027-01-31")
            yield Violation(about(key, f"belongs to {name}, which nothing ends."), sentence(remedy), remedy=remedy)
'''
CODE = """
resource "aws_iam_access_key" "flagged" {
  user = "tmp-load-test"
}

resource "aws_iam_access_key" "let_alone" {
  user = "payments"
}

# posturio:ignore[temporary_users_with_access_keys] reason="ends with the quarter"
resource "aws_iam_access_key" "suppressed" {
  user = "tmp-other"
}
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program, judged by the rules of the package and by one that stands beside it."""
    monkeypatch.setattr(rules, "_registry", dict(all_rules()))
    (tmp_path / "outside_rule.py").write_text(MODULE.lstrip(), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "outside_rule", raising=False)
    import_module("outside_rule")
    code = tmp_path / "code"
    code.mkdir()
    (code / "main.tf").write_text(CODE.lstrip(), encoding="utf-8")
    return code


def scanned(program: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["scan", str(program), "--no-config", "--as-of", "2026-11-24", "--select", RULE, *options]) == 1
    return capsys.readouterr().out


def test_it_is_judged_and_suppressed_and_stands_in_json(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(scanned(program, capsys, "--format", "json"))
    assert {(f["rule"], f["severity"], f["address"], "suppressed" in f) for f in report["findings"]} == {
        (RULE, "high", "aws_iam_access_key.flagged", False),
        (RULE, "high", "aws_iam_access_key.suppressed", True),
    }
    assert report["findings"][0]["remedy"]["kind"]
    assert {key["address"]: key["verdict"] for key in report["keys"]} == {
        "aws_iam_access_key.flagged": "flagged",
        "aws_iam_access_key.let_alone": "clean",
        "aws_iam_access_key.suppressed": "suppressed",
    }


def test_it_stands_in_sarif_with_its_page(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run,) = json.loads(scanned(program, capsys, "--format", "sarif"))["runs"]
    (described,) = [rule for rule in run["tool"]["driver"]["rules"] if rule["id"] == RULE]
    assert described["shortDescription"]["text"] == "Access keys of users that are named temporary."
    assert [result["ruleId"] for result in run["results"]] == [RULE]


@pytest.mark.parametrize("format_", ["text", "junit", "github", "gitlab", "markdown", "csv"])
def test_it_stands_in_every_format(format_: str, program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "tmp-load-test, which nothing ends" in " ".join(scanned(program, capsys, "--format", format_).split())


@pytest.mark.usefixtures("program")
def test_its_ids_pages_and_promise_are_generated() -> None:
    known = all_rules()
    ids: dict[str, dict[str, str]] = {}
    exec(pack_pages.ids_module(known), ids)  # noqa: S102 - it is our own text
    assert ids["CHECKOV"][RULE] == "CKV_POSTURIO_99"
    assert ids["CFN_LINT"][RULE] == "E9399"
    assert json.loads(pack_pages.promises(known, {}))[RULE] == {"severity": "HIGH", "checkov": "CKV_POSTURIO_99", "cfn-lint": "E9399"}
    documents = generate.documents()
    assert "`CKV_POSTURIO_99`" in next(text for path, text in documents.items() if path.name == f"{RULE}.md")
    assert sum(RULE in text for text in documents.values()) >= 5
