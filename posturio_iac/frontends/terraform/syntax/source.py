"""One source text with its places, and what parsing it found wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Span

if TYPE_CHECKING:
    from tree_sitter import Node


class SourceText:
    """The bytes of a file; turns the parser's byte places into spans in code points."""

    __slots__ = ("_ascii", "_lines", "_neighbours", "data", "path", "row")

    def __init__(self, path: str, data: bytes, row: int = 0) -> None:
        """Stand for the file at ``path``, relative to the scan root, or for the part of it that begins with the row ``row``, from 0."""
        self.path = path
        self.data = data
        self.row = row
        self._ascii = data.isascii()
        self._lines: list[bytes] | None = None
        self._neighbours: dict[int, tuple[list[Node], dict[int, int]]] = {}

    def _column(self, row: int, column: int) -> int:
        if self._lines is None:
            self._lines = self.data.split(b"\n")
        return len(self._lines[row][:column].decode("utf-8", "replace")) + 1

    def between(self, start: tuple[int, int], end: tuple[int, int]) -> Span:
        """The span between two (row, byte column) pairs, both from 0."""
        row = self.row + 1
        if self._ascii:
            return Span(self.path, start[0] + row, start[1] + 1, end[0] + row, end[1] + 1)
        return Span(self.path, start[0] + row, self._column(*start), end[0] + row, self._column(*end))

    def span(self, node: Node) -> Span:
        return self.between(node.start_point, node.end_point)

    def neighbours(self, node: Node) -> tuple[list[Node], int]:
        """The nodes beside a node, itself included, and its place among them.

        Comments before the first element of a body, and after the last, stand outside of the body, and are neighbours all the same.
        """
        body = node.parent
        assert body is not None  # noqa: S101 - a block is never the root
        if body.id not in self._neighbours:
            around = body.parent.children if body.type == "body" and body.parent is not None else [body]
            place = next(i for i, other in enumerate(around) if other.id == body.id)
            nodes = [*around[:place], *body.children, *around[place + 1 :]]
            self._neighbours[body.id] = nodes, {other.id: i for i, other in enumerate(nodes)}
        nodes, places = self._neighbours[body.id]
        return nodes, places[node.id]

    def text(self, start: int, end: int) -> str:
        """The text between two byte offsets."""
        return self.data[start:end].decode("utf-8", "replace")

    def text_of(self, node: Node) -> str:
        return self.text(node.start_byte, node.end_byte)
