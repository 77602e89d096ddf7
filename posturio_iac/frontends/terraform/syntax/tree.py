"""Trees of tree-sitter as blocks and attributes, with the comments that belong to them."""

from __future__ import annotations

from functools import partial

from posturio_iac.core.unknown import SYNTAX_ERROR
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.expressions import build, string
from posturio_iac.frontends.terraform.syntax.source import left_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Range, Tree

    from posturio_iac.core.metadata.comments import Comment
    from posturio_iac.frontends.terraform.syntax.source import SourceText


MAX_BLOCK_DEPTH = 100


_SMALL, _MOST_KEPT = 1024, 64
"""The last trees of parts that are no larger, in bytes, are kept: units and root modules begin alike by the thousand."""


_parser: Parser | None = None
_kept: dict[tuple[bytes, int, int, int], Tree] = {}
"""By the code of a part, the byte where it begins, its row and its column."""


class Part:
    """A part of a file that is parsed by itself: from one byte to another, the first in the row ``row``, from 0."""

    __slots__ = ("end", "row", "start")

    def __init__(self, start: int, end: int, row: int) -> None:
        self.start, self.end, self.row = start, end, row


def tree_of(data: bytes, part: Part | None = None) -> Tree:
    """The tree of some code, or of a part of it, whose nodes have their places in the whole."""
    global _parser  # noqa: PLW0603 - made once, when the first file needs it
    if _parser is None:
        import tree_sitter
        import tree_sitter_hcl

        _parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))
    if part is None:
        skipped = left_out(data)
        return _parsed(data, skipped, Part(0, len(data), 0)) if skipped else _parser.parse(data)
    code = data[part.start : part.end]
    if len(code) > _SMALL:
        return _parsed(data, left_out(code), part)
    place = (code, part.start, part.row, part.start - data.rfind(b"\n", 0, part.start))
    tree = _kept.pop(place, None) or _parsed(data, left_out(code), part)
    if len(_kept) >= _MOST_KEPT:
        del _kept[next(iter(_kept))]
    _kept[place] = tree
    return tree


def _parsed(data: bytes, skipped: list[tuple[int, int]], part: Part) -> Tree:
    assert _parser is not None  # noqa: S101 - made before
    _parser.included_ranges = _between(data, [(part.start + start, part.start + end) for start, end in skipped], part)
    try:
        return _parser.parse(data)
    finally:
        _parser.included_ranges = []


def _between(data: bytes, skipped: list[tuple[int, int]], part: Part) -> list[Range]:
    """The ranges of a part between those that are skipped, in the parser's form."""
    from tree_sitter import Range

    row, at = part.row, part.start

    def point(offset: int) -> tuple[int, int]:
        nonlocal row, at
        row += data.count(b"\n", at, offset)
        at = offset
        return row, offset - data.rfind(b"\n", 0, offset) - 1

    starts, ends = [part.start, *(end for _, end in skipped)], [*(start for start, _ in skipped), part.end]
    return [Range(point(start), point(end), start, end) for start, end in zip(starts, ends, strict=True)]


def is_sound(root: Node) -> bool:
    """True if a file has no syntax error, including one that the grammar accepts: a line break in a block's header."""
    body = next((c for c in root.children if c.type == "body"), None)
    return not root.has_error and not any(_is_torn(block) for block in (body.children if body else ()) if block.type == "block")


def _is_torn(block: Node) -> bool:
    return next(c for c in block.children if c.type == "block_start").start_point[0] != block.start_point[0]


def file_body(root: Node, source: SourceText) -> hcl.Body:
    body = next((c for c in root.children if c.type == "body"), None)
    return _body(body, source, 0) if body is not None else hcl.EMPTY


def body_of(block: Node, source: SourceText) -> hcl.Body:
    body = next((c for c in block.children if c.type == "body"), None)
    return _body(body, source, 1) if body is not None else hcl.EMPTY


def _body(node: Node, source: SourceText, depth: int) -> hcl.Body:
    attributes: dict[str, hcl.Attribute] = {}
    blocks: list[hcl.Block] = []
    for child in node.children:
        if child.type == "attribute":
            name = source.text_of(child.children[0])
            # Below the top all is built at once, since the parser's tree takes ten times the memory.
            found = expression_of(child, source) if depth else partial(expression_of, child, source)
            attributes[name] = hcl.Attribute(name, source.span(child), found)
        elif child.type == "block" and depth < MAX_BLOCK_DEPTH:
            blocks.append(_block(child, source, depth))
    return hcl.Body(attributes, tuple(blocks))


def expression_of(attribute: Node, source: SourceText) -> hcl.Expr:
    value = next((c for c in attribute.children if c.type == "expression"), None)
    return build(value, source) if value is not None else hcl.InvalidExpr(SYNTAX_ERROR(), source.span(attribute))


def _block(node: Node, source: SourceText, depth: int) -> hcl.Block:
    words: list[str] = []
    body: Node | None = None
    last = node
    for child in node.children:
        match child.type:
            case "identifier":
                words.append(source.text_of(child))
                last = child
            case "string_lit":
                words.append(string(child, source))
                last = child
            case "body":
                body = child
    start, end = node.start_byte, node.end_byte
    return hcl.Block(
        words[0],
        tuple(words[1:]),
        source.between(node.start_point, last.end_point),
        source.span(node),
        body=hcl.EMPTY if body is None else _body(body, source, depth + 1) if depth else partial(_body, body, source, 1),
        comments=() if depth or not source.may_have_comments(0, len(source.data)) else lambda: tuple(comments_of(node, source)),
        text=lambda: source.data[start:end],
    )


def comments_of(node: Node, source: SourceText) -> list[Comment]:
    """The comments that belong to a block: on the lines directly above it, on its own lines, inside it."""
    neighbours, place = source.neighbours(node)
    first = place
    while first > 0 and neighbours[first - 1].type == "comment" and _touch(neighbours[first - 1], neighbours[first]):
        first -= 1
    while first < place and not _begins_line(neighbours, first, source):
        first += 1
    found = [*neighbours[first:place], *_inside(node)]
    following = neighbours[place + 1] if place + 1 < len(neighbours) else None
    if following is not None and following.type == "comment" and following.start_point[0] == node.end_point[0]:
        found.append(following)
    if not found:
        return []
    from posturio_iac.core.metadata.comments import Comment

    spans = (source.span(n) for n in found)
    return [Comment(source.text_of(n), s.path, s.line, s.column, s.end_line, s.end_column) for n, s in zip(found, spans, strict=True)]


def _touch(comment: Node, below: Node) -> bool:
    return bool(comment.end_point[0] >= below.start_point[0] - 1)


def _begins_line(nodes: list[Node], place: int, source: SourceText) -> bool:
    """True if nothing else ends on a comment's line: a trailing comment belongs to what it follows."""
    if place > 0:
        return bool(nodes[place - 1].end_point[0] < nodes[place].start_point[0])
    start = nodes[0].start_byte
    return not source.data[source.data.rfind(b"\n", 0, start) + 1 : start].strip()


def _inside(node: Node) -> list[Node]:
    found: list[Node] = []
    pending = [node]
    while pending:
        current = pending.pop()
        for child in current.children:
            if child.type == "comment":
                found.append(child)
            elif child.child_count:
                pending.append(child)
    return sorted(found, key=lambda n: n.start_byte)
