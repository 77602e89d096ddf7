"""``--exclude``: gitignore's patterns, applied to paths relative to the scan root.

``vendor/`` matches directories of that name anywhere, ``/vendor/`` only at the root, ``*.generated.tf`` names at any depth,
``infra/*.tf`` paths from the root, ``**`` any number of directories. ``!`` takes a path back, unless its directory is excluded.
The last pattern that matches decides.
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
    body = body.rstrip("/")
    if not body:
        return None
    anchored = "/" in body
    try:
        return excludes, directories_only, re.compile(("" if anchored else "(?:.*/)?") + _translate(body.removeprefix("/")), re.DOTALL)
    except (re.error, IndexError):
        raise UsageError(f"exclude pattern {pattern!r} is not a glob: a bracket or a backslash has no end") from None


def _translate(glob: str) -> str:
    """Return the regular expression of an anchored glob."""
    out: list[str] = []
    at = 0
    while at < len(glob):
        if glob.startswith("**/", at) and (at == 0 or glob[at - 1] == "/"):
            out.append("(?:.*/)?")
            at += 3
        elif glob.startswith("/**", at) and at + 3 == len(glob):
            out.append("/.*")
            at += 3
        else:
            text, at = _translate_one(glob, at)
            out.append(text)
    return "".join(out)


def _translate_one(glob: str, at: int) -> tuple[str, int]:
    """Translate what starts at ``at``; return its expression and where the next part starts."""
    match glob[at]:
        case "*":
            end = at + 1
            while glob[end : end + 1] == "*":
                end += 1
            return "[^/]*", end
        case "?":
            return "[^/]", at + 1
        case "\\":
            return re.escape(glob[at + 1]), at + 2
        case "[":
            return _translate_class(glob, at)
        case character:
            return re.escape(character), at + 1


def _translate_class(glob: str, at: int) -> tuple[str, int]:
    """Translate the bracket expression at ``at``."""
    start = at + 1
    negated = glob[start] in "!^"
    start += negated
    end = glob.index("]", start + 1) if "]" in glob[start + 1 :] else -1
    if end < 0:
        raise IndexError
    members = glob[start:end].replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("&&", "&\\&").replace("~~", "~\\~")
    members = members.replace("||", "|\\|").replace("^", "\\^")
    return f"(?!/)[{'^' if negated else ''}{members}]", end + 1
