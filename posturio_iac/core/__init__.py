"""The vocabulary that everything shares: the model of an access key, findings, dates, intervals, places in files; and loading by name.

Imports the standard library only, and nothing else of this package but ``errors``.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def module(name: str) -> Any:
    """A module by its full name, such as ``posturio_iac.render.csv_table``."""
    __import__(name)
    return sys.modules[name]


def loaded(place: str) -> Any:
    holder, _, name = place.partition(":")
    return getattr(module(holder), name)
