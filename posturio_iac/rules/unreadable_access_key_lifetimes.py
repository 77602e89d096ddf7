"""Access key lifetimes that cannot be read.

Flags metadata of an active key whose name means a lifetime (`expires`, `rotation`, `rotate-by`, `rotated-on`, …) but whose
value is neither a date nor an interval: `soon`, `31/12/2026`, an empty string, or for `rotated-on` a day in the future.
Also flags a `credential_age_days` that is not a whole number from 1 to 36600.

## Why it matters

The author meant the key to end. An ambiguous date ends nothing: `01/02/2027` is one day in London and another in New
York.

## Terraform

Flagged:

    resource "aws_iam_user" "ci" {
      name = "ci"
      tags = { expires = "31/01/2027" }
    }

Fixed:

    resource "aws_iam_user" "ci" {
      name = "ci"
      tags = { expires = "2027-01-31" }
    }

## CloudFormation

The same in `Metadata.Posturio` of the key: flagged with `Rotation: quarterly`, mended with `Rotation: 90d`.

## Undetermined

A value that is not known from the code, such as `expires = var.expires`, is unknown, not unreadable.

## Configuration

The lists in `names` define which names mean a lifetime. Write dates as in ISO 8601, and intervals as `90`, `90d`, `12h`,
`6w`, `3mo`, `1y`, `P90D` or `rate(90 days)`.
"""

from __future__ import annotations

from posturio_iac.core.evidence.remedy import Advice, ReplaceValue, SetArgument
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, Effect, Kind, Lifetime, about
from posturio_iac.core.place import Place, identity_of
from posturio_iac.core.record import replace
from posturio_iac.core.times import parse_date
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import ROTATION, day, in_use, proposed_end, sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.evidence.remedy import Remedy

RULE = Rule(
    id="iam.unreadable_access_key_lifetimes",
    severity=Severity.MEDIUM,
    title="Access key lifetimes that cannot be read",
    checkov=12,
    cfn_lint="W9381",
    requirements=ROTATION,
    about_words=True,
    denies_end=True,
)


@register(RULE)
def check(key: AccessKey, context: Context) -> Violations:
    """Yield one violation for each value, at the value."""
    if not in_use(key):
        return
    for evidence in key.lifetimes:
        if evidence.effect is Effect.UNREADABLE:
            why = evidence.why or f'"{evidence.value}" is neither a date nor an interval'
            message = about(key, f"has a lifetime that cannot be read in {evidence.source}: {why}.")
            remedy = _remedy(key, evidence, context)
            change: Remedy | str = remedy
            if evidence.readings:
                change, remedy = f"write it as {' or '.join(evidence.readings)} in {evidence.source}", _reading(evidence, context)
            yield Violation(message, sentence(change), evidence.span, remedy, mark=identity_of(evidence.origin))


def _reading(evidence: Lifetime, context: Context) -> Remedy:
    """The change to the only value that it can mean; a person has to choose of several, and to look at a date that has passed."""
    remedy = evidence.remedy
    if not isinstance(remedy, ReplaceValue):
        return Advice("choose what it means")
    meant = parse_date(remedy.value)
    return replace(remedy, needs_person=meant is not None and meant <= context.as_of)


def _remedy(key: AccessKey, evidence: Lifetime, context: Context) -> Remedy:
    """Say what to write: what the reader of the value advises, with a date that is allowed in place of its example."""
    if isinstance(evidence.remedy, SetArgument) or (isinstance(evidence.remedy, ReplaceValue) and evidence.remedy.old != evidence.value):
        return evidence.remedy
    place = Place(evidence.source, evidence.span)
    match evidence.kind:
        case Kind.EXPIRY:
            return ReplaceValue(place, proposed_end(key, context), evidence.value, "or earlier")
        case Kind.ROTATED:
            return ReplaceValue(place, f"the day of the last rotation, such as {day(context.as_of)}", evidence.value, needs_person=True)
        case Kind.ROTATION:
            return ReplaceValue(place, f"{context.max_lifetime.days}d", evidence.value, "or less")
