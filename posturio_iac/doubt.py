"""Which unknown values leave a verdict open: those that would add a finding if they were the worst that they can be."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple

from posturio_iac.intervals import LONGEST
from posturio_iac.model import Effect, Kind, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from posturio_iac.model import AccessKey, Lifetime

_EVER = datetime(1, 1, 1, tzinfo=timezone.utc)
_NEVER = datetime(9000, 1, 1, tzinfo=timezone.utc)


class Assumption(NamedTuple):
    """Something that is unknown about a key, and the worst that it can be."""

    reasons: tuple[str, ...]
    apply: Callable[[AccessKey], AccessKey]


def assumptions(key: AccessKey) -> tuple[Assumption, ...]:
    """Return what is unknown about whether the key is active, when it ends and when it was used or disabled."""
    found = []
    if isinstance(key.status, Unknown):
        found.append(Assumption((f"whether it is active: {key.status.reason}",), lambda k: replace(k, status="Active")))
    if reasons := key.undecided():
        found.append(Assumption(reasons, _without_unknown_evidence))
    if endless := tuple(e for e in key.effective() if _is_endless(e)):
        found.append(Assumption(tuple(f"{e.source}: {e.why or 'how long it lets the key live'}" for e in endless), _with_endless_evidence))
    if isinstance(key.last_used, Unknown):
        found.append(Assumption((f"when it was last used: {key.last_used.reason}",), lambda k: replace(k, last_used=None)))
    if isinstance(key.disabled_since, Unknown):
        found.append(
            Assumption((f"since when it has been disabled: {key.disabled_since.reason}",), lambda k: replace(k, disabled_since=_EVER))
        )
    return tuple(found)


def suspected(key: AccessKey, flagged_by: Callable[[AccessKey], frozenset[str]]) -> frozenset[str]:
    """Return the rules that would flag ``key`` at the worst and do not flag it as it is known."""
    assumed = assumptions(key)
    return flagged_by(_assuming(key, assumed)) - flagged_by(key) if assumed else frozenset()


def reasons(key: AccessKey, rules: frozenset[str], flagged_by: Callable[[AccessKey], frozenset[str]]) -> tuple[str, ...]:
    """Return what would have to be known in order to decide the suspected ``rules``, without what does not matter to them."""
    assumed = assumptions(key)
    needed = [a for a in assumed if not rules <= flagged_by(_assuming(key, (b for b in assumed if b is not a)))]
    return tuple(dict.fromkeys(reason for a in needed or assumed for reason in a.reasons))


def _assuming(key: AccessKey, assumed: Iterable[Assumption]) -> AccessKey:
    """Return ``key`` at its worst."""
    return functools.reduce(lambda known, assumption: assumption.apply(known), assumed, key)


def _without_unknown_evidence(key: AccessKey) -> AccessKey:
    """Assume that what may hold a lifetime holds none."""
    return replace(key, lifetimes=tuple(e for e in key.lifetimes if e.effect is not Effect.UNKNOWN), hiding_places=())


def _with_endless_evidence(key: AccessKey) -> AccessKey:
    """Assume that a lifetime of unknown length is as long as can be."""
    return replace(key, lifetimes=tuple(_endless(e) if _is_endless(e) else e for e in key.lifetimes))


def _is_endless(evidence: Lifetime) -> bool:
    """Whether evidence does not tell how long the key lives."""
    return evidence.interval is None if evidence.kind is Kind.ROTATION else evidence.at is None


def _endless(evidence: Lifetime) -> Lifetime:
    """Return the evidence with the longest lifetime."""
    return replace(evidence, interval=LONGEST) if evidence.kind is Kind.ROTATION else replace(evidence, at=_NEVER)
