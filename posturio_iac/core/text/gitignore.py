"""``--exclude``: gitignore's patterns, applied to paths relative to the scan root.

``vendor/`` matches directories of that name anywhere, ``/vendor/`` only at the root, ``*.generated.tf`` names at any depth,
``infra/*.tf`` paths from the root, ``**`` any number of directories. ``!`` takes a path back, unless its directory is excluded.
The last pattern that matches decides. Unlike git's, ``?`` and brackets match characters, not bytes, and a leading ``./`` says nothing.
"""

from __future__ import annotations

import os
import re

from posturio_iac.core.text.globs import of_paths
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_WILDCARDS = 5_000  # how many patterns of one list may hold wildcards
MOST_COMPARISONS = 3_000_000  # how often patterns with wildcards of one list are compared with paths


class Patterns:
    """A list of patterns. Those without wildcards are looked up, however many there are; the others are compared one by one."""

    def __init__(self) -> None:
        self._literal: tuple[dict[str, int], dict[str, int]] = {}, {}
        """The place of the last pattern for a name, or for a path with a slash before it: for directories only, and for all."""
        self._globs: list[tuple[int, bool, re.Pattern[str]]] = []
        self._left = MOST_COMPARISONS
        self.spent = False  # True once there were more comparisons than a run can afford. Since then nothing matches.

    def add(self, place: int, pattern: str) -> None:
        """Add a pattern at a higher ``place`` than those before. Raises `re.error`, IndexError, or `UsageError` for too many."""
        directories_only, body = pattern.endswith("/"), pattern.removesuffix("/")
        if not body:
            return
        if not any(character in body for character in "*?[\\"):
            name = f"/{body.removeprefix('/')}" if "/" in body else body
            self._literal[not directories_only][name] = place
            return
        if len(self._globs) >= MOST_WILDCARDS:
            raise UsageError(f"there are more than {MOST_WILDCARDS:,} patterns with wildcards; name whole files and folders")
        self._globs.append((place, directories_only, of_paths(body)))

    def last(self, path: str, *, directory: bool) -> int:
        """The place of the last pattern that matches a path itself, -1 without one."""
        names = (path.rpartition("/")[2], f"/{path}")
        found = max(places.get(name, -1) for places in self._literal[not directory :] for name in names)
        if not self._globs:
            return found
        self._left -= len(self._globs)
        self.spent = self._left < 0
        if self.spent:
            return -1
        for place, directories_only, regex in reversed(self._globs):
            if place < found:
                break
            if (directory or not directories_only) and regex.fullmatch(path):
                return place
        return found


class Exclusions:
    """Compiled patterns, with a cache of directories."""

    def __init__(self, patterns: Iterable[str], configured: Iterable[str] = (), folder: str = "", root: str = "") -> None:
        """Take patterns relative to ``root``, and those of a configuration in ``folder``; where neither is inside the other, they agree.

        Raises `UsageError` for one that cannot be read.
        """
        self._lists = (_compiled(patterns), _compiled(configured))
        here, there = (os.path.join(place, "").replace(os.sep, "/") for place in (folder, root))
        self._added = there.removeprefix(here) if there.startswith(here) else ""
        self._dropped = here.removeprefix(there) if here.startswith(there) else ""
        self._directories: dict[str, bool] = {"": False}

    @property
    def spent(self) -> bool:
        """True if there were too many comparisons, so that nothing is covered any more."""
        return any(patterns.spent for patterns, _ in self._lists)

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
        (patterns, signs), (configured, configured_signs) = self._lists
        if (place := patterns.last(path, directory=directory)) >= 0:
            return signs[place]
        seen = self._added + path.removeprefix(self._dropped)
        place = configured.last(seen, directory=directory) if path.startswith(self._dropped) else -1
        return place >= 0 and configured_signs[place]


def _compiled(patterns: Iterable[str]) -> tuple[Patterns, list[bool]]:
    compiled, signs = Patterns(), list[bool]()
    for place, pattern in enumerate(patterns):
        signs.append(not pattern.startswith("!"))
        try:
            compiled.add(place, pattern.removeprefix("!").removeprefix("./"))
        except (re.error, IndexError):
            text = f'the exclude pattern "{pattern}" cannot be read: a bracket or a backslash has no end, or a range runs backwards'
            raise UsageError(text) from None
    return compiled, signs
