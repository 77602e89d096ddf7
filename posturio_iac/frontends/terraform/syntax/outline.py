"""Files whose blocks and arguments are read one at a time, when somebody asks what is in them.

Of most blocks only the address matters. So the bounds of blocks are found, and what is certainly free of errors is left alone.
"""

from __future__ import annotations

from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.hcl_lexer import PLAIN_QUOTED, TornError, end_of_block, labels, skip_blank
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.plain_code import WORD, end_of_argument, end_of_body
from posturio_iac.frontends.terraform.syntax.plain_file import plain_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from typing import Any

    from posturio_iac.frontends.terraform.syntax.source import SourceText

_header = lazy_pattern(rb"(%b)((?:[ \t]+%b|[ \t]*%b)*)[ \t]*\{" % (WORD, WORD, PLAIN_QUOTED))
_argument = lazy_pattern(rb"(%b)[ \t]*=(?![=>])[ \t]*" % WORD)
_LAST = frozenset((b"}", b"]", b")", b'"'))  # signs that end no heredoc


def outline(source: SourceText) -> hcl.Body | None:
    """The blocks and arguments of a file, which are read when they are asked for; None where all of it has to be parsed.

    That is where anything else stands at the top, where a block has a syntax error, and where only a parser can tell of an argument.
    """
    # The last line may lack its end, unless the text of a heredoc is there.
    data = source.data
    return _outlined(source, data if data[-1:] not in _LAST else data + b"\n", 0, len(data), 0)


def _outlined(source: SourceText, whole: bytes, start: int, stop: int, row: int) -> hcl.Body | None:
    data = source.data
    found: list[_Outlined] = []
    done, at = start, skip_blank(data, start)
    while at < stop:
        header = _header.match(data, at)
        is_plain = True
        if header is not None:
            end = end_of_body(data, header.end())
            is_plain = end >= 0
            if not is_plain:
                end = _end_of_block(data, header.end())
        elif (header := _argument.match(data, at)) is not None:
            end = end_of_argument(whole, header.end())
        else:
            return None
        if end < 0:
            return None
        following, begin = skip_blank(data, end), header.start()
        first = row + data.count(b"\n", done, begin)
        last = first + data.count(b"\n", begin, end)
        part = _Outlined(source, header, end, (done, following), (first, last))
        if not is_plain and not part.is_sound():
            return None
        found.append(part)
        done, at, row = end, following, last
    attributes = (part.attribute() for part in found if not part.is_block)
    return hcl.Body({one.name: one for one in attributes}, tuple(part.block() for part in found if part.is_block))


def _end_of_block(data: bytes, at: int) -> int:
    try:
        return end_of_block(data, at)
    except TornError:
        return -1


class _Outlined:
    """A block or an argument that is read once, with the comments around it."""

    __slots__ = ("_read", "around", "end", "header", "is_block", "rows", "source")

    def __init__(self, source: SourceText, header: re.Match[bytes], end: int, around: tuple[int, int], rows: tuple[int, int]) -> None:
        self.source, self.header, self.end, self.around, self.rows = source, header, end, around, rows
        self.is_block = header[0].endswith(b"{")
        self._read: hcl.Body | hcl.Expr | None = None

    def is_sound(self) -> bool:
        """True if its code holds nothing else, and no error."""
        source, row, (start, _) = self.source, self.rows[0], self._bounds()
        code = b" " * (source.between(start, start).column - 1) + self.text() + b"\n"
        body = plain_file(source.path, code, row)
        if body is None:
            from posturio_iac.frontends.terraform.syntax.source import SourceText
            from posturio_iac.frontends.terraform.syntax.tree import file_body, is_sound, tree_of

            root = tree_of(code).root_node
            body = file_body(root, SourceText(source.path, code, row)) if is_sound(root) else hcl.EMPTY
        found: list[hcl.Attribute | hcl.Block] = [*body.attributes.values(), *body.blocks]
        if len(found) == 1:
            one = found[0]
            self._read = one.expression if isinstance(one, hcl.Attribute) else one.body
        return len(found) == 1

    def read(self) -> Any:
        """The body of a block, or the expression of an argument."""
        if self._read is None and not self.is_sound():
            raise AssertionError(f"{self.source.path}: what was taken for plain code is none")
        return self._read

    def attribute(self) -> hcl.Attribute:
        """The argument; its expression is not read yet."""
        return hcl.Attribute(self.header[1].decode(), self.source.between(*self._bounds()), self.read, self.text)

    def _bounds(self) -> tuple[tuple[int, int], tuple[int, int]]:
        data, start, (first, last) = self.source.data, self.header.start(), self.rows
        return (first, start - data.rfind(b"\n", 0, start) - 1), (last, self.end - data.rfind(b"\n", 0, self.end) - 1)

    def block(self) -> hcl.Block:
        """The block; nothing of it is read yet."""
        source, header = self.source, self.header
        start, (at, end) = header.start(), self._bounds()
        return hcl.Block(
            header[1].decode(),
            labels(header[2]),
            source.between(at, (at[0], at[1] + header.end(2) - start)),
            source.between(at, end),
            body=self.body,
            comments=(lambda: source.comments(start, self.end)) if source.may_have_comments(*self.around) else (),
            text=self.text,
        )

    def text(self) -> bytes:
        return self.source.data[self.header.start() : self.end]

    def body(self) -> hcl.Body:
        """What is between the braces; of local values, of which a few are asked for, each is read by itself."""
        if self._read is None and self.header[1] == b"locals":
            some = _outlined(self.source, self.source.data, self.header.end(), self.end - 1, self.rows[0])
            if some is not None:
                return some
        return self.read()  # type: ignore[no-any-return]  # a block has a body
