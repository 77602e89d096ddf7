"""Access keys that show no recent use.

An active key is flagged when it was last used longer ago than the window. A key that was never used is judged by its
age: within the window it is fresh, beyond it nobody needs it. The finding is HIGH instead of MEDIUM where the key has
been idle for more than a year, or where its user is an administrator. An API key of a service is never flagged, since
AWS does not tell when one was used.

## Why it matters

Nobody notices when a key that nobody uses is stolen. Find it, ask its owner, disable it, delete it after the grace, and
keep the next one out by stating its end in code.

## Terraform

Code does not tell when a key was used, so the live check decides. What keeps such keys from appearing is an end that
the code states:

    resource "aws_iam_user" "ci" {
      name = "ci"
      tags = { expires = "2027-01-31" }
    }

Switch an unused one off:

    resource "aws_iam_access_key" "ci" {
      user   = aws_iam_user.ci.name
      status = "Inactive"
    }

## CloudFormation

Switch an unused one off:

    Key:
      Type: AWS::IAM::AccessKey
      Properties:
        UserName: !Ref User
        Status: Inactive

## Undetermined

A key of which AWS did not say when it was used, for instance because the call was denied. An error is not the same as
never used.

## Configuration

`unused_days` (45 unless configured), for some keys in `overrides`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.intervals import describe_interval
from posturio_iac.core.key_words import named
from posturio_iac.core.model import KeyKind, Privilege
from posturio_iac.rules import register
from posturio_iac.rules._evidence import in_use
from posturio_iac.rules._standards import NIST_UNUSED, PCI_UNUSED
from posturio_iac.rules._words import UNUSED_FOR_45_DAYS, day, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.model import AccessKey
    from posturio_iac.rules import Context

RULE = Rule(
    id="iam.unused_access_keys",
    severity=Severity.MEDIUM,
    title="Access keys that show no recent use",
    only_live="code does not tell when a key was used, only AWS does",
    cis=UNUSED_FOR_45_DAYS,
    nist=NIST_UNUSED,
    pci=PCI_UNUSED,
)
LONG = timedelta(days=365)
"""A key that nobody used for so long is worse than one that is a little late."""


@register(RULE)
def check(key: AccessKey, context: Context) -> Iterator[Violation]:
    """Yield at most one violation."""
    if not in_use(key) or key.kind is KeyKind.SERVICE_CREDENTIAL:  # AWS does not tell when one of these was used
        return
    match key.last_used, key.created:
        case datetime() as moment, _:
            seen = "was last used {} ago, on {}"
        case None, datetime() as moment:
            seen = "was never used in the {} since it was created on {}"
        case _:
            return
    idle = context.as_of - moment
    if idle > context.window:
        message = (
            f"{named(key)} {seen.format(describe_interval(idle), day(moment))}, and the window is {describe_interval(context.window)}."
        )
        off, gone = key.remedies.disable, describe(key.remedies.remove)
        grave = Severity.HIGH if idle > LONG or key.privilege is Privilege.ADMIN else None
        yield Violation(message, sentence(off, f"and {gone} {describe_interval(context.grace)} later"), remedy=off, severity=grave)
