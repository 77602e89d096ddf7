"""One HCL file that gets edits: its blocks, arguments and maps with their places, and text in the style of ``terraform fmt``."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from posturio_iac.fixes.wanted import CannotFixError, Edit
from posturio_iac.frontends.terraform.syntax.plain_file import plain_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Union

    from tree_sitter import Node

BOM = b"\xef\xbb\xbf"
_LOOKED_AT = 1_000  # how many bytes of a block tell how it is indented


class HclBlock:
    """A block at the top of a file or in another one: what its text tells at a glance, and the rest by the parser when somebody asks."""

    def __init__(self, start: int, parse: Callable[[int], Node], names: tuple[str, ...], last: int) -> None:
        """Hold the ``names`` of all that is in it, and where its ``last`` line begins; no names where only the parser can tell."""
        self.start_byte, self._parse = start, parse
        self.names, self.last = names, last

    @cached_property
    def node(self) -> Node:
        """The block as the parser sees it."""
        return self._parse(self.start_byte)

    @cached_property
    def items(self) -> tuple[Node, ...]:
        return items_of(self.node)

    @property
    def children(self) -> list[Node]:
        return self.node.children

    @property
    def start_point(self) -> tuple[int, int]:
        return self.node.start_point


if TYPE_CHECKING:
    Block = Union[Node, HclBlock]


def items_of(block: Node) -> tuple[Node, ...]:
    inner = next((c for c in block.children if c.type == "body"), None)
    return tuple(c for c in inner.children if c.type in ("attribute", "block")) if inner else ()


def _plain_arguments(data: bytes, start: int) -> tuple[tuple[str, ...], int, int]:
    """The arguments of the block at a byte, if it has them alone, where the line of the last begins, and where it ends; 0 if not plain."""
    code = data[start : data.find(b"\n}", start) + len(b"\n}")]  # more than the block, or less and torn, if that is not its end
    body = plain_file("", code)
    if body is None or len(body.blocks) != 1:
        return (), 0, 0
    arguments, end = body.blocks[0].body.attributes, start + len(code)
    if body.blocks[0].body.blocks or not arguments:
        return (), 0, end
    before = code.split(b"\n")[: max(one.span.end_line for one in arguments.values()) - 1]
    return tuple(arguments), start + sum(map(len, before)) + len(before), end


class HclSource:
    """The bytes of a file, and their tree where it is needed. Edits count from the first byte of the file, a byte order mark included."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.base = len(BOM) if data.startswith(BOM) else 0
        self.data = data[self.base :]
        self._blocks: dict[int, Node] = {}
        first = self.data.find(b"\n")
        self.newline = "\r\n" if first > 0 and self.data[first - 1 : first] == b"\r" else "\n"

    @cached_property
    def unit(self) -> str:
        opened = self.data.find(b"{\n" if self.newline == "\n" else b"{\r\n")
        return self._unit_after(opened, self.indent(opened)) or "  "

    @cached_property
    def root(self) -> Node:
        """All of the file as the parser sees it."""
        from posturio_iac.frontends.terraform.syntax.tree import tree_of

        return tree_of(self.data).root_node

    def errors(self) -> int:
        """How many syntax errors the file has, or more; 0 where it has none."""
        from posturio_iac.frontends.terraform.syntax.tree import is_sound

        return 0 if is_sound(self.root) else 1 + sum(1 for _ in self._broken())

    def _broken(self) -> Iterator[int]:
        pending = [self.root]
        while pending:
            node = pending.pop()
            if node.is_error or node.is_missing:
                yield node.start_byte
            pending += (c for c in node.children if c.has_error or c.is_missing)

    def edit(self, start: int, end: int, text: str) -> Edit:
        """An edit of ``data[start:end]``; ``text`` has line feeds only."""
        return Edit(self.path, start + self.base, end + self.base, text.replace("\n", self.newline))

    def text(self, node: Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def line_start(self, offset: int) -> int:
        return self.data.rfind(b"\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Where the line of ``offset`` ends, before its line end."""
        end = self.data.find(b"\n", offset)
        end = len(self.data) if end < 0 else end
        return end - 1 if end > offset and self.data[end - 1 : end] == b"\r" else end

    def indent(self, offset: int) -> str:
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
        names, last, end = _plain_arguments(self.data, start)
        found = HclBlock(start, lambda start: self._node(start, end), names, last)
        if not end:
            _ = found.node
        return found

    def _node(self, start: int, end: int) -> Node:
        if not end or "root" in self.__dict__:
            return self.node_at(start)
        from posturio_iac.frontends.terraform.syntax.tree import tree_of

        return next(node for body in tree_of(self.data, start, end).root_node.children if body.type == "body" for node in body.children)

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
            line = self.data.count(b"\n", 0, min(self._broken(), default=0)) + 1
            raise CannotFixError(f"line {line} of {self.path} does not parse; correct that first")
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

    def add_argument(self, block: Block, lines: str, *, apart: bool = False, width: int = 0) -> Edit:
        """The edit that adds ``lines``, indented as at the margin, to a block after its last argument; a one-line block is opened.

        ``apart`` puts an empty line in between; ``width`` is that of names, with which the argument of a one-line block is aligned.
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
            names = (self.text(c.children[0]).ljust(width) if c.type == "attribute" else self.text(c.children[0]) for c in found)
            held = [f"{inner}{name}{self.text(c)[len(self.text(c.children[0])) :]}" for name, c in zip(names, found, strict=True)]
            gap = [""] if held and apart else []
            return self.edit(start.end_byte, end.start_byte, "\n" + "\n".join((*held, *gap, text)) + f"\n{outer}")
        last = next((c for c in reversed(found) if c.type == "attribute"), None)
        if last is None or last.end_point[0] == end.start_point[0]:
            at = self.line_end(start.end_byte) if last is None else last.end_byte
            return self.edit(at, at, f"\n{text}\n{outer}" if last is not None else f"\n{text}\n" if found else f"\n{text}")
        at = self.line_end(self.end_of(last))
        return self.edit(at, at, f"\n\n{text}" if apart else f"\n{text}")

    def end_of(self, node: Node) -> int:
        """The last byte of a node that is no line end: a heredoc owns the one after it."""
        end: int = node.end_byte
        while end > node.start_byte and self.data[end - 1 : end] in (b"\n", b"\r"):
            end -= 1
        return end

    def _unit_after(self, opened: int, outer: str) -> str:
        """By what the first line after the brace at ``opened`` is indented more than ``outer``; empty where nothing tells."""
        brace, _, inside = self.data[opened : opened + _LOOKED_AT].partition(b"\n")
        code = inside.lstrip(b" \t\r\n")
        if brace.rstrip() != b"{" or not code:
            return ""
        first = len(inside) - len(code)
        own = inside[inside.rfind(b"\n", 0, first) + 1 : first].decode()
        return own.removeprefix(outer) if own.startswith(outer) else ""

    def in_unit(self, line: str, unit: str = "") -> str:
        rest = line.lstrip(" ")
        return (unit or self.unit) * ((len(line) - len(rest)) // 2) + rest

    @cached_property
    def _comments(self) -> list[tuple[int, int]]:
        found, pending = [], [self.root]
        while pending:
            node = pending.pop()
            if node.type == "comment":
                found.append((node.start_byte, node.end_byte))
            pending += node.children
        return sorted(found)

    def is_in_comment(self, start: int, end: int) -> bool:
        place = bisect_right(self._comments, (start, len(self.data))) - 1
        return place >= 0 and end <= self._comments[place][1]
