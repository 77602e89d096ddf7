"""Access keys whose stated end is near.

Flags an active key whose earliest declared date is at most `warn_days` away, unless the code replaces the key automatically: the
day after that date, the same key is a finding of HIGH severity. Also flags a deployed API key of a service that AWS ends within
that time: everything that uses it fails on that day; and a deployed key without an end that becomes [overdue for
rotation](iam.overdue_access_key_rotations.md) within that time.

## Why it matters

Dates that were set on the same day pass on the same day, and then an unrelated commit fails. Two weeks are enough to ask
the owner, and to see the new key in use before the old one goes.

## Terraform

Flagged on 24 November 2026:

    resource "aws_iam_user" "ci" {
      name = "ci"
      tags = { expires = "2026-12-01" }
    }

Fixed by replacing the key, and then moving its end:

    resource "aws_iam_user" "ci" {
      name = "ci"
      tags = { expires = "2027-02-15" }
    }

## CloudFormation

The date stands in `Metadata.Posturio.Expires` of the key.

## Undetermined

A key is not flagged while another piece of evidence is unknown, because that may replace the key in time.

## Configuration

`warn_days` (default: 14), but at most half of `max_lifetime_days`.
"""

from __future__ import annotations

from datetime import datetime

from posturio_iac.core import record
from posturio_iac.core.evidence.remedy import ReplaceValue
from posturio_iac.core.evidence.remedy_text import command, describe
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, Effect, Kind, Lifetime, about
from posturio_iac.core.place import Place
from posturio_iac.core.times import describe_interval
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import by, day, end_of_day, has, in_use, overdue, passed, proposed_end, sentence, spent, warning_of

RULE = Rule(
    id="iam.expiring_access_keys", severity=Severity.LOW, title="Access keys whose stated end is near", checkov=13, cfn_lint="W9382"
)


@register(RULE)
def check(key: AccessKey, context: Context) -> Violations:
    """Yield at most one violation, at the date."""
    renewed = any(e.renews and not spent(e, context) for e in key.lifetimes)
    if not in_use(key) or renewed or has(key, Effect.UNKNOWN) or passed(key, context):
        return
    ends = [e for e in key.lifetimes if e.kind is Kind.EXPIRY and (e.effect is Effect.DECLARED or e.is_age)]
    for at, evidence in sorted(((e.at, e) for e in ends if e.at), key=lambda dated: dated[0])[:1]:
        if context.as_of < at <= end_of_day(context, warning_of(context)):
            if evidence.is_age:
                yield _ended_by_aws(key, evidence, at, context)
                return
            inert = next((e.source for e in key.lifetimes if e.kind is Kind.ROTATION and e.effect is Effect.INERT), None)
            then = f"{inert} never replaces it" if inert else "nothing replaces it automatically"
            message = about(key, f"ends in {describe_interval(at - context.as_of)}{by(evidence, '')}, and {then}.")
            later = ReplaceValue(
                Place(evidence.source, evidence.span), proposed_end(key, context), evidence.value, "or earlier", needs_person=True
            )
            replace = f"{describe(key.remedies.replace)} before then and {describe(later)}"
            off = key.remedies.disable
            yield Violation(message, sentence(replace, f"or {describe(off)}"), evidence.span, later, otherwise=command(off))
    if not ends and isinstance(key.created, datetime) and overdue(key, context) is None:
        yield from _soon_overdue(key, context)


def _soon_overdue(key: AccessKey, context: Context) -> Violations:
    """Warn of a deployed key that will be too old; its age counts from its creation."""
    late = overdue(key, record.replace(context, as_of=context.as_of + warning_of(context)))
    if late is not None:
        due = late.since + late.limit
        why = f"{late.stated.source} allows" if late.stated else "the maximum is"
        when = f"is due for rotation in {describe_interval(due - context.as_of)}, on {day(due)}"
        message = about(key, f"{when}: it was created on {day(late.since)}, and {why} {describe_interval(late.limit)}.")
        yield Violation(message, sentence(f"{describe(key.remedies.replace)} before {day(due)}"), remedy=key.remedies.replace)


def _ended_by_aws(key: AccessKey, evidence: Lifetime, at: datetime, context: Context) -> Violation:
    """What is said of an API key that AWS ends: no date can be moved, and what uses the key fails on that day."""
    message = about(key, f"in {describe_interval(at - context.as_of)}, on {day(at)}, and nothing replaces it automatically.", "AWS ends")
    remedy = key.remedies.age or key.remedies.replace
    return Violation(message, sentence(remedy), evidence.span, remedy)
