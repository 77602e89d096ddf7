"""What each rule flags and leaves alone, what an unknown value does, and what a reader is told: how dates and names become sentences."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from posturio_iac.core.evidence.reason import NEVER_CHANGED, NO_FUNCTION
from posturio_iac.core.evidence.remedy import IntervalSetting, MergeTags, ReplaceValue, SetArgument
from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.core.model import AccessKey, Effect, KeyKind, Kind, Lifetime
from posturio_iac.core.place import MetadataOrigin, Place, SecretRotationOrigin, TriggerOrigin, describe_origin
from posturio_iac.core.record import replace
from posturio_iac.core.times import describe_date, parse_date
from posturio_iac.rules import Context, _shared, all_rules
from posturio_iac.rules._shared import SPREAD_DAYS
from posturio_iac.scan import judge_paths
from tests.support import keys as k
from tests.support import rule_cases as samples
from tests.support.fixture_tools import cases


@pytest.mark.parametrize("name", samples.CASES)
def test_one_root_cause_gives_one_finding(name: str) -> None:
    key, expected = samples.CASES[name]
    assert k.flagged(key) == expected


@pytest.mark.parametrize("name", samples.ENFORCED_CASES)
def test_where_the_configuration_requires_enforcement(name: str) -> None:
    key, expected = samples.ENFORCED_CASES[name]
    assert k.flagged(key, k.ENFORCED_ONLY) == expected


def test_every_rule_has_a_case_that_it_flags_and_one_that_it_leaves_alone() -> None:
    shown = {case.rule.partition(".")[2] for case in cases() if case.kind == "flagged"}
    assert {rule.partition(".")[2] for rule in all_rules()} == shown.union(*(expected for _, expected in samples.CASES.values()))


@pytest.mark.parametrize("context", [k.CONTEXT, k.ENFORCED_ONLY])
@pytest.mark.parametrize("rule", all_rules())
def test_a_key_of_which_all_is_unknown_is_never_flagged(rule: str, context: Context) -> None:
    assert list(all_rules()[rule].check(k.unknown_key(), context)) == []


UNKNOWN_FIELDS = ("status", "owner", "is_root", "replacement", "active_siblings", "created", "last_used", "disabled_since")
RESOLUTIONS: dict[str, tuple[object, ...]] = {
    "status": ("Active", "Inactive", "Expired"),
    "owner": (None, "payments"),
    "is_root": (False,),
    "replacement": (None, k.outage(), k.outage(create_before_destroy=True), k.outage(takes_turns=True)),
    "active_siblings": ((), ("other",)),
    "created": (None, samples.OLD, samples.FRESH, k.day("2016-01-01")),
    "last_used": (None, samples.OLD, samples.FRESH),
    "disabled_since": (None, samples.OLD, k.day("2026-11-20")),
}
EVIDENCE = (
    samples.PAST,
    k.expires("2026-11-21"),
    samples.SOON,
    samples.FAR,
    samples.FIRED,
    k.rotates(30),
    k.rotates(365),
    k.enforced(),
    k.enforced(365),
    k.enforced(None),
    k.rotated("2026-03-19"),
    k.unreadable(),
    k.inert(),
)


@st.composite
def partly_unknown(draw: st.DrawFn) -> tuple[AccessKey, AccessKey]:
    """A key with some unknown fields, and what it turns out to be."""
    fields = {name: draw(st.sampled_from(RESOLUTIONS[name])) for name in UNKNOWN_FIELDS}
    hidden = {name: k.UNKNOWN for name in UNKNOWN_FIELDS if draw(st.booleans())}
    known = draw(st.lists(st.sampled_from(EVIDENCE), max_size=3))
    vague = draw(st.lists(st.sampled_from(list(Kind)), max_size=2))
    found = [
        e
        for kind in vague
        for e in draw(st.sampled_from([(), *((e,) for e in EVIDENCE if e.kind is kind and e.effect is not Effect.INERT)]))
    ]
    exposures = draw(st.sampled_from([(), (k.exposure(),)]))
    vaguely = k.access_key(*known, *map(k.open_evidence, vague), exposures=exposures, **fields | hidden)
    return vaguely, k.access_key(*known, *found, exposures=exposures, **fields)


@example(
    (k.access_key(k.rotated("2026-03-19"), created=k.UNKNOWN), k.access_key(k.rotated("2026-03-19"), created=samples.FRESH)), k.CONTEXT
)
@example(
    (
        k.access_key(samples.FAR, k.open_evidence(Kind.EXPIRY), status="Inactive"),
        k.access_key(samples.FAR, samples.SOON, status="Inactive"),
    ),
    k.CONTEXT,
)
@example(
    (
        k.access_key(samples.PAST, status="Inactive", disabled_since=k.UNKNOWN),
        k.access_key(samples.PAST, status="Inactive", disabled_since=k.AS_OF),
    ),
    k.CONTEXT,
)
@example(
    (
        k.access_key(k.expires("2026-11-21"), k.open_evidence(Kind.EXPIRY), status="Inactive", disabled_since=k.day("2026-11-20")),
        k.access_key(k.expires("2026-11-21"), samples.PAST, status="Inactive", disabled_since=k.day("2026-11-20")),
    ),
    k.CONTEXT,
)
@given(partly_unknown(), st.sampled_from([k.CONTEXT, k.ENFORCED_ONLY]))
def test_what_is_flagged_while_something_is_unknown_is_flagged_however_it_turns_out(
    keys: tuple[AccessKey, AccessKey], context: Context
) -> None:
    vaguely, truly = keys
    silenced = {samples.OUTAGE} if any(e == samples.FIRED for e in truly.lifetimes) else set()
    assert k.flagged(vaguely, context) - silenced <= k.flagged(truly, context) | _closer(vaguely, truly, context)


def _closer(vaguely: AccessKey, truly: AccessKey, context: Context) -> set[str]:
    """Rules whose finding another rule takes over once more is known about the same cause."""
    more = k.flagged(truly, context) - k.flagged(vaguely, context)
    return {samples.WITHOUT} if samples.OVERDUE in more else set()


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone.utc)),  # noqa: DTZ001 - hypothesis adds the zone
    st.integers(1, 30) | st.integers(1, 36500),
)
@example(k.AS_OF, 6)
def test_the_date_that_is_proposed_satisfies_every_rule(as_of: datetime, days: int) -> None:
    context = replace(k.CONTEXT, as_of=as_of, max_lifetime=timedelta(days=days))
    for number in range(SPREAD_DAYS):
        key = k.access_key(address=f"aws_iam_access_key.ci{number}")
        (violation,) = k.violations(key, context)[samples.WITHOUT]
        end = parse_date(violation.remediation.split('"')[1])
        mended = replace(key, lifetimes=(Lifetime(Kind.EXPIRY, Effect.DECLARED, k.tag("expires"), at=end),))
        assert k.flagged(mended, context) == set()


def test_deployed_keys_of_one_user_are_proposed_one_day() -> None:
    keys = [k.access_key(samples.PAST, address=f"arn:aws:iam::123456789012:user/ci/AKIA{number}", span=None) for number in range(5)]
    assert len({k.violations(key)[samples.EXPIRED][0].remediation for key in keys}) == 1


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_a_rotation_is_overlong_exactly_when_it_exceeds_the_maximum(interval: int, maximum: int) -> None:
    context = replace(k.CONTEXT, max_lifetime=timedelta(days=maximum))
    assert (samples.OVERLONG in k.flagged(k.access_key(k.rotates(interval)), context)) is (interval > maximum)


@pytest.mark.parametrize(("end", "expected"), [("2026-11-23", {samples.EXPIRED}), ("2026-11-24", {samples.EXPIRING})])
def test_a_date_ends_with_its_day(end: str, expected: set[str]) -> None:
    assert k.flagged(k.access_key(k.expires(end))) == expected


@pytest.mark.parametrize("idle", [timedelta(days=45), timedelta(days=45, seconds=1)])
def test_the_window_is_exceeded_only_beyond_its_end(idle: timedelta) -> None:
    key = k.access_key(samples.SOON, created=k.AS_OF - timedelta(days=400), last_used=k.AS_OF - idle)
    assert (samples.UNUSED in k.flagged(key)) is (idle > k.CONTEXT.window)


def test_spans_point_at_the_value() -> None:
    assert [v.span for v in k.violations(k.access_key(samples.PAST))[samples.EXPIRED]] == [k.span(2)]
    assert [v.span for v in k.violations(k.access_key(k.enforced(), replacement=k.outage()))[samples.OUTAGE]] == [k.span(7)]


def test_what_ends_now_has_ended() -> None:
    now = replace(samples.SOON, at=k.AS_OF)
    assert k.flagged(k.access_key(now)) == {samples.EXPIRED}
    assert k.flagged(k.access_key(replace(now, effect=Effect.ENFORCED))) == {samples.INERT}


@pytest.mark.parametrize(("late", "expected"), [(timedelta(0), set()), (timedelta(seconds=1), {samples.OVERDUE})])
def test_a_rotation_is_overdue_only_beyond_its_end(late: timedelta, expected: set[str]) -> None:
    at = k.AS_OF - k.CONTEXT.max_lifetime - late
    assert k.flagged(k.access_key(replace(k.rotated("2026-03-19"), at=at))) == expected
    assert k.flagged(k.access_key(k.rotates(90), created=at, last_used=k.AS_OF)) == (expected or {samples.EXPIRING})


def test_the_shortest_of_several_rotations_is_due_first() -> None:
    assert k.flagged(k.access_key(k.rotates(365), k.rotates(30), created=k.day("2026-10-01"), last_used=k.AS_OF)) == {samples.OVERDUE}


@pytest.mark.parametrize(("age", "expected"), [(timedelta(days=14), {samples.SEVERAL}), (timedelta(days=14, seconds=-1), set())])
def test_the_younger_key_of_a_rotation_has_the_grace_to_take_over(age: timedelta, expected: set[str]) -> None:
    assert k.flagged(k.access_key(samples.SOON, active_siblings=("other",), newest_active=k.AS_OF - age)) == expected


@pytest.mark.parametrize(("since", "expected"), [(timedelta(days=14), set()), (timedelta(days=14, seconds=1), {samples.LINGERING})])
def test_the_grace_is_over_only_beyond_its_end(since: timedelta, expected: set[str]) -> None:
    assert k.flagged(k.access_key(status="Inactive", disabled_since=k.AS_OF - since)) == expected
    assert k.flagged(k.access_key(samples.PAST, status="Inactive", disabled_since=k.AS_OF - since)) == expected


@pytest.mark.parametrize(("early", "expected"), [(timedelta(0), set()), (timedelta(seconds=1), {samples.LINGERING})])
def test_only_what_was_disabled_after_its_end_has_a_grace(early: timedelta, expected: set[str]) -> None:
    ended = replace(samples.PAST, at=k.AS_OF - timedelta(days=3))
    assert k.flagged(k.access_key(ended, status="Inactive", disabled_since=k.AS_OF - timedelta(days=3) - early)) == expected


@pytest.mark.parametrize(("end", "expected"), [("2027-02-22", set()), ("2027-02-23", {samples.LINGERING})])
def test_a_removal_date_counts_up_to_the_maximum(end: str, expected: set[str]) -> None:
    assert k.flagged(k.access_key(k.expires(end), status="Inactive")) == expected


def test_a_removal_date_that_is_now_has_passed() -> None:
    assert k.flagged(k.access_key(replace(samples.SOON, at=k.AS_OF), status="Inactive")) == {samples.LINGERING}


@pytest.mark.parametrize("name", samples.CASES)
def test_messages_name_the_key_and_read_as_sentences(name: str) -> None:
    key, _ = samples.CASES[name]
    for found in k.violations(key).values():
        for violation in found:
            assert key.address in violation.message
            assert violation.message.endswith(".")
            assert violation.message.count(". ") <= 1
            assert "  " not in violation.message + violation.remediation
            assert violation.remediation[0].isupper()
            assert violation.remediation.endswith(".")
            assert violation.remedy is not None
            assert describe(violation.remedy)[1:] in violation.remediation


PASSED = {
    "inactive until the past",
    "disabled longer than the grace after its end",
    "disabled within the grace before its end",
    "rotated in a far future",
}
"""Cases whose date has passed, or is none that a later one may take the place of."""


@pytest.mark.parametrize("name", samples.CASES)
def test_a_person_has_to_make_a_change_that_comes_after_another_one(name: str) -> None:
    for rule, found in k.violations(samples.CASES[name][0]).items():
        after = rule in (samples.EXPIRED, samples.EXPIRING, samples.OVERDUE) or name in PASSED
        assert {v.remedy.needs_person for v in found if isinstance(v.remedy, (ReplaceValue, SetArgument))} <= {after}


@pytest.mark.parametrize(
    ("kind", "change", "needs_person"),
    [
        (Kind.EXPIRY, "2027-02-21 or earlier", False),
        (Kind.ROTATED, "the day of the last rotation, such as 2026-11-24", True),
        (Kind.ROTATION, "90d or less", False),
    ],
)
def test_an_unreadable_value_is_replaced_by_one_of_its_kind(kind: Kind, change: str, needs_person: bool) -> None:
    (violation,) = k.violations(k.access_key(replace(k.unreadable(), kind=kind)))[samples.UNREADABLE]
    assert violation.remediation == f'Set tag "expires" of aws_iam_user.ci to {change}.'
    assert isinstance(violation.remedy, ReplaceValue)
    assert violation.remedy.needs_person is needs_person


ENDED_BY_AWS = Lifetime(Kind.EXPIRY, Effect.ENFORCED, k.CLOCK, "90", k.span(2), interval=timedelta(days=90))


def test_an_end_by_aws_that_is_near_is_told_with_its_day() -> None:
    (violation,) = k.violations(k.access_key(replace(ENDED_BY_AWS, at=k.day("2026-12-01"))))[samples.EXPIRING]
    assert violation.message == ("AWS ends aws_iam_access_key.ci in 7 days, on 2026-12-02, and nothing replaces it automatically.")
    assert violation.remedy == k.access_key().remedies.replace
    (violation,) = k.violations(k.access_key(k.expires("2026-12-01"), k.inert()))[samples.EXPIRING]
    assert violation.message.endswith(" says 2026-12-01, and replace_triggered_by = [time_rotating.ci] never replaces it.")


@pytest.mark.parametrize("days", [(), (100,), (200, 100), (100, 200), (90, 100)])
def test_of_the_rotations_that_come_after_an_end_by_aws_the_first_is_named(days: tuple[int, ...]) -> None:
    (violation,) = k.violations(k.access_key(ENDED_BY_AWS, *(replace(k.enforced(one), span=k.span(one)) for one in days)))[samples.OUTAGE]
    first = f"time_rotating.ci replaces it only after {min(days)} days" if days else "nothing replaces it before that"
    assert violation.message == (
        f"aws_iam_access_key.ci ends 90 days after its creation and {first}, so everything that uses it fails then."
    )


def test_a_lifetime_that_must_be_enforced_says_on_whom_it_depends() -> None:
    (violation,) = k.violations(k.access_key(samples.SOON, k.rotates(30)), k.ENFORCED_ONLY)[samples.WITHOUT]
    assert 'only if somebody acts on tag "expires" of aws_iam_user.ci and tag "rotation" of aws_iam_user.ci' in violation.message
    assert "rotation_days = 90" in violation.remediation


def test_advice_on_how_to_write_a_date_is_passed_on() -> None:
    evidence = replace(k.unreadable("31/12/2026"), readings=("2026-12-31",))
    (violation,) = k.violations(k.access_key(evidence))[samples.UNREADABLE]
    assert violation.remediation == 'Write it as 2026-12-31 in tag "expires" of aws_iam_user.ci.'


def test_each_unreadable_value_and_each_exposure_is_a_finding_of_its_own() -> None:
    values = k.unreadable("soon"), k.unreadable("later", MetadataOrigin("Expires", "Key"))
    places = k.exposure("secret"), k.exposure("other")
    found = k.violations(k.access_key(*values, exposures=places))
    assert [v.mark for v in found[samples.UNREADABLE]] == ["tag\0expires\0aws_iam_user.ci", "metadata\0Expires\0Key"]
    assert [v.mark for v in found[samples.EXPOSED]] == ['output "secret"', 'output "other"']


def test_of_several_passed_dates_the_earliest_is_named() -> None:
    (violation,) = k.violations(k.access_key(k.expires("2026-09-30"), samples.PAST))[samples.EXPIRED]
    assert "2026-08-31" in violation.message


def test_of_several_long_lifetimes_the_shortest_is_named() -> None:
    (violation,) = k.violations(k.access_key(samples.FAR, k.rotates(100)))[samples.OVERLONG]
    assert "may live 100 days" in violation.message


def test_a_placeholder_inside_a_name_or_other_braces_stay_as_they_are() -> None:
    remedies = replace(k.access_key().remedies, declare=MergeTags(Place("a"), "tags", "local.{name}"))
    assert describe(remedies.stating("{value}", "2027-01-01")) == 'set tags = merge({ {value} = "2027-01-01" }, local.{name}) in a'


@pytest.mark.parametrize("rule", all_rules())
def test_a_page_opens_with_its_title_and_says_everything(rule: str) -> None:
    registered = all_rules()[rule]
    title, blank, *_ = registered.page.splitlines()
    assert (title, blank) == (f"{registered.rule.title}.", "")
    wanted = [f"## {h}" for h in ("Why it matters", "Terraform", "CloudFormation", "Undetermined")]
    assert [line for line in registered.page.splitlines() if line in wanted] == wanted


TAG = 'tag "expires" of aws_iam_user.ci'
QUARTERLY = replace(k.unreadable("quarterly", k.tag("rotation")), kind=Kind.ROTATION)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (k.access_key(status="Inactive"), "no removal date is stated"),
        (k.access_key(replace(samples.FIRED, origin=k.CLOCK), status="Inactive"), "no removal date is stated"),
        (k.access_key(QUARTERLY, status="Inactive"), "no removal date is stated"),
        (k.access_key(samples.PAST, status="Inactive"), f"{TAG} says 2026-08-31, which was 84 days ago"),
        (k.access_key(samples.FAR, status="Inactive"), f"{TAG} says 2099-01-01, which is 26336 days away"),
        (k.access_key(samples.FAR, samples.PAST, status="Inactive"), f"{TAG} says 2026-08-31, which was 84 days ago"),
        (k.access_key(k.unreadable(), status="Inactive"), f"{TAG} cannot be read as a date"),
        (k.access_key(k.inert(), status="Inactive"), "no removal date is stated"),
        (
            k.access_key(status="Inactive", disabled_since=k.day("2026-10-01")),
            "it has been disabled for 53 days, longer than the grace period of 14 days",
        ),
    ],
)
def test_why_an_inactive_key_lingers(key: AccessKey, why: str) -> None:
    (violation,) = k.violations(key)[samples.LINGERING]
    assert violation.message == f"aws_iam_access_key.ci is inactive, and nothing removes it: {why}."
    stated = TAG in why
    change = f"set {TAG} to 2026-12-08" if stated else 'add expires = "2026-12-08" to the tags of aws_iam_user.ci (iam.tf:1)'
    assert violation.remediation == f"Delete the key, or {change}."
    assert violation.span == (k.span(2) if stated else None)
    remedy = violation.remedy
    assert stated is (isinstance(remedy, ReplaceValue) and remedy.old in {evidence.value for evidence in key.lifetimes})


def test_a_removal_date_that_is_set_as_advised_mends() -> None:
    advised = k.expires("2026-12-08")
    assert k.flagged(k.access_key(advised, status="Inactive")) == set()
    far = replace(samples.FAR, effect=Effect.ENFORCED, origin=k.CLOCK)
    (violation,) = k.violations(k.access_key(far, status="Inactive"))[samples.LINGERING]
    assert violation.remediation == 'Delete the key, or add expires = "2026-12-08" to the tags of aws_iam_user.ci (iam.tf:1).'
    assert k.flagged(k.access_key(far, advised, status="Inactive")) == set()


def test_a_rotation_that_fired_its_only_time_says_when() -> None:
    (violation,) = k.violations(k.access_key(replace(samples.FIRED, origin=k.CLOCK)))[samples.INERT]
    assert violation.message == (
        "aws_iam_access_key.ci was due for its only replacement on 2026-05-01, 206 days ago, and time_rotating.ci sets no other date."
    )
    assert "rotation_days = 90" in violation.remediation


def test_a_source_that_shows_its_value_is_not_quoted_twice() -> None:
    origin = TriggerOrigin("terraform_data.key", '"2026-03-19"')
    key = k.access_key(replace(k.rotated("2026-03-19"), origin=origin), replacement=k.outage(create_before_destroy=True))
    (violation,) = k.violations(key)[samples.OVERDUE]
    assert (
        violation.message
        == f"aws_iam_access_key.ci was last rotated 250 days ago by {describe_origin(origin)}, but the maximum is 90 days."
    )
    assert violation.remediation == 'Change "2026-03-19" to 2026-11-24, which replaces the key.'


def test_an_interval_of_the_code_is_lowered() -> None:
    (violation,) = k.violations(k.access_key(replace(k.enforced(365), value="")))[samples.OVERLONG]
    assert violation.message == "aws_iam_access_key.ci may live 365 days by time_rotating.ci, but the maximum is 90 days."
    assert violation.remediation == "Lower the interval of time_rotating.ci to 90 days or less."


def test_an_outage_names_the_change_in_the_language_of_the_code_where_there_is_one() -> None:
    key = k.access_key(k.enforced(), replacement=k.outage())
    assert k.violations(key)[samples.OUTAGE][0].remediation == "Set create_before_destroy = true in its lifecycle block."
    bare = replace(key, remedies=replace(key.remedies, overlap=None))
    assert k.violations(bare)[samples.OUTAGE][0].remediation == "Create the new key before the old one is deleted."


def test_an_age_says_what_allows_it() -> None:
    (violation,) = k.violations(k.access_key(k.rotates(30), created=k.day("2026-10-01"), last_used=k.AS_OF))[samples.OVERDUE]
    assert violation.message == (
        'aws_iam_access_key.ci is 53 days old, created on 2026-10-02, but tag "rotation" of aws_iam_user.ci allows 30 days.'
    )


DAYS = IntervalSetting(Place("time_rotating.ci"), "rotation_days")


@pytest.mark.parametrize(
    ("setting", "turns", "remediation"),
    [
        (DAYS, 1, "Set rotation_days of time_rotating.ci to 90 or less."),
        (DAYS, 2, "Set rotation_days of time_rotating.ci to 45 or less, because a key lives for 2 of these intervals."),
        (IntervalSetting(Place("x.b"), "max_age", "s"), 1, "Set max_age of x.b to 7776000 or less (90 days in seconds)."),
        (DAYS, 200, "Set rotation_days of time_rotating.ci to 1 or less, because a key lives for 200 of these intervals."),
    ],
)
def test_what_sets_an_interval_is_named_with_its_own_number(setting: IntervalSetting, turns: int, remediation: str) -> None:
    (violation,) = k.violations(k.access_key(replace(k.enforced(365), setting=setting, turns=turns)))[samples.OVERLONG]
    assert violation.remediation == remediation


def test_what_one_block_makes_is_told_to_end_on_one_day(tmp_path: Path) -> None:
    """Its instances, and those of each call of its module: their end stands in the same code, and a reader sees one entry."""
    user = 'resource "aws_iam_user" "u" {\n  for_each = toset(["a", "b", "c"])\n  name = each.key\n}\n'
    (tmp_path / "m").mkdir()
    (tmp_path / "m/main.tf").write_text(user + 'resource "aws_iam_access_key" "k" {\n  for_each = aws_iam_user.u\n  user = each.key\n}\n')
    (tmp_path / "main.tf").write_text("".join(f'module "{name}" {{\n  source = "./m"\n}}\n' for name in ("one", "two", "three")))
    found = [one for one in judge_paths([str(tmp_path)], as_of=k.AS_OF).findings if one.rule.id == "iam.access_keys_without_lifetime"]
    assert len(found) == 9
    assert len({re.findall(r"\d{4}-\d\d-\d\d", one.remediation)[-1] for one in found}) == 1


MIDNIGHT = "2026-03-01T00:00:00Z"


def test_a_moment_at_midnight_is_shown_as_the_code_writes_it() -> None:
    at = k.expires(MIDNIGHT)
    assert f"{TAG} says {MIDNIGHT}." in k.violations(k.access_key(at))[samples.EXPIRED][0].message
    assert (
        f"{TAG} says {MIDNIGHT}, which was 268 days ago" in k.violations(k.access_key(at, status="Inactive"))[samples.LINGERING][0].message
    )
    fired = replace(at, effect=Effect.ENFORCED, origin=k.CLOCK)
    assert f"replacement on {MIDNIGHT}, 268 days ago" in k.violations(k.access_key(fired))[samples.INERT][0].message


def test_a_date_within_other_text_and_one_without_a_text_are_described() -> None:
    for value in ("20260319#2", ""):
        (violation,) = k.violations(k.access_key(replace(k.rotated("2026-03-19"), value=value)))[samples.OVERDUE]
        assert violation.message.endswith('tag "rotated-on" of aws_iam_user.ci says 2026-03-19.')


def test_what_is_inert_is_not_named_twice() -> None:
    evidence = replace(k.inert(), origin=SecretRotationOrigin("secret_rotation.ci"), reason=NO_FUNCTION())
    (violation,) = k.violations(k.access_key(evidence))[samples.INERT]
    assert violation.message == (
        "aws_iam_access_key.ci is never replaced by secret_rotation.ci, because it names no function that rotates the key."
    )


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("the name holds a date", "The name holds a date."),
        ("aws_iam_user_policy.until_march ends the permission", "aws_iam_user_policy.until_march ends the permission."),
        ("module.ci says nothing.", "module.ci says nothing."),
        ("key[0] is shown", "key[0] is shown."),
        ("stop.", "Stop."),
        ("write a.b", "Write a.b."),
    ],
)
def test_a_sentence_begins_in_upper_case_unless_a_name_of_the_code_does(clause: str, expected: str) -> None:
    assert _shared.sentence(clause) == expected


def test_of_two_triggers_that_never_fire_the_first_is_shown() -> None:
    first = k.inert("change the first")
    second = replace(
        k.inert("change the second"),
        origin=SecretRotationOrigin("time_static.other"),
        span=k.span(12),
        reason=NEVER_CHANGED("time_static.other"),
    )
    for evidence, line, fix in (((first, second), 6, "Change the first."), ((second, first), 12, "Change the second.")):
        (violation,) = k.violations(k.access_key(*evidence))[samples.INERT]
        assert violation.span is not None
        assert (violation.span.line, violation.remediation) == (line, fix)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the system has no such call")
def test_days_are_those_of_utc_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        assert _shared.day(datetime(2026, 3, 1, 23, 30, tzinfo=timezone.utc)) == "2026-03-01"
        assert describe_date(datetime(2026, 3, 1, 23, 30, tzinfo=timezone.utc)) == "2026-03-01 23:30 UTC"
        assert _shared.day(datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-2)))) == "2026-03-02"
        assert parse_date("2026-03-01") == datetime(2026, 3, 2, tzinfo=timezone.utc)  # the day counts
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(("names", "text"), [(("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")])
def test_names_are_joined_as_in_a_sentence(names: tuple[str, ...], text: str) -> None:
    assert _shared.listed(names) == text


@pytest.mark.parametrize(("adopt", "more"), [("", ""), ("import it", ", or import it")])
def test_a_key_that_no_code_declares_can_be_imported_where_its_id_is_known(adopt: str, more: str) -> None:
    key = k.access_key(samples.SOON, managed=False, remedies=replace(k.REMEDIES, adopt=adopt))
    (found,) = k.violations(key)[samples.UNMANAGED]
    assert found.remediation == f"Declare a key for its user in code and delete this one{more}."
    assert found.message == "aws_iam_access_key.ci is not declared in the given code, so nobody reviews it and nothing will remove it."


def test_two_other_keys_are_both_named() -> None:
    (found,) = k.violations(k.access_key(samples.SOON, active_siblings=("a", "b"), user=k.UNKNOWN))[samples.SEVERAL]
    who = "aws_iam_access_key.ci is one of 3 active keys of the same user"
    assert found.message == f"{who}, and each of them can leak; the others are a and b."
    assert found.remediation == 'Set status = "Inactive", unless this is the key to keep.'
    api_key = k.access_key(samples.SOON, active_siblings=("a",), kind=KeyKind.SERVICE_CREDENTIAL)
    assert "2 active keys of user ci for the same service" in k.violations(api_key)[samples.SEVERAL][0].message


def test_a_near_end_is_moved_by_a_person_who_replaces_the_key_first() -> None:
    (found,) = k.violations(k.access_key(samples.NEAR))[samples.EXPIRING]
    assert isinstance(found.remedy, ReplaceValue)
    assert (found.remedy.needs_person, found.remedy.old, found.remedy.suffix) == (True, "2026-12-01", "or earlier")
    assert found.remedy.place == Place(samples.NEAR.source, samples.NEAR.span)
    (long,) = k.violations(k.access_key(samples.FAR))[samples.OVERLONG]
    assert isinstance(long.remedy, ReplaceValue)
    assert (long.remedy.needs_person, long.remedy.old, long.remedy.suffix) == (False, "2099-01-01", "or earlier")
