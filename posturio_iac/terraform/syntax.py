"""HCL files: bytes to blocks, with comments, and one diagnostic for each syntax error."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from posturio_iac.comments import Comment
from posturio_iac.finding import Diagnostic, Level
from posturio_iac.terraform import ast
from posturio_iac.terraform.expressions import build, string
from posturio_iac.terraform.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node, Parser, Tree

    from posturio_iac.model import Span

MAX_BLOCK_DEPTH = 100

_TOP_LEVEL = re.compile(
    rb"^(?:resource|data|module|variable|output|provider|locals|terraform|moved|removed|import|check|ephemeral|action|run)\b[^=\n]*\{",
    re.MULTILINE,
)
_QUOTED_MAP = re.compile(
    rb"^([ \t]*[A-Za-z_][\w-]*) ([ \t]*\{[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*\"[^\"\n]+\"[ \t]*=)", re.MULTILINE
)
"""The first lines of a block whose first entry has a quoted name."""
_parser: Parser | None = None


def _parse(data: bytes) -> Tree:
    global _parser  # noqa: PLW0603 - made once, when the first file needs it
    if _parser is None:
        import tree_sitter  # noqa: PLC0415 - loaded when the first file needs it
        import tree_sitter_hcl  # noqa: PLC0415

        _parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))
    return _parser.parse(data)


def parse(path: str, data: bytes) -> tuple[ast.Body, tuple[Diagnostic, ...]]:
    """Return the top-level blocks and attributes of one file, and its syntax errors.

    Blocks that contain an error are left out and named by their diagnostic; all the others are there.
    """
    source = Source(path, data.removeprefix(b"\xef\xbb\xbf"))
    tree = _parse(source.data)
    if not tree.root_node.has_error:
        return _file(tree.root_node, source), ()
    return _recover(source)


def parse_template(path: str, text: str) -> ast.Expr:
    """Return the expression of template text outside a file of its own: JSON strings and template files.

    Spans are relative to the text.
    """
    end = "END_OF_TEMPLATE"
    data = f"x = <<{end}\n{text}\n{end}\n".encode("utf-8", "replace")
    source = Source(path, data)
    root = _parse(data).root_node
    found = _file(root, source).attributes.get("x") if not root.has_error else None
    if found is None:
        return ast.Opaque("a syntax error in a template", source.between((0, 0), (0, 1)))
    return _without_last_newline(found.expression)


def parse_expression(text: str, span: Span) -> ast.Expr:
    """Return the expression in ``text``, such as a reference that Terraform 0.11 and JSON write in quotes, all of it at ``span``."""
    data = f"x = {text}\n".encode("utf-8", "replace")
    source = Source(span.path, data)
    root = _parse(data).root_node
    found = None if root.has_error else _file(root, source).attributes.get("x")
    return found.expression.moved(span) if found is not None else ast.Opaque("a syntax error in a reference", span)


def _without_last_newline(expression: ast.Expr) -> ast.Expr:
    match expression:
        case ast.Literal(str() as value, span):
            return ast.Literal(value.removesuffix("\n"), span)
        case ast.Template((*parts, ast.Literal(str() as value, span)), whole):
            kept = (*parts, ast.Literal(value.removesuffix("\n"), span)) if value != "\n" else tuple(parts)
            return kept[0] if len(kept) == 1 else ast.Template(kept, whole)
        case _:
            return expression


def _file(root: Node, source: Source) -> ast.Body:
    body = next((c for c in root.children if c.type == "body"), None)
    return _body(body, source, 0) if body is not None else ast.EMPTY


def _recover(source: Source) -> tuple[ast.Body, tuple[Diagnostic, ...]]:
    """Parse the file in pieces, from one top-level block's first line to the next one's, and keep the sound ones."""
    starts = [0, *(m.start() for m in _TOP_LEVEL.finditer(source.data) if m.start()), len(source.data)]
    attributes: dict[str, ast.Attribute] = {}
    blocks: list[ast.Block] = []
    problems: list[Diagnostic] = []
    row = 0
    for start, end in itertools.pairwise(starts):
        # Leading newlines keep the rows of the whole file.
        piece = Source(source.path, b"\n" * row + source.data[start:end])
        row += source.data.count(b"\n", start, end)
        root = _parse(piece.data).root_node
        if root.has_error and (older := _with_maps(piece)) is not None:
            piece, root = older
        if root.has_error:
            problems.append(_problem(root, piece))
            continue
        body = _file(root, piece)
        attributes.update(body.attributes)
        blocks.extend(body.blocks)
    if not problems:
        problems.append(_problem(_parse(source.data).root_node, source))
    return ast.Body(attributes, tuple(blocks)), tuple(problems)


def _with_maps(piece: Source) -> tuple[Source, Node] | None:
    """Return a piece and its tree read as Terraform 0.11 did, where ``tags { "Owner" = "x" }`` is a map; None when that does not help.

    The equals sign takes the place of a space, so that every place stays.
    """
    data = _QUOTED_MAP.sub(rb"\1=\2", piece.data)
    root = _parse(data).root_node if data != piece.data else None
    return (Source(piece.path, data), root) if root is not None and not root.has_error else None


def _problem(root: Node, source: Source) -> Diagnostic:
    node = _first_error(root)
    span = source.span(node)
    text = source.text_of(node).strip().split("\n")[0][:40]
    if node.is_missing:
        what = "a value is missing here" if node.is_named else f'"{node.type}" is missing here'
    elif text:
        what = f'"{text}" is not expected here'
    else:
        what = "something is missing here"
    owner = _TOP_LEVEL.search(source.data)
    inside = f" The block `{owner[0].decode('utf-8', 'replace').rstrip(' {')}` was not judged." if owner else ""
    return Diagnostic(Level.ERROR, f"syntax error: {what}.{inside}", source.path, span.line, span.column)


def _first_error(root: Node) -> Node:
    node = root
    while True:
        inner = next((c for c in node.children if c.has_error or c.is_error or c.is_missing), None)
        if inner is None or node.is_error:
            return node
        node = inner


def _body(node: Node, source: Source, depth: int) -> ast.Body:
    attributes: dict[str, ast.Attribute] = {}
    blocks: list[ast.Block] = []
    for child in node.children:
        if child.type == "attribute":
            attribute = _attribute(child, source)
            attributes[attribute.name] = attribute
        elif child.type == "block" and depth < MAX_BLOCK_DEPTH:
            blocks.append(_block(child, source, depth))
    return ast.Body(attributes, tuple(blocks))


def _attribute(node: Node, source: Source) -> ast.Attribute:
    value = next((c for c in node.children if c.type == "expression"), None)
    span = source.span(node)

    def make() -> ast.Expr:
        return build(value, source) if value is not None else ast.Opaque("a syntax error", span)

    return ast.Attribute(source.text_of(node.children[0]), span, make)


def _block(node: Node, source: Source, depth: int) -> ast.Block:
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
    header = source.between(node.start_point, last.end_point)
    return ast.Block(
        words[0],
        tuple(words[1:]),
        header,
        source.span(node),
        body=lambda: _body(body, source, depth + 1) if body is not None else ast.EMPTY,
        comments=lambda: tuple(comments_of(node, source)),
    )


def comments_of(node: Node, source: Source) -> list[Comment]:
    """Return the comments that belong to a block: on the lines directly above it, on its own lines, inside it."""
    above: list[Node] = []
    line = node.start_point[0]
    previous = _sibling(node, lambda n: n.prev_sibling)
    while previous is not None and previous.type == "comment" and previous.end_point[0] >= line - 1 and _alone(previous):
        above.append(previous)
        line = previous.start_point[0]
        previous = _sibling(previous, lambda n: n.prev_sibling)
    found = [*reversed(above), *_inside(node)]
    following = _sibling(node, lambda n: n.next_sibling)
    if following is not None and following.type == "comment" and following.start_point[0] == node.end_point[0]:
        found.append(following)
    return [_comment(n, source) for n in found]


def _sibling(node: Node, step: Callable[[Node], Node | None]) -> Node | None:
    """Return the neighbour, also across the border of a body: comments before its first element stand outside it."""
    neighbour = step(node)
    if neighbour is None and node.parent is not None and node.parent.type == "body":
        return step(node.parent)
    return neighbour


def _alone(comment: Node) -> bool:
    """Tell whether nothing else ends on the comment's line: a trailing comment belongs to what it follows."""
    before = _sibling(comment, lambda n: n.prev_sibling)
    return before is None or before.end_point[0] < comment.start_point[0]


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


def _comment(node: Node, source: Source) -> Comment:
    span = source.span(node)
    return Comment(source.text_of(node), span.path, span.line, span.column, span.end_line, span.end_column)
