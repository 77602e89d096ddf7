"""Access keys of the root user.

Flags every key of an account's root user, and code that asks for one. Other rules do not report such a key again.

## Why it matters

No policy restricts the root user. Anybody with its key can delete everything, close the account and lock everybody else
out.

## Terraform

Flagged: only the root user itself can create its key, in the console. IAM takes `root` for an IAM user of that name, so
either the apply fails, or somebody made such a user. Code that declares a user of that name is not flagged:

    resource "aws_iam_access_key" "root" {
      user = "root"
    }

Fixed by not having a long-lived key at all. Assume a role to get its permissions:

    resource "aws_iam_role" "admin" {
      name               = "admin"
      assume_role_policy = data.aws_iam_policy_document.admin.json
    }

## CloudFormation

Flagged is `UserName: root`, unless a template of the stack declares a user of that name. The live check finds keys that were
created in the console.

## Undetermined

Nothing: if the key is known, so is whether it belongs to the root user.
"""

from __future__ import annotations

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, about
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import ROOT, sentence

RULE = Rule(
    id="iam.root_access_keys",
    severity=Severity.CRITICAL,
    title="Access keys of the root user",
    checkov=11,
    cfn_lint="E9380",
    requirements=ROOT,
)


@register(RULE)
def check(key: AccessKey, _context: Context) -> Violations:
    """Yield at most one violation."""
    if key.is_root is not True:
        return
    if key.span is not None and key.key_id is None:
        message = about(key, 'is for the user "root". IAM makes no key of the root user here: it takes this for an IAM user of that name.')
        remedy = Advice(
            "remove the block, or name the IAM user that is meant; keys of the root user are deleted in the console, signed in as it"
        )
    else:
        message = about(key, "belongs to the root user, which no policy restricts.")
        remedy = Advice("sign in as the root user, delete the key, and use an IAM role instead")
    yield Violation(message, sentence(remedy), remedy=remedy)
