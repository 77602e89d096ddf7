"""Access keys that show no recent use.

Flags an active key that was last used before the window, or that was never used and was created before it. The finding is
HIGH instead of MEDIUM if the key has been idle for more than a year, or if its user is an administrator. API keys of
services are never flagged, because AWS does not report when they were used.

## Why it matters

Nobody notices when an unused key is stolen. Find it, ask its owner, disable it, delete it after the grace period, and
prevent the next one by stating its end in code.

## Terraform

Code does not show when a key was used, so only the live check can decide. Switch an unused one off:

    resource "aws_iam_access_key" "ci" {
      user   = aws_iam_user.ci.name
      status = "Inactive"
    }

## CloudFormation

Switch an unused one off with `Status: Inactive`.

## Undetermined

A key whose last use could not be read, for instance because the call was denied. An error does not mean that the key was
never used.

## Configuration

`unused_days` (default: 45; `overrides` can change it for some keys).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, KeyKind, Privilege, about
from posturio_iac.core.times import describe_interval
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import UNUSED, day, in_use, sentence

RULE = Rule(
    id="iam.unused_access_keys",
    severity=Severity.MEDIUM,
    title="Access keys that show no recent use",
    only_live="only AWS knows when a key was used",
    requirements=UNUSED,
    means_unneeded=True,
)
LONG = timedelta(days=365)  # a key that nobody used for so long is worse than one that is a little late


@register(RULE)
def check(key: AccessKey, context: Context) -> Violations:
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
        off, gone = key.remedies.disable, describe(key.remedies.remove)
        why = "; it is an administrator's" if key.privilege is Privilege.ADMIN else "; that is over a year" if idle > LONG else ""
        told = f"{seen.format(describe_interval(idle), day(moment))}, and the window is {describe_interval(context.window)}{why}."
        message, grave = about(key, told), Severity.HIGH if why else None
        then = f"and {gone} {describe_interval(context.grace)} later"
        yield Violation(message, sentence(off, then), remedy=off, severity=grave, then=then)
