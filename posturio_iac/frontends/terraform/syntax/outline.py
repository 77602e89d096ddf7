"""Files whose blocks are parsed one at a time, when somebody asks what is in them.

Of most blocks only the address matters. So the bounds of blocks are found, and what is certainly free of errors is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.plain_code import COMMENT, CONSTANT, NAME, WORD, end_of_body
from posturio_iac.frontends.terraform.syntax.templates import unescape
from posturio_iac.frontends.terraform.syntax.tree import Part, body_of, comments_of, is_sound, tree_of
from posturio_iac.search.scanners.hcl_scanner import end_of_block

if TYPE_CHECKING:
    import re

    from tree_sitter import Node

    from posturio_iac.frontends.terraform.syntax.source import SourceText
    from posturio_iac.metadata.comments import Comment

_between = lazy_pattern(rb"[ \t\r\n]*(?:(?:%b|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)[ \t\r\n]*)*" % COMMENT)
_header = lazy_pattern(rb"(%b)((?:[ \t]+%b|[ \t]*%b)*)[ \t]*\{" % (NAME, WORD, CONSTANT))
_label = lazy_pattern(rb"(%b)|%b" % (WORD, CONSTANT))


def outline(source: SourceText) -> hcl.Body | None:
    """Return the blocks of a file, whose bodies are parsed when they are asked for; None where all of it has to be parsed.

    That is where anything but blocks stands at the top, and where a block has a syntax error.
    """
    data = source.data
    found: list[_Outlined] = []
    row = done = 0
    at = _gap_end(data, 0)
    while at < len(data):
        header = _header.match(data, at)
        if header is None:
            return None
        end = end_of_body(data, header.end())
        is_plain = end >= 0
        if not is_plain and (end := end_of_block(data, header.end())) < 0:
            return None
        following = _gap_end(data, end)
        block = _Outlined(source, header, end, Part(done, following, row))
        if not is_plain and not block.is_sound():
            return None
        found.append(block)
        row += data.count(b"\n", done, end)
        done, at = end, following
    return hcl.Body({}, tuple(block.block() for block in found))


def _gap_end(data: bytes, at: int) -> int:
    return _between.match(data, at).end()  # type: ignore[union-attr]  # it always matches, if only nothing


class _Outlined:
    """A block that is parsed once, with the comments around it."""

    __slots__ = ("_node", "end", "header", "part", "source")

    def __init__(self, source: SourceText, header: re.Match[bytes], end: int, part: Part) -> None:
        self.source, self.header, self.end, self.part = source, header, end, part
        self._node: Node | None = None

    def is_sound(self) -> bool:
        """Tell whether the parser takes the same for a block, and finds no error in it."""
        root = tree_of(self.source.data, self.part).root_node
        found = [node for body in root.children if body.type == "body" for node in body.children if node.type != "comment"]
        if not is_sound(root) or len(found) != 1:
            return False
        self._node = found[0]
        return (found[0].type, found[0].start_byte, found[0].end_byte) == ("block", self.header.start(), self.end)

    def node(self) -> Node:
        """Return the block as the parser sees it."""
        if self._node is None and not self.is_sound():
            raise AssertionError(f"{self.source.path}: a block was taken for plain code and is none")
        return self._node  # type: ignore[return-value]  # it was set just now

    def block(self) -> hcl.Block:
        """Return the block; nothing of it is parsed yet."""
        source, header = self.source, self.header
        data, start = source.data, header.start()
        at = source.point(start, self.part.start, self.part.row)
        return hcl.Block(
            header[1].decode(),
            tuple(_labels(header[2])),
            source.between(at, (at[0], at[1] + header.end(2) - start)),
            source.between(at, source.point(self.end, start, at[0])),
            body=lambda: body_of(self.node(), source),
            comments=self.comments,
            text=lambda: data[start : self.end],
        )

    def comments(self) -> tuple[Comment, ...]:
        """Return the comments that belong to the block."""
        return tuple(comments_of(self.node(), self.source))


def _labels(words: bytes) -> list[str]:
    found = ((label[1], label[0][1:-1]) for label in _label.finditer(words))
    return [word.decode() if word else unescape(text.decode("utf-8", "replace"), quoted=True) for word, text in found]
