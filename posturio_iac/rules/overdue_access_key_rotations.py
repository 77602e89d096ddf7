"""Access keys that are overdue for rotation.

Flags an active key that is older than allowed. In code, its age counts from its stated day of rotation (`rotated-on`, a
dated trigger); in AWS, from its creation. The limit is the rotation interval that its own tags or code state, otherwise
the maximum lifetime. If the key has a stated end, only that end counts. If the code enforces a rotation, a stated day of
rotation is ignored.

## Why it matters

Manual rotation depends on somebody remembering it. This rule is the reminder.

## Terraform

Flagged from 18 June 2026 on:

    resource "terraform_data" "rotation" {
      triggers_replace = { rotated = "2026-03-19" }
    }

    resource "aws_iam_access_key" "ci" {
      user = aws_iam_user.ci.name
      lifecycle {
        replace_triggered_by  = [terraform_data.rotation]
        create_before_destroy = true
      }
    }

Fixed with a new date, which replaces the key at the next apply:

    resource "terraform_data" "rotation" {
      triggers_replace = { rotated = "2026-11-24" }
    }

## CloudFormation

Fixed; the higher `Serial` replaces the key:

    Key:
      Type: AWS::IAM::AccessKey
      Metadata:
        Posturio:
          RotatedOn: "2026-11-24"
      Properties:
        UserName: !Ref User
        Serial: 4

## Undetermined

A date or an interval that is not known from the code; and, if only the age is known, an unknown value that could hold a
lifetime.

## Configuration

`max_lifetime_days` (default: 90; `overrides` can change it for some keys) and the lists in `names`.
"""

from __future__ import annotations

from datetime import timedelta

from posturio_iac.core.evidence.remedy import ReplaceValue
from posturio_iac.core.evidence.remedy_text import command, describe
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, Lifetime, Replacement, about
from posturio_iac.core.place import Place, TriggerOrigin
from posturio_iac.core.text import lazy_pattern, quote
from posturio_iac.core.times import describe_interval
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import ROTATION, by, day, in_use, overdue, sentence

RULE = Rule(
    id="iam.overdue_access_key_rotations",
    severity=Severity.MEDIUM,
    title="Access keys that are overdue for rotation",
    checkov=8,
    cfn_lint="W9377",
    requirements=ROTATION,
    denies_end=True,
    is_moot_without_key=True,
)


@register(RULE)
def check(key: AccessKey, context: Context) -> Violations:
    """Yield at most one violation, at the stated day where there is one."""
    late = overdue(key, context) if in_use(key) else None
    if late is None:
        return
    since = late.since if late.rotated is None else late.since - timedelta(days=1)  # a stated day counts from its end
    age, limit = describe_interval(context.as_of - since), describe_interval(late.limit)
    allowed = f", but {late.stated.source} allows {limit}" if late.stated else f", but the maximum is {limit}"
    if late.rotated is None:
        message = about(key, f"is {age} old, created on {day(late.since)}{allowed}.")
        then = f"or {describe(key.remedies.disable)}"
        replace, other = key.remedies.replace, command(key.remedies.disable)
        yield Violation(message, sentence(replace, then), remedy=replace, then=then, otherwise=other)
    else:
        message = about(key, f"was last rotated {age} ago{by(late.rotated, allowed)}.")
        value = _alike(late.rotated.value, day(context.as_of))
        place = Place(late.rotated.source, late.rotated.written or late.rotated.span)
        triggers = isinstance(late.rotated.origin, TriggerOrigin)
        today = ReplaceValue(place, value, late.rotated.value, needs_person=not triggers, replaces=triggers)
        yield Violation(message, sentence(_change(key, late.rotated, today)), late.rotated.span, today)


_DATED = lazy_pattern(r"\d{4}(-?)\d{2}\1\d{2}(#|T|)")


def _alike(old: str, today: str) -> str:
    """Today in the form of an older value: ``20261128#1`` after ``20260319#2``, and with a time, which a ``time_static`` needs."""
    found = _DATED.match(old)
    return today if found is None else today.replace("-", found[1]) + {"#": "#1", "T": "T00:00:00Z", "": ""}[found[2]]


def _change(key: AccessKey, rotated: Lifetime, today: ReplaceValue) -> str:
    """Say how to replace the key and to state so; some dates do both."""
    if isinstance(key.replacement, Replacement):
        at = today.place.span
        is_elsewhere = at is not None and rotated.span is not None and (at.path, at.line) != (rotated.span.path, rotated.span.line)
        where = f" in {at.path}:{at.line}" if at is not None and is_elsewhere else ""
        return f"change {quote(rotated.value)}{where} to {today.value}, which replaces the key"
    return f"{describe(key.remedies.replace)} and {describe(today)}"
