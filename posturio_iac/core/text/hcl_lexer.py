"""What a string, an interpolation, a heredoc, a comment and a bracket is in Terraform's language, for all that read it without its parser.

One walk goes from bracket to bracket in time linear in the code, whatever that is. Code whose brackets, strings, comments and heredocs all
end is sound; elsewhere the walk goes on at the next line, as far as anything can be told there.
"""

from __future__ import annotations

from posturio_iac.core.text import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    Piece = tuple[int, int, int]  # where something begins that is no code, where it ends, and its kind

COMMENT, STRING, HEREDOC = range(3)
"""Kinds of pieces. A string has its quotes; a heredoc begins with the end of its first line and ends with its marker."""
LABELS = {
    **dict.fromkeys(("resource", "data", "ephemeral", "action"), 2),
    **dict.fromkeys(("module", "component", "variable", "output", "provider", "check", "run"), 1),
    **dict.fromkeys(("locals", "terraform", "moved", "removed", "import"), 0),
}
"""Blocks that can begin anew in a file with unbalanced brackets, and how many labels each has."""

_BLOCK_COMMENT = rb"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/"
LINE_COMMENT = rb"(?:#|//)[^\n]*"
_WORD = rb"[A-Za-z_\x80-\xff][\w\x80-\xff-]*"
_TEXT = rb'[^"\\\n$%]*(?:(?:\\[^\n]|\$\$\{|%%\{|[$%](?!\{))[^"\\\n$%]*)*'
_QUOTED = rb'"' + _TEXT + rb'"'
"""A string without interpolations. Each part begins with a character that the ones between them exclude, so that it cannot backtrack."""
PLAIN_QUOTED = rb'"[^"\\\r\n$%\0]*(?:(?:\\[nrt"\\]|[$%]+(?![$%{]))[^"\\\r\n$%\0]*)*"'  # one that every parser reads alike
_GAP = rb"(?:[ \t]|%b)" % _BLOCK_COMMENT
_PLAIN = rb"%b|%b|%b|<(?!<)|/(?![/*])" % (_QUOTED, LINE_COMMENT, _BLOCK_COMMENT)

header = lazy_pattern(rb"(%b)((?:%b+%b|%b*%b)*)%b*\{" % (_WORD, _GAP, _WORD, _GAP, _QUOTED, _GAP))
"""The type of a block, its labels, and its opening brace."""
assignment = lazy_pattern(rb"(%b)%b*=(?![=>])\s*" % (_WORD, _GAP))
argument = lazy_pattern(rb"[ \t\r\n]*(%b)%b*=(?![=>])\s*((?:[^\"#/<{}()\[\]\n]+|%b)*)" % (_WORD, _GAP, _PLAIN))
"""The name of an argument, and what it is set to, up to the first bracket or the end of the line."""
heredoc = lazy_pattern(rb"<<-?[ \t]*(%b)[ \t]*\r?(?=\n)" % _WORD)
constant = lazy_pattern(rb"(?:[\s(]|%b)*(%b)(?:[\s)]|%b|%b(?:\n|\Z))*" % (_BLOCK_COMMENT, _QUOTED, _BLOCK_COMMENT, LINE_COMMENT))
"""A string without interpolations, perhaps in parentheses."""
_blank = lazy_pattern(rb"(?:[ \t\r\n]|%b|%b)*" % (LINE_COMMENT, _BLOCK_COMMENT))
_label = lazy_pattern(rb"%b|(%b)|(%b)" % (_BLOCK_COMMENT, _QUOTED, _WORD))
_run = lazy_pattern(rb'(?:[^"#/<{}()\[\]]+|%b)*' % _PLAIN)
_line = lazy_pattern(rb'(?:[^"#/<{}()\[\]\n]+|%b)*' % _PLAIN)
_text = lazy_pattern(_TEXT)
_in_heredoc = lazy_pattern(rb"\$\$\{|%%%%\{|([$%%]\{)|\n[ \t]*(%b)[ \t]*\r?(?=\n)" % _WORD)
_marker_line = lazy_pattern(rb"\n[ \t]*(%b)[ \t]*\r?(?=\n)" % _WORD)
_opaque = lazy_pattern(rb"%b|%b|%b" % (_QUOTED, LINE_COMMENT, _BLOCK_COMMENT))
_escape = lazy_pattern(r"(?s)\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|(\$\$|%%)(?=\{)")
_CLOSING = {b"{": b"}", b"(": b")", b"[": b"]"}
_BRACKETS = frozenset(_CLOSING.values())
_SPECIAL = b'"\\\n$%'
"""Texts without these are what they stand for. Most are, so that small runs need not compile a pattern for the others."""
SIMPLE_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


class TornError(ValueError):
    """A bracket, a string, a comment or a heredoc has no end. What follows it may be whole again from ``at`` on."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


def start(data: bytes) -> int:
    """Where a file begins, behind its byte order mark."""
    return 3 if data.startswith(b"\xef\xbb\xbf") else 0


def skip_blank(data: bytes, at: int) -> int:
    """Where the next code begins, behind blanks, ends of lines and comments."""
    return _blank.match(data, at).end()  # type: ignore[union-attr]  # it always matches, if only nothing


def end_of_block(data: bytes, at: int) -> int:
    """Where a block ends whose body begins at ``at``, behind its brace. Raises `TornError`."""
    return _walk(data, at, [b"}"])


def end_of_statement(data: bytes, at: int) -> int:
    """Where a statement ends: at the end of its line, or before a bracket that it does not open. Raises `TornError`."""
    return _walk(data, at, [])


def end_of_heredoc(data: bytes, opened: re.Match[bytes]) -> int:
    """Where a heredoc ends, behind its marker, of which `heredoc` matches the beginning; -1 where it does not."""
    marker, at = opened[1], opened.end()
    while found := _marker_line.search(data, at):
        if found[1] == marker:
            return found.end(1)
        at = found.end()
    return -1


def pieces(data: bytes) -> tuple[list[Piece], bool]:
    """What of a file is no code, in order, and whether it is sound; each text between the interpolations of a string is a piece."""
    found: list[Piece] = []
    markers: dict[bytes, int] | None = None
    at = start(data)
    while True:
        try:
            at = _walk(data, at, [], found, markers, is_file=True) + 1
            if at > len(data):
                return found, markers is None
        except TornError as error:
            at = error.at
        if markers is None:
            data = _with_closed_comments(data)
            markers = {line[1]: line.start() for line in _marker_line.finditer(data)} if b"<<" in data else {}


def masked(data: bytes) -> bytes:
    """The code with spaces in place of comments, and of strings and heredocs but for what is interpolated in them."""
    kept = bytearray(data)
    for begin, end, _ in pieces(data)[0]:
        kept[begin:end] = b" " * (end - begin)
    return bytes(kept)


def lines(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where lines of torn code begin, with the first that is code, and end, with the comment or heredoc that begins on them."""
    data = _with_closed_comments(data)
    folded = [piece for piece in pieces(data)[0] if data.find(b"\n", *piece[:2]) >= 0]
    folded.reverse()
    at = start(data)
    while (at := skip_blank(data, at)) < len(data):
        end = _line_end(data, at)
        while folded and folded[-1][0] <= end:
            end = max(end, _line_end(data, folded.pop()[1]))
        yield at, end
        at = end


def _line_end(data: bytes, at: int) -> int:
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end


def headers(data: bytes) -> Iterator[re.Match[bytes]]:
    """Yield the headers with which lines of torn code begin, of the blocks that are only found at the top of a file."""
    for at, _ in lines(data):
        found = header.match(data, at)
        if found and LABELS.get(found[1].decode("utf-8", "replace")) == len(labels(found[2])):
            yield found


def labels(words: bytes) -> tuple[str, ...]:
    """The labels of a header, as its second group holds them."""
    parts = words.split(b'"')
    if len(words.translate(None, _SPECIAL)) == len(words) - len(parts) + 1 and not b"".join(parts[::2]).strip():
        return tuple(words.decode("utf-8", "replace").split('"')[1::2])
    found = (label.groups() for label in _label.finditer(words) if label.lastindex)
    return tuple(unescape(text[1:-1].decode("utf-8", "replace")) if text else word.decode("utf-8", "replace") for text, word in found)


def literal(expression: bytes) -> str | None:
    """The constant string that an expression is, without parentheses, quotes and escapes; None when it is anything else."""
    text = expression.strip()
    if text[:1] == text[-1:] == b'"' and len(text.translate(None, _SPECIAL)) == len(text) - 2:
        return text[1:-1].decode("utf-8", "surrogateescape")
    found = constant.fullmatch(expression)
    return unescape(found[1][1:-1].decode("utf-8", "surrogateescape")) if found else None


def unescape(text: str, *, quoted: bool = True) -> str:
    """Resolve the escapes of a text; backslashes mean something in ``quoted`` strings only."""
    if "\\" not in text and "{" not in text:
        return text

    def resolve(found: re.Match[str]) -> str:
        short, long, simple, dollar = found.groups()
        if dollar:
            return str(dollar[0])
        if not quoted:
            return found[0]
        if simple is not None:
            return SIMPLE_ESCAPES.get(simple, found[0])
        code = int(short or long, 16)
        return chr(code) if code <= _LAST_CODE_POINT and code not in _SURROGATES else found[0]

    return _escape.sub(resolve, text)


def _walk(
    data: bytes,
    at: int,
    stack: list[bytes],
    found: list[Piece] | None = None,
    markers: dict[bytes, int] | None = None,
    *,
    is_file: bool = False,
) -> int:
    """Where code ends: a body behind its brace, which is on the ``stack``, a statement with its line, a file at its end.

    ``found`` takes what is no code. ``markers`` tell where the last line is that may end a heredoc, by what it holds.
    """
    is_body = bool(stack)
    while True:
        begin, at = at, (_run if stack or is_file else _line).match(data, at).end()  # type: ignore[union-attr]  # they always match
        if found is not None:
            found += [(*one.span(), STRING if one[0][:1] == b'"' else COMMENT) for one in _opaque.finditer(data, begin, at)]
        sign = data[at : at + 1]
        if sign in _CLOSING:
            stack.append(_CLOSING[sign])
            at += 1
        elif sign in _BRACKETS:
            if not stack:
                return at
            at += 1
            if stack.pop() != sign:
                raise TornError(at)
            if stack and stack[-1] not in _BRACKETS:
                at = _rest_of_template(data, at, at, stack, found)
            elif not stack and is_body:
                return at
        elif sign == b'"':
            stack.append(sign)
            at = _rest_of_template(data, at, at + 1, stack, found)
        elif sign == b"<" and (opened := heredoc.match(data, at)) and (markers is None or markers.get(opened[1], 0) > at):
            stack.append(opened[1])
            at = _rest_of_template(data, opened.end(), opened.end(), stack, found)
        elif sign in (b"", b"\n") and not stack:
            return at
        else:
            raise TornError(at + 1)


def _rest_of_template(data: bytes, begin: int, at: int, stack: list[bytes], found: list[Piece] | None) -> int:
    """Where a string or heredoc ends that is the top of the stack, or where an interpolation in it begins."""
    marker = stack[-1]
    if marker == b'"':
        at = _text.match(data, at).end()  # type: ignore[union-attr]  # it always matches, if only nothing
        sign = data[at : at + 1]
        is_open, is_torn = sign in (b"$", b"%"), sign in (b"", b"\\", b"\n")
        at += sign == b'"'
    else:
        at, is_open, is_torn = _rest_of_heredoc(data, at, marker)
    if found is not None and at > begin:
        found.append((begin, at, STRING if marker == b'"' else HEREDOC))
    if is_torn:
        raise TornError(at + 1)
    if is_open:
        stack.append(b"}")
        return at + len("${")
    stack.pop()
    return at


def _rest_of_heredoc(data: bytes, at: int, marker: bytes) -> tuple[int, bool, bool]:
    begin = at
    while found := _in_heredoc.search(data, at):
        if found[1]:
            return found.start(), True, False
        if found[2] == marker:
            return found.end(2), False, False
        at = found.end()
    return begin, False, True


def _with_closed_comments(data: bytes) -> bytes:
    """The code without the beginnings of comments that never end."""
    last = data.rfind(b"*/")
    return data[: last + 1] + data[last + 1 :].replace(b"/*", b"  ")
