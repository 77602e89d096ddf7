"""Access key rotation that breaks what uses the key.

Flags an active key whose rotation replaces it without `create_before_destroy`, unless a second key of the same user
takes turns with it. Also flags an API key of a service that AWS ends by age (`credential_age_days`) before anything
replaces it. If that end is intended, state it: `# posturio: expires=2027-01-31` above the block.

## Why it matters

The old key is deleted before the new one exists, so everything that uses it fails until it receives the new secret.
After the first such outage, people switch the rotation off.

## Terraform

Flagged:

    resource "aws_iam_access_key" "ci" {
      user = aws_iam_user.ci.name
      lifecycle {
        replace_triggered_by = [time_static.ci]
      }
    }

Fixed for what reads the secret again after each apply, of a user with no other key, not even an inactive one:

    resource "aws_iam_access_key" "ci" {
      user = aws_iam_user.ci.name
      lifecycle {
        replace_triggered_by  = [time_static.ci]
        create_before_destroy = true
      }
    }

### Two keys that take turns

Only these leave no gap. At each turn one key is replaced and becomes the current one. The other goes on until the next turn:
everybody has 30 days to fetch the new secret, and each key lives for 60.

    resource "time_rotating" "ci" {
      rotation_days = 30
    }

    resource "toggles_leapfrog" "ci" {
      trigger = time_rotating.ci.rotation_rfc3339
    }

    resource "terraform_data" "alpha" {
      triggers_replace = toggles_leapfrog.ci.alpha_timestamp
    }

    resource "terraform_data" "beta" {
      triggers_replace = toggles_leapfrog.ci.beta_timestamp
    }

    resource "aws_iam_access_key" "alpha" {
      user = aws_iam_user.ci.name
      lifecycle {
        replace_triggered_by = [terraform_data.alpha]
      }
    }

    resource "aws_iam_access_key" "beta" {
      user = aws_iam_user.ci.name
      lifecycle {
        replace_triggered_by = [terraform_data.beta]
      }
    }

    resource "aws_secretsmanager_secret_version" "ci" {
      secret_id     = aws_secretsmanager_secret.ci.id
      secret_string = toggles_leapfrog.ci.alpha ? aws_iam_access_key.alpha.secret : aws_iam_access_key.beta.secret
    }

## CloudFormation

Nothing is flagged: a higher `Serial` creates the replacement first, and the old key is deleted during cleanup.

## API keys of AWS services

AWS ends a key that has an age and does not create another. Nothing fails if a rotation comes first:

    resource "aws_iam_service_specific_credential" "bedrock" {
      service_name        = "bedrock.amazonaws.com"
      user_name           = aws_iam_user.assistant.name
      credential_age_days = 90
      lifecycle {
        replace_triggered_by  = [time_static.bedrock]
        create_before_destroy = true
      }
    }

## Undetermined

A `create_before_destroy` whose value is not known from the code, and an age when something outside the code may replace the
key.
"""

from __future__ import annotations

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, Effect, Kind, Replacement, about
from posturio_iac.core.times import describe_interval
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import has, in_use, sentence, spent

RULE = Rule(
    id="iam.access_key_rotation_outages", severity=Severity.LOW, title="Access key rotation that breaks what uses the key", checkov=1
)


@register(RULE)
def check(key: AccessKey, context: Context) -> Violations:
    """Yield at most one violation, at what causes the replacement."""
    works = (e for e in key.effective() if e.effect is Effect.ENFORCED or e.kind is Kind.ROTATED)
    may_happen = not all(spent(e, context) for e in works) or not any(e.effect is Effect.INERT or spent(e, context) for e in key.lifetimes)
    if not in_use(key) or not may_happen:
        return
    match key.replacement:
        case Replacement(create_before_destroy=False, takes_turns=False, span=span):
            message = about(key, "is deleted before its replacement exists, so everything that uses it fails at each rotation.")
            overlap = key.remedies.overlap or Advice("create the new key before the old one is deleted")
            yield Violation(message, sentence(overlap), span, overlap)
        case _:
            yield from _ended_in_use(key, context)


def _ended_in_use(key: AccessKey, context: Context) -> Violations:
    aged = {e: e.interval for e in key.lifetimes if e.is_age and e.interval is not None and e.at is None}
    if not aged or key.unknown_sources or has(key, Effect.UNKNOWN):
        return
    first, age = min(aged.items(), key=lambda entry: entry[1])
    renewals = [e for e in key.effective() if e not in aged]
    if age > context.max_lifetime or any(e.interval is None or e.interval < age for e in renewals):
        return
    late = min(renewals, key=lambda e: e.interval or age, default=None)
    replaced = "nothing replaces it before that"
    if late is not None:
        replaced = f"{late.source} replaces it only after {describe_interval(late.interval or age)}"
    message = about(key, f"ends {describe_interval(age)} after its creation and {replaced}, so everything that uses it fails then.")
    days = age.days * 2 // 3
    shorter = late.shortening(days) if late is not None else None
    remedy = shorter or (key.remedies.rotating(days) if days and late is None else Advice("let the code replace it sooner than that"))
    yield Violation(message, sentence(remedy), first.span, remedy)
