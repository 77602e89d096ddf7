"""One source text with its places, and what parsing it found wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Span

if TYPE_CHECKING:
    from tree_sitter import Node


class SourceText:
    """The bytes of a file; turns the parser's byte places into spans in code points."""

    __slots__ = ("_ascii", "_lines", "data", "path", "row")

    def __init__(self, path: str, data: bytes, row: int = 0) -> None:
        """Stand for the file at ``path``, relative to the scan root, or for the part of it that begins with the row ``row``, from 0."""
        self.path = path
        self.data = data
        self.row = row
        self._ascii = data.isascii()
        self._lines: list[bytes] | None = None

    def _column(self, row: int, column: int) -> int:
        if self._ascii:
            return column + 1
        if self._lines is None:
            self._lines = self.data.split(b"\n")
        return len(self._lines[row][:column].decode("utf-8", "replace")) + 1

    def between(self, start: tuple[int, int], end: tuple[int, int]) -> Span:
        """Return the span between two (row, byte column) pairs, both from 0."""
        row = self.row + 1
        return Span(self.path, start[0] + row, self._column(*start), end[0] + row, self._column(*end))

    def span(self, node: Node) -> Span:
        """Return the node's span."""
        return self.between(node.start_point, node.end_point)

    def text(self, start: int, end: int) -> str:
        """Return the text between two byte offsets."""
        return self.data[start:end].decode("utf-8", "replace")

    def text_of(self, node: Node) -> str:
        """Return the node's text."""
        return self.text(node.start_byte, node.end_byte)
