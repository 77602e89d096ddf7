"""One source text with its places, and what of it the parser need not see: the middle of long texts, and of long runs of blanks.

The grammar makes a node of each character of a text (170 bytes of memory), and its recovery from errors is quadratic in blanks. Nodes keep
their places in the file, and all text is cut from the file, so that leaving out the middle changes nothing else.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate

from posturio_iac.core.place import Span, span_of
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.hcl_lexer import COMMENT, HEREDOC, STRING, pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from posturio_iac.core.metadata.comments import Comment

    Range = tuple[int, int]

LARGE = 100_000  # files from this size on are searched for long texts
_WORTH_A_LOOK, _MANY = 4_000, 100
_KEPT = 24  # bytes that stay at each end
_LONG = 4 * _KEPT

_BLANKS = lazy_pattern(rb"[ \t]{200,}|(?<=\n)(?:[ \t]*\r?\n){100,}")
_TORN = lazy_pattern(
    rb'(?:"[^"\n,=:+*/%<>!&|?()\[\]{}-]*"[ \t\r\n]*){100,}|(?:"[^"\n]*\$\{"[^"\n]*"\}"[ \t\r\n]+){100,}'
    rb"|(?:\?[ \t\r\n]*){100,}|(?:\{[ \t\r\n]*\}[ \t\r\n]*){100,}"
)
"""Texts, question marks and empty braces in a row, which no code has; in them recovery is quadratic too."""
_unsure = lazy_pattern(rb"[$%]{3,}\{")
"""The grammar says whether this is an escape or an interpolation."""
_word = lazy_pattern(rb"[\w\x80-\xff-]+")


class SourceText:
    """The bytes of a file; turns the parser's byte places into spans in code points."""

    def __init__(self, path: str, data: bytes, row: int = 0) -> None:
        """Stand for the file at ``path``, relative to the scan root, or for the part of it that begins with the row ``row``, from 0."""
        self.path = path
        self.data = data
        self.row = row
        self._ascii = data.isascii()
        self._lines: list[bytes] | None = None
        self._comments: list[Range] | None = None
        self._starts: list[int] = []  # of lines, with the comments

    def _column(self, row: int, column: int) -> int:
        if self._lines is None:
            self._lines = self.data.split(b"\n")
        return len(self._lines[row][:column].decode("utf-8", "replace")) + 1

    def between(self, start: tuple[int, int], end: tuple[int, int]) -> Span:
        """The span between two (row, byte column) pairs, both from 0."""
        row = self.row + 1
        if self._ascii:
            return span_of((self.path, start[0] + row, start[1] + 1, end[0] + row, end[1] + 1))
        return Span(self.path, start[0] + row, self._column(*start), end[0] + row, self._column(*end))

    def span(self, node: Node) -> Span:
        return self.between(node.start_point, node.end_point)

    def may_have_comments(self, start: int, end: int) -> bool:
        """True if a comment may begin between two byte offsets: without the parser nobody knows which ``//`` is in a string."""
        return any(self.data.find(sign, start, end) >= 0 for sign in (b"#", b"//", b"/*"))

    def comments(self, start: int, end: int) -> tuple[Comment, ...]:
        """The comments of the block between two bytes: in it, on lines of their own directly above it, and behind it on its last line."""
        data = self.data
        if self._comments is None:
            self._comments = [(begin, stop) for begin, stop, kind in pieces(data)[0] if kind == COMMENT]
            self._starts = [0, *accumulate(len(line) + 1 for line in data.split(b"\n"))]
        first, last = bisect_left(self._comments, (start,)), bisect_left(self._comments, (end,))
        above = start
        while first > 0 and not (gap := data[self._comments[first - 1][1] : above]).strip() and gap.count(b"\n") <= 1:
            first -= 1
            above = self._comments[first][0]
        while above < start and data[data.rfind(b"\n", 0, above) + 1 : above].strip():
            first += 1
            above = self._comments[first][0] if first < last else start
        if last < len(self._comments) and b"\n" not in data[end : self._comments[last][0]]:
            last += 1
        found = self._comments[first:last]
        from posturio_iac.core.metadata.comments import Comment

        spans = ((begin, stop, self.between(self._point(begin), self._point(stop))) for begin, stop in found)
        return tuple(Comment(self.text(begin, stop), s.path, s.line, s.column, s.end_line, s.end_column) for begin, stop, s in spans)

    def _point(self, offset: int) -> tuple[int, int]:
        row = bisect_right(self._starts, offset) - 1
        return row, offset - self._starts[row]

    def text(self, start: int, end: int) -> str:
        return self.data[start:end].decode("utf-8", "replace")

    def text_of(self, node: Node) -> str:
        return self.text(node.start_byte, node.end_byte)


def left_out(data: bytes) -> list[Range]:
    """The ranges of ``data`` that the parser need not see, in order and apart from one another."""
    found = [_lines(data, *run.span()) or _middle(data, *run.span()) for run in _BLANKS.finditer(data)]
    if len(data) >= _WORTH_A_LOOK:
        found += (_middle(data, *run.span()) for run in _TORN.finditer(data))
        found += _open_comment(data)
    if len(data) >= LARGE:
        found += _texts(data)
    apart: list[Range] = []
    for start, end in sorted(found):
        if start < end and (not apart or start >= apart[-1][1]):
            apart.append((start, end))
    return apart


def _middle(data: bytes, start: int, end: int) -> Range:
    start, end = start + _KEPT, end - _KEPT
    while start < end and data[start] & 0xC0 == 0x80:  # noqa: PLR2004 - a byte that goes on with a character
        start += 1
    while end > start and data[end] & 0xC0 == 0x80:  # noqa: PLR2004
        end -= 1
    return start, end


def _lines(data: bytes, start: int, end: int) -> Range | None:
    first, last = data.find(b"\n", start, end), data.rfind(b"\n", start, end)
    return (first + 1, last + 1) if first < last else None


def _open_comment(data: bytes) -> Iterator[Range]:
    """Yield most of a comment without an end: the parser would look for it behind each beginning in it."""
    if data.count(b"/*") >= _MANY:
        found, is_whole = pieces(data)
        at = -1 if is_whole else data.find(b"/*", found[-1][1] if found else 0)
        if at >= 0 and data.find(b"*/", at + 2) < 0:
            yield _middle(data, at, len(data))


def _texts(data: bytes) -> Iterator[Range]:
    unsure = _unsure.search(data)
    for start, end, kind in pieces(data)[0]:
        if unsure is not None and end > unsure.start():
            return
        if kind == COMMENT or end - start <= _LONG or b"${" in (text := data[start:end]) or b"%{" in text:
            continue
        first, last = (start + text.find(b"\n", 1), start + text.rfind(b"\n", 1)) if kind == HEREDOC else (-1, -1)
        if first < start:
            yield _middle(data, start, end) if kind == STRING else _line(data, start, end)
        else:
            yield from (_line(data, start, first), (first + 1, last + 1), _line(data, last + 1, end))


def _line(data: bytes, start: int, end: int) -> Range:
    """What may be left out of a line of a heredoc; its ends alone must not look like the marker that ends one."""
    first, last = _middle(data, start, end)
    return (start, start) if first >= last or _word.fullmatch((data[start:first] + data[last:end]).strip()) else (first, last)
