"""A scanner of Terraform's language: top-level blocks and their arguments, without parsing what they hold.

A parser would take ten times as long. In a torn file a block begins at each line that looks like the header of one, as in its recovery.
"""

from __future__ import annotations

from posturio_iac.core.text import hcl_lexer
from posturio_iac.core.text.decoding import with_plain_markers
from posturio_iac.core.text.hcl_lexer import TornError
from posturio_iac.core.text.hcl_tokens import COMMENT, LINE_END, STRING, WORD, between, lines_of, tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Iterator

    _Arguments = Iterator[tuple[str, bytes]]
    """The name and the expression of each argument."""

ORDINARY_UP_TO = 16_384  # bytes that are scanned by their tokens before patterns are worth compiling
_CLOSING = {"{": "}", "(": ")", "[": "]"}
_seen = 0


class ScannedBlock:
    """A top-level block, whatever syntax it is written in."""

    __slots__ = ("_body", "_left", "_may_repeat", "_read", "labels", "type")

    def __init__(self, kind: str, labels: tuple[str, ...], arguments: _Arguments, *, body: bytes = b"", may_repeat: bool = False) -> None:
        """Without the name of an argument in its ``body`` (if given) the ``arguments`` are not read."""
        self.type, self.labels, self._body = kind, labels, body
        self._read: list[tuple[str, bytes]] = []
        self._left, self._may_repeat = arguments, may_repeat

    def arguments(self) -> list[tuple[str, bytes]]:
        self._read += self._left
        return self._read

    def expressions(self, name: str) -> list[bytes]:
        """The expressions that the argument ``name`` is set to: at most one, but in a torn file perhaps nested ones too."""
        if self._body and self._body.find(name.encode()) < 0:
            return []
        found = [expression for argument, expression in self._read if argument == name]
        if not found or self._may_repeat:
            for one in self._left:
                self._read.append(one)
                if one[0] == name:
                    found.append(one[1])
                    if not self._may_repeat:
                        break
        return found

    def literals(self, name: str) -> list[str]:
        return [value for expression in self.expressions(name) if (value := hcl_lexer.literal(expression)) is not None]


def blocks(data: bytes, kinds: Collection[str] = ()) -> list[ScannedBlock]:
    """The top-level blocks of a file, in their order; with ``kinds`` only those of these types."""
    global _seen  # noqa: PLW0603 - what was scanned so far in this process
    _seen += len(data)
    data = with_plain_markers(data)
    if _seen < ORDINARY_UP_TO and (found := ordinary(data)) is not None:
        return [block for block in found if not kinds or block.type in kinds]
    wanted = frozenset(kind.encode() for kind in kinds)
    try:
        return list(_sound(data, wanted))
    except TornError:
        return list(_torn(data, wanted))


def ordinary(data: bytes) -> list[ScannedBlock] | None:
    """The top-level blocks of ordinary code, by its tokens; None for other code."""
    lines = lines_of(data)
    found, blocks, arguments = tokens(lines) if lines is not None else None, list[ScannedBlock](), list[tuple[str, bytes]]()
    if lines is None or found is None:
        return None
    opened, words = list[str](), list[str]()
    last, value = found[0], None
    for token in found:
        kind = token[0]
        if value is not None and len(opened) == 1 and kind in (LINE_END, COMMENT, "}"):
            arguments.append((value[1], between(lines, value[2:], last).strip()))
            value = None
        if not opened and kind in (WORD, STRING):
            words.append(token[1])
        elif not opened and kind == "{" and words and words[0][0] != '"':
            arguments = []
            blocks.append(ScannedBlock(words[0], tuple(word.strip('"') for word in words[1:]), iter(arguments)))
            opened, words = ["}"], []
        elif not opened:
            if words or kind not in (LINE_END, COMMENT):
                return None
        elif kind in _CLOSING:
            opened.append(_CLOSING[kind])
        elif kind in _CLOSING.values():
            if kind != opened.pop():
                return None
        elif kind == "=" and value is None and len(opened) == 1 and last[0] is WORD:
            value = ("=", last[1], *token[2:])
        last = token
    return None if opened or words else blocks


def constant_of(code: bytes, name: str) -> str | None:
    """The constant string that the one block of some code sets an argument to; None where it is none, or is absent."""
    header = hcl_lexer.header.match(code)
    try:
        found = (value for argument, value in _arguments(code[header.end() : -1]) if argument == name) if header else iter(())
        return hcl_lexer.literal(next(found, b""))
    except TornError:
        return None


def _sound(data: bytes, kinds: frozenset[bytes]) -> Iterator[ScannedBlock]:
    at = hcl_lexer.start(data)
    while (at := hcl_lexer.skip_blank(data, at)) < len(data):
        if header := hcl_lexer.header.match(data, at):
            at = hcl_lexer.end_of_block(data, header.end())
            if not kinds or header[1] in kinds:
                yield _block(header, data[header.end() : at - 1])
        else:
            at = hcl_lexer.end_of_statement(data, at)
            if data[at : at + 1] not in (b"", b"\n"):
                raise TornError(at)


def _torn(data: bytes, kinds: frozenset[bytes]) -> Iterator[ScannedBlock]:
    """Yield the blocks that begin at a line, wherever the ones before them may end."""
    headers = list(hcl_lexer.headers(data))
    until = [*(header.start() for header in headers[1:]), len(data)]
    found = ((header, end) for header, end in zip(headers, until, strict=False) if not kinds or header[1] in kinds)
    return (_block(header, data[header.end() : end], is_torn=True) for header, end in found)


def _block(header: re.Match[bytes], body: bytes, *, is_torn: bool = False) -> ScannedBlock:
    arguments = _arguments_of_lines(body) if is_torn else _arguments(body)
    return ScannedBlock(header[1].decode("utf-8", "replace"), hcl_lexer.labels(header[2]), arguments, body=body, may_repeat=is_torn)


def _arguments(body: bytes) -> _Arguments:
    at = 0
    while at < len(body):
        if found := hcl_lexer.argument.match(body, at):
            at = found.end()
            if body[at : at + 1] not in (b"", b"\n"):
                at = hcl_lexer.end_of_statement(body, at)
            yield found[1].decode("utf-8", "replace"), body[found.start(2) : at]
        elif (behind := hcl_lexer.skip_blank(body, at)) > at:
            at = behind
        elif header := hcl_lexer.header.match(body, at):
            at = hcl_lexer.end_of_block(body, header.end())
        else:
            at = hcl_lexer.end_of_statement(body, at)


def _arguments_of_lines(body: bytes) -> _Arguments:
    for at, end in hcl_lexer.lines(body):
        if found := hcl_lexer.assignment.match(body, at):
            yield found[1].decode("utf-8", "replace"), body[found.end() : end].rstrip(b"} \t\r")
