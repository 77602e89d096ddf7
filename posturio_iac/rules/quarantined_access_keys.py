"""Access keys that AWS found in public.

Flags an active key if AWS attached `AWSCompromisedKeyQuarantine`, `AWSCompromisedKeyQuarantineV2` or a later version of that
policy to its user. AWS does so when it finds one of the user's keys in public, for example in a repository. The policy
does not show which key it was, so all of them count as stolen.

## Why it matters

The quarantine denies only some expensive or dangerous actions: a thief can still read data. Detaching the policy without
deleting the key gives the thief full access again.

## Terraform

A quarantined key cannot be saved. Create a new one, move the workload to it, and delete this one. Better still, use a
role, which has no key that could leak:

    resource "aws_iam_role" "ci" {
      name               = "ci"
      assume_role_policy = data.aws_iam_policy_document.ci.json
    }

Never detach the policy before the key is deleted.

## CloudFormation

Raise the `Serial` of the key to replace it.

## Undetermined

A key of a user whose policies could not be read because `iam:GetAccountAuthorizationDetails` is denied.
"""

from __future__ import annotations

from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, about
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import LEAKAGE, in_use, sentence

RULE = Rule(
    id="iam.quarantined_access_keys",
    severity=Severity.CRITICAL,
    title="Access keys that AWS found in public",
    only_live="code does not show which keys AWS found in public",
    needs_use=False,
    means_unneeded=True,
    requirements=LEAKAGE,
)


@register(RULE)
def check(key: AccessKey, _context: Context) -> Violations:
    """Yield at most one violation."""
    match key.quarantine:
        case str() as policy if in_use(key):
            message = about(key, f"in public and attached {policy}, which denies only some actions.", "AWS found a key of the user of")
            off = key.remedies.disable
            then = "search CloudTrail for what it did, move its workload to a role, and delete the key"
            yield Violation(message, sentence(off, then), remedy=off, then=then)
