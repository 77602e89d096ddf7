"""A scanner of Terraform's language: top-level blocks and their arguments, without parsing what they hold.

It knows comments, strings with their interpolations, heredocs and brackets, so that text that only looks like code is not taken for it.
A parser would take ten times as long for each file of which only the module calls matter. In a file whose brackets or strings do not
match, a block begins at each line that looks like the header of one, as the parser's recovery takes it.

Over 300 lines, since its patterns and the functions that follow them are one machine.
"""

from __future__ import annotations

import re
from bisect import bisect

from posturio_iac.core.text.lazy_pattern import lazy_pattern

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

_COMMENT = rb"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/"
_LINE_COMMENT = rb"#[^\n]*|//[^\n]*"
_WORD = rb"[A-Za-z_\x80-\xff][\w\x80-\xff-]*"
_TEXT = rb'[^"\\\n$%]*(?:(?:\\[^\n]|\$\$\{|%%\{|[$%](?!\{))[^"\\\n$%]*)*'
_QUOTED = rb'"' + _TEXT + rb'"'
"""A string without interpolations. Each part begins with a character that the ones between them exclude, so that it cannot backtrack."""
_GAP = rb"(?:[ \t]|" + _COMMENT + rb")"
_PLAIN = _QUOTED + rb"|" + _LINE_COMMENT + rb"|" + _COMMENT + rb"|<(?!<)|/(?![/*])"

_blank = lazy_pattern(rb"(?:[ \t\r\n]|" + _LINE_COMMENT + rb"|" + _COMMENT + rb")*")
_header = lazy_pattern(rb"(%b)((?:%b+%b|%b*%b)*)%b*\{" % (_WORD, _GAP, _WORD, _GAP, _QUOTED, _GAP))
_assignment = lazy_pattern(rb"(%b)%b*=(?![=>])\s*" % (_WORD, _GAP))
_label = lazy_pattern(rb"%b|(%b)|(%b)" % (_COMMENT, _QUOTED, _WORD))
_run = lazy_pattern(rb'(?:[^"#/<{}()\[\]]+|' + _PLAIN + rb")*")
_line = lazy_pattern(rb'(?:[^"#/<{}()\[\]\n]+|' + _PLAIN + rb")*")
_flat = lazy_pattern(rb'(?:[^"#/<\n]+|' + _PLAIN + rb")*")
_text = lazy_pattern(_TEXT)
_heredoc = lazy_pattern(rb"<<-?[ \t]*(" + _WORD + rb")[ \t]*\r?(?=\n)")
_in_heredoc = lazy_pattern(rb"\$\$\{|%%\{|([$%]\{)|\n[ \t]*(" + _WORD + rb")[ \t]*\r?(?=\n|\Z)")
_literal = lazy_pattern(rb"(?:[\s(]|%b)*(%b)(?:[\s)]|%b|%b)*" % (_COMMENT, _QUOTED, _COMMENT, _LINE_COMMENT))
_marker_line = lazy_pattern(rb"^[ \t]*(" + _WORD + rb")[ \t]*\r?$", re.MULTILINE)
_opaque = lazy_pattern(rb'"' + _TEXT + rb'"?|' + _LINE_COMMENT + rb"|" + _COMMENT)
_escape = lazy_pattern(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))|\$(\$\{)|%(%\{)", re.DOTALL)
_CLOSING = {b"{": b"}", b"(": b")", b"[": b"]"}
_BRACKETS = frozenset(_CLOSING.values())
_SPECIAL = frozenset(b'"\\\n$%')
"""Texts without these are what they stand for. Most are, so that small runs need not compile a pattern for the others."""
_END_OF_UNICODE = 0x110000
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}
LABELS = {
    **dict.fromkeys(("resource", "data", "ephemeral", "action"), 2),
    **dict.fromkeys(("module", "component", "variable", "output", "provider", "check", "run"), 1),
    **dict.fromkeys(("locals", "terraform", "moved", "removed", "import"), 0),
}
"""Blocks that can begin anew in a file with unbalanced brackets, and how many labels each has."""


class ScannedBlock:
    """A top-level block, whatever syntax it is written in."""

    __slots__ = ("_arguments", "_found", "labels", "type")

    def __init__(self, kind: str, labels: tuple[str, ...], arguments: Callable[[], Iterable[tuple[str, bytes]]]) -> None:
        """Take its type, its labels and what yields its arguments."""
        self.type = kind
        self.labels = labels
        self._found = arguments
        self._arguments: list[tuple[str, bytes]] | None = None

    def arguments(self) -> list[tuple[str, bytes]]:
        """The name and the expression of each argument."""
        if self._arguments is None:
            self._arguments = list(self._found())
        return self._arguments

    def expressions(self, name: str) -> list[bytes]:
        """The expressions that the argument ``name`` is set to: at most one, but in a torn file perhaps nested ones too."""
        return [expression for argument, expression in self.arguments() if argument == name]

    def all_expressions(self) -> list[bytes]:
        return [expression for _, expression in self.arguments()]

    def literals(self, name: str) -> list[str]:
        return [value for expression in self.expressions(name) if (value := literal(expression)) is not None]


class _TornError(ValueError):
    """A bracket, a string, a comment or a heredoc has no end."""


def blocks(data: bytes, kinds: Collection[str] = ()) -> list[ScannedBlock]:
    """The top-level blocks of a file, in their order; with ``kinds`` only those of these types."""
    wanted = frozenset(kind.encode() for kind in kinds)
    try:
        return list(_sound(data, wanted))
    except _TornError:
        return list(_torn(data, wanted))


def end_of_block(data: bytes, at: int) -> int:
    """Return where a block ends whose body begins at ``at``, behind its brace; -1 when its brackets or strings do not match."""
    try:
        return _end(data, at, closing=b"}")
    except _TornError:
        return -1


def literal(expression: bytes) -> str | None:
    """The constant string that an expression is, without parentheses, quotes and escapes; None when it is anything else."""
    text = expression.strip()
    if len(text) > 1 and text[:1] == text[-1:] == b'"' and _SPECIAL.isdisjoint(text[1:-1]):
        return text[1:-1].decode("utf-8", "surrogateescape")
    found = _literal.fullmatch(expression)
    return unescaped(found[1][1:-1]) if found else None


def unescaped(text: bytes) -> str:
    """Return what the text between two quotes stands for."""
    decoded = text.decode("utf-8", "surrogateescape")
    return _escape.sub(_character, decoded) if "\\" in decoded or "{" in decoded else decoded


def masked(data: bytes) -> bytes:
    """The code with spaces in place of comments, and of strings and heredocs but for what is interpolated in them."""
    runs: list[tuple[int, int]] = []
    try:
        if _end(data, 0, runs=runs, is_file=True) < len(data):
            raise _TornError
    except _TornError:
        data = _with_closed_comments(data)
        runs = [(0, len(data))]
    kept = bytearray(b" " * len(data))
    for start, end in runs:
        kept[start:end] = _opaque.sub(_spaces, data[start:end])
    return bytes(kept)


def _spaces(found: re.Match[bytes]) -> bytes:
    return b" " * len(found[0])


def _character(found: re.Match[str]) -> str:
    short, long, one, dollar, percent = found.groups()
    if one is not None:
        return _CONTROLS.get(one, one)
    return dollar or percent or (chr(number) if (number := int(short or long, 16)) < _END_OF_UNICODE else "\ufffd")


def _labels(words: bytes) -> Iterator[str]:
    parts = words.split(b'"')
    if _SPECIAL.isdisjoint(b"".join(parts)) and not any(map(bytes.strip, parts[::2])):
        yield from (label.decode("utf-8", "surrogateescape") for label in parts[1::2])
        return
    for found in _label.finditer(words):
        if found[1]:
            yield unescaped(found[1][1:-1])
        elif found[2]:
            yield found[2].decode("utf-8", "replace")


def _sound(data: bytes, kinds: frozenset[bytes]) -> Iterator[ScannedBlock]:
    at = _start(data)
    while (at := _skip_blank(data, at)) < len(data):
        if header := _header.match(data, at):
            at = _end(data, header.end(), closing=b"}")
            if not kinds or header[1] in kinds:
                yield _block(header, data[header.end() : at - 1], _arguments)
        else:
            at = _end(data, at)
            if data[at : at + 1] not in (b"", b"\n"):
                raise _TornError


def _torn(data: bytes, kinds: frozenset[bytes]) -> Iterator[ScannedBlock]:
    """Yield the blocks that begin at a line, wherever the ones before them may end."""
    data = _with_closed_comments(data)
    ends = _marker_lines(data)
    headers: list[re.Match[bytes]] = []
    at = _start(data)
    while (at := _skip_blank(data, at)) < len(data):
        header = _header.match(data, at)
        if header and LABELS.get(header[1].decode("utf-8", "replace")) == len(list(_labels(header[2]))):
            headers.append(header)
            at = header.end()
        else:
            at = _end_of_line(data, at, ends)
    until = [*(header.start() for header in headers[1:]), len(data)]
    found = ((header, end) for header, end in zip(headers, until, strict=False) if not kinds or header[1] in kinds)
    return (_block(header, data[header.end() : end], _arguments_of_lines) for header, end in found)


def _block(header: re.Match[bytes], body: bytes, arguments: Callable[[bytes], Iterator[tuple[str, bytes]]]) -> ScannedBlock:
    return ScannedBlock(header[1].decode("utf-8", "replace"), tuple(_labels(header[2])), lambda: arguments(body))


def _start(data: bytes) -> int:
    return 3 if data.startswith(b"\xef\xbb\xbf") else 0


def _arguments(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the expression of each argument that a body sets itself."""
    at = 0
    while (at := _skip_blank(body, at)) < len(body):
        if found := _assignment.match(body, at):
            at = _end(body, found.end())
            yield found[1].decode("utf-8", "replace"), body[found.end() : at]
        elif header := _header.match(body, at):
            at = _end(body, header.end(), closing=b"}")
        else:
            at = _end(body, at)


def _arguments_of_lines(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield each argument that is set at the beginning of a line."""
    ends = _marker_lines(body)
    at = 0
    while (at := _skip_blank(body, at)) < len(body):
        found = _assignment.match(body, at)
        end = _end_of_line(body, found.end() if found else at, ends)
        if found:
            yield found[1].decode("utf-8", "replace"), body[found.end() : end].rstrip(b"} \t\r")
        at = end


def _with_closed_comments(data: bytes) -> bytes:
    """The code without the beginnings of comments that never end."""
    last = data.rfind(b"*/")
    return data[: last + 1] + data[last + 1 :].replace(b"/*", b"  ")


def _skip_blank(data: bytes, at: int) -> int:
    found = _blank.match(data, at)
    return found.end() if found else at


def _marker_lines(data: bytes) -> dict[bytes, list[int]]:
    """Return where lines end that consist of one word, each of which may end a heredoc."""
    ends: dict[bytes, list[int]] = {}
    for found in _marker_line.finditer(data):
        ends.setdefault(found[1], []).append(found.end())
    return ends


def _end_of_line(data: bytes, at: int, ends: dict[bytes, list[int]]) -> int:
    """Return where a line ends, or the last one of the comment or heredoc that begins on it."""
    while True:
        at = _flat.match(data, at).end()  # type: ignore[union-attr]  # it always matches, if only nothing
        if data[at : at + 1] in (b"", b"\n"):
            return at
        if data[at : at + 1] == b'"':
            at = _text.match(data, at + 1).end()  # type: ignore[union-attr]  # it always matches, if only nothing
            continue
        opened = _heredoc.match(data, at)
        lines = ends.get(opened[1], ()) if opened else ()
        following = bisect(lines, opened.end()) if opened else 0
        at = lines[following] if following < len(lines) else at + 1


def _end(data: bytes, at: int, *, closing: bytes = b"", runs: list[tuple[int, int]] | None = None, is_file: bool = False) -> int:
    """Return where a statement ends: at the end of its line, or before a bracket that it does not open; of a body, after its ``closing``.

    ``runs`` takes the places of the code in it. A whole file does not end with a line.
    """
    stack = [closing] if closing else []
    while True:
        start, at = at, (_run if stack or is_file else _line).match(data, at).end()  # type: ignore[union-attr]  # they always match
        character = data[at : at + 1]
        if runs is not None:
            runs.append((start, at + 1))
        if character in _CLOSING:
            stack.append(_CLOSING[character])
            at += 1
        elif character and character in b"})]":
            if not stack:
                return at
            if stack.pop() != character:
                raise _TornError
            at += 1
            if stack and stack[-1] not in _BRACKETS:
                at = _rest_of_template(data, at, stack)
            elif not stack and closing:
                return at
        elif character == b'"':
            stack.append(b'"')
            at = _rest_of_template(data, at + 1, stack)
        elif character == b"<" and (opened := _heredoc.match(data, at)):
            stack.append(opened[1])
            at = _rest_of_template(data, opened.end(), stack)
        elif character in (b"", b"\n") and not stack:
            return at
        else:
            raise _TornError


def _rest_of_template(data: bytes, at: int, stack: list[bytes]) -> int:
    """Return where a string or heredoc ends that is the top of the stack, or where an interpolation in it begins."""
    if stack[-1] == b'"':
        at = _text.match(data, at).end()  # type: ignore[union-attr]  # it always matches, if only nothing
        if data[at : at + 1] == b'"':
            stack.pop()
            return at + 1
        if data[at : at + 1] not in (b"$", b"%"):
            raise _TornError
        stack.append(b"}")
        return at + 2
    while found := _in_heredoc.search(data, at):
        if found[1]:
            stack.append(b"}")
            return found.end()
        at = found.end()
        if found[2] == stack[-1]:
            stack.pop()
            return at
    raise _TornError
