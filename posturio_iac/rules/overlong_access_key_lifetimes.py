"""Access keys that may live longer than allowed.

Flags an active key if each of its effective lifetimes exceeds the maximum: a longer rotation interval, a later end, a
higher age (`credential_age_days`). A date in 2099 is not a lifetime. A date of the last rotation exceeds the maximum only
if it lies that far in the future, because the next rotation is due one maximum lifetime after it.

## Why it matters

The longer a key is valid, the more copies of it exist and the longer a leaked one works. Standards require at most 90 days.

## Terraform

Flagged:

    resource "time_rotating" "ci" {
      rotation_days = 365
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

Fixed:

    resource "time_rotating" "ci" {
      rotation_days = 60
    }

## CloudFormation

`Rotation` or `Expires` in `Metadata.Posturio` of the key: flagged with `365d`, mended with `90d`.

## Undetermined

A key is not flagged while one of its lifetimes is unknown, because that may be short enough. A place that merely could hold
another lifetime, such as `tags = merge(var.tags, { expires = "2099-01-01" })`, does not prevent the finding.

## Configuration

`max_lifetime_days` (default: 90; `overrides` can change it for some keys). With `require = "enforced"`, only enforced
lifetimes count.
"""

from __future__ import annotations

from datetime import datetime, timezone

from posturio_iac.core.evidence.remedy import Advice, ReplaceValue
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, Effect, KeySentence, Kind, Lifetime, about
from posturio_iac.core.place import Place
from posturio_iac.core.times import describe_interval
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import ROTATION, by, counted, end_of_day, has, in_use, proposed_end, sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.evidence.remedy import Remedy

RULE = Rule(
    id="iam.overlong_access_key_lifetimes",
    severity=Severity.MEDIUM,
    title="Access keys that may live longer than allowed",
    checkov=9,
    cfn_lint="W9378",
    requirements=ROTATION,
    denies_end=True,
    is_moot_without_key=True,
)


@register(RULE)
def check(key: AccessKey, context: Context) -> Violations:
    """Yield at most one violation, at the shortest lifetime."""
    evidence = counted(key, context)
    evidence = tuple(e for e in evidence if e.kind is not Kind.ROTATED) or evidence
    if not in_use(key) or not evidence or has(key, Effect.UNKNOWN) or not all(_exceeds(e, context) for e in evidence):
        return
    shortest = min(evidence, key=lambda e: _ends(e, context))
    remedy = _remedy(key, shortest, context)
    yield Violation(_message(key, shortest, context), sentence(remedy), shortest.span, remedy)


def _remedy(key: AccessKey, evidence: Lifetime, context: Context) -> Remedy:
    allowed = describe_interval(context.max_lifetime)
    if shorter := evidence.shortening(context.max_lifetime.days):
        return shorter
    if evidence.is_age and (anew := key.remedies.aging(context.max_lifetime.days)) is not None:
        return anew
    if evidence.effect is Effect.ENFORCED and evidence.interval:
        return Advice(f"lower the interval of {evidence.source} to {allowed} or less")
    place = Place(evidence.source, evidence.span)
    match evidence.kind:
        case Kind.ROTATION:
            return ReplaceValue(place, allowed, evidence.value, "or less", written=f"{context.max_lifetime.days}d")
        case Kind.ROTATED:
            return ReplaceValue(place, "the day of the last rotation", evidence.value, needs_person=True)
        case Kind.EXPIRY:
            return ReplaceValue(place, proposed_end(key, context), evidence.value, "or earlier")


def _exceeds(evidence: Lifetime, context: Context) -> bool:
    if evidence.interval is not None:
        return evidence.interval > context.max_lifetime
    return evidence.at is not None and evidence.at > end_of_day(context, context.max_lifetime)


def _ends(evidence: Lifetime, context: Context) -> datetime:
    if evidence.interval is not None:
        return context.as_of + evidence.interval
    return evidence.at or datetime.max.replace(tzinfo=timezone.utc)


def _message(key: AccessKey, evidence: Lifetime, context: Context) -> KeySentence:
    limit = f", but the maximum is {describe_interval(context.max_lifetime)}"
    if evidence.interval is not None:
        return about(key, f"may live {describe_interval(evidence.interval)}{by(evidence, limit)}.")
    ahead = describe_interval((evidence.at or context.as_of) - context.as_of)
    if evidence.kind is Kind.ROTATED:
        return about(key, f"cannot have been rotated {ahead} from now{by(evidence, '')}.")
    return about(key, f"may live {ahead} from now{by(evidence, limit)}.")
