"""What each rule flags, what it leaves alone, and that one root cause gives one finding."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.dates import parse_date
from posturio_iac.finding import Severity
from posturio_iac.model import Effect, Kind, Lifetime
from posturio_iac.rules import all_rules
from tests.keys import (
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
    unknown_key,
    unreadable,
    violations,
)

if TYPE_CHECKING:
    from posturio_iac.model import AccessKey
    from posturio_iac.rules import Context

WITHOUT = "access_keys_without_lifetime"
EXPIRED = "expired_access_keys"
OVERLONG = "overlong_access_key_lifetimes"
UNREADABLE = "unreadable_access_key_lifetimes"
INERT = "inert_access_key_rotation"
OUTAGE = "access_key_rotation_outages"
OWNERLESS = "ownerless_access_keys"
LINGERING = "lingering_inactive_access_keys"
ROOT = "root_access_keys"
SEVERAL = "multiple_active_access_keys"
EXPOSED = "exposed_access_key_secrets"
UNUSED = "unused_access_keys"
OVERDUE = "overdue_access_key_rotations"

PAST, SOON, FAR = expires("2026-08-31"), expires("2027-01-31"), expires("2099-01-01")
FIRED = expires("2026-05-01", Effect.ENFORCED)
OLD, FRESH = day("2026-03-19"), day("2026-11-01")

CASES: dict[str, tuple[AccessKey, set[str]]] = {
    # One thing at a time.
    "nothing": (access_key(), {WITHOUT}),
    "declared end": (access_key(SOON), set()),
    "declared rotation": (access_key(rotates(90)), set()),
    "enforced rotation": (access_key(enforced()), set()),
    "enforced rotation of unknown length": (access_key(enforced(None)), set()),
    "enforced end": (access_key(expires("2027-01-31", Effect.ENFORCED)), set()),
    "passed end": (access_key(PAST), {EXPIRED}),
    "enforced end that fired": (access_key(FIRED), {INERT}),
    "far end": (access_key(FAR), {OVERLONG}),
    "long rotation": (access_key(rotates(91)), {OVERLONG}),
    "long enforced rotation": (access_key(enforced(365)), {OVERLONG}),
    "far enforced end": (access_key(expires("2099-01-01", Effect.ENFORCED)), {OVERLONG}),
    "unreadable end": (access_key(unreadable()), {UNREADABLE}),
    "inert rotation": (access_key(inert()), {INERT}),
    "rotated lately": (access_key(rotated("2026-11-01")), set()),
    "rotated long ago": (access_key(rotated("2026-03-19")), {OVERDUE}),
    "rotated in a far future": (access_key(rotated("2099-01-01")), {OVERLONG}),
    "rotated in a near future": (access_key(rotated("2026-12-01")), set()),
    "unknown evidence": (access_key(open_evidence()), set()),
    "hiding place": (access_key(hiding_places=(UNKNOWN,)), set()),
    "no owner": (access_key(enforced(), owner=None), {OWNERLESS}),
    "empty owner": (access_key(enforced(), owner=""), {OWNERLESS}),
    "unknown owner": (access_key(enforced(), owner=UNKNOWN), set()),
    "outage": (access_key(enforced(), replacement=outage()), {OUTAGE}),
    "created before it is destroyed": (access_key(enforced(), replacement=outage(create_before_destroy=True)), set()),
    "unknown whether created before": (access_key(enforced(), replacement=outage(create_before_destroy=UNKNOWN)), set()),
    "takes turns": (access_key(enforced(), replacement=outage(takes_turns=True)), set()),
    "unknown replacement": (access_key(enforced(), replacement=UNKNOWN), set()),
    "replaced by hand": (access_key(rotated("2026-11-01"), replacement=outage()), {OUTAGE}),
    "second key": (access_key(SOON, active_siblings=("other",)), {SEVERAL}),
    "second key that rotation explains": (access_key(enforced(), active_siblings=("other",)), set()),
    "unknown second key": (access_key(SOON, active_siblings=UNKNOWN), set()),
    "exposed": (access_key(enforced(), exposures=(exposure(),)), {EXPOSED}),
    "root": (access_key(enforced(), is_root=True), {ROOT}),
    # An inactive key authenticates nobody.
    "inactive": (access_key(status="Inactive"), {LINGERING}),
    "expired by AWS": (access_key(status="Expired"), {LINGERING}),
    "inactive until soon": (access_key(SOON, status="Inactive"), set()),
    "inactive until the past": (access_key(PAST, status="Inactive"), {LINGERING}),
    "inactive until a far future": (access_key(FAR, status="Inactive"), {LINGERING}),
    "inactive with a rotation": (access_key(enforced(), status="Inactive"), {LINGERING}),
    "inactive with a long rotation": (access_key(rotates(400), status="Inactive"), {LINGERING}),
    "inactive and unreadable": (access_key(unreadable(), status="Inactive"), {LINGERING}),
    "inactive and inert": (access_key(inert(), status="Inactive"), {LINGERING}),
    "inactive and overdue": (access_key(rotated("2026-03-19"), status="Inactive"), {LINGERING}),
    "inactive and unused": (access_key(SOON, status="Inactive", created=OLD, last_used=None), set()),
    "inactive second key": (access_key(SOON, status="Inactive", active_siblings=("other",)), set()),
    "inactive with an outage": (access_key(SOON, enforced(), status="Inactive", replacement=outage()), set()),
    "inactive without owner": (access_key(SOON, status="Inactive", owner=None), {OWNERLESS}),
    "inactive and exposed": (access_key(SOON, status="Inactive", exposures=(exposure(),)), {EXPOSED}),
    "inactive with an unknown end": (access_key(open_evidence(), status="Inactive"), set()),
    "inactive with a hiding place": (access_key(hiding_places=(UNKNOWN,), status="Inactive"), set()),
    "disabled at an unknown time": (access_key(status="Inactive", disabled_since=UNKNOWN), set()),
    "disabled within the grace": (access_key(status="Inactive", disabled_since=day("2026-11-20")), set()),
    "disabled longer than the grace": (access_key(status="Inactive", disabled_since=day("2026-10-01")), {LINGERING}),
    "disabled long ago with an end": (access_key(SOON, status="Inactive", disabled_since=day("2026-10-01")), set()),
    # Whether it is active is unknown.
    "unknown status": (access_key(status=UNKNOWN), set()),
    "unknown status and passed end": (access_key(PAST, status=UNKNOWN), set()),
    "unknown status without owner": (access_key(status=UNKNOWN, owner=None), {OWNERLESS}),
    # Usage and age.
    "used lately": (access_key(enforced(), created=FRESH, last_used=FRESH), set()),
    "used long ago": (access_key(SOON, created=OLD, last_used=OLD), {UNUSED}),
    "never used and fresh": (access_key(SOON, created=FRESH, last_used=None), set()),
    "never used and old": (access_key(SOON, created=OLD, last_used=None), {UNUSED}),
    "never used since an unknown day": (access_key(SOON, created=UNKNOWN, last_used=None), set()),
    "unknown use": (access_key(SOON, created=OLD), set()),
    "older than its rotation": (access_key(rotates(30), created=day("2026-10-01"), last_used=AS_OF), {OVERDUE}),
    "younger than its rotation": (access_key(rotates(90), created=day("2026-10-01"), last_used=AS_OF), set()),
    # Two things: one root cause, one finding.
    "passed end beside an enforced rotation": (access_key(PAST, enforced()), {EXPIRED}),
    "passed end beside a long rotation": (access_key(PAST, rotates(365)), {EXPIRED}),
    "passed end beside a far one": (access_key(PAST, FAR), {EXPIRED}),
    "passed end beside an inert rotation": (access_key(PAST, inert()), {EXPIRED}),
    "passed end beside an unreadable one": (access_key(PAST, unreadable()), {EXPIRED, UNREADABLE}),
    "passed end beside an old rotation": (access_key(PAST, rotated("2026-03-19")), {EXPIRED}),
    "passed end of an old key": (access_key(PAST, created=OLD, last_used=AS_OF), {EXPIRED}),
    "passed end beside an unknown one": (access_key(PAST, open_evidence()), {EXPIRED}),
    "fired end beside a declared one": (access_key(FIRED, SOON), set()),
    "fired end beside a passed one": (access_key(FIRED, PAST), {EXPIRED}),
    "fired end beside a far one": (access_key(FIRED, FAR), {OVERLONG}),
    "fired end with an outage": (access_key(FIRED, replacement=outage()), {INERT}),
    "far end beside a near one": (access_key(FAR, SOON), set()),
    "far end beside a short rotation": (access_key(FAR, enforced()), set()),
    "far end beside an inert rotation": (access_key(FAR, inert()), {OVERLONG}),
    "far end beside an unknown one": (access_key(FAR, open_evidence()), set()),
    "far end beside a hiding place": (access_key(FAR, hiding_places=(UNKNOWN,)), {OVERLONG}),
    "long rotation beside one of unknown length": (access_key(rotates(365), enforced(None)), set()),
    "long rotation that is overdue as well": (access_key(rotates(365), rotated("2025-03-19")), {OVERLONG, OVERDUE}),
    "long rotation that is not due": (access_key(rotates(365), rotated("2026-03-19")), {OVERLONG}),
    "short rotation that is overdue": (access_key(rotates(30), rotated("2026-10-01")), {OVERDUE}),
    "old rotation with a new end": (access_key(rotated("2026-03-19"), SOON), set()),
    "old rotation beside an unknown interval": (access_key(rotated("2026-03-19"), open_evidence(Kind.ROTATION)), set()),
    "old rotation beside a hiding place": (access_key(rotated("2026-03-19"), hiding_places=(UNKNOWN,)), {OVERDUE}),
    "two rotations, one of them lately": (access_key(rotated("2026-03-19"), rotated("2026-11-01")), set()),
    "inert rotation beside an enforced one": (access_key(inert(), enforced()), set()),
    "inert rotation beside a declared end": (access_key(inert(), SOON), set()),
    "inert rotation beside an unreadable end": (access_key(inert(), unreadable()), {INERT, UNREADABLE}),
    "inert rotation beside an unknown end": (access_key(inert(), open_evidence()), set()),
    "inert rotation beside a hiding place": (access_key(inert(), hiding_places=(UNKNOWN,)), {INERT}),
    "inert rotation with an outage": (access_key(inert(), replacement=outage()), {INERT}),
    "inert rotation beside a declared end with an outage": (access_key(inert(), SOON, replacement=outage()), set()),
    "inert rotation beside an enforced one with an outage": (access_key(inert(), enforced(), replacement=outage()), {OUTAGE}),
    "unreadable end beside an enforced rotation": (access_key(unreadable(), enforced()), {UNREADABLE}),
    "unreadable end beside a hiding place": (access_key(unreadable(), hiding_places=(UNKNOWN,)), {UNREADABLE}),
    "no lifetime and old": (access_key(created=OLD, last_used=AS_OF), {OVERDUE}),
    "no lifetime and fresh": (access_key(created=FRESH, last_used=AS_OF), {WITHOUT}),
    "hiding place and old": (access_key(created=OLD, last_used=AS_OF, hiding_places=(UNKNOWN,)), set()),
    "old and unused": (access_key(created=OLD, last_used=OLD), {OVERDUE, UNUSED}),
    "root without anything": (access_key(is_root=True, owner=None, created=OLD, last_used=None, active_siblings=("b",)), {ROOT}),
    "root and inactive": (access_key(is_root=True, status="Inactive"), {ROOT}),
    "no lifetime, no owner": (access_key(owner=None), {WITHOUT, OWNERLESS}),
    "second key without lifetime": (access_key(active_siblings=("other",)), {WITHOUT, SEVERAL}),
    "second key with an unknown rotation": (access_key(open_evidence(Kind.ROTATION), active_siblings=("other",)), set()),
    "second key with an unknown end": (access_key(open_evidence(), active_siblings=("other",)), {SEVERAL}),
}

ENFORCED_CASES: dict[str, tuple[AccessKey, set[str]]] = {
    "nothing": (access_key(), {WITHOUT}),
    "declared end": (access_key(SOON), {WITHOUT}),
    "enforced rotation": (access_key(enforced()), set()),
    "enforced end": (access_key(expires("2027-01-31", Effect.ENFORCED)), set()),
    "declared and enforced": (access_key(SOON, enforced()), set()),
    "passed end": (access_key(PAST), {EXPIRED}),
    "declared end that is far": (access_key(FAR), {WITHOUT}),
    "short declared rotation beside a long enforced one": (access_key(rotates(30), enforced(365)), {OVERLONG}),
    "inert rotation beside a declared end": (access_key(inert(), SOON), {INERT}),
    "fired end beside a declared one": (access_key(FIRED, SOON), {INERT}),
    "unreadable end": (access_key(unreadable()), {UNREADABLE}),
    "rotated lately": (access_key(rotated("2026-11-01")), {WITHOUT}),
    "rotated long ago": (access_key(rotated("2026-03-19")), {OVERDUE}),
    "declared end beside a hiding place": (access_key(SOON, hiding_places=(UNKNOWN,)), set()),
    "declared end beside an unknown rotation": (access_key(SOON, open_evidence(Kind.ROTATION)), set()),
}


@pytest.mark.parametrize("name", CASES)
def test_one_root_cause_gives_one_finding(name: str) -> None:
    key, expected = CASES[name]
    assert flagged(key) == expected


@pytest.mark.parametrize("name", ENFORCED_CASES)
def test_where_the_configuration_requires_enforcement(name: str) -> None:
    key, expected = ENFORCED_CASES[name]
    assert flagged(key, ENFORCED_ONLY) == expected


def test_every_rule_has_a_case_that_it_flags_and_one_that_it_leaves_alone() -> None:
    rules = {rule.partition(".")[2] for rule in all_rules()}
    assert rules == set().union(*(expected for _, expected in CASES.values()))


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
    "created": (None, OLD, FRESH, day("2016-01-01")),
    "last_used": (None, OLD, FRESH),
    "disabled_since": (None, OLD, day("2026-11-20")),
}
EVIDENCE = (
    PAST,
    SOON,
    FAR,
    FIRED,
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


@given(partly_unknown(), st.sampled_from([CONTEXT, ENFORCED_ONLY]))
def test_what_is_flagged_while_something_is_unknown_is_flagged_however_it_turns_out(
    keys: tuple[AccessKey, AccessKey], context: Context
) -> None:
    vaguely, truly = keys
    silenced = {OUTAGE} if any(e == FIRED for e in truly.lifetimes) else set()
    assert flagged(vaguely, context) - silenced <= flagged(truly, context) | _closer(vaguely, truly, context)


def _closer(vaguely: AccessKey, truly: AccessKey, context: Context) -> set[str]:
    """Rules whose finding another rule takes over once more is known about the same cause."""
    more = flagged(truly, context) - flagged(vaguely, context)
    return {WITHOUT} if OVERDUE in more else set()


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone.utc)),  # noqa: DTZ001 - hypothesis adds the zone
    st.integers(1, 36500),
)
def test_the_date_that_is_proposed_satisfies_every_rule(as_of: datetime, days: int) -> None:
    context = replace(CONTEXT, as_of=as_of, max_lifetime=timedelta(days=days))
    (violation,) = violations(access_key(), context)[WITHOUT]
    end = parse_date(violation.remediation.split('"')[1])
    mended = access_key(Lifetime(Kind.EXPIRY, Effect.DECLARED, "tag", at=end))
    assert flagged(mended, context) == set()


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_a_rotation_is_overlong_exactly_when_it_exceeds_the_maximum(interval: int, maximum: int) -> None:
    context = replace(CONTEXT, max_lifetime=timedelta(days=maximum))
    assert (OVERLONG in flagged(access_key(rotates(interval)), context)) is (interval > maximum)


@pytest.mark.parametrize("name", CASES)
def test_messages_name_the_key_and_read_as_sentences(name: str) -> None:
    key, _ = CASES[name]
    for found in violations(key).values():
        for violation in found:
            assert key.address in violation.message
            assert violation.message.endswith(".")
            assert violation.message.count(". ") <= 1
            assert "  " not in violation.message + violation.remediation
            assert violation.remediation[0].isupper()
            assert violation.remediation.endswith(".")


@pytest.mark.parametrize(
    ("key", "rule", "message", "remediation", "line"),
    [
        (
            access_key(notes=("the name holds the date 2023-09, 1157 days ago",)),
            WITHOUT,
            (
                "aws_iam_access_key.ci never ends, because the code states neither an expiry date nor a rotation for it. "
                "The name holds the date 2023-09, 1157 days ago."
            ),
            'Add expires = "2027-02-22" to the tags of aws_iam_user.ci (iam.tf:1).',
            None,
        ),
        (
            access_key(PAST),
            EXPIRED,
            'aws_iam_access_key.ci is still active 84 days after its end: tag "expires" of aws_iam_user.ci says 2026-08-31.',
            ('Replace the key and set tag "expires" of aws_iam_user.ci to 2027-02-22 or earlier, or set status = "Inactive".'),
            2,
        ),
        (
            access_key(rotates(365)),
            OVERLONG,
            'aws_iam_access_key.ci may live 365 days, while at most 90 days are allowed: tag "rotation" of aws_iam_user.ci says 365d.',
            'Set tag "rotation" of aws_iam_user.ci to 90 days or less.',
            3,
        ),
        (
            access_key(unreadable()),
            UNREADABLE,
            (
                'aws_iam_access_key.ci has an end that nobody can read in tag "expires" of aws_iam_user.ci: '
                '"soon" is neither a date nor an interval.'
            ),
            'Set tag "expires" of aws_iam_user.ci to 2027-02-22 or earlier.',
            2,
        ),
        (
            access_key(inert()),
            INERT,
            (
                "aws_iam_access_key.ci is never replaced by replace_triggered_by = [time_rotating.ci], "
                "because Terraform does not react to a resource that it creates."
            ),
            "Go through a time_static.",
            6,
        ),
        (
            access_key(inert(fix="")),
            INERT,
            (
                "aws_iam_access_key.ci is never replaced by replace_triggered_by = [time_rotating.ci], "
                "because Terraform does not react to a resource that it creates."
            ),
            "Replace the key by a time_rotating { rotation_days = 90 } through a time_static.",
            6,
        ),
        (
            access_key(rotated("2026-03-19")),
            OVERDUE,
            (
                "aws_iam_access_key.ci was last rotated 249 days ago, while at most 90 days are allowed: "
                'tag "rotated-on" of aws_iam_user.ci says 2026-03-19.'
            ),
            'Replace the key and set tag "rotated-on" of aws_iam_user.ci to 2026-11-24.',
            4,
        ),
        (
            access_key(SOON, created=OLD, last_used=None),
            UNUSED,
            "aws_iam_access_key.ci was never used in the 249 days since it was created on 2026-03-20, and the window is 45 days.",
            'Set status = "Inactive", and delete the key 14 days later.',
            None,
        ),
        (
            access_key(SOON, active_siblings=("b", "c")),
            SEVERAL,
            "aws_iam_access_key.ci is one of 3 active keys of user ci, and each of them can leak; the others are b and c.",
            'Keep one of them active, and for any other set status = "Inactive".',
            None,
        ),
    ],
)
def test_what_a_reader_is_told(key: AccessKey, rule: str, message: str, remediation: str, line: int | None) -> None:
    (violation,) = violations(key)[rule]
    assert violation.message == message
    assert violation.remediation == remediation
    assert (violation.span.line if violation.span else None) == line


def test_a_lifetime_that_must_be_enforced_says_on_whom_it_depends() -> None:
    (violation,) = violations(access_key(SOON, rotates(30)), ENFORCED_ONLY)[WITHOUT]
    assert 'only if somebody acts on tag "expires" of aws_iam_user.ci and tag "rotation" of aws_iam_user.ci' in violation.message
    assert "rotation_days = 90" in violation.remediation


def test_advice_on_how_to_write_a_date_is_passed_on() -> None:
    evidence = replace(unreadable("31/12/2026"), why='"31/12/2026" is not an ISO 8601 date; write it as 2026-12-31')
    (violation,) = violations(access_key(evidence))[UNREADABLE]
    assert violation.remediation == 'Write it as 2026-12-31 in tag "expires" of aws_iam_user.ci.'


def test_each_unreadable_value_and_each_exposure_is_a_finding_of_its_own() -> None:
    values = unreadable("soon", 'tag "expires"'), unreadable("later", "metadata Expires")
    places = exposure('output "secret"'), exposure("aws_ssm_parameter.secret")
    found = violations(access_key(*values, exposures=places))
    assert [v.mark for v in found[UNREADABLE]] == ['tag "expires"', "metadata Expires"]
    assert [v.mark for v in found[EXPOSED]] == ['output "secret"', "aws_ssm_parameter.secret"]


def test_of_several_passed_dates_the_earliest_is_named() -> None:
    (violation,) = violations(access_key(expires("2026-09-30"), PAST))[EXPIRED]
    assert "2026-08-31" in violation.message


def test_of_several_long_lifetimes_the_shortest_is_named() -> None:
    (violation,) = violations(access_key(FAR, rotates(100)))[OVERLONG]
    assert "may live 100 days" in violation.message


@pytest.mark.parametrize(("end", "expected"), [("2026-11-23", {EXPIRED}), ("2026-11-24", set())])
def test_a_date_ends_with_its_day(end: str, expected: set[str]) -> None:
    assert flagged(access_key(expires(end))) == expected


@pytest.mark.parametrize("idle", [timedelta(days=45), timedelta(days=45, seconds=1)])
def test_the_window_is_exceeded_only_beyond_its_end(idle: timedelta) -> None:
    key = access_key(SOON, created=AS_OF - timedelta(days=400), last_used=AS_OF - idle)
    assert (UNUSED in flagged(key)) is (idle > CONTEXT.window)


def test_a_placeholder_inside_a_name_or_other_braces_stay_as_they_are() -> None:
    remedies = replace(access_key().remedies, declare="add {name}={value} to ${local.tags} { }")
    assert remedies.stating("{value}", "2027-01-01") == "add {value}=2027-01-01 to ${local.tags} { }"


@pytest.mark.parametrize("rule", all_rules())
def test_a_page_opens_with_its_title_and_says_everything(rule: str) -> None:
    registered = all_rules()[rule]
    title, blank, *_ = registered.page.splitlines()
    assert (title, blank) == (f"{registered.rule.title}.", "")
    headings = [line for line in registered.page.splitlines() if line.startswith("## ")]
    assert headings == [f"## {h}" for h in ("Why it matters", "Terraform", "CloudFormation", "Undetermined", "Configuration")]


def test_ids_and_severities_are_those_that_were_promised() -> None:
    assert {rule: registered.rule.severity for rule, registered in all_rules().items()} == {
        "iam.access_key_rotation_outages": Severity.LOW,
        "iam.access_keys_without_lifetime": Severity.MEDIUM,
        "iam.expired_access_keys": Severity.HIGH,
        "iam.exposed_access_key_secrets": Severity.HIGH,
        "iam.inert_access_key_rotation": Severity.MEDIUM,
        "iam.lingering_inactive_access_keys": Severity.LOW,
        "iam.multiple_active_access_keys": Severity.MEDIUM,
        "iam.overdue_access_key_rotations": Severity.MEDIUM,
        "iam.overlong_access_key_lifetimes": Severity.MEDIUM,
        "iam.ownerless_access_keys": Severity.LOW,
        "iam.root_access_keys": Severity.CRITICAL,
        "iam.unreadable_access_key_lifetimes": Severity.MEDIUM,
        "iam.unused_access_keys": Severity.MEDIUM,
    }


def test_rules_load_nothing_but_the_standard_library() -> None:
    code = (
        "import sys; before = set(sys.modules); import posturio_iac.engine; from posturio_iac.rules import all_rules; all_rules(); "
        "print(*sorted({m.partition('.')[0] for m in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["posturio_iac"]


def test_spans_point_at_the_value() -> None:
    assert [v.span for v in violations(access_key(PAST))[EXPIRED]] == [span(2)]
    assert [v.span for v in violations(access_key(enforced(), replacement=outage()))[OUTAGE]] == [span(7)]
