"""Finds the configuration file nearest the scan root: ``posturio-iac.toml``, or ``pyproject.toml`` with a table ``[tool.posturio-iac]``."""

from __future__ import annotations

import os

from posturio_iac.config.model import FILE, SHARED_FILE, TABLE


def find(start: str) -> str | None:
    """Return the configuration file nearest the folder ``start``, going up to the top of its repository, or None."""
    folder = os.path.abspath(start)
    while True:
        own, shared = os.path.join(folder, FILE), os.path.join(folder, SHARED_FILE)
        if os.path.lexists(own) and not os.path.isdir(own):
            return own
        if os.path.isfile(shared) and _has_table(shared):
            return shared
        parent = os.path.dirname(folder)
        if parent == folder or os.path.exists(os.path.join(folder, ".git")):
            return None
        folder = parent


def _has_table(path: str) -> bool:
    """Whether a shared file has our table, or names us and is broken, which `load` reports."""
    from posturio_iac.core.textfile import LIMIT, UnreadableError, read

    try:
        if TABLE.encode() not in read(path, LIMIT, None):
            return False
    except UnreadableError:
        return False
    from posturio_iac.config.load import has_table

    return has_table(path)
