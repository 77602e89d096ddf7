"""How rules put dates and names into sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posturio_iac.core.evidence.origin import SecretRotationOrigin
from posturio_iac.core.evidence.reason import NEVER_CHANGED, NO_FUNCTION
from posturio_iac.core.model import Effect
from posturio_iac.rules._words import sentence
from tests.support.keys import CLOCK, access_key, expires, inert, rotated, span, violations
from tests.support.rule_cases import EXPIRED, INERT, LINGERING, OVERDUE

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
