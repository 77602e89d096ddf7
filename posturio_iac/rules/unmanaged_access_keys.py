"""Deployed access keys that no code declares.

The live check flags a key when it was given code (`--iac`) or states (`--tf-state`) and none of them declares the key,
nor does a stack of CloudFormation that may be asked. Without code and states nobody knows, and nothing is flagged.

## Why it matters

A key that was made by hand has passed no review, no pull request names who asked for it, and nothing will ever remove
or rotate it. Often it is the one that was made "only for today".

## Terraform

Make the key by code, move its user to it, and delete the one that was made by hand:

    resource "aws_iam_access_key" "ci" {
      user = aws_iam_user.ci.name
    }

Or take the existing one over. Terraform then manages it without knowing its secret:

    import {
      to = aws_iam_access_key.ci
      id = "AKIAIOSFODNN7EXAMPLE"
    }

## CloudFormation

Make a new key by a stack, move its user to it, and delete the one that was made by hand:

    Key:
      Type: AWS::IAM::AccessKey
      Properties:
        UserName: !Ref User

## Undetermined

A key of which something that was not read, or a declaration whose user the code does not fix, could be the code; and a
key about which CloudFormation could not be asked.

## Configuration

None of its own. `--stack-region` says where CloudFormation is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.key_words import named
from posturio_iac.rules import register
from posturio_iac.rules._words import sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.model import AccessKey
    from posturio_iac.rules import Context

RULE = Rule(
    id="iam.unmanaged_access_keys",
    severity=Severity.LOW,
    title="Deployed access keys that no code declares",
    only_live="a key that stands in code is declared by it",
    is_about_user=True,
)


@register(RULE)
def check(key: AccessKey, _context: Context) -> Iterator[Violation]:
    """Yield at most one violation."""
    match key.managed:
        case False:
            message = f"{named(key)} is declared by no code that was given, so nobody reviews it and nothing will remove it."
            remedy = Advice(_change(key))
            yield Violation(message, sentence(remedy), remedy=remedy)
        case _:
            return


def _change(key: AccessKey) -> str:
    adopted = f", or {key.remedies.adopt}" if key.remedies.adopt else ""
    return f"declare a key of its user in code and delete this one{adopted}"
