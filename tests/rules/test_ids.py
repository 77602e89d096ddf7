"""What is permanent of the rules: the ids that people write into skips and baselines, severities, and requirements of standards."""

from __future__ import annotations

import pytest

from posturio_iac.core import host_ids
from posturio_iac.rules import all_rules

CIS_ROTATION = "1.4 in v1.2; 1.14 in v1.4 to v4.0.1; 1.13 in v5; 2.13 in v6; 2.12 in v7"
ROTATION = (CIS_ROTATION, "AC-2(1) AC-3(15)", "8.3.9 8.6.3")
NONE = ("", "", "")
ROOT = ("1.4 in v1.4 to v4.0.1; 1.3 in v5; 2.3 in v6; 2.4 in v7", "AC-2(1) AC-3(15) AC-6 AC-6(2) AC-6(10)", "7.2.1 7.2.2 8.2.2")
UNUSED = ("1.12 in v1.4 to v4.0.1; 1.11 in v5; 2.11 in v6; 2.11 in v7", "AC-2(1) AC-2(3) AC-3(15) AC-6", "8.2.6")
ONE_KEY = ("1.13 in v1.4 to v4.0.1; 1.12 in v5; 2.12 in v6", "", "")
RULES = {
    "iam.access_key_rotation_outages": ("low", "CKV_POSTURIO_1", None, NONE),
    "iam.access_keys_without_lifetime": ("medium", "CKV_POSTURIO_2", "W9371", ROTATION),
    "iam.expired_access_keys": ("high", "CKV_POSTURIO_3", "E9372", ROTATION),
    "iam.expiring_access_keys": ("low", "CKV_POSTURIO_13", "W9382", NONE),
    "iam.exposed_access_key_secrets": ("high", "CKV_POSTURIO_4", "E9373", NONE),
    "iam.inert_access_key_rotation": ("medium", "CKV_POSTURIO_5", "W9374", ROTATION),
    "iam.lingering_inactive_access_keys": ("low", "CKV_POSTURIO_6", "W9375", NONE),
    "iam.multiple_active_access_keys": ("medium", "CKV_POSTURIO_7", "W9376", ONE_KEY),
    "iam.overdue_access_key_rotations": ("medium", "CKV_POSTURIO_8", "W9377", ROTATION),
    "iam.overlong_access_key_lifetimes": ("medium", "CKV_POSTURIO_9", "W9378", ROTATION),
    "iam.ownerless_access_keys": ("low", "CKV_POSTURIO_10", "W9379", NONE),
    "iam.quarantined_access_keys": ("critical", None, None, NONE),
    "iam.root_access_keys": ("critical", "CKV_POSTURIO_11", "E9380", ROOT),
    "iam.unmanaged_access_keys": ("low", None, None, NONE),
    "iam.unreadable_access_key_lifetimes": ("medium", "CKV_POSTURIO_12", "W9381", ROTATION),
    "iam.unused_access_keys": ("medium", None, None, UNUSED),
}
"""By id: severity, id in checkov, id in cfn-lint, and the requirements of CIS, NIST and PCI."""
ABOUT_THE_USER = {f"iam.{name}" for name in ("access_keys_without_lifetime", "multiple_active_access_keys", "ownerless_access_keys")}
"""And two that only ``live`` knows: AWS need not be asked when such a key was used."""


@pytest.mark.parametrize("name", RULES)
def test_a_rule_keeps_its_ids_severity_and_requirements(name: str) -> None:
    severity, checkov, cfn_lint, (cis, nist, pci) = RULES[name]
    rule = all_rules()[name].rule
    assert (rule.id, rule.severity.value) == (name, severity)
    assert (rule.host_ids.get("checkov"), rule.host_ids.get("cfn-lint")) == (checkov, cfn_lint)
    assert (host_ids.CHECKOV.get(name), host_ids.CFN_LINT.get(name)) == (checkov, cfn_lint)
    wanted = {"CIS AWS Foundations Benchmark": cis.split("; "), "NIST SP 800-53 Rev. 5": nist.split(), "PCI DSS v4.0.1": pci.split()}
    assert {standard: list(numbers) for standard, numbers in rule.standards.items()} == {k: v for k, v in wanted.items() if any(v)}
    assert bool(rule.only_live) == (checkov is None)
    assert rule.title[:1].isupper()
    assert rule.title[-1:].isalnum()


def test_no_other_rule_has_an_id() -> None:
    assert all_rules().keys() == RULES.keys()
    assert host_ids.CHECKOV.keys() == {name for name, (_, checkov, _, _) in RULES.items() if checkov}
    assert host_ids.CFN_LINT.keys() == {name for name, (_, _, cfn_lint, _) in RULES.items() if cfn_lint}
    reserved = (host_ids.CFN_LINT_INCOMPLETE, host_ids.CFN_LINT_UNDETERMINED, host_ids.CFN_LINT_REMARKS)
    assert reserved == ("E9397", "I9398", "I9399")
    assert (host_ids.IN_CHECKOV, host_ids.IN_CFN_LINT) == ("checkov skip", "cfn-lint metadata")


def test_rules_about_the_user_need_no_last_use() -> None:
    only_live = {"iam.quarantined_access_keys", "iam.unmanaged_access_keys"}
    assert {name for name, one in all_rules().items() if one.rule.is_about_user is True} == ABOUT_THE_USER | only_live
