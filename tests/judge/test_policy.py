"""Which limits hold for a key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from posturio_iac.config import Config, Override
from posturio_iac.core.finding import Severity, Verdict
from posturio_iac.core.model import AccessKey
from posturio_iac.core.record import replace
from posturio_iac.errors import UsageError
from posturio_iac.judge.policy import Policy
from posturio_iac.rules import Context
from tests.support.keys import AS_OF, UNKNOWN, access_key, day, rules, run, span
from tests.support.rule_cases import PAST, SOON


def context_of(key: AccessKey, *overrides: Override, root: str = "", **config: Any) -> Context:
    return Policy(Config(overrides=overrides, **config), root=root).context_for(key, AS_OF)


def test_limits_come_from_the_configuration() -> None:
    context = context_of(access_key(), max_lifetime_days=30, unused_days=20, grace_days=10, require="enforced")
    assert (context.max_lifetime.days, context.window.days, context.grace.days) == (30, 20, 10)
    assert context.enforced_only
    assert context.as_of == AS_OF


@pytest.mark.parametrize(
    ("override", "days"),
    [
        (Override(paths=("prod/",), max_lifetime_days=30), 30),
        (Override(paths=("dev/",), max_lifetime_days=30), 90),
        (Override(paths=("dev/", "prod/**/*.tf"), max_lifetime_days=30), 30),
        (Override(tags={"tier": "gold"}, max_lifetime_days=30), 30),
        (Override(tags={"tier": "g*"}, max_lifetime_days=30), 30),
        (Override(tags={"tier": "silver"}, max_lifetime_days=30), 90),
        (Override(tags={"Tier": "gold"}, max_lifetime_days=30), 90),
        (Override(paths=("prod/",), tags={"tier": "silver"}, max_lifetime_days=30), 90),
        (Override(paths=("prod/",), unused_days=10), 90),
        (Override(users=("/ci",), max_lifetime_days=30), 90),
        (Override(users=("*",), max_lifetime_days=30), 90),
        (Override(paths=("prod/",), max_lifetime_days=365), 90),
        (Override(paths=("prod/",), max_lifetime_days=365, reason="audit"), 90),
        (Override(paths=("prod/",), max_lifetime_days=365, until=day("2026-12-31")), 90),
        (Override(paths=("prod/",), max_lifetime_days=365, reason="audit", until=day("2026-12-31")), 365),
        (Override(paths=("prod/",), max_lifetime_days=365, reason="audit", until=day("2026-11-23")), 90),
        (Override(paths=("prod/",), max_lifetime_days=365, reason="audit", until=AS_OF), 90),
    ],
)
def test_an_override_holds_for_the_keys_that_it_selects(override: Override, days: int) -> None:
    key = access_key(span=span(5, "prod/eu/iam.tf"), tags=(("tier", "gold"),))
    assert context_of(key, override).max_lifetime == timedelta(days=days)


def test_the_last_override_decides_and_a_looser_one_needs_an_exception() -> None:
    strict, loose = Override(paths=("*.tf",), max_lifetime_days=30), Override(paths=("*.tf",), max_lifetime_days=60)
    assert context_of(access_key(), strict, loose).max_lifetime.days == 30
    assert context_of(access_key(), loose, strict).max_lifetime.days == 30
    excepted = replace(loose, reason="audit", until=day("2027-01-01"))
    assert context_of(access_key(), strict, excepted).max_lifetime.days == 60


def test_requiring_less_needs_an_exception_too() -> None:
    loose = Override(paths=("*.tf",), require="declared")
    assert context_of(access_key(), loose, require="enforced").enforced_only
    assert not context_of(access_key(), replace(loose, reason="audit", until=day("2027-01-01")), require="enforced").enforced_only
    assert context_of(access_key(), Override(paths=("*.tf",), require="enforced")).enforced_only


def test_an_override_by_path_leaves_deployed_keys_alone() -> None:
    assert context_of(access_key(span=None), Override(paths=("*",), max_lifetime_days=1)).max_lifetime.days == 90


@pytest.mark.parametrize(
    ("users", "days"),
    [(("/pay/*",), 30), (("/ops/*", "/pay/ci"), 30), (("*/ci",), 30), (("/ops/*",), 90), (("/pay/c?",), 90), (("/pay",), 90), (("*",), 30)],
)
def test_an_override_by_user_holds_for_the_path_and_the_name_of_a_deployed_one(users: tuple[str, ...], days: int) -> None:
    key = access_key(address="arn:aws:iam::111122223333:user/pay/ci/AKIAIOSFODNN7EXAMPLE", span=None)
    assert context_of(key, Override(users=users, max_lifetime_days=30)).max_lifetime.days == days


def test_a_window_of_its_own_decides() -> None:
    key = access_key(SOON, created=day("2026-01-01"), last_used=day("2026-10-31"), tags=(("use", "quarterly"),))
    assert rules(run(key)) == []
    assert rules(run(key, overrides=(Override(tags={"use": "quarterly"}, unused_days=10),))) == ["unused_access_keys"]
    hidden = replace(key, last_used=day("2026-09-01"), account="111122223333", tags=(), unknown_sources=(UNKNOWN,))
    longer = Override(tags={"use": "quarterly"}, unused_days=100, reason="quarterly", until=day("2026-12-31"))
    assert rules(run(hidden)) == rules(run(replace(hidden, account=None), overrides=(longer,))) == ["unused_access_keys"]
    (judged,) = (report := run(hidden, overrides=(longer, replace(longer, tags={"a": "b"}, unused_days=30)))).keys
    assert (rules(report), judged.verdict, "iam.unused_access_keys" in judged.open_rules) == ([], Verdict.UNDETERMINED, True)


def test_a_rule_gets_the_severity_that_the_configuration_gives_it() -> None:
    report = run(access_key(), severity={"access_keys_without_lifetime": "critical", "iam.ownerless_access_keys": "high"})
    assert {f.rule.id: f.severity for f in report.findings} == {"iam.access_keys_without_lifetime": Severity.CRITICAL}
    assert report.keys[0].worst is Severity.CRITICAL
    assert {f.fingerprint for f in report.findings} == {f.fingerprint for f in run(access_key()).findings}


def test_a_severity_of_a_rule_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match=r'there is no rule "ownrless"; did you mean "iam\.ownerless_access_keys"'):
        run(access_key(), severity={"ownrless": "low"})


@pytest.mark.parametrize(
    ("given", "exception", "expected"),
    [("high", False, Severity.HIGH), ("low", False, Severity.MEDIUM), ("low", True, Severity.LOW), ("low", None, Severity.MEDIUM)],
)
def test_an_override_raises_a_severity_and_lowers_it_only_while_its_exception_lasts(
    given: str, exception: bool | None, expected: Severity
) -> None:
    until = {True: day("2027-01-01"), None: AS_OF, False: None}[exception]
    override = Override(paths=("*.tf",), severity={"access_keys_without_lifetime": given}, reason="lab" if until else "", until=until)
    (finding,) = run(access_key(), overrides=(override,), ignore=("ownerless_access_keys",)).findings
    assert finding.severity is expected
    (other,) = run(access_key(), overrides=(replace(override, paths=("elsewhere/",)),), ignore=("ownerless_access_keys",)).findings
    assert other.severity is Severity.MEDIUM


def test_an_override_raises_no_case_that_is_worse_already() -> None:
    override = Override(paths=("*.tf",), severity={"expired_access_keys": "medium"})
    ended = access_key(PAST)
    assert [f.severity for f in run(ended, overrides=(override,)).findings] == [f.severity for f in run(ended).findings]


@pytest.mark.parametrize(("given", "expected"), [("low", Severity.HIGH), ("high", Severity.HIGH), ("critical", Severity.CRITICAL)])
def test_an_override_raises_a_grave_case_only_where_it_is_graver(given: str, expected: Severity) -> None:
    override = Override(paths=("*.tf",), severity={"unused_access_keys": given})
    (finding,) = run(access_key(SOON, created=day("2025-01-01"), last_used=None), overrides=(override,)).findings
    assert finding.severity is expected
