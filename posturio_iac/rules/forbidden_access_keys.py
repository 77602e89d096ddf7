"""Access keys where none may be declared.

Off unless the configuration has a table `[forbidden]`. Then it flags every access key and every API key that code declares,
rotated or not, but those that the table allows.

## Why it matters

A role needs no key that somebody has to rotate, hide and find again. Once a repository has moved its pipelines and programs
to roles, the next key should not get in.

## Terraform

Flagged, whatever its lifetime:

    resource "aws_iam_access_key" "ci" {
      user = aws_iam_user.ci.name
    }

Fixed by a role that the pipeline or the program assumes:

    resource "aws_iam_role" "ci" {
      name               = "ci"
      assume_role_policy = data.aws_iam_policy_document.github.json
    }

## CloudFormation

The same: what uses the key gets a role.

## Undetermined

A key of which the code does not fix whether it exists at all. A user whose name is not known is allowed by no `user`; allow
its key by `address`.

## Configuration

    [forbidden]

    [[forbidden.allow]]
    user = "smtp-*"
    reason = "SES over SMTP takes no role"
    until = 2027-06-30

An exception names a user, an address or both, as globs, and needs a reason and an end. Keys that exist already go into the
[baseline](../baseline.md); only new ones fail then.
"""

from __future__ import annotations

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, about
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import LONG_LIVED, sentence

RULE = Rule(
    id="iam.forbidden_access_keys",
    severity=Severity.HIGH,
    title="Access keys where none may be declared",
    checkov=14,
    cfn_lint="E9383",
    requirements=LONG_LIVED,
    is_moot_without_key=True,
)


@register(RULE)
def check(key: AccessKey, context: Context) -> Violations:
    """Yield at most one violation."""
    if context.is_forbidden:
        message = about(key, "is declared where the configuration forbids access keys: each is one more secret to rotate and to lose.")
        remedy = Advice("use a role instead, or allow the key in [forbidden] with a reason and an end date")
        yield Violation(message, sentence(remedy), remedy=remedy)
