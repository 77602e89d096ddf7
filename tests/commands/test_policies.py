from __future__ import annotations

import re
from pathlib import Path

import pytest

import posturio_iac
from posturio_iac.commands import policies
from posturio_iac.core.finding import Severity
from posturio_iac.core.host_ids import CFN_LINT, CFN_LINT_INCOMPLETE, CFN_LINT_REMARKS, CFN_LINT_UNDETERMINED, CHECKOV
from posturio_iac.rules import all_rules
from tests.support.command_line import run

ROOT = Path(__file__).parents[2]
IN_AWS_ONLY = {"iam.unused_access_keys", "iam.unmanaged_access_keys", "iam.quarantined_access_keys"}
"""Rules that code does not decide."""
IN_TERRAFORM_ONLY = {"iam.access_key_rotation_outages", "iam.root_access_keys"}
"""Rules that no template can break."""


def test_the_path_of_the_pack_is_all_that_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "policies", "cfn-lint") == (0, f"{ROOT / 'policies' / 'cfn_lint'}\n", "")


def test_in_a_wheel_the_pack_is_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = tmp_path / "posturio_iac" / "_policies" / "cfn_lint"
    pack.mkdir(parents=True)
    monkeypatch.setattr(posturio_iac, "__file__", str(tmp_path / "posturio_iac" / "__init__.py"))
    assert policies.pack("cfn-lint") == str(pack)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "posturio-iac: policies needs the name of a linter: checkov or cfn-lint\n"),
        (("cfnlint",), 'posturio-iac: there is no pack for "cfnlint"; did you mean "cfn-lint"?\n'),
        (("tflint-x",), 'posturio-iac: there is no pack for "tflint-x"; did you mean "cfn-lint"?\n'),
        (("checkov", "cfn-lint"), 'posturio-iac: unexpected "cfn-lint" (see posturio-iac policies --help)\n'),
    ],
)
def test_a_wrong_name_is_one_sentence(words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "policies", *words) == (2, "", said)


def test_a_missing_pack_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(posturio_iac, "__file__", str(tmp_path / "posturio_iac" / "__init__.py"))
    code, _, said = run(capsys, "policies", "cfn-lint")
    assert code == 2
    assert "install posturio-iac again" in said


def test_every_rule_that_code_decides_has_one_id_in_each_host() -> None:
    decided = set(all_rules()) - IN_AWS_ONLY
    assert set(CHECKOV) == decided
    assert set(CFN_LINT) == decided - IN_TERRAFORM_ONLY
    assert len(set(CHECKOV.values())) == len(CHECKOV)
    own = (*CFN_LINT.values(), CFN_LINT_INCOMPLETE, CFN_LINT_REMARKS, CFN_LINT_UNDETERMINED)
    assert len({i[1:] for i in own}) == len(own)


def test_ids_keep_to_the_room_that_other_packs_leave() -> None:
    assert all(re.fullmatch(r"CKV2?_POSTURIO_[1-9][0-9]*", i) for i in CHECKOV.values())
    assert all(re.fullmatch(r"[EW]93[789][0-9]", i) for i in CFN_LINT.values())


@pytest.mark.parametrize("name", sorted(CFN_LINT))
def test_the_letter_of_an_id_follows_the_severity(name: str) -> None:
    assert CFN_LINT[name][0] == ("E" if all_rules()[name].rule.severity >= Severity.HIGH else "W")


PUBLISHED = {
    "iam.access_key_rotation_outages": ("CKV_POSTURIO_1", None),
    "iam.access_keys_without_lifetime": ("CKV_POSTURIO_2", "W9371"),
    "iam.expired_access_keys": ("CKV_POSTURIO_3", "E9372"),
    "iam.expiring_access_keys": ("CKV_POSTURIO_13", "W9382"),
    "iam.exposed_access_key_secrets": ("CKV_POSTURIO_4", "E9373"),
    "iam.inert_access_key_rotation": ("CKV_POSTURIO_5", "W9374"),
    "iam.lingering_inactive_access_keys": ("CKV_POSTURIO_6", "W9375"),
    "iam.multiple_active_access_keys": ("CKV_POSTURIO_7", "W9376"),
    "iam.overdue_access_key_rotations": ("CKV_POSTURIO_8", "W9377"),
    "iam.overlong_access_key_lifetimes": ("CKV_POSTURIO_9", "W9378"),
    "iam.ownerless_access_keys": ("CKV_POSTURIO_10", "W9379"),
    "iam.root_access_keys": ("CKV_POSTURIO_11", None),
    "iam.unreadable_access_key_lifetimes": ("CKV_POSTURIO_12", "W9381"),
}
"""A copy on purpose: whoever changes an id that users have written down must change it twice."""


def test_published_ids_never_change() -> None:
    assert {name: (CHECKOV.get(name), CFN_LINT.get(name)) for name in PUBLISHED} == PUBLISHED


def test_the_page_of_a_rule_names_its_ids(capsys: pytest.CaptureFixture[str]) -> None:
    _, page, _ = run(capsys, "explain", "expired_access_keys")
    assert page.endswith("\n\nIts id is CKV_POSTURIO_3 in checkov and E9372 in cfn-lint.\n")
    _, page, _ = run(capsys, "explain", "unused_access_keys")
    assert "Its id" not in page
