"""What the policies of users tell about their keys: a quarantine, and how much a thief could do."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from posturio_iac.config import Config
from posturio_iac.core.finding import Severity
from posturio_iac.core.model import Declaration, Privilege
from posturio_iac.core.place import Place
from posturio_iac.core.record import replace
from posturio_iac.judge.engine import judge
from posturio_iac.judge.policy import Policy
from posturio_iac.live.reading.users import privilege_of, quarantine_of
from posturio_iac.retire.gate import Action
from posturio_iac.retire.letters import Asking, letters
from posturio_iac.retire.plan import steps
from posturio_iac.retire.script import permissions
from tests.live_pure.test_agreement import look
from tests.support.keys import AS_OF, access_key, expires
from tests.support.played_aws import Aws, Key, Person

ANY = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def attached(*names: str, by: str = "aws") -> dict[str, Any]:
    return {"AttachedManagedPolicies": [{"PolicyName": name, "PolicyArn": f"arn:aws:iam::{by}:policy/{name}"} for name in names]}


def inline(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": list(statements)}}]}


GROUPS = {"admins": attached("AdministratorAccess"), "readers": attached("ReadOnlyAccess"), "empty": {}}


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({}, Privilege.NONE),
        (attached("AdministratorAccess"), Privilege.ADMIN),
        (attached("AdministratorAccess", by="123456789012"), Privilege.SOME),
        (attached("ReadOnlyAccess"), Privilege.SOME),
        (attached("AWSCompromisedKeyQuarantineV3"), Privilege.NONE),
        (inline(ANY), Privilege.ADMIN),
        (inline({**ANY, "Action": ["s3:*", "iam:*"]}), Privilege.ADMIN),
        (inline({**ANY, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}), Privilege.SOME),
        (inline({**ANY, "Resource": "arn:aws:s3:::b"}), Privilege.SOME),
        (inline({**ANY, "Effect": "Deny"}), Privilege.SOME),
        ({"GroupList": ["admins"]}, Privilege.ADMIN),
        ({"GroupList": ["empty", "readers"]}, Privilege.SOME),
        ({"GroupList": ["empty"]}, Privilege.NONE),
        ({"GroupList": ["nobody-listed-it"]}, None),
        ({"GroupList": ["nobody-listed-it", "admins"]}, Privilege.ADMIN),
        ({"GroupList": ["admins"], "PermissionsBoundary": {"PermissionsBoundaryArn": "x"}}, Privilege.SOME),
    ],
)
def test_what_policies_allow(user: dict[str, Any], expected: Privilege | None) -> None:
    assert privilege_of(user, GROUPS) is expected


def test_only_a_policy_of_aws_is_a_quarantine() -> None:
    assert quarantine_of(attached("ReadOnlyAccess", "AWSCompromisedKeyQuarantineV2")) == "AWSCompromisedKeyQuarantineV2"
    assert quarantine_of(attached("AWSCompromisedKeyQuarantine", by="123456789012")) is None


DEPLOYED = Config().with_values(ignore=("iam.access_keys_without_lifetime",))
FRESH = Key(AS_OF - timedelta(days=5), AS_OF, "Active", told=True, off=None)
QUARANTINED = Person("/", (("owner", "payments@example.com"),), (FRESH,), reported=True, policies=("AWSCompromisedKeyQuarantineV3",))


def rules(aws: Aws, *, exact: bool) -> set[str]:
    return {finding.rule.id for finding in look(aws, DEPLOYED, exact=exact).findings}


def test_a_quarantine_is_found_at_no_further_call_and_unknown_where_policies_are_not_read() -> None:
    cheap = Aws([QUARANTINED])
    assert rules(cheap, exact=False) == {"iam.quarantined_access_keys"} == rules(Aws([QUARANTINED]), exact=True)
    assert cheap.calls["iam:GetAccessKeyLastUsed"] == 0
    denied = look(Aws([QUARANTINED], frozenset({"iam:GetAccountAuthorizationDetails"})), DEPLOYED, exact=False)
    assert denied.findings == ()
    assert "iam.quarantined_access_keys" in denied.keys[0].open_rules
    assert any("iam:GetAccountAuthorizationDetails" in why and "the policies of the user" in why for why in denied.keys[0].undecided)


@pytest.mark.parametrize("used", [1, 60, None])
def test_a_key_that_was_found_in_public_is_switched_off_and_nobody_waits(used: int | None) -> None:
    key = replace(FRESH, created=AS_OF - timedelta(days=80), used=None if used is None else AS_OF - timedelta(days=used))
    config = DEPLOYED.with_values(unused_days=59 if used else 90)
    report = look(Aws([replace(QUARANTINED, keys=(key,))]), config, exact=True)
    (step,) = steps(report, Policy(config), ())
    assert (step.action, step.is_forced) == (Action.DISABLE, True)
    assert "switched off at once" in step.decision.why
    (letter,) = (text for name, text in letters([step], Asking(AS_OF, timedelta(days=14), "", "")).items() if name.endswith(".txt"))
    assert "at once, even if something still needs it:" in letter
    assert "only once nothing needs it" not in letter
    ledger = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::evidence/keys.jsonl"}
    assert json.loads(permissions([step], "s3://evidence/keys.jsonl"))["Statement"][-1] == ledger


def test_a_public_key_that_code_declares_is_switched_off_by_hand_too() -> None:
    report = look(Aws([QUARANTINED]), DEPLOYED, exact=True)
    (judged,) = report.keys
    declared = replace(judged.key, declaration=Declaration((Place("aws_iam_access_key.ci", None),), exact=True, source="state x"))
    (step,) = steps(replace(report, keys=(replace(judged, key=declared),)), Policy(DEPLOYED), ())
    assert (
        step.action,
        step.decision.why.startswith("AWS found it in public, so switch it off at once"),
        step.decision.why.endswith("change the code."),
    ) == (Action.KEEP, True, True)
    (letter,) = (text for name, text in letters([step], Asking(AS_OF, timedelta(days=14), "", "")).items() if name.endswith(".txt"))
    assert letter.index("Change the code") < letter.index("at once, even if") < letter.index("aws iam update-access-key")


def test_a_rotation_in_progress_is_no_second_finding_until_it_lasts_longer_than_the_grace() -> None:
    old = Key(AS_OF - timedelta(days=100), AS_OF, "Active", told=True, off=None)
    for age, expected in ((5, set()), (15, {"iam.multiple_active_access_keys"})):
        new = Key(AS_OF - timedelta(days=age), None, "Active", told=True, off=None)
        person = Person("/", (("owner", "payments@example.com"),), (old, new), reported=True)
        for exact in (True, False):
            assert rules(Aws([person]), exact=exact) == {"iam.overdue_access_key_rotations"} | expected


def test_an_old_key_that_was_switched_on_again_lately_is_no_rotation() -> None:
    keys = tuple(Key(AS_OF - timedelta(days=80), AS_OF, "Active", told=True, off=None, rotated=AS_OF - timedelta(days=1)) for _ in range(2))
    assert "iam.multiple_active_access_keys" in rules(Aws([Person("/", (), keys, reported=True)]), exact=False)


@pytest.mark.parametrize(
    ("idle", "privilege", "expected"),
    [(60, None, Severity.MEDIUM), (366, None, Severity.HIGH), (60, Privilege.ADMIN, Severity.HIGH), (60, Privilege.NONE, Severity.MEDIUM)],
)
def test_severities_tell_a_long_idle_key_from_one_that_is_a_little_late(idle: int, privilege: Privilege | None, expected: Severity) -> None:
    key = access_key(expires("2027-01-31"), created=AS_OF - timedelta(days=idle), last_used=None, privilege=privilege)

    def found(config: Config) -> dict[str, Severity]:
        return {f.rule.id: f.severity for f in judge([key], as_of=AS_OF, policy=Policy(config)).findings}

    assert found(Config()) == {"iam.unused_access_keys": expected}
    assert found(Config().with_values(severity={"unused_access_keys": "low"})) == {"iam.unused_access_keys": Severity.LOW}
