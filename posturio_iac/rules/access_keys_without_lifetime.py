"""Access keys with no expiry date and no rotation.

Flags an active key of a user when the code states no end for it: no expiry date and no rotation, neither enforced nor
declared. The message mentions anything that looks like a lifetime but is not one, such as a date in the key's name or a
counter. With `require = "enforced"`, a key is also flagged if it has only declared lifetimes, which depend on somebody
acting on them.

For deployed access keys, the live check sees only the tags of the user; it sees the code that may replace the key only with
`--code`. So it applies this rule to them only if `--select` names it. AWS knows when an API key of a service ends, so the
live check always applies the rule to those.

## Why it matters

A key without an end works until somebody remembers it. By then nobody can say who has copied it.

## What to do, best first

1. **No key at all.** A role for code in AWS, OIDC for pipelines and pods, IAM Roles Anywhere for servers elsewhere, IAM Identity
   Center for people. Where the code shows what gets the secret, the finding names what replaces the key (`instead: ...`).
   [An example of each](../keyless.md) is also printed by `posturio-iac explain keyless`.
2. **A rotation that fires**, if an outside service insists on a key: the code replaces the key, and its consumers read the
   new one. Terraform rotates at an apply, so a key lives for its interval plus the time until the next apply.
3. **An expiry date** that people and the live check act on, for a key that will go away.

## Terraform

Flagged:

    resource "aws_iam_user" "ci" {
      name = "ci"
    }

    resource "aws_iam_access_key" "ci" {
      user = aws_iam_user.ci.name
    }

Fixed by stating an end date, which people and the live check act on:

    resource "aws_iam_user" "ci" {
      name = "ci"
      tags = { expires = "2027-01-31" }
    }

Or by letting the code replace the key. The resource in between is needed because Terraform does not react to a
`time_rotating` that it recreates:

    resource "time_rotating" "ci" {
      rotation_days = 60
    }

    resource "time_static" "ci" {
      rfc3339 = time_rotating.ci.rfc3339
    }

    resource "aws_iam_access_key" "ci" {
      user = aws_iam_user.ci.name
      lifecycle {
        replace_triggered_by  = [time_static.ci]
        create_before_destroy = true
      }
    }

## CloudFormation

Flagged, unless it has such Metadata:

    Key:
      Type: AWS::IAM::AccessKey
      Properties:
        UserName: !Ref User

Fixed:

    Key:
      Type: AWS::IAM::AccessKey
      Metadata:
        Posturio:
          Expires: "2027-01-31"
      Properties:
        UserName: !Ref User

## API keys of AWS services

An API key of a service such as Amazon Bedrock never ends unless it is created with an age (`credential_age_days = 90`), after which AWS
ends it. Passwords for CodeCommit and Keyspaces cannot have an age; state their end or rotate them like an access key.

## Undetermined

A key is not flagged if a value that is not known from the code could hold a lifetime, such as `tags = var.tags` on its
user, or if it is not known whether the key is active. A user that is declared elsewhere is different: its tags cannot be
seen, but the end of the key can be stated beside it, in a comment or in Metadata. The exception is a user of that name in
another scanned root module or stack that states an end: whether that is the same user stays undetermined.

## Configuration

`require`, `max_lifetime_days` (for the proposed date) and the lists in `names`.
"""

from __future__ import annotations

from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, Effect, Unknown, about
from posturio_iac.rules import Context, Violations, _shared, register

RULE = Rule(
    id="iam.access_keys_without_lifetime",
    severity=Severity.MEDIUM,
    title="Access keys with no expiry date and no rotation",
    checkov=2,
    cfn_lint="W9371",
    needs_use=False,
    requirements=_shared.ROTATION,
    advice="Best is no key at all (`posturio-iac explain keyless`: roles, OIDC), then a rotation that fires, then an expiry date "
    "(those proposed are spread over a week).",
    denies_end=True,
    is_moot_without_key=True,
)


@register(RULE)
def check(key: AccessKey, context: Context) -> Violations:
    """Yield at most one violation."""
    if not _shared.in_use(key) or key.unknown_sources or _shared.counted(key, context) or _reported_elsewhere(key, context):
        return
    if declared := key.effective():
        sources = _shared.listed(dict.fromkeys(e.source for e in declared))
        message = about(key, f"ends only if somebody acts on {sources}, but the configuration requires an enforced lifetime.")
    else:
        missing = "neither an end date nor a rotation" if key.remedies.age is None else "no age, no end date and no rotation"
        message = about(key, f"never expires: {key.remedies.stated_by} {missing}{_shared.unseen(key)}.{_shared.notes(key)}")
    remedy = _shared.lifetime_remedy(key, context)
    if key.remedies.avoid is None:
        yield Violation(message, _shared.sentence(remedy), remedy=remedy, then="")
    else:
        yield Violation(message, _shared.sentence(key.remedies.avoid, f"or {describe(remedy)}"), remedy=remedy)


def _reported_elsewhere(key: AccessKey, context: Context) -> bool:
    if _shared.has(key, Effect.INERT, Effect.UNREADABLE, Effect.UNKNOWN) or any(_shared.spent(e, context) for e in key.lifetimes):
        return True
    return bool(_shared.passed(key, context)) or _shared.overdue(key, context) is not None or isinstance(key.created, Unknown)
