"""Names of kinds of keys for readers, with the service of keys that are for only one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.keys.resource_types import takes_age
from posturio_iac.core.model import KeyKind
from posturio_iac.core.record import dataclass

if TYPE_CHECKING:
    from posturio_iac.core.model import AccessKey, Attr


@dataclass(frozen=True, slots=True)
class KeySentence:
    """A sentence that names one key, and can be written without its name."""

    name: str
    rest: str
    """What follows the name."""
    start: str = ""
    """What stands before the name, if anything."""

    @property
    def text(self) -> str:
        return f"{self.start}{' ' if self.start else ''}{self.name} {self.rest}"

    @property
    def unnamed(self) -> str:
        """The sentence about "the key", which is the same for all keys with the same problem."""
        return f"{self.start} the key {self.rest}" if self.start else f"The key {self.rest}"


def called(kind: KeyKind, service: Attr[str | None]) -> str:
    """Return what a key is: ``access key``, ``API key for bedrock.amazonaws.com``, ``password for codecommit.amazonaws.com``."""
    if kind is KeyKind.ACCESS_KEY:
        return "access key"
    if not isinstance(service, str):
        return "API key of an AWS service"
    return f"{'API key' if takes_age(service) else 'password'} for {service}"


def about(key: AccessKey, rest: str, start: str = "") -> KeySentence:
    """The sentence ``start``, the key, ``rest``."""
    return KeySentence(named(key), rest, start)


def named(key: AccessKey) -> str:
    return key.address if key.kind is KeyKind.ACCESS_KEY else f"{key.address} ({called(key.kind, key.service)})"
