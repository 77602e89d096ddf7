"""Access keys of the root user.

A key that belongs to the root user of an account is flagged, whatever else is known about it. What other rules would
say about it is not reported as well.

## Why it matters

No policy restricts the root user. Whoever holds its key can delete everything, close the account and lock everybody
else out.

## Terraform

Flagged; `root` is the name of the root user unless the code declares a user of that name:

    resource "aws_iam_access_key" "root" {
      user = "root"
    }

Mended by not having a long-lived key at all. Whoever needs its permissions assumes a role:

    resource "aws_iam_role" "admin" {
      name               = "admin"
      assume_role_policy = data.aws_iam_policy_document.admin.json
    }

## CloudFormation

Flagged; `root` is the name of the root user unless a template of the stack declares a user of that name:

    Key:
      Type: AWS::IAM::AccessKey
      Properties:
        UserName: root

Mended by not having a long-lived key at all. The live check finds keys that were made in the console.

## Undetermined

Whether a key belongs to the root user is known as soon as the key is.

## Configuration

None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.key_words import named
from posturio_iac.rules import register
from posturio_iac.rules._standards import CIS_ROOT, NIST_ROOT, PCI_ROOT
from posturio_iac.rules._words import sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.model import AccessKey
    from posturio_iac.rules import Context

RULE = Rule(
    id="iam.root_access_keys",
    severity=Severity.CRITICAL,
    title="Access keys of the root user",
    checkov=11,
    cfn_lint="E9380",
    cis=CIS_ROOT,
    nist=NIST_ROOT,
    pci=PCI_ROOT,
)


@register(RULE)
def check(key: AccessKey, _context: Context) -> Iterator[Violation]:
    """Yield at most one violation."""
    if key.is_root is True:
        message = f"{named(key)} belongs to the root user, whom no policy restricts."
        remedy = Advice("delete the key while signed in as the root user, and use an IAM role in its place")
        yield Violation(message, sentence(remedy), remedy=remedy)
