"""What a front end knows of one key before it is a key of the model: the same for every world, and nothing decided yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from posturio_iac.core.model import KeyKind
from posturio_iac.core.record import NamedTuple, dataclass

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from posturio_iac.core.evidence.origin import Origin
    from posturio_iac.core.evidence.remedy import Remedies
    from posturio_iac.core.model import Attr, Directive, Exposure, Lifetime, Replacement, Span, Unknown
    from posturio_iac.metadata.names import Names


class SetByClock(NamedTuple):
    """A clock that fixes a value once, so many hours or days after it was made."""

    address: str
    interval: timedelta | None


class MovedByClock(NamedTuple):
    """A function or a clock that moves a value on while the key stays."""

    name: str
    at_every_apply: bool
    """Otherwise at every rotation of the clock."""


ComputedValue = Union[SetByClock, MovedByClock]


class MetadataItem(NamedTuple):
    """A tag, an entry of ``Metadata`` or an item of a comment."""

    name: str
    value: object
    """Text, a number, a boolean, None, a list, or `Unknown`."""
    origin: Origin
    span: Span | None = None
    computed: tuple[ComputedValue, ...] = ()
    """What may compute a value that is unknown."""


@dataclass(frozen=True, slots=True)
class UserFacts:
    """What a front end knows of the user of a key."""

    name: Attr[str | None]
    address: str | None = None
    """Where the code declares it."""
    identity: object = None
    """Equal for two keys of the same user; None when the user is not known well enough."""
    path: Attr[str | None] = None
    tags: tuple[MetadataItem, ...] = ()
    """Its own, and those that a provider or a stack adds."""
    hidden: tuple[Unknown, ...] = ()
    """Why it may have other tags, where that leaves the lifetime and the owner of its keys open."""
    unseen: Unknown | None = None
    """Why none of its tags can be seen, when this code does not declare it."""
    configured_owners: tuple[str, ...] = ()
    """Who answers for it by configuration; that goes before its path."""
    account_tags: Attr[tuple[MetadataItem, ...]] = ()
    """They name an owner when nothing else does."""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What a front end knows of one key."""

    address: str
    framework: str
    span: Span | None
    user: UserFacts
    status: object
    """As it stands in the code; None where it is left out."""
    remedies: Remedies
    label: str = ""
    """The name of its block."""
    beside: tuple[MetadataItem, ...] = ()
    """What comments and ``Metadata`` at the key say."""
    unread: tuple[Unknown, ...] = ()
    """Why there may be more of that."""
    lifetimes: tuple[Lifetime, ...] = ()
    """What the code itself does to the key."""
    hidden: tuple[Unknown, ...] = ()
    """What else could give it a lifetime."""
    notes: tuple[str, ...] = ()
    owner: str | None = None
    """Who uses it, where that is said of this very key."""
    is_root: Attr[bool] | None = None
    """None where only the name of the user can say so."""
    existence: Unknown | None = None
    replacement: Attr[Replacement | None] = None
    exposures: tuple[Exposure | Unknown, ...] = ()
    directives: tuple[Directive, ...] = ()
    scope: str = ""
    restores_status: bool = True
    secrets: tuple[str, ...] = ()
    kind: KeyKind = KeyKind.ACCESS_KEY
    service: Attr[str | None] = None
    """The service that a service credential is for."""
    open_values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """As `AccessKey` has them."""


class FactOptions(NamedTuple):
    """How facts are read."""

    names: Names
    as_of: datetime
