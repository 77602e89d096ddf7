"""What each rule flags and leaves alone, and what an unknown value does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from posturio_iac.core.model import AccessKey, Effect, Kind, Lifetime
from posturio_iac.core.times import parse_date
from posturio_iac.rules import Context, all_rules
from posturio_iac.rules._shared import SPREAD_DAYS
from tests.support import rule_cases as samples
from tests.support.fixture_tools import cases
from tests.support.keys import (
    AS_OF,
    CONTEXT,
    ENFORCED_ONLY,
    UNKNOWN,
    access_key,
    day,
    enforced,
    expires,
    exposure,
    flagged,
    inert,
    open_evidence,
    outage,
    rotated,
    rotates,
    span,
    tag,
    unknown_key,
    unreadable,
    violations,
)


@pytest.mark.parametrize("name", samples.CASES)
def test_one_root_cause_gives_one_finding(name: str) -> None:
    key, expected = samples.CASES[name]
    assert flagged(key) == expected


@pytest.mark.parametrize("name", samples.ENFORCED_CASES)
def test_where_the_configuration_requires_enforcement(name: str) -> None:
    key, expected = samples.ENFORCED_CASES[name]
    assert flagged(key, ENFORCED_ONLY) == expected


def test_every_rule_has_a_case_that_it_flags_and_one_that_it_leaves_alone() -> None:
    shown = {case.rule.partition(".")[2] for case in cases() if case.kind == "flagged"}
    assert {rule.partition(".")[2] for rule in all_rules()} == shown.union(*(expected for _, expected in samples.CASES.values()))


@pytest.mark.parametrize("context", [CONTEXT, ENFORCED_ONLY])
@pytest.mark.parametrize("rule", all_rules())
def test_a_key_of_which_all_is_unknown_is_never_flagged(rule: str, context: Context) -> None:
    assert list(all_rules()[rule].check(unknown_key(), context)) == []


UNKNOWN_FIELDS = ("status", "owner", "is_root", "replacement", "active_siblings", "created", "last_used", "disabled_since")
RESOLUTIONS: dict[str, tuple[object, ...]] = {
    "status": ("Active", "Inactive", "Expired"),
    "owner": (None, "payments"),
    "is_root": (False,),
    "replacement": (None, outage(), outage(create_before_destroy=True), outage(takes_turns=True)),
    "active_siblings": ((), ("other",)),
    "created": (None, samples.OLD, samples.FRESH, day("2016-01-01")),
    "last_used": (None, samples.OLD, samples.FRESH),
    "disabled_since": (None, samples.OLD, day("2026-11-20")),
}
EVIDENCE = (
    samples.PAST,
    expires("2026-11-21"),
    samples.SOON,
    samples.FAR,
    samples.FIRED,
    rotates(30),
    rotates(365),
    enforced(),
    enforced(365),
    enforced(None),
    rotated("2026-03-19"),
    unreadable(),
    inert(),
)


@st.composite
def partly_unknown(draw: st.DrawFn) -> tuple[AccessKey, AccessKey]:
    """A key with some unknown fields, and what it turns out to be."""
    fields = {name: draw(st.sampled_from(RESOLUTIONS[name])) for name in UNKNOWN_FIELDS}
    hidden = {name: UNKNOWN for name in UNKNOWN_FIELDS if draw(st.booleans())}
    known = draw(st.lists(st.sampled_from(EVIDENCE), max_size=3))
    vague = draw(st.lists(st.sampled_from(list(Kind)), max_size=2))
    found = [
        e
        for kind in vague
        for e in draw(st.sampled_from([(), *((e,) for e in EVIDENCE if e.kind is kind and e.effect is not Effect.INERT)]))
    ]
    exposures = draw(st.sampled_from([(), (exposure(),)]))
    vaguely = access_key(*known, *map(open_evidence, vague), exposures=exposures, **fields | hidden)
    return vaguely, access_key(*known, *found, exposures=exposures, **fields)


@example((access_key(rotated("2026-03-19"), created=UNKNOWN), access_key(rotated("2026-03-19"), created=samples.FRESH)), CONTEXT)
@example(
    (access_key(samples.FAR, open_evidence(Kind.EXPIRY), status="Inactive"), access_key(samples.FAR, samples.SOON, status="Inactive")),
    CONTEXT,
)
@example(
    (
        access_key(samples.PAST, status="Inactive", disabled_since=UNKNOWN),
        access_key(samples.PAST, status="Inactive", disabled_since=AS_OF),
    ),
    CONTEXT,
)
@example(
    (
        access_key(expires("2026-11-21"), open_evidence(Kind.EXPIRY), status="Inactive", disabled_since=day("2026-11-20")),
        access_key(expires("2026-11-21"), samples.PAST, status="Inactive", disabled_since=day("2026-11-20")),
    ),
    CONTEXT,
)
@given(partly_unknown(), st.sampled_from([CONTEXT, ENFORCED_ONLY]))
def test_what_is_flagged_while_something_is_unknown_is_flagged_however_it_turns_out(
    keys: tuple[AccessKey, AccessKey], context: Context
) -> None:
    vaguely, truly = keys
    silenced = {samples.OUTAGE} if any(e == samples.FIRED for e in truly.lifetimes) else set()
    assert flagged(vaguely, context) - silenced <= flagged(truly, context) | _closer(vaguely, truly, context)


def _closer(vaguely: AccessKey, truly: AccessKey, context: Context) -> set[str]:
    """Rules whose finding another rule takes over once more is known about the same cause."""
    more = flagged(truly, context) - flagged(vaguely, context)
    return {samples.WITHOUT} if samples.OVERDUE in more else set()


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone.utc)),  # noqa: DTZ001 - hypothesis adds the zone
    st.integers(1, 30) | st.integers(1, 36500),
)
@example(AS_OF, 6)
def test_the_date_that_is_proposed_satisfies_every_rule(as_of: datetime, days: int) -> None:
    context = replace(CONTEXT, as_of=as_of, max_lifetime=timedelta(days=days))
    for number in range(SPREAD_DAYS):
        key = access_key(address=f"aws_iam_access_key.ci{number}")
        (violation,) = violations(key, context)[samples.WITHOUT]
        end = parse_date(violation.remediation.split('"')[1])
        mended = replace(key, lifetimes=(Lifetime(Kind.EXPIRY, Effect.DECLARED, tag("expires"), at=end),))
        assert flagged(mended, context) == set()


def test_deployed_keys_of_one_user_are_proposed_one_day() -> None:
    keys = [access_key(samples.PAST, address=f"arn:aws:iam::123456789012:user/ci/AKIA{number}", span=None) for number in range(5)]
    assert len({violations(key)[samples.EXPIRED][0].remediation for key in keys}) == 1


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_a_rotation_is_overlong_exactly_when_it_exceeds_the_maximum(interval: int, maximum: int) -> None:
    context = replace(CONTEXT, max_lifetime=timedelta(days=maximum))
    assert (samples.OVERLONG in flagged(access_key(rotates(interval)), context)) is (interval > maximum)


@pytest.mark.parametrize(("end", "expected"), [("2026-11-23", {samples.EXPIRED}), ("2026-11-24", {samples.EXPIRING})])
def test_a_date_ends_with_its_day(end: str, expected: set[str]) -> None:
    assert flagged(access_key(expires(end))) == expected


@pytest.mark.parametrize("idle", [timedelta(days=45), timedelta(days=45, seconds=1)])
def test_the_window_is_exceeded_only_beyond_its_end(idle: timedelta) -> None:
    key = access_key(samples.SOON, created=AS_OF - timedelta(days=400), last_used=AS_OF - idle)
    assert (samples.UNUSED in flagged(key)) is (idle > CONTEXT.window)


def test_spans_point_at_the_value() -> None:
    assert [v.span for v in violations(access_key(samples.PAST))[samples.EXPIRED]] == [span(2)]
    assert [v.span for v in violations(access_key(enforced(), replacement=outage()))[samples.OUTAGE]] == [span(7)]


def test_what_ends_now_has_ended() -> None:
    now = replace(samples.SOON, at=AS_OF)
    assert flagged(access_key(now)) == {samples.EXPIRED}
    assert flagged(access_key(replace(now, effect=Effect.ENFORCED))) == {samples.INERT}


@pytest.mark.parametrize(("late", "expected"), [(timedelta(0), set()), (timedelta(seconds=1), {samples.OVERDUE})])
def test_a_rotation_is_overdue_only_beyond_its_end(late: timedelta, expected: set[str]) -> None:
    at = AS_OF - CONTEXT.max_lifetime - late
    assert flagged(access_key(replace(rotated("2026-03-19"), at=at))) == expected
    assert flagged(access_key(rotates(90), created=at, last_used=AS_OF)) == (expected or {samples.EXPIRING})


def test_the_shortest_of_several_rotations_is_due_first() -> None:
    assert flagged(access_key(rotates(365), rotates(30), created=day("2026-10-01"), last_used=AS_OF)) == {samples.OVERDUE}


@pytest.mark.parametrize(("age", "expected"), [(timedelta(days=14), {samples.SEVERAL}), (timedelta(days=14, seconds=-1), set())])
def test_the_younger_key_of_a_rotation_has_the_grace_to_take_over(age: timedelta, expected: set[str]) -> None:
    assert flagged(access_key(samples.SOON, active_siblings=("other",), newest_active=AS_OF - age)) == expected


@pytest.mark.parametrize(("since", "expected"), [(timedelta(days=14), set()), (timedelta(days=14, seconds=1), {samples.LINGERING})])
def test_the_grace_is_over_only_beyond_its_end(since: timedelta, expected: set[str]) -> None:
    assert flagged(access_key(status="Inactive", disabled_since=AS_OF - since)) == expected
    assert flagged(access_key(samples.PAST, status="Inactive", disabled_since=AS_OF - since)) == expected


@pytest.mark.parametrize(("early", "expected"), [(timedelta(0), set()), (timedelta(seconds=1), {samples.LINGERING})])
def test_only_what_was_disabled_after_its_end_has_a_grace(early: timedelta, expected: set[str]) -> None:
    ended = replace(samples.PAST, at=AS_OF - timedelta(days=3))
    assert flagged(access_key(ended, status="Inactive", disabled_since=AS_OF - timedelta(days=3) - early)) == expected


@pytest.mark.parametrize(("end", "expected"), [("2027-02-22", set()), ("2027-02-23", {samples.LINGERING})])
def test_a_removal_date_counts_up_to_the_maximum(end: str, expected: set[str]) -> None:
    assert flagged(access_key(expires(end), status="Inactive")) == expected


def test_a_removal_date_that_is_now_has_passed() -> None:
    assert flagged(access_key(replace(samples.SOON, at=AS_OF), status="Inactive")) == {samples.LINGERING}
