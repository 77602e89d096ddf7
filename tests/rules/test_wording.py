"""How rules put dates and names into sentences."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from posturio_iac.core.dates import describe_date, parse_date
from posturio_iac.core.evidence.reason import NEVER_CHANGED, NO_FUNCTION
from posturio_iac.core.evidence.remedy import ReplaceValue
from posturio_iac.core.model import Effect, KeyKind
from posturio_iac.core.place import Place, SecretRotationOrigin
from posturio_iac.rules._shared import day, listed, sentence
from tests.support.keys import CLOCK, REMEDIES, UNKNOWN, access_key, expires, inert, rotated, span, violations
from tests.support.rule_cases import EXPIRED, EXPIRING, FAR, INERT, LINGERING, NEAR, OVERDUE, OVERLONG, SEVERAL, SOON, UNMANAGED

TAG = 'tag "expires" of aws_iam_user.ci'
MIDNIGHT = "2026-03-01T00:00:00Z"


def test_a_moment_at_midnight_is_shown_as_the_code_writes_it() -> None:
    at = expires(MIDNIGHT)
    assert f"{TAG} says {MIDNIGHT}." in violations(access_key(at))[EXPIRED][0].message
    assert f"{TAG} says {MIDNIGHT}, which was 268 days ago" in violations(access_key(at, status="Inactive"))[LINGERING][0].message
    fired = replace(at, effect=Effect.ENFORCED, origin=CLOCK)
    assert f"replacement on {MIDNIGHT}, 268 days ago" in violations(access_key(fired))[INERT][0].message


def test_a_date_within_other_text_and_one_without_a_text_are_described() -> None:
    for value in ("20260319#2", ""):
        (violation,) = violations(access_key(replace(rotated("2026-03-19"), value=value)))[OVERDUE]
        assert violation.message.endswith('tag "rotated-on" of aws_iam_user.ci says 2026-03-19.')


def test_what_is_inert_is_not_named_twice() -> None:
    evidence = replace(inert(), origin=SecretRotationOrigin("secret_rotation.ci"), reason=NO_FUNCTION())
    (violation,) = violations(access_key(evidence))[INERT]
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
    assert sentence(clause) == expected


def test_of_two_triggers_that_never_fire_the_first_is_shown() -> None:
    first = inert("change the first")
    second = replace(
        inert("change the second"),
        origin=SecretRotationOrigin("time_static.other"),
        span=span(12),
        reason=NEVER_CHANGED("time_static.other"),
    )
    for evidence, line, fix in (((first, second), 6, "Change the first."), ((second, first), 12, "Change the second.")):
        (violation,) = violations(access_key(*evidence))[INERT]
        assert violation.span is not None
        assert (violation.span.line, violation.remediation) == (line, fix)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the system has no such call")
def test_days_are_those_of_utc_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        assert day(datetime(2026, 3, 1, 23, 30, tzinfo=timezone.utc)) == "2026-03-01"
        assert describe_date(datetime(2026, 3, 1, 23, 30, tzinfo=timezone.utc)) == "2026-03-01 23:30 UTC"
        assert day(datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-2)))) == "2026-03-02"
        assert parse_date("2026-03-01") == datetime(2026, 3, 2, tzinfo=timezone.utc)  # the day counts
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(("names", "text"), [(("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")])
def test_names_are_joined_as_in_a_sentence(names: tuple[str, ...], text: str) -> None:
    assert listed(names) == text


@pytest.mark.parametrize(("adopt", "more"), [("", ""), ("import it", ", or import it")])
def test_a_key_that_no_code_declares_can_be_imported_where_its_id_is_known(adopt: str, more: str) -> None:
    key = access_key(SOON, managed=False, remedies=replace(REMEDIES, adopt=adopt))
    (found,) = violations(key)[UNMANAGED]
    assert found.remediation == f"Declare a key for its user in code and delete this one{more}."
    assert found.message == "aws_iam_access_key.ci is not declared in the given code, so nobody reviews it and nothing will remove it."


def test_two_other_keys_are_both_named() -> None:
    (found,) = violations(access_key(SOON, active_siblings=("a", "b"), user=UNKNOWN))[SEVERAL]
    who = "aws_iam_access_key.ci is one of 3 active keys of the same user"
    assert found.message == f"{who}, and each of them can leak; the others are a and b."
    assert found.remediation == 'Set status = "Inactive", unless this is the key to keep.'
    api_key = access_key(SOON, active_siblings=("a",), kind=KeyKind.SERVICE_CREDENTIAL)
    assert "2 active keys of user ci for the same service" in violations(api_key)[SEVERAL][0].message


def test_a_near_end_is_moved_by_a_person_who_replaces_the_key_first() -> None:
    (found,) = violations(access_key(NEAR))[EXPIRING]
    assert isinstance(found.remedy, ReplaceValue)
    assert (found.remedy.needs_person, found.remedy.old, found.remedy.suffix) == (True, "2026-12-01", "or earlier")
    assert found.remedy.place == Place(NEAR.source, NEAR.span)
    (long,) = violations(access_key(FAR))[OVERLONG]
    assert isinstance(long.remedy, ReplaceValue)
    assert (long.remedy.needs_person, long.remedy.old, long.remedy.suffix) == (False, "2099-01-01", "or earlier")
