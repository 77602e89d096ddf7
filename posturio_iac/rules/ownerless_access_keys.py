"""Access keys without an owner.

Flags a key of a user if nothing names an owner or an application for it: not the user's tags (including the provider's
default tags), not metadata, not a comment, not the user's path, not CODEOWNERS.

## Why it matters

Before a key is disabled, somebody has to be asked. If there is nobody to ask, the key stays.

## Terraform

Flagged:

    resource "aws_iam_user" "ci" {
      name = "ci"
      tags = { expires = "2027-01-31" }
    }

Fixed:

    resource "aws_iam_user" "ci" {
      name = "ci"
      tags = { expires = "2027-01-31", owner = "payments@example.com" }
    }

## CloudFormation

Fixed by `Owner: payments@example.com` in `Metadata.Posturio` of the key.

## Undetermined

A key is not flagged if a value that could name the owner is not known from the code, such as `tags = var.tags`. If the same
value could also hold the lifetime, it is listed once.

## Configuration

`names.owner` lists the names that mean an owner. The severity is low: the finding does not fail a run unless
`fail_on = "low"`.
"""

from __future__ import annotations

from posturio_iac.core.evidence.remedy import EXAMPLE_OWNER
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, about
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import OFFBOARDING, sentence, unseen

RULE = Rule(
    id="iam.ownerless_access_keys",
    severity=Severity.LOW,
    title="Access keys without an owner",
    checkov=10,
    cfn_lint="W9379",
    needs_use=False,
    about_words=True,
    requirements=OFFBOARDING,
)


@register(RULE)
def check(key: AccessKey, _context: Context) -> Violations:
    """Yield at most one violation."""
    if key.is_root is not False:
        return
    match key.owner:
        case None | "":
            message = about(key, f"has no owner, so there is nobody to ask before it is disabled or replaced{unseen(key)}.")
            remedy = key.remedies.stating("owner", EXAMPLE_OWNER)
            yield Violation(message, sentence(remedy), remedy=remedy, then="")
