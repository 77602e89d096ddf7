"""A block of an HCL file that gets an edit: what its text tells at a glance, and the rest by the parser when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.frontends.terraform.syntax.tree import Part, is_sound, tree_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

_OPENING = b"{[(<#\\"
"""What begins all that can go on behind its line, comments, and escapes: after one a quotation mark may not end a string."""
_TRIES = 4
"""How many braces are tried as the end of a block before the whole file is parsed."""


class HclBlock:
    """A block at the top of a file or inside another one, which starts at a byte of the file."""

    __slots__ = ("_items", "_node", "_parse", "last", "names", "start_byte")

    def __init__(self, start: int, parse: Callable[[int], Node], names: tuple[str, ...] = (), last: int = 0) -> None:
        """Hold the ``names`` of all that is in it, and where the ``last`` of that ends; no names where only the parser can tell."""
        self.start_byte, self._parse = start, parse
        self.names, self.last = names, last
        self._node: Node | None = None
        self._items: tuple[Node, ...] | None = None

    @property
    def node(self) -> Node:
        """The block as the parser sees it. Its rows do not count from the top of the file."""
        if self._node is None:
            self._node = self._parse(self.start_byte)
        return self._node

    @property
    def children(self) -> list[Node]:
        """The words, the braces and the body."""
        return self.node.children

    @property
    def start_point(self) -> tuple[int, int]:
        """The row and byte column of its first byte, from 0, as those of its children count."""
        return self.node.start_point

    @property
    def items(self) -> tuple[Node, ...]:
        """The arguments and blocks inside."""
        if self._items is None:
            self._items = items_of(self.node)
        return self._items


def items_of(block: Node) -> tuple[Node, ...]:
    inner = next((c for c in block.children if c.type == "body"), None)
    return tuple(c for c in inner.children if c.type in ("attribute", "block")) if inner else ()


def plain_names(data: bytes, start: int) -> tuple[tuple[str, ...], int]:
    """The arguments of the block at a byte of sound code, and where the last ends; none unless it has one a line and nothing else.

    No brackets, comments, heredocs or escapes stand in such a block, so that an argument goes to the end of its line.
    """
    opened = data.find(b"{", start)
    end = data.find(b"}", opened)
    header, body = data[start:opened], data[opened + 1 : end]
    if opened < 0 or end < 0 or len(body.translate(None, _OPENING)) < len(body) or b"//" in body or b"/*" in body:
        return (), 0
    kind, *labels = header.split(b'"')
    first, *lines = body.split(b"\n")
    if b"\n" in header or len(labels) & 1 or not _is_name(kind) or first.strip() or not lines or lines.pop().strip():
        return (), 0
    names = []
    for line in filter(bytes.strip, lines):
        name, _, value = line.partition(b"=")
        if not _is_name(name) or not value.strip() or value.count(b'"') not in (0, 2):
            return (), 0
        names.append(name.strip().decode())
    return tuple(names), opened + 1 + len(body.rstrip())


def _is_name(text: bytes) -> bool:
    name = text.strip()
    return name.isascii() and name.replace(b"-", b"_").decode().isidentifier()


def parsed_alone(data: bytes, start: int) -> Node | None:
    """The block that starts at a byte, parsed without the rest of the file; None where that cannot be told from its text.

    A part of the file that ends with a brace and has no syntax error ends where the block does, or behind it.
    """
    line = data.rfind(b"\n", 0, start) + 1
    closing = b"\n" + data[line:start] + b"}"
    end = data.find(b"\n", start)
    ends = [end] if data[start : max(end, start)].rstrip().endswith(b"}") else []
    while len(ends) < _TRIES and (end := data.find(closing, ends[-1] if ends else start)) >= 0:
        ends.append(end + len(closing))
    for end in ends:
        root = tree_of(data, Part(start, end, 0)).root_node
        found = next((node for body in root.children if body.type == "body" for node in body.children), None)
        if found is not None and found.type == "block" and found.start_byte == start and is_sound(root):
            return found
    return None
