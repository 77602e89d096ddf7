"""Loading what is named in tables, without `importlib`, which most runs need for nothing else."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from typing import Any


def module(name: str) -> Any:
    """A module by its full name, such as ``posturio_iac.render.csv_table``."""
    __import__(name)
    return sys.modules[name]


def loaded(place: str) -> Any:
    holder, _, name = place.partition(":")
    return getattr(module(holder), name)
