"""Statements of metadata about a key, from tags, comments and ``Metadata`` alike: lifetimes, notes and owners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.origin import CommentOrigin, TagOrigin, describe_origin
from posturio_iac.core.evidence.reason import MOVED_BY_APPLY, MOVED_BY_ROTATION
from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.intervals import describe_interval
from posturio_iac.core.model import Effect, Kind, Lifetime, Unknown
from posturio_iac.core.record import replace
from posturio_iac.facts.model import MetadataItem, SetByClock
from posturio_iac.metadata.lifetime import exemption, misspelt, read, resembling
from posturio_iac.metadata.names import Meaning, classify, names_a_thing
from posturio_iac.metadata.owners import owner_in_path, owner_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posturio_iac.core.evidence.origin import Origin
    from posturio_iac.core.model import Attr
    from posturio_iac.facts.model import KeyFacts, MovedByClock, UserFacts
    from posturio_iac.metadata.names import Names
    from posturio_iac.metadata.parsed_comments import ParsedComments

_DATE = Advice("write the date itself")
_FOLLOW_AS_WELL = Advice("let the key be replaced with it")


def items_of(parsed: ParsedComments) -> tuple[MetadataItem, ...]:
    return tuple(MetadataItem(name, value, CommentOrigin(name), span) for name, value, span in parsed.metadata)


def lifetimes_in(items: Iterable[MetadataItem], names: Names) -> Iterator[Lifetime]:
    """Yield the lifetimes that metadata states."""
    for item in items:
        lifetime = read(item.name, item.value, origin=item.origin, span=item.span, names=names)
        if lifetime is None and isinstance(item.origin, CommentOrigin):
            lifetime = misspelt(item.name, item.value, origin=item.origin, span=item.span, names=names)
        if lifetime is not None:
            yield _computed(lifetime, item)


def notes_in(items: Iterable[MetadataItem], names: Names) -> Iterator[str]:
    """Yield sentences about metadata that is noteworthy and no lifetime."""
    for item in items:
        note = exemption(item.name, item.value, origin=item.origin, names=names)
        if not isinstance(item.origin, CommentOrigin):
            note = note or resembling(item.name, item.value, origin=item.origin, names=names)
        if note is not None:
            yield note


def owner_of(facts: KeyFacts, names: Names) -> tuple[Attr[str | None], Origin | None]:
    """Return who answers for a key and what metadata says so: what stands at it, then its user; Unknown where what is not seen could."""
    user = facts.user
    if (own := owner_named(facts.owner)) is not None:
        return own, None
    known, open_ = _owners((*facts.beside, *user.tags), names)
    for item in known:
        if (owner := owner_named(item.value)) is not None:
            return owner, item.origin
    if (configured := next(filter(None, map(owner_named, user.configured_owners)), None)) is not None:
        return configured, None
    if isinstance(user.path, str) and (team := owner_in_path(user.path)) is not None:
        return team, None
    hidden = (*open_, *(u for u in (user.path,) if isinstance(u, Unknown)), *user.hidden, *facts.unread)
    return hidden[0] if hidden else _of_account(user, names), None


def _of_account(user: UserFacts, names: Names) -> Attr[str | None]:
    if isinstance(user.account_tags, Unknown):
        return user.account_tags
    return next(filter(None, (owner_named(item.value) for item in _owners(user.account_tags, names)[0])), None)


def _owners(items: Iterable[MetadataItem], names: Names) -> tuple[list[MetadataItem], list[Unknown]]:
    """The metadata that names an owner, people before what they run, and why more of it may do so."""
    owners = [item for item in items if classify(item.name, names) is Meaning.OWNER]
    known = sorted((item for item in owners if not isinstance(item.value, Unknown)), key=lambda item: names_a_thing(item.name, names))
    return known, [i.value.about(describe_origin(i.origin)) for i in owners if isinstance(i.value, Unknown)]


def _computed(lifetime: Lifetime, item: MetadataItem) -> Lifetime:
    """The lifetime of a value that a clock or a function computes."""
    origin = item.origin
    for clock in item.computed if lifetime.effect is Effect.UNKNOWN else ():
        if not isinstance(origin, TagOrigin):
            break
        if not isinstance(clock, SetByClock):
            return _moving(lifetime, origin, clock)
        if lifetime.kind is Kind.EXPIRY:
            value = describe_interval(clock.interval) if clock.interval else ""
            set_by = replace(origin, set_by=clock.address)
            return Lifetime(Kind.ROTATION, Effect.DECLARED, set_by, value, item.span, interval=clock.interval)
    return lifetime


def _moving(lifetime: Lifetime, origin: TagOrigin, clock: MovedByClock) -> Lifetime:
    """The inert lifetime of a tag whose date keeps moving on."""
    name, at_every_apply = clock
    reason, remedy = (MOVED_BY_APPLY(name), _DATE) if at_every_apply else (MOVED_BY_ROTATION(name), _FOLLOW_AS_WELL)
    return Lifetime(lifetime.kind, Effect.INERT, replace(origin, moved_by=name), name, lifetime.span, reason=reason, remedy=remedy)
