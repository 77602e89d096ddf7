"""Names of kinds of keys for readers, with the service of keys that are for only one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.keys.resource_types import takes_age
from posturio_iac.core.model import KeyKind

if TYPE_CHECKING:
    from posturio_iac.core.model import AccessKey, Attr


def called(kind: KeyKind, service: Attr[str | None]) -> str:
    """Return what a key is: ``access key``, ``API key for bedrock.amazonaws.com``, ``password for codecommit.amazonaws.com``."""
    if kind is KeyKind.ACCESS_KEY:
        return "access key"
    if not isinstance(service, str):
        return "API key of an AWS service"
    return f"{'API key' if takes_age(service) else 'password'} for {service}"


def named(key: AccessKey) -> str:
    return key.address if key.kind is KeyKind.ACCESS_KEY else f"{key.address} ({called(key.kind, key.service)})"
