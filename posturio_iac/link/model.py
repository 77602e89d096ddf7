"""The link from a deployed key to its code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.record import NamedTuple

if TYPE_CHECKING:
    from posturio_iac.core.model import AccessKey, Attr, Declaration


class Link(NamedTuple):
    """The code of one deployed key, as far as it is known."""

    declaration: Declaration | None
    code: tuple[AccessKey, ...]
    """The declarations that were read; several where one block makes them all, or where it is open which one it is."""
    managed: Attr[bool]
    by_id: bool = False
    """True if the id of the key would tell more, and is not known."""
    shared: bool = False
    """True if its block makes other keys as well."""
