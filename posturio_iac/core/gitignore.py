"""``--exclude``: gitignore's patterns, applied to paths relative to the scan root.

``vendor/`` matches directories of that name anywhere, ``/vendor/`` only at the root, ``*.generated.tf`` names at any depth,
``infra/*.tf`` paths from the root, ``**`` any number of directories. ``!`` takes a path back, unless its directory is excluded.
The last pattern that matches decides. Unlike git's, ``?`` and brackets match characters and not bytes, and a leading ``./`` says
nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posturio_iac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Exclusions:
    """Compiled patterns, with a memory of the directories already judged."""

    __slots__ = ("_directories", "_rules")

    def __init__(self, patterns: Iterable[str]) -> None:
        """Compile the patterns. Raises `UsageError` for one that cannot be read."""
        self._rules = [rule for pattern in patterns if (rule := _compile(pattern)) is not None]
        self._directories: dict[str, bool] = {"": False}

    def cover(self, path: str) -> bool:
        """Tell whether the file, or a directory that it is in, is excluded."""
        return self.cover_directory(path.rpartition("/")[0]) or self._matches(path, directory=False)

    def cover_directory(self, path: str) -> bool:
        """Tell whether the directory, or one that it is in, is excluded."""
        known = self._directories.get(path)
        if known is None:
            known = self.cover_directory(path.rpartition("/")[0]) or self._matches(path, directory=True)
            self._directories[path] = known
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
    start = "" if "/" in body else "(?:.*/)?"
    try:
        return excludes, directories_only, re.compile(start + _translate(body.removeprefix("/")), re.DOTALL)
    except (re.error, IndexError):
        text = f'the exclude pattern "{pattern}" cannot be read: a bracket or a backslash has no end, or a range runs backwards'
        raise UsageError(text) from None


def _translate(glob: str) -> str:
    """Return the regular expression of a glob that matches from the root."""
    out: list[str] = []
    at = 0
    while at < len(glob):
        match glob[at]:
            case "*":
                text, at = _translate_stars(glob, at)
            case "?":
                text, at = "[^/]", at + 1
            case "\\":
                text, at = re.escape(glob[at + 1]), at + 2
            case "[":
                text, at = _translate_class(glob, at)
            case character:
                text, at = re.escape(character), at + 1
        out.append(text)
    return "".join(out)


def _translate_stars(glob: str, at: int) -> tuple[str, int]:
    """Translate the run of stars at ``at``; return its expression and where the next part starts.

    Two or more that fill a place between slashes stand for any number of directories, at the end for all that is inside.
    """
    end = at
    while glob[end : end + 1] == "*":
        end += 1
    if end - at > 1 and (at == 0 or glob[at - 1] == "/"):
        if glob[end : end + 1] == "/":
            return "(?:.*/)?", end + 1
        if end == len(glob):
            return ".+", end
    return "[^/]*", end


def _translate_class(glob: str, at: int) -> tuple[str, int]:
    """Translate the bracket expression at ``at``; return its expression and where the next part starts."""
    at += 1
    negated = glob[at] in "!^"
    at += negated
    members: list[str] = []
    while not members or glob[at] != "]":
        if glob[at] == "-" and members and glob[at + 1] != "]":
            members.append("-")
        else:
            at += glob[at] == "\\"
            members.append(re.escape(glob[at]))
        at += 1
    return f"(?!/)[{'^' if negated else ''}{''.join(members)}]", at + 1
