"""Finds configuration files: ``posturio-iac.toml``, or ``pyproject.toml`` with a table ``[tool.posturio-iac]``."""

from __future__ import annotations

import os

from posturio_iac.config.model import FILE, SHARED_FILE, TABLE

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Iterator


def find(start: str) -> str | None:
    """The configuration file nearest the folder ``start``, going up to the top of its repository, or None."""
    return next((file for folder in upwards(os.path.abspath(start)) if (file := in_folder(folder)) is not None), None)


def upwards(folder: str) -> Iterator[str]:
    """Yield a folder and those above it, up to the top of its repository."""
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if parent == folder or is_top(folder):
            return
        folder = parent


def is_top(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, ".git"))


def in_folder(folder: str) -> str | None:
    """The configuration file of a folder itself."""
    beginning = os.path.join(folder, "")
    own, shared = beginning + FILE, beginning + SHARED_FILE
    if os.path.lexists(own) and not os.path.isdir(own):
        return own
    return shared if os.path.isfile(shared) and _has_table(shared) else None


def second_in_folder(folder: str) -> str | None:
    """The shared file whose table is ignored because the folder has a ``posturio-iac.toml`` as well."""
    shared = os.path.join(folder, SHARED_FILE)
    return shared if os.path.isfile(shared) and _has_table(shared) and in_folder(folder) != shared else None


def _has_table(path: str) -> bool:
    """True if a shared file has our table, or names us and is broken, which `load` reports."""
    from posturio_iac.core.text.textfile import LIMIT, UnreadableError, read

    try:
        if TABLE.encode() not in read(path, LIMIT, None):
            return False
    except UnreadableError:
        return False
    from posturio_iac.config.load import has_table

    return has_table(path)
