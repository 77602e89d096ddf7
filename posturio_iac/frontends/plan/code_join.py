"""Joins the keys of a plan, by address, to the code that it was made from, which holds facts that a plan leaves out."""

from __future__ import annotations

import contextlib
import os

from posturio_iac.core.evidence.remedy import IntervalSetting
from posturio_iac.core.model import AccessKey, Effect, Kind, Lifetime, Unknown
from posturio_iac.core.place import ChangeOrigin, CommentOrigin, Place, TagOrigin, TriggerOrigin, relocated
from posturio_iac.core.record import grouped, replace
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.times import describe_interval, parse_interval
from posturio_iac.core.unknown import PLAN_OF_OTHER_CODE, PLAN_OF_SEVERAL
from posturio_iac.facts.schedulers import ROTATION_ARGUMENTS
from posturio_iac.frontends.plan.document import PlanDocument, modules_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_INDEX = lazy_pattern(r'\[(?:[0-9]+|"(?:[^"\\]|\\.)*")\]')


class PlannedCode:
    """The keys that the code declares."""

    shown: str  # the folder as it was given, for a reader

    def __init__(self, keys: Iterable[AccessKey], shown: str) -> None:
        self.shown = shown
        declared = tuple(keys)
        self._exact = grouped(declared, lambda key: key.address)
        self._bare = grouped(declared, lambda key: _INDEX.sub("", key.address))

    def find(self, address: str) -> AccessKey | Unknown:
        """The key of the code with an address, else without its indexes, else at the call of its module; or why there is none."""
        found = self._exact.get(address) or self._bare.get(_INDEX.sub("", address), [])
        calls = [name for name, _ in modules_of(address)[0]]
        while not found and calls:
            found = self._bare.get("module." + ".module.".join(calls), [])
            calls.pop()
        if not found:
            return PLAN_OF_OTHER_CODE(self.shown)
        scopes = sorted({key.scope or "." for key in found})
        return PLAN_OF_SEVERAL(self.shown, ", ".join(scopes)) if len(scopes) > 1 else found[0]


def rebased(key: AccessKey, old: str, new: str) -> AccessKey:
    moved: AccessKey = key if old == new else relocated(key, lambda path: rebased_path(path, old, new))
    return moved


def rebased_path(path: str, old: str, new: str) -> str:
    """A path that is relative to the folder ``old``, relative to ``new``."""
    whole = os.path.join(old, path)
    with contextlib.suppress(ValueError):  # different drives
        whole = os.path.relpath(whole, new)
    return whole.replace(os.sep, "/")


def joined(planned: AccessKey, code: AccessKey, document: PlanDocument) -> AccessKey:
    """A key of the plan with what only its code shows; user, status and tags are those of the plan, unless it does not declare the user."""
    known = planned.user_address is not None or code.user_address is None
    # A user whom neither declares: the code may say more of it where the plan does not know its name, and where both say the same.
    neither = planned.user_address is None and code.unseen_tags is not None
    hides = code if not known or (neither and (isinstance(planned.user, Unknown) or planned.user == code.user)) else planned
    places = {exposure.holder for exposure in code.exposures}
    named = _owned(planned, code, hides)
    return replace(
        planned,
        span=code.span,
        scope=code.scope,
        user_address=planned.user_address or code.user_address,
        remedies=code.remedies,
        lifetimes=_lifetimes(planned, code, document, known=known),
        unknown_sources=hides.unknown_sources,
        unseen_tags=hides.unseen_tags,
        notes=tuple(dict.fromkeys((*code.notes, *planned.notes))),
        owner=named.owner,
        owner_origin=named.owner_origin,
        replacement=code.replacement,
        exposures=(*code.exposures, *(e for e in planned.exposures if e.holder not in places)),
        consumers=code.consumers,
        directives=code.directives,
        tags=planned.tags if known else code.tags,
    )


def _owned(planned: AccessKey, code: AccessKey, hides: AccessKey) -> AccessKey:
    """The key whose owner counts: first a comment in the code, then the plan, then other code."""
    at_key = isinstance(code.owner_origin, CommentOrigin)
    better = not isinstance(planned.owner, str) and (hides is code or isinstance(code.owner, str))
    return code if at_key or better else planned


def _lifetimes(planned: AccessKey, code: AccessKey, document: PlanDocument, *, known: bool) -> tuple[Lifetime, ...]:
    said = {_subject(e): e for e in planned.lifetimes}
    kept: list[Lifetime] = []
    for evidence in code.lifetimes:
        subject = _subject(evidence)
        here = said.get(subject)
        if here is None:
            if not known or not isinstance(evidence.origin, TagOrigin):
                kept.append(_timed(evidence, document))
        elif isinstance(evidence.origin, TagOrigin) and (evidence.origin.set_by or evidence.origin.moved_by):  # by a clock
            kept.append(evidence)
            del said[subject]
    return tuple(dict.fromkeys((*kept, *said.values())))


def _subject(evidence: Lifetime) -> object:
    return evidence.origin.name if isinstance(evidence.origin, TagOrigin) else evidence.origin


def _timed(evidence: Lifetime, document: PlanDocument) -> Lifetime:
    """A rotation with the interval that the plan gives its clock, where the code only has a variable."""
    origin = evidence.origin
    if (
        evidence.kind is not Kind.ROTATION
        or evidence.effect is not Effect.ENFORCED
        or not isinstance(origin, (TriggerOrigin, ChangeOrigin))
    ):
        return evidence
    clock = document.resources.get(origin.clock)
    stated = ((clock.get(name), unit) for name, unit in reversed(ROTATION_ARGUMENTS)) if clock is not None else ()
    numbers = ((value, unit) for value, unit in stated if isinstance(value, int) and not isinstance(value, bool))
    interval = next((parse_interval(value, unit) for value, unit in numbers), None)
    if not interval:
        return evidence
    interval *= evidence.turns
    setting = evidence.setting
    if setting is not None and setting.argument == "default" and interval != evidence.interval:
        setting = IntervalSetting(Place(origin.clock), "rotation_days")  # whoever planned has set the variable
    return replace(evidence, interval=interval, value=describe_interval(interval), reason=None, setting=setting)
