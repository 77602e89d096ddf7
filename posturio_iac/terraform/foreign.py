"""Keys inside modules whose code is not here, by the table of known modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.terraform.instance import Instance
    from posturio_iac.terraform.keys import Declared, Setting


def foreign_keys(instance: Instance, setting: Setting) -> Iterator[Declared]:
    """Yield the keys that calls of known modules make."""
    yield from ()
