"""Access keys with no expiry date and no rotation.

An active key of a user is flagged when the code states no end for it: no expiry date, no rotation, neither enforced nor
declared. What was seen and is no lifetime, such as a date in the key's name or a counter, is quoted in the message.
With `require = "enforced"` a key is flagged as well when all that it has are declared lifetimes, which depend on
somebody who acts on them.

Of a deployed access key the live check knows what the tags of its user state, and only with `--iac` the code that may
replace it. So it judges by this rule only when `--select` names it. The end of an API key of a service is known to AWS,
so those are judged.

## Why it matters

A key that nothing ends works until somebody remembers it. By then it has been copied into pipelines, laptops and log
files, and nobody can say who still holds it.

## What to do, best first

1. **No key at all.** Code that runs in AWS takes the role of its instance, function or task. Pods in EKS take a role by IRSA
   or EKS Pod Identity, CI services by OIDC (GitHub Actions, GitLab, Bitbucket, CircleCI, Terraform Cloud), servers
   elsewhere by IAM Roles Anywhere, people by IAM Identity Center. Some services that only take keys have another way in,
   such as a bucket policy or a shared role with an external id.
2. **A rotation that fires**, where something outside insists on a key: the code replaces it, and what uses it reads the new
   one. Terraform rotates when somebody applies, so a key lives for its interval and until the next apply after that.
3. **A date** that people and the live check act on, for a key that is to go away.

## Terraform

Flagged:

    resource "aws_iam_user" "ci" {
      name = "ci"
    }

    resource "aws_iam_access_key" "ci" {
      user = aws_iam_user.ci.name
    }

Mended by stating the end, which people and the live check act on:

    resource "aws_iam_user" "ci" {
      name = "ci"
      tags = { expires = "2027-01-31" }
    }

Or by letting the code replace the key. The resource between the two is needed, because Terraform does not react to a
`time_rotating` that it creates anew:

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

The real age of such a key is the interval plus the time to the next apply: schedule one.

## CloudFormation

Flagged:

    Resources:
      Key:
        Type: AWS::IAM::AccessKey
        Properties:
          UserName: !Ref User

Mended:

    Resources:
      Key:
        Type: AWS::IAM::AccessKey
        Metadata:
          Posturio:
            Expires: "2027-01-31"
        Properties:
          UserName: !Ref User

## API keys of AWS services

An API key of a service such as Amazon Bedrock is made with an age, after which AWS ends it. Without one it never ends:

    resource "aws_iam_service_specific_credential" "bedrock" {
      service_name        = "bedrock.amazonaws.com"
      user_name           = aws_iam_user.assistant.name
      credential_age_days = 90
    }

Passwords for CodeCommit and Keyspaces take no age; state their end or rotate them like an access key.

## Undetermined

The key is not flagged when a value that the code does not fix could hold a lifetime, such as `tags = var.tags` on its
user, or when the code does not fix whether the key is active. A user whom other code declares is no such value: the tags
of `user = "ci"` or of a data source cannot be seen here, but the end of the key can be stated beside it, in a comment or
in Metadata, so a key without one is flagged. Only where another root module or stack of the scan states an end for a
user of that name is it left open whether that is the same user. A lifetime that is inert or cannot be read is reported by
its own rule instead, and so is a deployed key that is older than it may be.

## Configuration

`require`, `max_lifetime_days` (for the date that is proposed) and the lists in `names`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.key_words import named
from posturio_iac.core.model import Effect, Unknown
from posturio_iac.rules import register
from posturio_iac.rules._evidence import counted, has, in_use, overdue, passed, spent
from posturio_iac.rules._standards import NIST_ROTATION, PCI_ROTATION
from posturio_iac.rules._words import ROTATE_WITHIN_90_DAYS, lifetime_remedy, listed, notes, sentence, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.model import AccessKey
    from posturio_iac.rules import Context

RULE = Rule(
    id="iam.access_keys_without_lifetime",
    severity=Severity.MEDIUM,
    title="Access keys with no expiry date and no rotation",
    checkov=2,
    cfn_lint="W9371",
    is_about_user=True,
    cis=ROTATE_WITHIN_90_DAYS,
    nist=NIST_ROTATION,
    pci=PCI_ROTATION,
    advice="Best is no key at all (a role, OIDC in CI, IRSA in EKS, Roles Anywhere elsewhere), then a rotation that fires, then a date.",
)


@register(RULE)
def check(key: AccessKey, context: Context) -> Iterator[Violation]:
    """Yield at most one violation."""
    if not in_use(key) or key.unknown_sources or counted(key, context) or _reported_elsewhere(key, context):
        return
    if declared := key.effective():
        sources = listed(dict.fromkeys(e.source for e in declared))
        message = f"{named(key)} ends only if somebody acts on {sources}, and the configuration requires a lifetime that is enforced."
    else:
        message = f"{named(key)} never ends, because {key.remedies.witness} {_missing(key)} for it{unseen(key)}."
    remedy = lifetime_remedy(key, context)
    advice = sentence(key.remedies.avoid, f"or {describe(remedy)}") if key.remedies.avoid is not None else sentence(remedy)
    yield Violation(message + notes(key), advice, remedy=remedy)


def _missing(key: AccessKey) -> str:
    """Name what would end the key."""
    return "neither an expiry date nor a rotation" if key.remedies.age is None else "no age, no expiry date and no rotation"


def _reported_elsewhere(key: AccessKey, context: Context) -> bool:
    """Whether the lifetime is open, or another rule names what is wrong with it."""
    if has(key, Effect.INERT, Effect.UNREADABLE, Effect.UNKNOWN) or any(spent(e, context) for e in key.lifetimes):
        return True
    return bool(passed(key, context)) or overdue(key, context) is not None or isinstance(key.created, Unknown)
