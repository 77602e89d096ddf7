"""Facts about one key before it becomes a key of the model: the same for every front end, with nothing decided yet."""

from __future__ import annotations

from posturio_iac.core.model import Attr, Consumer, Directive, Exposure, KeyKind, Lifetime, Place, Replacement, Span, Unknown
from posturio_iac.core.record import NamedTuple, dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from typing import TypeAlias

    from posturio_iac.core.evidence.remedy import Remedies
    from posturio_iac.core.metadata.names import Names
    from posturio_iac.core.place import Origin


class SetByClock(NamedTuple):
    """A clock that computes a value once, at an interval after its creation."""

    address: str
    interval: timedelta | None
    example: object  # what the value could be


class MovedByClock(NamedTuple):
    """A function or a clock that moves a value on while the key stays."""

    name: str
    at_every_apply: bool  # it moves at every apply; otherwise at every rotation of the clock


ComputedValue: TypeAlias = "SetByClock | MovedByClock"


class MetadataItem(NamedTuple):
    """A tag, an entry of ``Metadata`` or an item of a comment."""

    name: str
    value: object  # text, a number, a boolean, None, a list, or `Unknown`
    origin: Origin
    span: Span | None = None
    computed: tuple[ComputedValue, ...] = ()  # the clocks and functions that may compute an unknown value


@dataclass(frozen=True, slots=True)
class UserFacts:
    """The facts about the user of a key."""

    name: Attr[str | None]
    address: str | None = None  # where the code declares it
    identity: object = None  # equal for two keys of the same user; None when the user is not known well enough
    path: Attr[str | None] = None
    tags: tuple[MetadataItem, ...] = ()  # its own tags, and those that a provider or a stack adds
    hidden: tuple[Unknown, ...] = ()  # why it may have other tags, where that leaves the lifetime and the owner of its keys open
    unseen: Unknown | None = None  # why none of its tags can be seen, when this code does not declare it
    written: tuple[str, ...] = ()  # what the code itself writes of the name of an open user
    account_tags: Attr[tuple[MetadataItem, ...]] = ()  # tags and other items that name an owner when nothing else does


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The facts about one key."""

    address: str
    framework: str
    span: Span | None
    user: UserFacts
    status: object  # as it stands in the code; None where it is left out
    remedies: Remedies
    label: str = ""
    beside: tuple[MetadataItem, ...] = ()  # statements of comments and ``Metadata`` at the key
    unread: tuple[Unknown, ...] = ()  # why there may be more of them
    lifetimes: tuple[Lifetime, ...] = ()  # lifetimes that the code itself enforces, or seems to
    hidden: tuple[Unknown, ...] = ()  # unknown values that could give it a lifetime
    notes: tuple[str, ...] = ()
    owner: Attr[str | None] = None  # the owner of this very key, apart from its user's
    is_root: Attr[bool] | None = None  # True if it belongs to the root user; None where that follows from the name of the user
    existence: Unknown | None = None
    replacement: Attr[Replacement | None] = None
    exposures: tuple[Exposure | Unknown | Consumer, ...] = ()
    pusher: Place | None = None  # the user, if its policies allow it to push images and nothing else
    directives: tuple[Directive, ...] = ()
    scope: str = ""
    restores_status: bool = True
    secrets: tuple[str, ...] = ()
    kind: KeyKind = KeyKind.ACCESS_KEY
    service: Attr[str | None] = None  # the service that a service credential is for
    open_values: tuple[tuple[str, tuple[str, ...]], ...] = ()  # as `AccessKey` has them


class FactOptions(NamedTuple):
    """How to interpret facts."""

    names: Names
    as_of: datetime


def name_of_block(framework: str) -> str:
    return "logical id" if framework == "cloudformation" else "resource name"


def quoted(name: object) -> str:
    return f'the user "{name}"' if isinstance(name, str) else "the user"


def by_hand(what: str, name: object, mark: str) -> str:
    return f'the {what} "{name}" {mark}: manual rotation without a schedule'


def ends_permission(policy: str) -> str:
    """Say that a policy of the user ends by date: the permission ends, the key does not."""
    return f"the policy {policy} ends the permission by date (aws:CurrentTime), but the key stays valid"
