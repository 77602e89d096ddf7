"""Access keys past their stated end.

Flags an active key whose declared expiry or rotate-by date has passed. If several have passed, the message names the
earliest.

## Why it matters

Somebody decided that this key should be gone by now. Nobody expects it to work, so nobody watches it.

## Terraform

Flagged after January 2026:

    resource "aws_iam_user" "ci" {
      name = "ci"
      tags = { expires = "2026-01-31" }
    }

Fixed by replacing the key (`terraform apply -replace=aws_iam_access_key.ci`) and stating the end of the new one:

    resource "aws_iam_user" "ci" {
      name = "ci"
      tags = { expires = "2027-01-31" }
    }

## CloudFormation

Fixed; the higher `Serial` replaces the key:

    Key:
      Type: AWS::IAM::AccessKey
      Metadata:
        Posturio:
          Expires: "2027-01-31"
      Properties:
        UserName: !Ref User
        Serial: 2

## Undetermined

A date that is not known from the code, and a key that may or may not be active. A date without a time has passed at
24:00 UTC.

## Configuration

`max_lifetime_days` (for the proposed date) and the lists in `names`. `--as-of` replaces the current time.
"""

from __future__ import annotations

from posturio_iac.core.evidence.remedy import ReplaceValue
from posturio_iac.core.evidence.remedy_text import command, describe
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, about
from posturio_iac.core.place import Place, TagOrigin
from posturio_iac.core.times import describe_interval
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import ROTATION, by, in_use, passed, proposed_end, sentence

RULE = Rule(
    id="iam.expired_access_keys",
    severity=Severity.HIGH,
    title="Access keys past their stated end",
    checkov=3,
    cfn_lint="E9372",
    requirements=ROTATION,
    means_unneeded=True,
    denies_end=True,
    is_moot_without_key=True,
)


@register(RULE)
def check(key: AccessKey, context: Context) -> Violations:
    """Yield at most one violation, at the date."""
    if not in_use(key):
        return
    for first in passed(key, context)[:1]:
        if first.at is not None:
            late = describe_interval(context.as_of - first.at)
            message = about(key, f"is still active {late} after its end{by(first, '')}.")
            later = ReplaceValue(Place(first.source, first.span), proposed_end(key, context), first.value, "or earlier", needs_person=True)
            in_aws = (
                " in AWS too, since Terraform ignores changes of it" if isinstance(first.origin, TagOrigin) and first.origin.kept else ""
            )
            replace = f"{describe(key.remedies.replace)} and {describe(later)}{in_aws}"
            off = key.remedies.disable
            yield Violation(message, sentence(replace, f"or {describe(off)}"), first.span, later, otherwise=command(off))
