"""What the parser need not see: the middle of long texts, of long comments and of long runs of blanks.

The grammar makes a node of each character of a text (170 bytes of memory), and its recovery from errors is quadratic in blanks. Nodes keep
their places in the file, and all text is cut from the file, so that leaving out the middle changes nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posturio_iac.core.text.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    Range = tuple[int, int]

LARGE = 100_000
"""Files from this size on are searched for long texts."""
_KEPT = 24
"""Bytes that stay at each end."""
_LONG = 4 * _KEPT

_BLANKS = lazy_pattern(rb"[ \t]{200,}|(?<=\n)(?:[ \t]*\r?\n){100,}")
_CODE = lazy_pattern(rb'["{}#]|//|/\*|<<-?[ \t]*([\w-]+)[ \t]*\r?\n')
_QUOTED = lazy_pattern(rb'["\n]|\\.|[$%]+\{', re.DOTALL)
_LINE = lazy_pattern(rb"\n|[$%]+\{")
_INTERPOLATION, _ESCAPE = len("${"), len("$${")


def left_out(data: bytes) -> list[Range]:
    """The ranges of ``data`` that the parser need not see, in order and apart from one another."""
    found = [_lines(data, *run.span()) or _middle(data, *run.span()) for run in _BLANKS.finditer(data)]
    if len(data) >= LARGE:
        found += _Texts(data).all()
    apart: list[Range] = []
    for start, end in sorted(found):
        if start < end and (not apart or start >= apart[-1][1]):
            apart.append((start, end))
    return apart


def _middle(data: bytes, start: int, end: int) -> Range:
    """Return what lies between the ends of a range, without half of a character."""
    start, end = start + _KEPT, end - _KEPT
    while start < end and data[start] & 0xC0 == 0x80:  # noqa: PLR2004 - a byte that goes on with a character
        start += 1
    while end > start and data[end] & 0xC0 == 0x80:  # noqa: PLR2004
        end -= 1
    return start, end


def _lines(data: bytes, start: int, end: int) -> Range | None:
    first, last = data.find(b"\n", start, end), data.rfind(b"\n", start, end)
    return (first + 1, last + 1) if first < last else None


class _Texts:
    """Finds the texts between the interpolations of strings and heredocs."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.outer: list[tuple[bytes, int]] = []
        """The strings around, each by what ends it, and how many braces are open in the interpolation."""

    def all(self) -> Iterator[Range]:
        """Yield what may be left out of texts."""
        while (token := _CODE.search(self.data, self.at)) is not None:
            self.at = token.end()
            match token[0]:
                case b'"':
                    yield from self._text(b'"')
                case b"#" | b"//":
                    self._skip(b"\n")
                case b"/*":
                    self._skip(b"*/")
                case b"{":
                    self._count(1)
                case b"}":
                    self._count(-1)
                    if self.outer and self.outer[-1][1] == 0:
                        yield from self._text(self.outer.pop()[0])
                case _:
                    yield from self._text(token[1])

    def _skip(self, mark: bytes) -> None:
        end = self.data.find(mark, self.at)
        self.at = len(self.data) if end < 0 else end + (2 if mark == b"*/" else 0)

    def _count(self, braces: int) -> None:
        if self.outer:
            self.outer[-1] = self.outer[-1][0], self.outer[-1][1] + braces

    def _text(self, ending: bytes) -> Iterator[Range]:
        """Yield what may be left out up to the end of a string or to an interpolation; it ends with a quote or the marker of a heredoc."""
        quoted = ending == b'"'
        start = line = self.at
        for token in (_QUOTED if quoted else _LINE).finditer(self.data, self.at):
            self.at, kind = token.end(), token[0]
            if not quoted and kind == b"\n":
                if self.data[line : token.start()].strip(b" \t\r") == ending:
                    yield from self._ranges(start, line, ending)
                    return
                line = token.end()
            elif kind[:1] == b"\\":
                continue
            elif len(kind) > _ESCAPE:
                break  # whether this is an escape or an interpolation is the grammar's to say: all that follows stays
            elif kind[-1:] != b"{" or len(kind) == _INTERPOLATION:
                yield from self._ranges(start, token.start(), ending)
                if kind[-1:] == b"{":
                    self.outer.append((ending, 1))
                return
        self.at = len(self.data)

    def _ranges(self, start: int, end: int, ending: bytes) -> Iterator[Range]:
        """Yield what may be left out of one piece of text; no two ends of lines may form the marker of a heredoc."""
        lines = None if ending == b'"' else _lines(self.data, start, end)
        for piece in ((start, lines[0]), lines, (lines[1], end)) if lines else ((start, end),):
            if piece is lines:
                yield piece
            elif piece[1] - piece[0] > _LONG and len(ending) < _KEPT:
                yield _middle(self.data, *piece)
