"""Deployed access keys that no code declares.

Flags a deployed key that is declared neither in the given code (`--code`) or states (`--state`) nor in a CloudFormation
stack that may be read. Without code or states, nothing is flagged.

## Why it matters

Nobody reviewed a key that was created by hand, no pull request shows who asked for it, and nothing will ever remove or
rotate it. Often it is the one that was created "just for today".

## Terraform

Create a key in code, move its consumers to it, and delete the one that was created by hand.
Or import the existing one. Terraform then manages it without knowing its secret:

    import {
      to = aws_iam_access_key.ci
      id = "AKIAIOSFODNN7EXAMPLE"
    }

## CloudFormation

Create a key in a stack, move its consumers to it, and delete the one that was created by hand.

## Undetermined

A key that may be declared in something that was not read, or in a block whose user is not known from the code; and a key
about which CloudFormation could not be asked.

## Configuration

None. `--stack-region` sets the regions in which CloudFormation is asked.
"""

from __future__ import annotations

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, about
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import sentence

RULE = Rule(
    id="iam.unmanaged_access_keys",
    severity=Severity.LOW,
    title="Deployed access keys that no code declares",
    only_live="a key found in code is declared by definition",
    needs_use=False,
    about_words=True,
)


@register(RULE)
def check(key: AccessKey, _context: Context) -> Violations:
    """Yield at most one violation."""
    match key.managed:
        case False:
            message = about(key, "is not declared in the given code, so nobody reviews it and nothing will remove it.")
            remedy = Advice(_change(key))
            yield Violation(message, sentence(remedy), remedy=remedy)


def _change(key: AccessKey) -> str:
    adopted = f", or {key.remedies.adopt}" if key.remedies.adopt else ""
    return f"declare a key for its user in code and delete this one{adopted}"
