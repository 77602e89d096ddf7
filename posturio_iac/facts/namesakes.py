"""Users of one name in several root modules or stacks: whether they are the same user depends on the accounts, which code does not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.origin import TagOrigin
from posturio_iac.core.model import Effect, Unknown
from posturio_iac.core.open_kinds import NAMESAKE
from posturio_iac.core.record import NamedTuple, replace
from posturio_iac.metadata.lifetime import as_text, read
from posturio_iac.metadata.names import Meaning, classify

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from posturio_iac.core.model import AccessKey, Span
    from posturio_iac.metadata.names import Names

SHOWN = 3
"""How many declarations one reason names."""
_STATED = (Effect.DECLARED, Effect.UNKNOWN)


class Namesake(NamedTuple):
    """A user that another root module or stack declares, with the metadata that matters to its keys."""

    span: Span
    lifetimes: tuple[str, ...]
    """``expires=2027-01-31``."""
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
