"""Comments on a block of HCL, read from its file without a parser: checkov drops them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posturio_iac.metadata.comments import Comment

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""(?xs)
      (?P<comment>\#[^\n]*|//[^\n]*|/\*.*?\*/)
    | "(?:\\.|\$\{[^}]*\}|[^"\\\n])*"
    | <<[-~]?(?P<mark>\w+)[^\n]*\n.*?\n[ \t]*(?P=mark)[ \t]*(?=\n|$)
    """
)


def comments_on(file: str, lines: tuple[int, int], path: str) -> tuple[Comment, ...]:
    """The comments in the lines of a block, and those directly above it. ``path`` is what their places name.

    Raises `OSError` when the file cannot be read.
    """
    with open(file, encoding="utf-8-sig", errors="replace", newline="") as source:
        text = source.read().replace("\r\n", "\n")
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    first, last = lines
    if not 0 < first <= len(starts):
        return ()
    end = starts[last] if last < len(starts) else len(text)
    found = list(_comments(text, starts, path, end))
    inside = [c for c in found if first <= c.line]
    return (*_above(found, text.split("\n"), first), *inside)


def _comments(text: str, starts: list[int], path: str, end: int) -> Iterator[Comment]:
    """Yield the comments before an offset, in their order."""
    row = 0
    for found in _TOKEN.finditer(text, 0, end):
        if found["comment"] is None:
            continue
        while row + 1 < len(starts) and starts[row + 1] <= found.start():
            row += 1
        column = found.start() - starts[row] + 1
        said = found["comment"]
        below = said.count("\n")
        last = len(said) - said.rfind("\n") if below else column + len(said)
        yield Comment(said, path, row + 1, column, row + 1 + below, last)


def _above(comments: list[Comment], lines: list[str], first: int) -> list[Comment]:
    """The comments that end on the line above, and those above them, as long as they stand alone on their lines."""
    taken: list[Comment] = []
    for comment in reversed(comments):
        alone = not lines[comment.line - 1][: comment.column - 1].strip()
        if comment.line < first and comment.end_line == first - 1 and alone:
            taken.insert(0, comment)
            first = comment.line
    return taken
