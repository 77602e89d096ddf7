"""Which unknown values leave a verdict open: those that would add a finding if they were the worst that they can be."""

from __future__ import annotations

import functools
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.evidence.secret_holder import HolderKind, SecretHolder
from posturio_iac.core.intervals import LONGEST
from posturio_iac.core.model import Effect, Exposure, Kind, Replacement, Span, Unknown
from posturio_iac.core.record import NamedTuple, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from posturio_iac.core.model import AccessKey, Lifetime

_EVER = datetime(1, 1, 1, tzinfo=timezone.utc)
_NEVER = datetime(9000, 1, 1, tzinfo=timezone.utc)
_NOWHERE = Span("", 1, 1, 1, 1)


class Assumption(NamedTuple):
    """Something that is unknown about a key, and the worst that it can be."""

    question: str
    """What it leaves open, such as ``whether it is active``; empty where the reasons say so by themselves."""
    reasons: tuple[str, ...]
    apply: Callable[[AccessKey], AccessKey]


def assumptions(key: AccessKey) -> tuple[Assumption, ...]:
    """Return what is unknown about a key."""
    return (*_of_existence(key), *_of_end(key), *_of_use(key), *_of_surroundings(key))


def _of_existence(key: AccessKey) -> Iterator[Assumption]:
    """Yield what is unknown about whether there is such a key."""
    if key.existence is not None:
        yield Assumption("", (key.existence.reason,), lambda k: replace(k, existence=None))


def _of_end(key: AccessKey) -> Iterator[Assumption]:
    """Yield what is unknown about whether the key is active, and about when it ends."""
    if isinstance(key.status, Unknown):
        yield Assumption("whether it is active", (key.status.reason,), lambda k: replace(k, status="Active"))
    if reasons := key.undecided():
        yield Assumption("", reasons, _without_unknown_evidence)
    if key.unseen_tags is not None:
        yield Assumption("", (key.unseen_tags.reason,), lambda k: replace(k, unseen_tags=None))
    if endless := tuple(e for e in key.effective() if _is_endless(e)):
        yield Assumption("", tuple(f"{e.source}: {e.why or 'how long it lets the key live'}" for e in endless), _with_endless_evidence)


def _of_use(key: AccessKey) -> Iterator[Assumption]:
    """Yield what is unknown about when the key was used or disabled."""
    if isinstance(key.last_used, Unknown):
        yield Assumption("when it was last used", (key.last_used.reason,), lambda k: replace(k, last_used=None))
    if isinstance(key.disabled_since, Unknown):
        yield Assumption("since when it has been disabled", (key.disabled_since.reason,), lambda k: replace(k, disabled_since=_EVER))


def _of_surroundings(key: AccessKey) -> Iterator[Assumption]:
    """Yield what is unknown about its owner, its user and the user's other keys, its replacement and the places that hold its secret."""
    if isinstance(key.owner, Unknown):
        yield Assumption("whether it has an owner", (key.owner.reason,), lambda k: replace(k, owner=None))
    if isinstance(key.active_siblings, Unknown):
        reason = key.active_siblings.reason
        yield Assumption("whether its user has another active key", (reason,), lambda k: replace(k, active_siblings=("another key",)))
    if isinstance(key.replacement, Replacement) and isinstance(key.replacement.create_before_destroy, Unknown):
        reason = key.replacement.create_before_destroy.reason
        yield Assumption("whether its replacement exists before it is deleted", (reason,), _deleted_first)
    if isinstance(key.newest_active, Unknown):
        reason = key.newest_active.reason
        yield Assumption("whether its user is rotating its keys", (reason,), lambda k: replace(k, newest_active=None))
    if isinstance(key.quarantine, Unknown):
        reason = key.quarantine.reason
        yield Assumption("whether AWS found it in public", (reason,), lambda k: replace(k, quarantine="a policy of AWS"))
    if isinstance(key.managed, Unknown):
        yield Assumption("whether code declares it", (key.managed.reason,), lambda k: replace(k, managed=False))
    if key.possible_exposures:
        yield Assumption("whether its secret is protected", tuple(u.reason for u in key.possible_exposures), _exposed)


def suspected(key: AccessKey, flagged_by: Callable[[AccessKey], frozenset[str]]) -> frozenset[str]:
    """Return the rules that would flag ``key`` at the worst and do not flag it as it is known."""
    assumed = assumptions(key)
    if not assumed:
        return frozenset()
    believed = flagged_by(_believing(key)) if any(e.holds is not None for e in key.lifetimes) else frozenset()
    return (flagged_by(_assuming(key, assumed)) | believed) - flagged_by(key)


def reasons(key: AccessKey, rules: frozenset[str], flagged_by: Callable[[AccessKey], frozenset[str]]) -> tuple[str, ...]:
    """Return what would have to be known in order to decide the suspected ``rules``, without what does not matter to them.

    A reason that leaves several questions open is one line.
    """
    assumed = assumptions(key)
    needed = [a for a in assumed if not rules <= flagged_by(_assuming(key, (b for b in assumed if b is not a)))]
    questions: dict[str, list[str]] = {}
    for one in needed or assumed:
        for reason in one.reasons:
            questions.setdefault(reason, []).append(one.question)
    return tuple(reason if "" in asked else f"{' and '.join(asked)}: {reason}" for reason, asked in questions.items())


def _assuming(key: AccessKey, assumed: Iterable[Assumption]) -> AccessKey:
    """Return ``key`` at its worst."""
    return functools.reduce(lambda known, assumption: assumption.apply(known), assumed, key)


def _without_unknown_evidence(key: AccessKey) -> AccessKey:
    """Assume that what may hold a lifetime holds none."""
    return replace(key, lifetimes=tuple(e for e in key.lifetimes if e.effect is not Effect.UNKNOWN), unknown_sources=())


def _believing(key: AccessKey) -> AccessKey:
    """Assume that evidence is about this key where that is open."""
    return replace(key, lifetimes=tuple(e if e.holds is None else replace(e, effect=e.holds, holds=None) for e in key.lifetimes))


def _with_endless_evidence(key: AccessKey) -> AccessKey:
    """Assume that a lifetime of unknown length is as long as can be."""
    return replace(key, lifetimes=tuple(_endless(e) if _is_endless(e) else e for e in key.lifetimes))


def _deleted_first(key: AccessKey) -> AccessKey:
    """Assume that the key is deleted before its replacement exists."""
    known = key.replacement
    return replace(key, replacement=replace(known, create_before_destroy=False)) if isinstance(known, Replacement) else key


def _exposed(key: AccessKey) -> AccessKey:
    """Assume that a place which holds the secret shows it."""
    return replace(key, exposures=(*key.exposures, Exposure(_NOWHERE, SecretHolder(HolderKind.UNKNOWN), Advice("protect it"))))


def _is_endless(evidence: Lifetime) -> bool:
    """Whether evidence does not tell how long the key lives."""
    return evidence.interval is None and (evidence.kind is Kind.ROTATION or evidence.at is None)


def _endless(evidence: Lifetime) -> Lifetime:
    """Return the evidence with the longest lifetime."""
    return replace(evidence, interval=LONGEST) if evidence.kind is Kind.ROTATION else replace(evidence, at=_NEVER)
