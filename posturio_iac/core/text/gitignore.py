"""``--exclude``: gitignore's patterns, applied to paths relative to the scan root.

``vendor/`` matches directories of that name anywhere, ``/vendor/`` only at the root, ``*.generated.tf`` names at any depth,
``infra/*.tf`` paths from the root, ``**`` any number of directories. ``!`` takes a path back, unless its directory is excluded.
The last pattern that matches decides. Unlike git's, ``?`` and brackets match characters and not bytes, and a leading ``./`` says
nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posturio_iac.core.text.globs import of_paths
from posturio_iac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Exclusions:
    """Compiled patterns, with a cache of directories."""

    __slots__ = ("_directories", "_rules")

    def __init__(self, patterns: Iterable[str]) -> None:
        """Compile the patterns. Raises `UsageError` for one that cannot be read."""
        self._rules = [rule for pattern in patterns if (rule := _compile(pattern)) is not None]
        self._directories: dict[str, bool] = {"": False}

    def cover(self, path: str) -> bool:
        return self.cover_directory(path.rpartition("/")[0]) or self._matches(path, directory=False)

    def cover_directory(self, path: str) -> bool:
        """True if the directory, or one that it is in, is excluded."""
        pending = []
        while (known := self._directories.get(path)) is None:
            pending.append(path)
            path = path.rpartition("/")[0]
        for directory in reversed(pending):
            known = self._directories[directory] = known or self._matches(directory, directory=True)
        return known

    def _matches(self, path: str, *, directory: bool) -> bool:
        for excludes, directories_only, regex in reversed(self._rules):
            if (directory or not directories_only) and regex.fullmatch(path):
                return excludes
        return False


def _compile(pattern: str) -> tuple[bool, bool, re.Pattern[str]] | None:
    """Return whether the pattern excludes, whether it is for directories only, and its expression; None when it is empty."""
    excludes = not pattern.startswith("!")
    body = pattern.removeprefix("!").removeprefix("./")
    directories_only = body.endswith("/")
    body = body.removesuffix("/")
    if not body:
        return None
    try:
        return excludes, directories_only, of_paths(body)
    except (re.error, IndexError):
        text = f'the exclude pattern "{pattern}" cannot be read: a bracket or a backslash has no end, or a range runs backwards'
        raise UsageError(text) from None
