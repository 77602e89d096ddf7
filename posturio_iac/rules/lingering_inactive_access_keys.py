"""Inactive access keys that are never removed.

Flags an inactive key that has no removal date, or whose removal date has passed. A removal date counts only if it is no
further away than the maximum lifetime; of several dates, the earliest counts. If it is known when the key was disabled and
there is no removal date, or it had passed by then, the key is flagged once the grace period is over.

## Why it matters

Disabling is a rehearsal for deleting. Anybody who may update keys can switch a disabled key on again, and it takes one of
the user's two slots.

## Terraform

Flagged:

    resource "aws_iam_access_key" "ci" {
      user   = aws_iam_user.ci.name
      status = "Inactive"
    }

Fixed by deleting the block, or by stating how long it stays:

    # posturio: expires=2026-12-31
    resource "aws_iam_access_key" "ci" {
      user   = aws_iam_user.ci.name
      status = "Inactive"
    }

## CloudFormation

The same: delete the resource, or state `Expires` in `Metadata.Posturio` of the key.

## Undetermined

A status that is not known from the code, an unknown value that could hold the removal date, and a deployed key when it is
not known how long it has been disabled.

## Configuration

`grace_days` (default: 14) and `max_lifetime_days`.
"""

from __future__ import annotations

from datetime import datetime

from posturio_iac.core.evidence.remedy import ReplaceValue
from posturio_iac.core.evidence.remedy_text import command, describe
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, Effect, Kind, Lifetime, Unknown, about
from posturio_iac.core.place import Place
from posturio_iac.core.times import describe_interval
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import OFFBOARDING, ago, day, end, end_of_day, has, sentence, spent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.evidence.remedy import Remedy

RULE = Rule(
    id="iam.lingering_inactive_access_keys",
    severity=Severity.LOW,
    title="Inactive access keys that are never removed",
    checkov=6,
    cfn_lint="W9375",
    requirements=OFFBOARDING,
)


@register(RULE)
def check(key: AccessKey, context: Context) -> Violations:
    """Yield at most one violation, at the removal date where there is one."""
    if key.is_active() is not False or key.is_root is True:
        return
    trouble = _trouble(key, context)
    if trouble is None:
        return
    why, date = trouble
    until = day(context.as_of + context.grace)
    # A date that is there has to be changed: beside an earlier one, another one says nothing.
    keep: Remedy = key.remedies.stating("expires", until)
    if date and date.effect is not Effect.ENFORCED:
        is_over = date.at is not None and date.at <= context.as_of
        keep = ReplaceValue(Place(date.source, date.span), until, date.value, needs_person=is_over)
    message = about(key, f"is {str(key.status).lower()}, and nothing removes it: {why}.")
    # Of a deployed key whose grace is over, another date is no remedy.
    is_over, then = isinstance(key.disabled_since, datetime), f"or {describe(keep)}"
    remedy = key.remedies.remove if is_over else keep
    span = date.span if date else None
    other = command(keep)
    yield Violation(message, sentence(key.remedies.remove, then), span, remedy, then=then if is_over else None, otherwise=other)


def _trouble(key: AccessKey, context: Context) -> tuple[str, Lifetime | None] | None:
    """Say why nothing removes the key, and by which date where one is stated; None when something does or may do so."""
    dates = [e for e in key.effective() if e.kind is Kind.EXPIRY and e.at is not None and not e.is_age and not spent(e, context)]
    if dates:
        first = min(dates, key=lambda e: e.at or context.as_of)
        earlier_unknown = any(e.effect is Effect.UNKNOWN and e.kind is Kind.EXPIRY for e in key.lifetimes)
        if _may_be_in_grace(key, first, context, earlier_unknown=earlier_unknown):
            return None
        why = _about_date(first, context, earlier_unknown=earlier_unknown)
        return (why, first) if why else None
    unreadable = next((e for e in key.lifetimes if e.effect is Effect.UNREADABLE and e.kind is Kind.EXPIRY), None)
    why = _about_grace(key, unreadable, context)
    return (why, unreadable) if why else None


def _may_be_in_grace(key: AccessKey, date: Lifetime, context: Context, *, earlier_unknown: bool) -> bool:
    """True if the key may have been disabled after a date that ended it: it may be switched on again if something misses it."""
    at, since = date.at or context.as_of, key.disabled_since
    if isinstance(since, Unknown):
        return at <= context.as_of
    return since is not None and (at <= since or earlier_unknown) and context.as_of - since <= context.grace


def _about_date(evidence: Lifetime, context: Context, *, earlier_unknown: bool) -> str | None:
    """Say what is wrong with the earliest removal date; None when nothing is, or when one of unknown value may be the earlier one."""
    at = evidence.at or context.as_of
    if at <= context.as_of:
        return f"{evidence.source} says {end(evidence)}, which was {ago(at, context)}"
    if at > end_of_day(context, context.max_lifetime) and not earlier_unknown:
        return f"{evidence.source} says {end(evidence)}, which is {describe_interval(at - context.as_of)} away"
    return None


def _about_grace(key: AccessKey, unreadable: Lifetime | None, context: Context) -> str | None:
    """Say that nothing removes the key; None while it may stay, or while that is unknown."""
    if has(key, Effect.UNKNOWN) or key.unknown_sources:
        return None
    match key.disabled_since:
        case datetime() as since:
            age, grace = context.as_of - since, describe_interval(context.grace)
            word = "expired" if key.status == "Expired" else "disabled"
            return (
                f"it has been {word} for {describe_interval(age)}, longer than the grace period of {grace}" if age > context.grace else None
            )
        case Unknown():
            return None
    return f"{unreadable.source} cannot be read as a date" if unreadable else "no removal date is stated"
