"""Users with more than one active access key.

Flags a key if the same user has other active keys, unless they take turns: each is replaced by a clock, or by an output of
one scheduler, of its own. All of these keys are flagged, because only the owner knows which one should stay. While the youngest is within
the grace period, somebody is rotating, and none is flagged. API keys are compared with those of the same user and service.

## Why it matters

The second key exists for the days of a rotation. If it stays, it is one more secret that can leak, and often the
forgotten one.

## Terraform

Flagged:

    resource "aws_iam_access_key" "ci_v1" {
      user = aws_iam_user.ci.name
    }

    resource "aws_iam_access_key" "ci_v2" {
      user = aws_iam_user.ci.name
    }

Fixed by switching the old one off, and deleting it after the grace period:

    # posturio: expires=2026-12-31
    resource "aws_iam_access_key" "ci_v1" {
      user   = aws_iam_user.ci.name
      status = "Inactive"
    }

    resource "aws_iam_access_key" "ci_v2" {
      user = aws_iam_user.ci.name
    }

## CloudFormation

The same: `Status: Inactive` for the old key, and `Expires` in its `Metadata.Posturio`.

## Undetermined

A key is undetermined if its rotation is unknown, or if it is not known whether the other key is active, older than the
grace period, or exists at the same time. Keys whose user is not known from the code are not compared.

## Configuration

`grace_days` (default: 14) is how long a rotation may take.
"""

from __future__ import annotations

from datetime import datetime

from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, Effect, KeyKind, Kind, Unknown, about
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import ONE_KEY, in_use, listed, sentence

RULE = Rule(
    id="iam.multiple_active_access_keys",
    severity=Severity.MEDIUM,
    title="Users with more than one active access key",
    checkov=7,
    cfn_lint="W9376",
    needs_use=False,
    requirements=ONE_KEY,
)


@register(RULE)
def check(key: AccessKey, context: Context) -> Violations:
    """Yield at most one violation."""
    if not in_use(key) or any(e.kind is Kind.ROTATION and e.effect is Effect.UNKNOWN for e in key.lifetimes):
        return
    newest = key.newest_active
    if isinstance(newest, Unknown) or (isinstance(newest, datetime) and context.as_of - newest < context.grace):
        return  # it is so young that the others may still be taken out of use
    match key.active_siblings:
        case (_, *_) as others:
            rest = f"the other is {others[0]}" if len(others) == 1 else f"the others are {listed(others)}"
            message = about(key, f"is one of {len(others) + 1} active keys of {_user(key)}, and each of them can leak; {rest}.")
            disable = key.remedies.disable
            yield Violation(message, sentence(disable, keep := "unless this is the key to keep"), remedy=disable, then=keep)


def _user(key: AccessKey) -> str:
    user = f"user {key.user}" if isinstance(key.user, str) else "the same user"
    return user if key.kind is KeyKind.ACCESS_KEY else f"{user} for the same service"
