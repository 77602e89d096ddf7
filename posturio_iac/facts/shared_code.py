"""What keys share: code, where mending one must not end the others, and names of users, who may be one user or several."""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING

from posturio_iac.core.addresses import calls as calls_in
from posturio_iac.core.closure import CallGraph
from posturio_iac.core.evidence.remedy import AddTag, MergeTags, place_of
from posturio_iac.core.model import AccessKey, Effect, Unknown
from posturio_iac.core.place import Span, TagOrigin
from posturio_iac.core.record import NamedTuple, replace
from posturio_iac.core.unknown import NAMESAKE
from posturio_iac.metadata.lifetime import as_text, read
from posturio_iac.metadata.names import Meaning, Names, classify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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
    return [_with_own(_for_it_alone(key, made), switches, holders, graph, top) for key in keys]


def _for_it_alone(key: AccessKey, made: dict[Span | None, list[AccessKey]]) -> AccessKey:
    """A key that says so where a tag of its user would be about keys that differ from it: the same code makes them, here or elsewhere."""
    declare = key.remedies.declare
    if not isinstance(declare, (AddTag, MergeTags)) or declare.place.span is None or key.span is None:
        return key
    is_in_module = posixpath.dirname(key.span.path) == posixpath.dirname(declare.place.span.path)
    are_alike = all(_kind(other) == _kind(key) and not other.lifetimes and not other.unknown_sources for other in made[key.span])
    if not is_in_module or (not key.remedies.is_for_others and (len(made[key.span]) == 1 or are_alike)):
        return key
    return replace(key, remedies=replace(key.remedies, declare=replace(declare, is_shared=True)))


def _kind(key: AccessKey) -> object:
    return key.scope, calls_in(key.address), key.status


def _with_own(key: AccessKey, switches: Counter[object], holders: dict[Span, set[Span | None]], graph: CallGraph, top: str) -> AccessKey:
    root = posixpath.normpath(posixpath.join(top, key.scope))
    own = (remedy for remedy in _switches(key) if switches[_edit(remedy)] == 1 and not _is_called_elsewhere(remedy, root, graph))
    disable = next(own, None)
    is_shared = any(len(holders[holder]) > 1 for holder in _holders(key))
    if (disable is None or disable is key.remedies.disable) and not is_shared:
        return key
    return replace(key, remedies=replace(key.remedies, disable=disable or key.remedies.disable, is_shared=is_shared))


def _is_called_elsewhere(remedy: Remedy, root: str, graph: CallGraph) -> bool:
    """True if a root module other than ``root`` calls the code that a remedy changes."""
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
    """Yield the place of the code whose metadata speaks for a key."""
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
    places = "; ".join([*shown, f"{more} more places"] if more else shown)
    return NAMESAKE(f'a user "{key.user}"', places)
