"""What a reader is told about a key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from posturio_iac.rules import all_rules
from tests.keys import ENFORCED_ONLY, access_key, expires, exposure, inert, rotated, rotates, unreadable, violations
from tests.rule_cases import CASES, EXPIRED, EXPOSED, FAR, INERT, OLD, OVERDUE, OVERLONG, PAST, SEVERAL, SOON, UNREADABLE, UNUSED, WITHOUT

if TYPE_CHECKING:
    from posturio_iac.model import AccessKey


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
            'Set status = "Inactive", unless this key is the one that stays.',
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
