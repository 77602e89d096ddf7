from __future__ import annotations

import re
from pathlib import Path

import pytest

import posturio_iac
from posturio_iac.core.finding import Severity
from posturio_iac.core.host_ids import CFN_LINT, CFN_LINT_INCOMPLETE, CFN_LINT_REMARKS, CFN_LINT_UNDETERMINED, CHECKOV
from posturio_iac.rules import all_rules
from tests.support.command_line import Capture, Patch, run

ROOT = Path(__file__).parents[2]


def test_the_path_of_the_pack_is_all_that_is_printed(capsys: Capture) -> None:
    assert run(capsys, "policies", "cfn-lint") == (0, f"{ROOT / 'policies' / 'cfn_lint'}\n", "")


def test_in_a_wheel_the_pack_is_inside_the_package(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    pack = tmp_path / "posturio_iac" / "_policies" / "cfn_lint"
    pack.mkdir(parents=True)
    monkeypatch.setattr(posturio_iac, "__file__", str(tmp_path / "posturio_iac" / "__init__.py"))
    assert run(capsys, "policies", "cfn-lint") == (0, f"{pack}\n", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "posturio-iac: policies needs the linter: checkov or cfn-lint\n"),
        (("cfnlint",), 'posturio-iac: policies needs the linter: checkov or cfn-lint, not "cfnlint"; did you mean "cfn-lint"?\n'),
        (("tflint-x",), 'posturio-iac: policies needs the linter: checkov or cfn-lint, not "tflint-x"; did you mean "cfn-lint"?\n'),
        (("checkov", "cfn-lint"), 'posturio-iac: unexpected "cfn-lint" (see posturio-iac policies --help)\n'),
    ],
)
def test_a_wrong_name_is_one_sentence(words: tuple[str, ...], said: str, capsys: Capture) -> None:
    assert run(capsys, "policies", *words) == (2, "", said)


def test_a_missing_pack_is_said(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.setattr(posturio_iac, "__file__", str(tmp_path / "posturio_iac" / "__init__.py"))
    code, _, said = run(capsys, "policies", "cfn-lint")
    assert code == 2
    assert "install posturio-iac again" in said


def test_every_rule_that_code_decides_has_one_id_in_each_host() -> None:
    rules = all_rules()
    assert set(CHECKOV) == {name for name, entry in rules.items() if not entry.rule.only_live}
    in_templates = {name for name in CHECKOV if "## CloudFormation\n\nNothing is flagged" not in rules[name].page}
    assert set(CFN_LINT) == in_templates
    assert len(set(CHECKOV.values())) == len(CHECKOV)
    own = (*CFN_LINT.values(), CFN_LINT_INCOMPLETE, CFN_LINT_REMARKS, CFN_LINT_UNDETERMINED)
    assert len({i[1:] for i in own}) == len(own)


def test_ids_keep_to_the_room_that_other_packs_leave() -> None:
    assert all(re.fullmatch(r"CKV2?_POSTURIO_[1-9][0-9]*", i) for i in CHECKOV.values())
    assert all(re.fullmatch(r"[EW]93[789][0-9]", i) for i in CFN_LINT.values())


@pytest.mark.parametrize("name", sorted(CFN_LINT))
def test_the_letter_of_an_id_follows_the_severity(name: str) -> None:
    assert CFN_LINT[name][0] == ("E" if all_rules()[name].rule.severity >= Severity.HIGH else "W")


def test_the_page_of_a_rule_names_its_ids(capsys: Capture) -> None:
    _, page, _ = run(capsys, "explain", "expired_access_keys")
    assert page.endswith("\n\nIts id is CKV_POSTURIO_3 in checkov and E9372 in cfn-lint.\n")
    _, page, _ = run(capsys, "explain", "unused_access_keys")
    assert "Its id" not in page
