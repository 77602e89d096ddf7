"""Access key lifetimes that cannot be read.

Metadata of an active key is flagged when its name says lifetime (`expires`, `rotation`, `rotate-by`, `rotated-on`, …)
and its value is neither a date nor an interval: `soon`, `31/12/2026`, an empty text.

## Why it matters

Whoever wrote it meant the key to end. A date that nobody can read for certain ends nothing, and `01/02/2027` is one day
in London and another in New York.

## Terraform

Flagged:

    resource "aws_iam_user" "ci" {
      name = "ci"
      tags = { expires = "31/01/2027" }
    }

    resource "aws_iam_access_key" "ci" {
      user = aws_iam_user.ci.name
    }

Mended:

    resource "aws_iam_user" "ci" {
      name = "ci"
      tags = { expires = "2027-01-31" }
    }

## CloudFormation

Flagged:

    Key:
      Type: AWS::IAM::AccessKey
      Metadata:
        Posturio:
          Rotation: quarterly
      Properties:
        UserName: !Ref User

Mended:

    Key:
      Type: AWS::IAM::AccessKey
      Metadata:
        Posturio:
          Rotation: 90d
      Properties:
        UserName: !Ref User

## Undetermined

A value that the code does not fix, such as `expires = var.expires`, is unknown and not unreadable.

## Configuration

The lists in `names` say which names mean a lifetime. Dates are written as in ISO 8601, intervals as `90`, `90d`, `12h`,
`6w`, `3mo`, `1y`, `P90D` or `rate(90 days)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import Effect, Kind
from posturio_iac.core.origin import identity_of
from posturio_iac.rules import register
from posturio_iac.rules._evidence import in_use
from posturio_iac.rules._standards import NIST_ROTATION, PCI_ROTATION
from posturio_iac.rules._words import ROTATE_WITHIN_90_DAYS, day, last_day, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.model import AccessKey, Lifetime
    from posturio_iac.rules import Context

RULE = Rule(
    id="iam.unreadable_access_key_lifetimes",
    severity=Severity.MEDIUM,
    title="Access key lifetimes that cannot be read",
    cis=ROTATE_WITHIN_90_DAYS,
    nist=NIST_ROTATION,
    pci=PCI_ROTATION,
)


@register(RULE)
def check(key: AccessKey, context: Context) -> Iterator[Violation]:
    """Yield one violation for each value, at the value."""
    if not in_use(key):
        return
    for evidence in key.lifetimes:
        if evidence.effect is Effect.UNREADABLE:
            why, _, advice = evidence.why.partition("; ")
            why = why or f'"{evidence.value}" is neither a date nor an interval'
            message = f"{key.address} has an end that nobody can read in {evidence.source}: {why}."
            yield Violation(message, sentence(_advice(evidence, advice, context)), evidence.span, mark=identity_of(evidence.origin))


def _advice(evidence: Lifetime, advice: str, context: Context) -> str:
    """Say what to write: what the reader of the value advises, with a date that is allowed in place of its example."""
    if advice.startswith("write it as "):
        return f"{advice} in {evidence.source}"
    match evidence.kind:
        case Kind.EXPIRY:
            return f"set {evidence.source} to {last_day(context)} or earlier"
        case Kind.ROTATED:
            return f"set {evidence.source} to the day of the last rotation, such as {day(context.as_of)}"
        case Kind.ROTATION:
            return f"set {evidence.source} to {context.max_lifetime.days}d or less"
