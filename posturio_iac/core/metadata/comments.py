"""The grammar of our statements in comments: where one begins and ends, and the items in it."""

from __future__ import annotations

import re

from posturio_iac.core.model import Span
from posturio_iac.core.record import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LONGEST = 4000
_MOST_LINES = 50
_MARKER = r"[ \t]*(?:#+|//+|/\*+)?"
_BLOCK_MARKER = r"[ \t]*(?:/\*+|\*+(?!/))?"
_START = r"(?i)[ \t]*(posturio(?:[-_ ]iac)?)[ \t]*:"
MISSPELT = r"(?i)[ \t]*posturio(?:[-_ ]iac)?[ \t./-]+ignore[ \t]*\["
NO_COLON = r"(?i)[ \t]*posturio[ \t]+([^\s=:]+)(?:[ \t]*[=:]|[ \t]+[0-9])"
MISPLACED = r"(?i)(?<![\w`\"'./-])posturio(?:[-_ ]iac)?[ \t]*:[ \t]*(?:ignore[ \t]*\[|([^\s=:\"'`]+)=)"
_CONTINUES = r"\s*[^\s=\"'“]+[ \t]*=(?!=)"
_QUOTED = rf'"(?:\\.|[^"\\]){{0,{_LONGEST}}}"|\'[^\']{{0,{_LONGEST}}}\'|“[^”]{{0,{_LONGEST}}}”'
_OPEN = rf"(?is)=[ \t]*(?:{_QUOTED})|(=[ \t]*[\"'“]|ignore[ \t]*\[[^\]]*$)"
_ITEM = rf"""(?xs)
    (?P<name>[^\s=,;"'“\[\]]+)[ \t]*=
    (?: [ \t]*(?P<quoted>{_QUOTED})
      | (?P<value>[^\s"'“][^\s]*)
      | [ \t]+(?![^\s=]+[ \t]*=)(?P<spaced>[^\s"'“][^\s]*)
      | (?=\s|$) )
    | (?P<word>[^\s,;][^\s]*)
    """
_ESCAPE = r"(?s)\\(.)"
_BLOCK = r"[ \t]*(?:resource|data|module|ephemeral|variable|output|provider|component|unit|stack)(?:[ \t]+\"?[\w-]+\"?){1,2}[ \t]*\{"
_NAME, _TYPE = r"[ \t]*[\"']?[A-Za-z0-9]+[\"']?[ \t]*:\s*$", r"[ \t]*[\"']?Type[\"']?[ \t]*:[ \t]*[\"']?[A-Za-z0-9]+::"


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment of a source file, its markers included."""

    text: str
    path: str
    line: int  # from 1, like all that follows; the end column is exclusive
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Statement:
    """Our statement in a comment: ``text[start:end]``; ``body`` is the part after the colon."""

    comment: Comment
    text: str  # the comment with spaces in place of its markers, so that offsets remain
    row: int  # how many lines of the comment come before the one that it starts in
    start: int
    body: int
    end: int

    def span(self) -> Span:
        return _Places(self).span(self.start, self.end)


class _Places:
    """Finds the lines and columns of rising offsets, each starting from the previous one."""

    def __init__(self, statement: Statement) -> None:
        self.comment, self.text = statement.comment, statement.text
        self.at, self.row = statement.start, statement.row
        self.line_start = self.text.rfind("\n", 0, self.at) + 1

    def span(self, start: int, end: int) -> Span:
        line, column = self._find(start)
        return Span(self.comment.path, line, column, *self._find(end))

    def _find(self, offset: int) -> tuple[int, int]:
        if newlines := self.text.count("\n", self.at, offset):
            self.row += newlines
            self.line_start = self.text.rfind("\n", self.at, offset) + 1
        self.at = offset
        return self.comment.line + self.row, offset - self.line_start + (1 if self.row else self.comment.column)


@dataclass(frozen=True, slots=True)
class Item:
    """``name=value``, or a word that is not of that form, in which case it has no name."""

    name: str
    value: str
    span: Span


def statements(comment: Comment) -> Iterator[Statement]:
    """Find our statements in a comment; a line that only looks like one has an empty body."""
    text, block = _without_markers(comment.text)
    offset = done = 0
    for row, line in enumerate(text.split("\n")):
        start, offset = offset, offset + len(line) + 1
        if start < done:
            continue
        if found := re.match(_START, line):
            done = _end(text, start + found.end(), block=block)
            yield Statement(comment, text, row, start + found.start(1), start + found.end(), done)
        elif found := re.match(MISSPELT, line) or re.match(NO_COLON, line) or re.search(MISPLACED, line):
            at = start + found.end() - len(found[0].lstrip())
            yield Statement(comment, text, row, at, at, start + len(line.rstrip()))


def rows_above_old_code(comments: Iterable[Comment]) -> set[tuple[str, int]]:
    """The paths and lines of comments that go on, without code in between, with a block or a resource that is commented out."""
    lines = [(c.path, c.line + row, line) for c in comments for row, line in enumerate(_without_markers(c.text)[0].split("\n"))]
    found: set[tuple[str, int]] = set()
    below, has_type, is_above = ("", 0), False, False
    for path, row, line in reversed(lines):
        has_type, is_above = (has_type, is_above) if below == (path, row + 1) else (False, False)
        below = path, row
        found |= {below} if is_above else set()
        is_above = is_above or bool(re.match(_BLOCK, line) or (has_type and re.match(_NAME, line)))
        has_type = has_type or bool(re.match(_TYPE, line))
    return found


def _without_markers(text: str) -> tuple[str, bool]:
    """A comment with spaces in place of its markers and carriage returns, and whether it is a ``/* */`` block."""
    block = text.lstrip().startswith("/*")
    if block:
        closed = text.rstrip()
        text = closed[:-1].rstrip("*").ljust(len(closed)) if closed.endswith("*/") else text
    pattern = _BLOCK_MARKER if block else _MARKER
    lines = text.replace("\r", " ").split("\n")
    return "\n".join(re.sub(pattern, lambda found: " " * len(found[0]), line, count=1) for line in lines), block


def _end(text: str, body: int, *, block: bool) -> int:
    end = line_end(text, body)
    for _ in range(_MOST_LINES if block else 0):
        following = text[end + 1 : line_end(text, end + 1)]
        is_open = any(found[1] for found in re.compile(_OPEN).finditer(text, body, end))
        if end == len(text) or (not is_open and (re.match(_START, following) or not re.match(_CONTINUES, following))):
            break
        end = line_end(text, end + 1)
    return body + len(text[body:end].rstrip())


def line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def items(statement: Statement, start: int) -> Iterator[Item]:
    """Split a statement into its items, from ``start`` on."""
    places = _Places(statement)
    for found in re.compile(_ITEM).finditer(statement.text, start, statement.end):
        text = found[0] if found["quoted"] else found[0].rstrip(",;")
        span = places.span(found.start(), found.start() + len(text))
        if found["word"]:
            yield Item("", text, span)
        elif quoted := found["quoted"]:
            inner = quoted[1:-1]
            yield Item(found["name"], re.sub(_ESCAPE, r"\1", inner) if quoted[0] == '"' else inner, span)
        else:
            yield Item(found["name"], (found["value"] or found["spaced"] or "").rstrip(",;"), span)
