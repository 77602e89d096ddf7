"""What the parser need not see: the middle of long texts, of long comments and of long runs of blanks.

The grammar makes a node of each character of a text (170 bytes of memory), and its recovery from errors is quadratic in blanks. Nodes keep
their places in the file, and all text is cut from the file, so that leaving out the middle changes nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    Range = tuple[int, int]

LARGE = 100_000
"""Files from this size on are searched for long texts."""
_KEPT = 24
"""Bytes that stay at each end."""
_LONG = 4 * _KEPT

_BLANKS = re.compile(rb"[ \t]{200,}|(?<=\n)(?:[ \t]*\r?\n){100,}")
_CODE = re.compile(rb'["{}#]|//|/\*|<<-?[ \t]*([\w-]+)[ \t]*\r?\n')
_QUOTED = re.compile(rb'["\n]|\\.|[$%]+\{', re.DOTALL)
_LINE = re.compile(rb"\n|[$%]+\{")
_INTERPOLATION = 2


def left_out(data: bytes) -> list[Range]:
    """Return the ranges of ``data`` that the parser need not see, in order and apart from one another."""
    found = [_middle(data, *blanks.span()) for blanks in _BLANKS.finditer(data)]
    if len(data) >= LARGE:
        found += [_middle(data, *text) for text in _Texts(data).all() if text[1] - text[0] > _LONG]
    apart: list[Range] = []
    for start, end in sorted(found):
        if not apart or start >= apart[-1][1]:
            apart.append((start, end))
    return apart


def _middle(data: bytes, start: int, end: int) -> Range:
    """Return what lies between the ends of a range, without half of a character; of lines, whole ones."""
    if data[start:end].strip(b" \t") and not data[start:end].strip():
        first, last = data.find(b"\n", start, end), data.rfind(b"\n", start, end)
        return first + 1, data.rfind(b"\n", first, last) + 1
    start, end = start + _KEPT, end - _KEPT
    while start < end and data[start] & 0xC0 == 0x80:  # noqa: PLR2004 - a byte that goes on with a character
        start += 1
    while end > start and data[end] & 0xC0 == 0x80:  # noqa: PLR2004
        end -= 1
    return start, end


class _Texts:
    """Finds the texts between the interpolations of strings and of the lines of heredocs, and the comments."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.outer: list[tuple[bytes, int]] = []
        """The strings around, each by what ends it, and how many braces are open in the interpolation."""

    def all(self) -> Iterator[Range]:
        """Yield the texts; none after something that no string can hold."""
        while (token := _CODE.search(self.data, self.at)) is not None:
            self.at = token.end()
            match token[0]:
                case b'"':
                    yield from self._text(b'"')
                case b"#" | b"//":
                    yield self._until(b"\n")
                case b"/*":
                    yield self._until(b"*/")
                case b"{":
                    self._count(1)
                case b"}":
                    self._count(-1)
                    if self.outer and self.outer[-1][1] == 0:
                        yield from self._text(self.outer.pop()[0])
                case _:
                    yield from self._text(token[1])

    def _until(self, mark: bytes) -> Range:
        start, end = self.at, self.data.find(mark, self.at)
        self.at = len(self.data) if end < 0 else end
        return start, self.at

    def _count(self, braces: int) -> None:
        if self.outer:
            self.outer[-1] = self.outer[-1][0], self.outer[-1][1] + braces

    def _text(self, ending: bytes) -> Iterator[Range]:
        """Yield the pieces of a string, up to its end or to an interpolation; ``ending`` is a quote or the marker of a heredoc."""
        pattern, start = _QUOTED if ending == b'"' else _LINE, self.at
        while True:
            token = pattern.search(self.data, self.at)
            end = token.start() if token else len(self.data)
            if ending != b'"' and self.data[start:end].strip(b" \t\r") == ending:
                return
            if token is None or token[0][:1] != b"\\":
                yield start, end
                start = token.end() if token else end
            self.at = token.end() if token else end
            if token is None or token[0] == b'"' or (token[0] == b"\n" and ending == b'"'):
                return
            if token[0][-1:] == b"{" and len(token[0]) == _INTERPOLATION:
                self.outer.append((ending, 1))
                return
