"""Files with syntax errors: the sound blocks are kept, and each error is told once, at its place.

The parser's own recovery often takes sound blocks into a broken one, so each piece that a line with a top-level block begins is parsed.
"""

from __future__ import annotations

import re

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.decoding import UNRESOLVED, conflict_line, markup
from posturio_iac.core.text.hcl_lexer import headers
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.source import SourceText
from posturio_iac.frontends.terraform.syntax.tree import file_body, is_sound, tree_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

_OLDER = (
    # Terraform 0.11 read ``tags { "Owner" = "x" }`` as a map. The equals sign takes the place of a space, so that every place stays.
    (
        re.compile(
            rb"^([ \t]*[A-Za-z_][\w-]*) ([ \t]*\{[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*\"[^\"\n]+\"[ \t]*=)",
            re.MULTILINE,
        ),
        rb"\1=\2",
    ),
    # HCL has numbers with an exponent and no fraction, which the grammar lacks.
    (re.compile(rb"(?<![\w.\"])(?<!\w-)(\d+)([eE][-+]?\d+)\b"), rb"\1.0\2"),
)


class SyntaxFault(NamedTuple):
    """One syntax error: its place, half a sentence that describes it, and the first line of the top-level block that holds it."""

    line: int
    column: int
    what: str
    block: str | None


def recover(source: SourceText) -> tuple[hcl.Body, tuple[Diagnostic, ...]]:
    """The sound top-level blocks and attributes of a file with errors, and the errors."""
    attributes: dict[str, hcl.Attribute] = {}
    blocks: list[hcl.Block] = []
    errors: list[SyntaxFault] = []
    for piece in _pieces(source):
        for part in _parts(piece):
            if isinstance(part, SyntaxFault):
                errors.append(part)
            else:
                attributes.update(part.attributes)
                blocks.extend(part.blocks)
    return hcl.Body(attributes, tuple(blocks)), tuple(_told(source, errors))


def _parts(piece: SourceText) -> Iterable[hcl.Body | SyntaxFault]:
    try:
        return (sound,) if (sound := _sound(piece)) is not None else [*_halves(piece)]
    except ValueError:
        header = next(headers(piece.data), None)
        return (SyntaxFault(piece.row + 1, 1, "this is too broken to parse", _name(header) if header else None),)


def _told(source: SourceText, errors: list[SyntaxFault]) -> Iterator[Diagnostic]:
    """Yield what is wrong; all errors are one in a merge conflict, and those in the markup of a template engine, which is no HCL."""
    if errors and (conflict := conflict_line(source.data.decode("utf-8", "replace"))) is not None:
        yield Diagnostic(Level.ERROR, f"{UNRESOLVED}.{_unchecked(errors)}", source.path, conflict, 1)
        return
    lines = source.data.split(b"\n")
    unrendered: list[tuple[int, SyntaxFault]] = []
    for error in errors:
        at = markup(lines[error.line - 1].decode("utf-8", "replace"))
        if at is not None:
            unrendered.append((at + 1, error))
        else:
            yield Diagnostic(Level.ERROR, f"syntax error: {error.what}.{_unchecked([error])}", source.path, error.line, error.column)
    if unrendered and "/.boilerplate/" not in f"/{source.path}":  # of `terragrunt scaffold`
        column, first = unrendered[0]
        said = "this file is a template that is not rendered yet; scan the rendered file, or exclude this one."
        yield Diagnostic(Level.ERROR, said + _unchecked([error for _, error in unrendered]), source.path, first.line, column)


def _unchecked(errors: list[SyntaxFault]) -> str:
    blocks = [error.block for error in errors if error.block]
    if len(blocks) > 1:
        return f" {len(blocks)} blocks were not checked."
    return f" The block `{blocks[0]}` was not checked." if blocks else ""


def _pieces(source: SourceText) -> Iterator[SourceText]:
    data = source.data
    starts = [0]
    for header in headers(data):
        starts.append(_with_comments(data, starts[-1], data.rfind(b"\n", 0, header.start()) + 1))
    row = 0
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        if data[start:end].strip():
            yield SourceText(source.path, data[start:end], row)
        row += data.count(b"\n", start, end)


def _with_comments(data: bytes, after: int, header: int) -> int:
    start = header
    while start > after:
        line = data.rfind(b"\n", after, start - 1) + 1 or after
        if not data[line:start].lstrip().startswith((b"#", b"//")):
            break
        start = line
    return start


def _sound(piece: SourceText) -> hcl.Body | None:
    root = tree_of(piece.data).root_node
    if not is_sound(root):
        for pattern, replacement in _OLDER:
            piece = SourceText(piece.path, pattern.sub(replacement, piece.data), piece.row)
        root = tree_of(piece.data).root_node
    return file_body(root, piece) if is_sound(root) else None


def _halves(piece: SourceText) -> Iterator[hcl.Body | SyntaxFault]:
    """Yield the block that a piece begins with, when it is sound by itself, and what is wrong with the rest."""
    header = next(headers(piece.data), None)
    end = _closing(piece.data, header).search(piece.data, header.end()) if header else None
    if end is not None and end.end() < len(piece.data):
        head, rest = piece.data[: end.end()], piece.data[end.end() :]
        body = _sound(SourceText(piece.path, head, piece.row))
        if body is not None:
            yield body
            piece, header = SourceText(piece.path, rest, piece.row + head.count(b"\n")), None
    yield _fault(piece, _name(header) if header else None)


def _name(header: re.Match[bytes]) -> str:
    return (header[1] + header[2]).decode("utf-8", "replace")


def _closing(data: bytes, header: re.Match[bytes]) -> re.Pattern[bytes]:
    indent = data[data.rfind(b"\n", 0, header.start()) + 1 : header.start()]
    return re.compile(rb"^" + re.escape(indent) + rb"\}[^\n]*\n?", re.MULTILINE)


def _fault(piece: SourceText, block: str | None) -> SyntaxFault:
    row, column, what = _first_error(tree_of(piece.data).root_node, piece)
    span = piece.between((row, column), (row, column))
    return SyntaxFault(span.line, span.column, what, block)


def _first_error(root: Node, piece: SourceText) -> tuple[int, int, str]:
    found = [_described(node, piece) for node in _errors(root)]
    if not found:  # A header that goes on over lines.
        first = len(piece.data) - len(piece.data.lstrip())
        row = piece.data.count(b"\n", 0, first)
        return row, first - (piece.data.rfind(b"\n", 0, first) + 1), f"{_word(piece, first)} is not expected here"
    return min(found)


def _errors(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_missing or node.is_error:
            yield node
        pending += [child for child in node.children if child.has_error or child.is_error or child.is_missing]


def _described(node: Node, piece: SourceText) -> tuple[int, int, str]:
    if node.is_missing:
        return _missing(node, piece)
    at, opened = _unexpected(node, piece), _opened(node)
    if opened is not None and (opened.type == _INTERPOLATION or at == node.start_byte):
        _, what, mark = _CLOSED[opened.type]
        return *opened.start_point, f"the {what} that begins here has no closing {mark}"
    row = piece.data.count(b"\n", 0, at)
    return row, at - (piece.data.rfind(b"\n", 0, at) + 1), f"{_word(piece, at)} is not expected here"


_INTERPOLATION = "template_interpolation_start"
_CLOSED = {
    _INTERPOLATION: ("template_interpolation_end", "interpolation", "}"),
    "tuple_start": ("tuple_end", "list", "]"),
    "object_start": ("object_end", "map", "}"),
    "(": (")", "parenthesis", ")"),
}
"""What ends each kind of bracket, its name, and how that is written."""


def _opened(node: Node) -> Node | None:
    found: list[Node] = []
    for child in node.children:
        if child.type in _CLOSED:
            found.append(child)
        elif found and child.type == _CLOSED[found[-1].type][0]:
            found.pop()
    return found[-1] if found else None


def _missing(node: Node, piece: SourceText) -> tuple[int, int, str]:
    match node.type:
        case "quoted_template_end" if node.parent is not None:
            return *node.parent.start_point, 'the string that begins here has no closing "'
        case "heredoc_identifier" if node.parent is not None and node.parent.children[1].end_byte > node.parent.children[1].start_byte:
            end = piece.text_of(node.parent.children[1])
            return *node.parent.start_point, f"the heredoc that begins here has no line {end} that ends it"
    line_end = piece.data.find(b"\n", node.start_byte)
    rest = piece.data[node.start_byte : line_end if line_end >= 0 else None].strip()
    if rest and not node.type.startswith(("}", "]", ")")):
        return *node.start_point, f"{_word(piece, node.start_byte)} is not expected here"
    what = f'"{node.type}"' if not node.is_named and node.type != "<<" else "a value"
    return *node.start_point, f"{what} is missing here"


def _unexpected(node: Node, piece: SourceText) -> int:
    """The offset of what does not belong: the first text that no child of the error covers, or a token that nothing asks for."""
    end = node.start_byte
    for child in node.children:
        gap = piece.data[end : child.start_byte]
        if gap.strip():
            return end + len(gap) - len(gap.lstrip())
        if child.type in ("heredoc_identifier", ",", "ERROR") or child.is_error:
            return child.start_byte
        end = child.end_byte
    rest = piece.data[end : node.end_byte]
    return end + len(rest) - len(rest.lstrip()) if rest.strip() else node.start_byte


def _word(piece: SourceText, at: int) -> str:
    words = piece.data[at : at + 200].decode("utf-8", "replace").split()
    return f'"{words[0][:40]}"' if words else "the end of the file"
