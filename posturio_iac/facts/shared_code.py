"""What keys share: code, where mending one must not end the others, names that may be one user's or several, and users."""

from __future__ import annotations

import posixpath
from collections import Counter
from itertools import islice

from posturio_iac.core.closure import CallGraph
from posturio_iac.core.evidence.reason import THIRD_KEY
from posturio_iac.core.evidence.remedy import AddComment, AddTag, Advice, MergeTags, place_of
from posturio_iac.core.keys import bare
from posturio_iac.core.keys import calls as calls_in
from posturio_iac.core.metadata.lifetime import as_text, counted_name, read
from posturio_iac.core.metadata.names import Meaning, Names, classify
from posturio_iac.core.model import AccessKey, Attr, Effect, Replacement, Unknown
from posturio_iac.core.place import ChangeOrigin, Place, Span, TagOrigin, TriggerOrigin
from posturio_iac.core.record import NamedTuple, grouped, replace
from posturio_iac.core.unknown import NAMESAKE, NOT_FIXED
from posturio_iac.facts import by_hand, name_of_block

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from posturio_iac.core.evidence.remedy import Remedy


def with_own_remedies(keys: Sequence[AccessKey], calls: Callable[[], Iterable[tuple[str, str]]] = tuple, top: str = ".") -> list[AccessKey]:
    """The keys, with changes that neither switch off nor end others; ``calls`` (which folder calls which) is called only if needed."""
    switches = Counter(_edit(remedy) for key in keys for remedy in _switches(key))
    holders: dict[Span, set[Span | None]] = {}
    made: dict[Span | None, list[AccessKey]] = {}
    for key in keys:
        made.setdefault(key.span, []).append(key)
        for holder in _holders(key):
            holders.setdefault(holder, set()).add(key.span)
    graph = CallGraph(calls() if switches else ())
    alike = {
        span
        for span, found in made.items()
        if len({(key.scope, calls_in(key.address), key.status) for key in found}) == 1
        and not any(key.lifetimes or key.unknown_sources for key in found)
    }
    return [_with_own(_for_it_alone(key, made, alike), switches, holders, graph, top) for key in keys]


def _for_it_alone(key: AccessKey, made: dict[Span | None, list[AccessKey]], alike: set[Span | None]) -> AccessKey:
    """A key that says so where what is declared would be about keys of the same code that are not ``alike``, here or elsewhere."""
    declare = key.remedies.declare
    if not isinstance(declare, (AddTag, MergeTags, AddComment)) or declare.place.span is None or key.span is None:
        return key
    is_in_module = posixpath.dirname(key.span.path) == posixpath.dirname(declare.place.span.path)
    is_for_it = isinstance(declare, AddComment) or len(made[key.span]) == 1 or key.span in alike
    if not is_in_module or (is_for_it and not key.remedies.is_for_others):
        return key
    return replace(key, remedies=replace(key.remedies, declare=replace(declare, is_shared=True)))


def _with_own(key: AccessKey, switches: Counter[object], holders: dict[Span, set[Span | None]], graph: CallGraph, top: str) -> AccessKey:
    root = posixpath.normpath(posixpath.join(top, key.scope))
    own = (remedy for remedy in _switches(key) if switches[_edit(remedy)] == 1 and not _is_called_elsewhere(remedy, root, graph))
    disable = next(own, None)
    is_shared = any(len(holders[holder]) > 1 for holder in _holders(key))
    if (disable is None or disable is key.remedies.disable) and not is_shared:
        return key
    return replace(key, remedies=replace(key.remedies, disable=disable or key.remedies.disable, is_shared=is_shared))


def _is_called_elsewhere(remedy: Remedy, root: str, graph: CallGraph) -> bool:
    place = place_of(remedy)
    if place is None or place.span is None:
        return False
    folder = posixpath.dirname(place.span.path) or "."
    return folder in graph.callers and any(above not in graph.callers and above != root for above in graph.above(folder))


def _edit(remedy: Remedy) -> object:
    """The code that a remedy changes, whatever address it is shown under."""
    place = place_of(remedy)
    if place is None or place.span is None:
        return remedy
    return type(remedy), place.span, getattr(remedy, "argument", ""), getattr(remedy, "value", "")


def _switches(key: AccessKey) -> tuple[Remedy, ...]:
    return (key.remedies.disable, *key.remedies.narrower) if key.remedies.narrower else ()


def _holders(key: AccessKey) -> Iterable[Span]:
    place = place_of(key.remedies.declare)
    if place is not None and place.span is not None:
        yield place.span


SHOWN = 3  # how many declarations one reason names
_STATED = (Effect.DECLARED, Effect.UNKNOWN)


class Namesake(NamedTuple):
    """A user that another root module or stack declares, with the metadata that matters to its keys."""

    span: Span
    lifetimes: tuple[str, ...]  # ``expires=2027-01-31``
    owners: tuple[str, ...]


def namesake(span: Span, metadata: Iterable[tuple[str, object]], names: Names) -> Namesake:
    """A user that is declared at ``span`` with tags and comments."""
    lifetimes: dict[str, None] = {}
    owners: dict[str, None] = {}
    for name, value in metadata:
        text = as_text(value)
        shown = name if text is None or isinstance(value, Unknown) else f"{name}={text}"
        lifetime = read(name, value, origin=TagOrigin(name, ""), names=names)
        if lifetime is not None and lifetime.effect in _STATED:
            lifetimes[shown] = None
        elif classify(name, names) is Meaning.OWNER:
            owners[shown] = None
    return Namesake(span, tuple(lifetimes), tuple(owners))


def left_open(key: AccessKey, namesakes: Sequence[Namesake]) -> AccessKey:
    """A key whose user other code declares: its lifetime and owner are open where a namesake of the user states them."""
    ends = [n for n in namesakes if n.lifetimes]
    if ends:
        reason = _reason(key, ends)
        key = replace(key, unknown_sources=(*key.unknown_sources, reason))
        return replace(key, owner=reason) if key.owner is None and any(n.owners for n in ends) else key
    owned = [n for n in namesakes if n.owners]
    return replace(key, owner=_reason(key, owned)) if owned and key.owner is None else key


def _reason(key: AccessKey, namesakes: Sequence[Namesake]) -> Unknown:
    shown = [f"{n.span.path}:{n.span.line} with {' and '.join((*n.lifetimes, *n.owners))}" for n in namesakes[:SHOWN]]
    more = len(namesakes) - len(shown)
    return NAMESAKE(f'a user "{key.user}"', "; ".join([*shown, f"{more} more places"] if more else shown))


MAX_SIBLINGS = 20  # how many other keys of its user a key is compared with, active ones first; AWS allows a user two keys


class Sibling(NamedTuple):
    """Another key of the same user, seen from one key."""

    place: Place
    is_active: Attr[bool]
    is_beside: Attr[bool]  # it exists whenever the one does; False when they cannot be combined
    takes_turns: bool  # the code rotates both at different times, so that they overlap on purpose


class KeyOfUser(NamedTuple):
    """A key, and the facts by which it is compared with others of its user."""

    key: AccessKey
    identity: object  # equal for two keys of the same user; None when the user is not known well enough
    schedules: frozenset[str] = frozenset()  # the drivers of its rotation, to tell apart keys that change at different times
    condition: Any = None  # the condition of its existence, in the front end's own form; None when it certainly exists
    several: Unknown | None = None  # why it is open how many keys the code makes of it, by its defaults more than one


def active_siblings(others: Sequence[Sibling]) -> Attr[tuple[str, ...]]:
    """The active keys beside one that take no turns with it, or why it is open whether there is one."""
    rivals = [other for other in others if not other.takes_turns and other.is_beside is not False]
    active = tuple(o.place.text() for o in rivals if o.is_active is True and o.is_beside is True)
    open_ = [o.is_active for o in rivals if isinstance(o.is_active, Unknown)]
    open_ += [o.is_beside for o in rivals if o.is_active is True and isinstance(o.is_beside, Unknown)]
    return active if active or not open_ else open_[0]


def with_siblings(keys: Sequence[KeyOfUser], is_beside: Callable[[KeyOfUser, KeyOfUser], Attr[bool]]) -> Iterator[AccessKey]:
    """Yield the keys, compared with others of their user. ``is_beside`` tells whether the second exists when the first does."""
    groups = grouped((one for one in keys if one.identity is not None), lambda one: one.identity)
    for group in groups.values():
        group.sort(key=lambda one: one.key.is_active() is not True)
    counted = _counted(keys)
    for one in keys:
        alike = (o for o in groups.get(one.identity, ()) if o is not one and o.key.kind is one.key.kind)
        others = list(islice((o for o in alike if o.key.service == one.key.service or _unsure(one, o)), MAX_SIBLINGS))
        note = _number_note(one, counted)
        key = one.key if note is None else replace(one.key, notes=tuple(dict.fromkeys((*one.key.notes, note))))
        several = one.several if isinstance(key.user, str) else None
        if not others and several is None:
            yield key
            continue
        beside = ((o, _unsure(one, o) or is_beside(one, o)) for o in others)
        seen = [Sibling(Place(o.key.address, o.key.span), o.key.is_active(), there, _take_turns(one, o)) for o, there in beside]
        seen += [Sibling(Place(key.address, key.span), key.is_active(), several, takes_turns=False)] if several is not None else []
        alone = one.condition is not None and not any(is_beside(o, one) is True for o in others)
        key = replace(key, active_siblings=active_siblings(seen), replacement=_with_turns(one, others))
        yield _within_quota(key, [other for other in seen if other.is_beside is not False], may_be_absent=alone)


def _unsure(one: KeyOfUser, other: KeyOfUser) -> Unknown | None:
    return next((o.key.service for o in (one, other) if isinstance(o.key.service, Unknown)), None)


def _counted(keys: Sequence[KeyOfUser]) -> dict[str, dict[str, set[object]]]:
    """The names of keys with the users of these, by the names without a number, in groups that one numbering may cover."""
    found: dict[str, dict[str, set[object]]] = {}
    for one in keys:
        name = bare(one.key.address)
        stem, _ = counted_name(name) or (name, "")
        found.setdefault(stem, {}).setdefault(name, set()).add(one.identity)
    return found


def _number_note(one: KeyOfUser, counted: dict[str, dict[str, set[object]]]) -> str | None:
    """Say that a key seems to follow others by hand: its name ends in a number that counts keys of its own user too."""
    if one.key.span is None:
        return None
    name = bare(one.key.address)
    stem, number = counted_name(name) or (name, "1")
    if int(number) <= 1:
        return None
    before = [users for other, users in counted[stem].items() if other != name]
    if before and (one.identity is None or not any(one.identity in users for users in before)):
        return None
    return by_hand(name_of_block(one.key.framework), name.rpartition(".")[2], f"ends in the number {number}")


def _take_turns(one: KeyOfUser, other: KeyOfUser) -> bool:
    """True if the code replaces both keys, and each by another clock or by another output of one."""
    return bool(one.schedules and other.schedules) and one.schedules.isdisjoint(other.schedules)


_TURNS = Advice("let the user's two keys take turns, each following its own output of a toggles_leapfrog, without create_before_destroy")


def _within_quota(key: AccessKey, beside: list[Sibling], *, may_be_absent: bool) -> AccessKey:
    """A key of a user who has, or may have, another one: a rotation that first makes a third key never happens."""
    if not beside:
        return key
    certain = next((other for other in beside if other.is_beside is True), None)
    if certain is not None and key.framework.startswith("terraform"):
        key = replace(key, remedies=replace(key.remedies, rotate=_TURNS, overlap=_TURNS))
    order = key.replacement.create_before_destroy if isinstance(key.replacement, Replacement) else False
    if order is False:
        return key
    absent = NOT_FIXED(f"whether {key.address} exists") if may_be_absent else None
    doubt = order if isinstance(order, Unknown) else absent if certain is not None else beside[0].is_beside
    is_open = isinstance(doubt, Unknown)
    effect, remedy = (Effect.UNKNOWN, None) if is_open else (Effect.INERT, _TURNS)
    reason = doubt.as_reason() if isinstance(doubt, Unknown) else THIRD_KEY((certain or beside[0]).place.text())
    own = [e.renews and isinstance(e.origin, (TriggerOrigin, ChangeOrigin)) for e in key.lifetimes]
    changed = (replace(e, effect=effect, reason=reason, remedy=remedy) for e in key.lifetimes)
    return replace(key, lifetimes=tuple(new if is_own else e for e, new, is_own in zip(key.lifetimes, changed, own, strict=True)))


def _with_turns(one: KeyOfUser, others: list[KeyOfUser]) -> Attr[Replacement | None]:
    """The replacement of a key, which leaves no gap where another key of the user changes at other times."""
    replacement = one.key.replacement
    if not isinstance(replacement, Replacement) or replacement.takes_turns:
        return replacement
    turns = any(_take_turns(one, o) for o in others)
    return Replacement(replacement.span, replacement.create_before_destroy, takes_turns=turns)
