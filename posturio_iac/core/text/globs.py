"""Globs: their two dialects as regular expressions that match in linear time.

A star takes as few characters as possible and never gives them back (a lookahead and a backreference, since Python 3.10 has no atomic
groups): what follows has a fixed length up to the next star, so no later match could succeed where this one fails.
"""

from __future__ import annotations

import re
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_STAR, _SLASH, _FOLDERS, _REST = "*", "/", "**/", "**"  # tokens of a glob beside expressions of one character


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
