"""Trees of tree-sitter as blocks and attributes, with the comments that belong to them."""

from __future__ import annotations

from functools import partial
from time import process_time

from posturio_iac.core.unknown import SYNTAX_ERROR
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.expressions import build, string
from posturio_iac.frontends.terraform.syntax.source import SourceText, left_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Range, Tree

MAX_BLOCK_DEPTH = 100

_SECONDS, _BYTES_A_SECOND = 0.05, 200_000  # of processor time to parse code; what is sound takes a tenth of it
_parser: Parser | None = None


def tree_of(data: bytes, start: int = 0, end: int = 1 << 60) -> Tree:
    """The tree of some code, or of what is between two bytes of it. Raises `ValueError` for what is too broken to parse in its time."""
    global _parser  # noqa: PLW0603 - made once, when the first file needs it
    if _parser is None:
        import tree_sitter
        import tree_sitter_hcl

        _parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))
    around = [(0, start), (end, len(data))] if end < len(data) or start else []
    skipped = [*around[:1], *((first + start, last + start) for first, last in left_out(data[start:end])), *around[1:]]
    last = process_time() + _SECONDS + len(data) / _BYTES_A_SECOND
    if skipped:
        _parser.included_ranges = _between(data, skipped)
    try:
        return _parser.parse(lambda at, _: data[at:], progress_callback=lambda *_: process_time() > last)
    except BaseException:
        _parser.reset()
        raise
    finally:
        if skipped:
            _parser.included_ranges = []


def _between(data: bytes, skipped: list[tuple[int, int]]) -> list[Range]:
    from tree_sitter import Range

    row = at = 0

    def point(offset: int) -> tuple[int, int]:
        nonlocal row, at
        row += data.count(b"\n", at, offset)
        at = offset
        return row, offset - data.rfind(b"\n", 0, offset) - 1

    starts, ends = [0, *(end for _, end in skipped)], [*(start for start, _ in skipped), len(data)]
    return [Range(point(start), point(end), start, end) for start, end in zip(starts, ends, strict=True)]


def is_sound(root: Node) -> bool:
    """True if a file has no syntax error, including one that the grammar accepts: a line break in a block's header."""
    body = next((c for c in root.children if c.type == "body"), None)
    blocks = (block for block in (body.children if body else ()) if block.type == "block")
    begun = ((one.start_point[0], next(c for c in one.children if c.type == "block_start").start_point[0]) for one in blocks)
    return not root.has_error and all(header == brace for header, brace in begun)


def file_body(root: Node, source: SourceText) -> hcl.Body:
    body = next((c for c in root.children if c.type == "body"), None)
    return _body(body, source, 0) if body is not None else hcl.EMPTY


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
        comments=() if depth or not source.may_have_comments(0, len(source.data)) else lambda: source.comments(start, end),
        text=lambda: source.data[start:end],
    )
