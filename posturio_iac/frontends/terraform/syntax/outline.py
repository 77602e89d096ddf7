"""Files whose blocks and arguments are parsed one at a time, when somebody asks what is in them.

Of most blocks only the address matters. So the bounds of blocks are found, and what is certainly free of errors is left alone.
"""

from __future__ import annotations

from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.hcl_lexer import PLAIN_QUOTED, TornError, end_of_block, labels, skip_blank
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.plain_code import WORD, end_of_argument, end_of_body
from posturio_iac.frontends.terraform.syntax.plain_file import plain_file
from posturio_iac.frontends.terraform.syntax.tree import Part, body_of, comments_of, expression_of, is_sound, tree_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

    from tree_sitter import Node

    from posturio_iac.core.metadata.comments import Comment
    from posturio_iac.frontends.terraform.syntax.source import SourceText

_header = lazy_pattern(rb"(%b)((?:[ \t]+%b|[ \t]*%b)*)[ \t]*\{" % (WORD, WORD, PLAIN_QUOTED))
_argument = lazy_pattern(rb"(%b)[ \t]*=(?![=>])[ \t]*" % WORD)
_LAST = frozenset((b"}", b"]", b")", b'"'))
"""Signs that end no heredoc."""


def outline(source: SourceText) -> hcl.Body | None:
    """The blocks and arguments of a file, which are parsed when they are asked for; None where all of it has to be parsed.

    That is where anything else stands at the top, where a block has a syntax error, and where only a parser can tell of an argument.
    """
    # The last line may lack its end, unless the text of a heredoc is there.
    data = source.data
    return _outlined(source, data if data[-1:] not in _LAST else data + b"\n", 0, len(data), 0)


def _outlined(source: SourceText, whole: bytes, start: int, stop: int, row: int) -> hcl.Body | None:
    """The same for the code between two bytes, the first in the row ``row``; ``whole`` is all, with the end of its last line."""
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
        part = _Outlined(source, header, end, Part(done, following, row), (first, last))
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
    """A block or an argument that is parsed once, with the comments around it."""

    __slots__ = ("_comments", "_node", "end", "header", "is_block", "part", "rows", "source")

    def __init__(self, source: SourceText, header: re.Match[bytes], end: int, part: Part, rows: tuple[int, int]) -> None:
        self.source, self.header, self.end, self.part, self.rows = source, header, end, part, rows
        self.is_block = header[0].endswith(b"{")
        self._node: Node | None = None
        self._comments: tuple[Comment, ...] | None = None

    def is_sound(self) -> bool:
        """True if the parser takes the same for a block or an argument, and finds no error in it."""
        root = tree_of(self.source.data, self.part).root_node
        found = [node for body in root.children if body.type == "body" for node in body.children if node.type != "comment"]
        if not is_sound(root) or len(found) != 1:
            return False
        self._node = found[0]
        kind = "block" if self.is_block else "attribute"
        return (found[0].type, found[0].start_byte, found[0].end_byte) == (kind, self.header.start(), self.end)

    def node(self) -> Node:
        """What the parser makes of it."""
        if self._node is None and not self.is_sound():
            raise AssertionError(f"{self.source.path}: what was taken for plain code is none")
        return self._node  # type: ignore[return-value]  # it was set just now

    def attribute(self) -> hcl.Attribute:
        """The argument; its expression is not parsed yet."""
        source, (start, end) = self.source, self._bounds()
        return hcl.Attribute(self.header[1].decode(), source.between(start, end), lambda: expression_of(self.node(), source), self.text)

    def _bounds(self) -> tuple[tuple[int, int], tuple[int, int]]:
        data, start, (first, last) = self.source.data, self.header.start(), self.rows
        return (first, start - data.rfind(b"\n", 0, start) - 1), (last, self.end - data.rfind(b"\n", 0, self.end) - 1)

    def block(self) -> hcl.Block:
        """The block; nothing of it is parsed yet."""
        source, header = self.source, self.header
        start, (at, end) = header.start(), self._bounds()
        return hcl.Block(
            header[1].decode(),
            labels(header[2]),
            source.between(at, (at[0], at[1] + header.end(2) - start)),
            source.between(at, end),
            body=self.body,
            comments=self.comments,
            text=self.text,
        )

    def text(self) -> bytes:
        return self.source.data[self.header.start() : self.end]

    def body(self) -> hcl.Body:
        """What is between the braces. Its parts hold on to the parser's tree until they are built, and the block does not."""
        if self._node is None:
            if self.header[1] == b"locals":  # of which a few are asked for
                some = _outlined(self.source, self.source.data, self.header.end(), self.end - 1, self.rows[0])
                if some is not None:
                    return some
            data, (start, _) = self.source.data, self._bounds()
            margin = " " * (self.source.between(start, start).column - 1)
            code = margin.encode() + data[self.header.start() : self.end]
            if (plain := plain_file(self.source.path, code, self.rows[0])) is not None:
                return plain.blocks[0].body
        node = self.node()
        self.comments()
        return body_of(node, self.source)

    def comments(self) -> tuple[Comment, ...]:
        if self._comments is None:
            is_commented = self.source.may_have_comments(self.part.start, self.part.end)
            self._comments, self._node = tuple(comments_of(self.node(), self.source)) if is_commented else (), None
            self.source.let_go()
        return self._comments
