"""One HCL file that gets edits: its blocks, arguments and maps with their places, and text in the style of ``terraform fmt``."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from posturio_iac.core.text.hcl_lexer import plain_arguments
from posturio_iac.fixes.change import CannotFixError, Edit
from posturio_iac.fixes.hcl_block import HclBlock, items_of, parsed_alone
from posturio_iac.frontends.terraform.syntax.tree import is_sound, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Union

    from tree_sitter import Node

    Block = Union[Node, HclBlock]

BOM = b"\xef\xbb\xbf"
_LOOKED_AT = 1_000
"""How many bytes of a block tell how it is indented."""


class HclSource:
    """The bytes of a file, and their tree where it is needed. Edits count from the first byte of the file, a byte order mark included."""

    def __init__(self, path: str, data: bytes) -> None:
        """Take ``data``, of which blocks are parsed when somebody asks for them."""
        self.path = path
        self.base = len(BOM) if data.startswith(BOM) else 0
        self.data = data[self.base :]
        self._root: Node | None = None
        self._blocks: dict[int, Node] = {}
        self._comments: list[tuple[int, int]] | None = None
        first = self.data.find(b"\n")
        self.newline = "\r\n" if first > 0 and self.data[first - 1 : first] == b"\r" else "\n"
        self._unit = ""

    @property
    def unit(self) -> str:
        """By what the file indents blocks, as the first one tells."""
        if not self._unit:
            opened = self.data.find(b"{\n" if self.newline == "\n" else b"{\r\n")
            self._unit = self._unit_after(opened, self.indent(opened)) or "  "
        return self._unit

    @property
    def root(self) -> Node:
        """The whole file."""
        if self._root is None:
            self._root = tree_of(self.data).root_node
        return self._root

    @property
    def is_parsed(self) -> bool:
        return self._root is not None

    def errors(self) -> int:
        """Return how many syntax errors the file has."""
        if is_sound(self.root):
            return 0
        found, pending = 1, [self.root]
        while pending:
            node = pending.pop()
            found += node.is_error or node.is_missing
            pending += (c for c in node.children if c.has_error)
        return found

    def _broken_line(self) -> int:
        """The first line with a syntax error, from 1; 1 where there is none."""
        found, pending = len(self.data), [self.root]
        while pending:
            node = pending.pop()
            if node.is_error or node.is_missing:
                found = min(found, node.start_byte)
            pending += (c for c in node.children if c.has_error or c.is_missing)
        return self.data.count(b"\n", 0, found) + 1 if found < len(self.data) else 1

    def edit(self, start: int, end: int, text: str) -> Edit:
        """An edit of ``data[start:end]``; ``text`` has line feeds only."""
        return Edit(self.path, start + self.base, end + self.base, text.replace("\n", self.newline))

    def text(self, node: Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def line_start(self, offset: int) -> int:
        return self.data.rfind(b"\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Return where the line of ``offset`` ends, before its line end."""
        end = self.data.find(b"\n", offset)
        end = len(self.data) if end < 0 else end
        return end - 1 if end > offset and self.data[end - 1 : end] == b"\r" else end

    def indent(self, offset: int) -> str:
        """Return what the line of ``offset`` begins with, as far as it is space."""
        line = self.data[self.line_start(offset) : offset].decode("utf-8", "replace")
        return line[: len(line) - len(line.lstrip(" \t"))]

    def blocks(self, kind: str) -> Iterator[Node]:
        for body in (c for c in self.root.children if c.type == "body"):
            yield from (c for c in body.children if c.type == "block" and self.words(c)[0] == kind)

    def resources(self) -> Iterator[tuple[str, str, Node]]:
        """Yield the type, the name and the block of each resource; a block that lacks one of both labels is none."""
        for block in self.blocks("resource"):
            if len(words := self.words(block)) == len(("resource", "type", "name")):
                yield words[1], words[2], block

    def words(self, block: Block) -> tuple[str, ...]:
        return tuple(self.text(c).strip('"') for c in block.children if c.type in ("identifier", "string_lit"))

    def block_at(self, offset: int) -> HclBlock:
        """The block whose header begins at a byte of the file. The code there is sound, or else it is parsed."""
        start = offset - self.base
        names, last = plain_arguments(self.data, start)
        found = HclBlock(start, self._node_of, names, last)
        if not names:
            _ = found.node
        return found

    def _node_of(self, start: int) -> Node:
        alone = None if self.is_parsed else parsed_alone(self.data, start)
        return self.node_at(start) if alone is None else alone

    def node_at(self, start: int) -> Node:
        """The block whose header begins at ``data[start]``, as a part of the whole file."""
        if not self._blocks:
            pending = [self.root]
            while pending:
                node = pending.pop()
                if node.type == "block":
                    self._blocks[node.start_byte] = node
                pending += [c for c in node.children if c.type in ("body", "block", "ERROR")]
        found = self._blocks.get(start)
        if found is None:
            raise CannotFixError(f"line {self._broken_line()} of {self.path} does not parse; correct that first")
        if found.has_error:
            raise CannotFixError("its block has a syntax error; fix that first")
        return found

    def body(self, block: Block) -> tuple[Node, ...]:
        return block.items if isinstance(block, HclBlock) else items_of(block)

    def is_empty(self, block: Block) -> bool:
        return not (isinstance(block, HclBlock) and block.names) and not self.body(block)

    def attribute(self, block: Block, name: str) -> Node | None:
        """An argument of a block."""
        if isinstance(block, HclBlock) and block.names and name not in block.names:
            return None
        return next((c for c in self.body(block) if c.type == "attribute" and self.text(c.children[0]) == name), None)

    def nested(self, block: Block, name: str) -> Node | None:
        """The first block of a type inside a block."""
        if isinstance(block, HclBlock) and block.names:
            return None
        return next((c for c in self.body(block) if c.type == "block" and self.words(c)[0] == name), None)

    def value(self, attribute: Node) -> Node:
        return next(c for c in attribute.children if c.type == "expression")

    def add_argument(self, block: Block, lines: str, *, apart: bool = False) -> Edit:
        """The edit that adds an argument or a block to a block, after its last argument; a one-line block is opened.

        ``lines`` are indented as if the block stood at the margin. ``apart`` puts an empty line in between.
        """
        outer = self.indent(block.start_byte)
        unit = self._unit_after(self.data.find(b"{", block.start_byte), outer) or self.unit
        inner = outer + unit
        text = "\n".join(f"{inner}{self.in_unit(line, unit)}" if line else "" for line in lines.split("\n"))
        if isinstance(block, HclBlock) and block.names:
            at = self.line_end(block.last)
            return self.edit(at, at, f"\n\n{text}" if apart else f"\n{text}")
        start = next(c for c in block.children if c.type == "block_start")
        end = next(c for c in reversed(block.children) if c.type == "block_end")
        found = self.body(block)
        if start.start_point[0] == end.start_point[0]:
            held = [f"{inner}{self.text(c)}" for c in found]
            gap = [""] if held and apart else []
            return self.edit(start.end_byte, end.start_byte, "\n" + "\n".join((*held, *gap, text)) + f"\n{outer}")
        last = next((c for c in reversed(found) if c.type == "attribute"), None)
        if last is None or last.end_point[0] == end.start_point[0]:
            return self._before_first(start, found, text) if last is None else self.edit(last.end_byte, last.end_byte, f"\n{text}\n{outer}")
        at = self.line_end(self.end_of(last))
        return self.edit(at, at, f"\n\n{text}" if apart else f"\n{text}")

    def end_of(self, node: Node) -> int:
        """The last byte of a node that is no line end: a heredoc owns the one after it."""
        end: int = node.end_byte
        while end > node.start_byte and self.data[end - 1 : end] in (b"\n", b"\r"):
            end -= 1
        return end

    def _before_first(self, start: Node, found: tuple[Node, ...], text: str) -> Edit:
        at = self.line_end(start.end_byte)
        return self.edit(at, at, f"\n{text}\n" if found else f"\n{text}")

    def _unit_after(self, opened: int, outer: str) -> str:
        """Return by what the first line after the brace at ``opened`` is indented more than ``outer``; empty where nothing tells."""
        brace, _, inside = self.data[opened : opened + _LOOKED_AT].partition(b"\n")
        code = inside.lstrip(b" \t\r\n")
        if brace.rstrip() != b"{" or not code:
            return ""
        first = len(inside) - len(code)
        own = inside[inside.rfind(b"\n", 0, first) + 1 : first].decode()
        return own.removeprefix(outer) if own.startswith(outer) else ""

    def in_unit(self, line: str, unit: str = "") -> str:
        """A line with its own indentation in this unit, or in that of the file."""
        rest = line.lstrip(" ")
        return (unit or self.unit) * ((len(line) - len(rest)) // 2) + rest

    def is_in_comment(self, start: int, end: int) -> bool:
        """True if ``data[start:end]`` is a part of a comment."""
        if self._comments is None:
            self._comments, pending = [], [self.root]
            while pending:
                node = pending.pop()
                if node.type == "comment":
                    self._comments.append((node.start_byte, node.end_byte))
                pending += node.children
            self._comments.sort()
        place = bisect_right(self._comments, (start, len(self.data))) - 1
        return place >= 0 and end <= self._comments[place][1]
