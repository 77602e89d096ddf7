"""A block of an HCL file that gets an edit: what its text tells at a glance, and the rest by the parser when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.text.hcl_lexer import TornError, end_of_block, header
from posturio_iac.frontends.terraform.syntax.tree import Part, is_sound, tree_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node


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


def parsed_alone(data: bytes, start: int) -> Node | None:
    """The block that starts at a byte, parsed without the rest of the file; None where its text does not tell its end, or it is unsound."""
    opened = header.match(data, start)
    try:
        end = end_of_block(data, opened.end()) if opened else start
    except TornError:
        return None
    root = tree_of(data, Part(start, end, 0)).root_node
    found = next((node for body in root.children if body.type == "body" for node in body.children), None)
    return found if found is not None and found.type == "block" and found.start_byte == start and is_sound(root) else None
