"""Globs: their two dialects as regular expressions that match in linear time, and those of a configuration relative to the scan root.

A star takes as few characters as possible and never gives them back (a lookahead and a backreference, since Python 3.10 has no atomic
groups): what follows has a fixed length up to the next star, so no later match could succeed where this one fails.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_STAR, _SLASH, _FOLDERS, _REST = "*", "/", "**/", "**"
"""Tokens of a glob beside expressions of one character."""


@lru_cache(maxsize=10_000)
def of_text(glob: str) -> re.Pattern[str]:
    """Compile a glob in which ``*`` stands for any text and everything else for itself."""
    tokens = [_STAR if character == "*" else "[/]" if character == "/" else re.escape(character) for character in re.sub(r"\*+", "*", glob)]
    return re.compile(_Writer(".").part(tokens), re.DOTALL)


@lru_cache(maxsize=10_000)
def of_paths(glob: str) -> re.Pattern[str]:
    """Compile a glob of gitignore, without ``!`` and the slash at its end. Raises `re.error` or IndexError for one that cannot be read."""
    tokens = list(_tokens(glob.removeprefix("/")))
    if "/" not in glob:
        tokens.insert(0, _FOLDERS)
    groups: list[list[str]] = [[]]
    for token in tokens:
        if token != _FOLDERS:
            groups[-1].append(token)
        elif len(groups) == 1 or groups[-1]:
            groups.append([])
    writer = _Writer("[^/]")
    first, *rest = (writer.part(group) for group in groups)
    middle = (writer.kept(f"(?:[^/]*/)*?{group}") for group in rest[:-1])
    return re.compile("".join((first, *middle, f"(?:[^/]*/)*{rest[-1]}" if rest else "")), re.DOTALL)


class _Writer:
    """Writes the expression of one glob."""

    def __init__(self, any_character: str) -> None:
        self._any = any_character
        self._groups = 0

    def part(self, tokens: list[str]) -> str:
        """The expression of tokens without ``**/``."""
        out: list[str] = []
        fixed: list[str] = []
        starred = False

        def close(*, last: bool) -> None:
            piece = "".join(fixed)
            if starred:
                piece = f"{self._any}*{piece}" if last else self.kept(f"{self._any}*?{piece}")
            out.append(piece)
            fixed.clear()

        for token in tokens:
            if token == _STAR:
                close(last=False)
                starred = True
            elif token == _SLASH:
                close(last=True)
                out.append("/")
                starred = False
            else:
                fixed.append(".+" if token == _REST else token)
        close(last=True)
        return "".join(out)

    def kept(self, expression: str) -> str:
        """An expression that keeps its first match, without backtracking."""
        self._groups += 1
        return f"(?=(?P<g{self._groups}>{expression}))(?P=g{self._groups})"


def _tokens(glob: str) -> Iterator[str]:
    at = 0
    while at < len(glob):
        match glob[at]:
            case "*":
                token, at = _stars(glob, at)
            case "/":
                token, at = _SLASH, at + 1
            case "?":
                token, at = "[^/]", at + 1
            case "\\":
                token, at = re.escape(glob[at + 1]), at + 2
            case "[":
                token, at = _class(glob, at)
            case character:
                token, at = re.escape(character), at + 1
        yield token


def _stars(glob: str, at: int) -> tuple[str, int]:
    """The token of the stars at ``at``, and where the next one starts: two that fill a place between slashes are any folders."""
    end = at
    while glob[end : end + 1] == "*":
        end += 1
    if end - at > 1 and (at == 0 or glob[at - 1] == "/"):
        if glob[end : end + 1] == "/":
            return _FOLDERS, end + 1
        if end == len(glob):
            return _REST, end
    return _STAR, end


def _class(glob: str, at: int) -> tuple[str, int]:
    at += 1
    negated = glob[at] in "!^"
    at += negated
    members: list[str] = []
    while not members or glob[at] != "]":
        if glob[at] == "-" and members and members[-1] != "-" and glob[at + 1] != "]":  # a hyphen behind one is the end of its range
            members.append("-")
        else:
            at += glob[at] == "\\"
            members.append(re.escape(glob[at]))
        at += 1
    return f"(?!/)[{'^' if negated else ''}{''.join(members)}]", at + 1


SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\*?["})


def rebase(patterns: Iterable[str], folder: str, root: str) -> tuple[str, ...]:
    """Patterns of gitignore that mean below ``root`` what ``patterns`` mean below ``folder``, without those that match nothing there."""
    here, there = os.path.realpath(folder), os.path.realpath(root)
    if here == there:
        return tuple(patterns)
    if here.startswith(os.path.join(there, "")):
        below = os.path.relpath(here, there).replace(os.sep, "/").translate(SPECIAL)
        return tuple(_under(pattern, below) for pattern in patterns)
    if there.startswith(os.path.join(here, "")):
        steps = os.path.relpath(there, here).split(os.sep)
        return tuple(made for pattern in patterns for made in _above(pattern, steps))
    return tuple(patterns)


def _under(pattern: str, below: str) -> str:
    sign, body = _signed(pattern)
    return f"{sign}/{below}/{body.removeprefix('/')}" if _anchored(body) else f"{sign}/{below}/**/{body}"


def _above(pattern: str, steps: Sequence[str]) -> Iterator[str]:
    sign, body = _signed(pattern)
    if not _anchored(body):
        yield pattern
        return
    for rest in _descend(body.removeprefix("/").split("/"), steps):
        yield f"{sign}/{'/'.join(rest)}"


def _descend(parts: Sequence[str], steps: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield what is left of a pattern after it has matched each of the steps."""
    reached = [0]
    for step in steps:
        reached = sorted({after for place in _spread(parts, reached) for after in _after(parts, place, step)})
    yield from (parts[place:] for place in _spread(parts, reached) if any(parts[place:]))


def _spread(parts: Sequence[str], reached: Iterable[int]) -> list[int]:
    """The places in a pattern that are reached, those included that lie behind a ``**``, which may stand for nothing."""
    found: set[int] = set()
    for place in reached:
        found.add(place)
        while place < len(parts) and parts[place] == "**":
            place += 1  # noqa: PLW2901 - a walk from there
            found.add(place)
    return sorted(found)


def _after(parts: Sequence[str], place: int, step: str) -> Iterator[int]:
    """Yield the place behind one part of a pattern, if it matches a step."""
    if place < len(parts):
        if parts[place] == "**":
            yield place
        elif _matches(parts[place], step):
            yield place + 1


def _matches(part: str, name: str) -> bool:
    try:
        return of_paths(f"/{part}").fullmatch(name) is not None
    except (re.error, IndexError):
        return False


def _signed(pattern: str) -> tuple[str, str]:
    return ("!", pattern[1:].removeprefix("./")) if pattern.startswith("!") else ("", pattern.removeprefix("./"))


def _anchored(body: str) -> bool:
    """True if a pattern counts from its folder; one without a slash inside matches at any depth."""
    return "/" in body.rstrip("/")
