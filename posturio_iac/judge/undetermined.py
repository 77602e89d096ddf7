"""Unknown values that leave a verdict open: those whose worst possible value would add a finding. And the worst of several readings."""

from __future__ import annotations

import functools
from datetime import datetime, timezone

from posturio_iac.core.evidence.lifetime import OpenQuestion, Question
from posturio_iac.core.evidence.reason import HOW_LONG, Reason
from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.finding import Finding, JudgedKey, Severity, Verdict
from posturio_iac.core.model import AccessKey, Effect, Exposure, Kind, Lifetime, Replacement, Span, Unknown
from posturio_iac.core.place import HolderKind, SecretHolder
from posturio_iac.core.record import NamedTuple, replace
from posturio_iac.core.times import LONGEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from posturio_iac.core.place import Origin

_EVER = datetime(1, 1, 1, tzinfo=timezone.utc)
_NEVER = datetime(9000, 1, 1, tzinfo=timezone.utc)
_NOWHERE = Span("", 1, 1, 1, 1)


class OpenReason(NamedTuple):
    """Why something is open, and where the evidence stands that is."""

    reason: Reason | None
    origin: Origin | None = None


class Assumption(NamedTuple):
    """Something unknown about a key, and its worst possible value."""

    question: Question
    reasons: tuple[OpenReason, ...]
    apply: Callable[[AccessKey], AccessKey]


def assumptions(key: AccessKey) -> Iterator[Assumption]:
    """Yield what is unknown about a key, in the order in which reports ask it."""
    if key.existence is not None:
        yield Assumption(Question.EXISTENCE, _why(key.existence), lambda k: replace(k, existence=None))
    yield from _open(key, Question.STATUS, "status", "Active")
    unknown = tuple(OpenReason(e.reason, e.origin) for e in key.lifetimes if e.effect is Effect.UNKNOWN)
    if reasons := (*unknown, *_why(*key.unknown_sources)):
        known = tuple(e for e in key.lifetimes if e.effect is not Effect.UNKNOWN)
        yield Assumption(Question.LIFETIME, reasons, lambda k: replace(k, lifetimes=known, unknown_sources=()))
    yield from _open(key, Question.LIFETIME, "unseen_tags", None)
    if endless := tuple(e for e in key.effective() if _is_endless(e)):
        reasons = tuple(OpenReason(e.reason or HOW_LONG(), e.origin) for e in endless)
        yield Assumption(Question.LIFETIME, reasons, _with_endless_evidence)
    if isinstance(key.created, datetime):  # idle time counts from there, in code from nowhere
        yield from _open(key, Question.LAST_USED, "last_used", None)
    yield from _open(key, Question.DISABLED_SINCE, "disabled_since", _EVER)
    yield from _open(key, Question.OWNER, "owner", None)
    yield from _open(key, Question.SIBLINGS, "active_siblings", ("another key",))
    if isinstance(key.replacement, Replacement) and isinstance(key.replacement.create_before_destroy, Unknown):
        first = replace(key.replacement, create_before_destroy=False)
        yield Assumption(Question.REPLACEMENT_ORDER, _why(key.replacement.create_before_destroy), lambda k: replace(k, replacement=first))
    yield from _open(key, Question.USER_ROTATES, "newest_active", None)
    yield from _open(key, Question.QUARANTINE, "quarantine", "a policy of AWS")
    yield from _open(key, Question.DECLARATION, "managed", worst=False)
    if key.possible_exposures:
        open_ = Exposure(_NOWHERE, SecretHolder(HolderKind.UNKNOWN), Advice("protect it"))
        yield Assumption(Question.EXPOSURE, _why(*key.possible_exposures), lambda k: replace(k, exposures=(*k.exposures, open_)))


def _open(key: AccessKey, question: Question, name: str, worst: Any) -> Iterator[Assumption]:
    if isinstance(value := getattr(key, name), Unknown):
        yield Assumption(question, _why(value), lambda k: replace(k, **{name: worst}))


def _why(*unknown: Unknown) -> tuple[OpenReason, ...]:
    return tuple(OpenReason(one.as_reason()) for one in unknown)


def suspected(key: AccessKey, flagged_by: Callable[[AccessKey], frozenset[str]]) -> frozenset[str]:
    """The rules that would flag ``key`` in the worst case and do not flag it as it is known."""
    assumed = tuple(assumptions(key))
    if not assumed:
        return frozenset()
    ours = tuple(e if e.effect_if_ours is None else replace(e, effect=e.effect_if_ours, effect_if_ours=None) for e in key.lifetimes)
    believed = flagged_by(replace(key, lifetimes=ours)) if ours != key.lifetimes else frozenset()
    return (flagged_by(_assuming(key, assumed)) | believed) - flagged_by(key)


def open_questions(key: AccessKey, rules: frozenset[str], flagged_by: Callable[[AccessKey], frozenset[str]]) -> tuple[OpenQuestion, ...]:
    """The questions whose answers would decide the suspected ``rules``; a reason that leaves several open is listed once."""
    assumed = tuple(assumptions(key))
    needed = [a for a in assumed if not rules <= flagged_by(_assuming(key, (b for b in assumed if b is not a)))]
    questions: dict[OpenReason, dict[Question, None]] = {}
    for one in needed or assumed:
        for reason in one.reasons:
            questions.setdefault(reason, {})[one.question] = None
    return tuple(OpenQuestion(tuple(asked), reason.reason, reason.origin) for reason, asked in questions.items())


def _assuming(key: AccessKey, assumed: Iterable[Assumption]) -> AccessKey:
    return functools.reduce(lambda known, assumption: assumption.apply(known), assumed, key)


def _with_endless_evidence(key: AccessKey) -> AccessKey:
    def worst(e: Lifetime) -> Lifetime:
        return replace(e, interval=LONGEST) if e.kind is Kind.ROTATION else replace(e, at=_NEVER)

    return replace(key, lifetimes=tuple(worst(e) if _is_endless(e) else e for e in key.lifetimes))


def _is_endless(evidence: Lifetime) -> bool:
    return evidence.interval is None and (evidence.kind is Kind.ROTATION or evidence.at is None)


_GRAVITY = {Verdict.CLEAN: 0, Verdict.UNDETERMINED: 1, Verdict.SUPPRESSED: 2, Verdict.FLAGGED: 2}  # what a baseline holds is as bad
Judged = tuple[JudgedKey, list[Finding]]


def worst_readings(parts: list[Judged]) -> list[Judged]:
    """The keys, without those that are only another reading of a block and say no more about it than one that stays."""
    by_place: dict[object, list[Judged]] = {}
    for part in parts:
        by_place.setdefault(part[0].key.span, []).append(part)
        by_place.setdefault((part[0].key.address, part[0].key.scope), []).append(part)
    left_out: set[int] = set()
    read_twice = {(one.key.address, one.key.scope) for one, _ in parts if one.key.reading}
    rivals = [one for one in parts if (one[0].key.address, one[0].key.scope) in read_twice]
    for part in sorted(rivals, key=lambda one: not one[0].key.reading):  # the usual reading stays where no other is worse
        key = part[0].key
        same = [one for one in by_place[key.address, key.scope] if one is not part and id(one) not in left_out]
        others = [one for one in by_place[key.span] if one[0].key.scope != key.scope and id(one) not in left_out]
        if any(_weight(one) >= _weight(part) for one in same) or any(_covers(one, part) for one in others):
            left_out.add(id(part))
    return [part for part in parts if id(part) not in left_out]


def _weight(part: Judged) -> tuple[int, Severity, int]:
    return _GRAVITY[part[0].verdict], max((finding.severity for finding in part[1]), default=Severity.LOW), len(part[1])


def _covers(one: Judged, other: Judged) -> bool:
    rules = {finding.rule.id for finding in one[1]}
    return _weight(one)[0] >= _weight(other)[0] and all(finding.rule.id in rules for finding in other[1])
