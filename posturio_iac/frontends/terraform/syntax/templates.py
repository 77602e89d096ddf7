"""HCL templates: quoted strings and heredocs with interpolations and directives.

The grammar drops white space around interpolations, so literal text is cut from the source between them.
"""

from __future__ import annotations

from posturio_iac.core.text.hcl_lexer import unescape
from posturio_iac.core.unknown import SYNTAX_ERROR
from posturio_iac.frontends.terraform.syntax import hcl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from posturio_iac.core.model import Span
    from posturio_iac.frontends.terraform.syntax.source import SourceText

    Nested = Callable[[Node], hcl.Expr]
    TemplatePart = str | tuple[hcl.Expr, bool, bool]  # raw text, or an expression and whether it strips white space before and after it


def quoted(node: Node, source: SourceText, nested: Nested) -> hcl.Expr:
    """The expression of a quoted template; ``"${x}"`` alone is just ``x``, as in Terraform."""
    text = _Text(source, nested, quoted=True)
    return _joined(_strip(_parts(node.children, node.start_byte + 1, node.end_byte - 1, text), text), source.span(node))


def heredoc(node: Node, source: SourceText, nested: Nested) -> hcl.Expr:
    """The expression of a heredoc, its common indentation removed for ``<<-``."""
    markers = [c for c in node.children if c.type == "heredoc_identifier"]
    start = source.data.find(b"\n", markers[0].end_byte) + 1
    end = max(start, source.data.rfind(b"\n", 0, markers[-1].start_byte) + 1)
    indented = source.text_of(node.children[0]).endswith("-")
    text = _Text(source, nested, quoted=False, margin=_margin(node, source.data, start, end) if indented else 0)
    return _joined(_strip(_parts(node.children, start, end, text), text), source.span(node))


def _margin(node: Node, data: bytes, start: int, end: int) -> int:
    """The smallest indentation of the lines that hold something; those inside interpolations are code and do not count."""
    inside = [(c.start_byte, c.end_byte) for c in _interpolations(node)]
    margins = []
    at = start
    while at < end:
        stop = data.find(b"\n", at) + 1 or len(data)
        line = data[at:stop]
        if line.strip() and not any(first < at < last for first, last in inside):
            margins.append(len(line) - len(line.lstrip(b" \t")))
        at = stop
    return min(margins, default=0)


def _interpolations(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        for child in pending.pop().children:
            if child.type == "template_interpolation":
                yield child
            elif child.type.startswith("template_"):
                pending.append(child)


class _Text:
    """Reads the text of one template."""

    def __init__(self, source: SourceText, nested: Nested, *, quoted: bool, margin: int = 0) -> None:
        self.source = source
        self.nested = nested
        self.quoted = quoted
        self.margin = margin

    def literal(self, start: int, end: int) -> str:
        """The text between two offsets, its escapes resolved and the margin cut from the lines that begin in it."""
        if not self.margin:
            return unescape(self.source.text(start, end), quoted=self.quoted)
        data = self.source.data
        lines = []
        at = start
        while at < end:
            newline = data.find(b"\n", at)
            stop = newline + 1 if newline >= 0 else len(data)
            begins = at == 0 or data[at - 1 : at] == b"\n"
            cut = self.margin if begins and data[at:stop].strip() else 0
            lines.append(self.source.text(min(at + cut, end), min(stop, end)))
            at = stop
        return unescape("".join(lines), quoted=self.quoted)

    def left(self, text: str) -> str:
        """Strip white space at the start; in a heredoc to the end of the line, for the rest is another token to HCL."""
        line, newline, rest = text.partition("\n")
        if self.quoted:
            return text.lstrip()
        return rest if newline and not line.strip() else line.lstrip() + newline + rest

    def right(self, text: str) -> str:
        """Strip white space at the end; in a heredoc back to the start of the line."""
        head, newline, line = text.rpartition("\n")
        return text.rstrip() if self.quoted else head + newline + line.rstrip()


def _parts(children: list[Node], start: int, end: int, text: _Text) -> Iterator[TemplatePart]:
    at = start
    for child in children:
        if child.type not in ("template_interpolation", "template_directive") or not start <= child.start_byte < end:
            continue
        data = text.source.data
        if child.start_byte > at and data[child.start_byte - 1 : child.start_byte] == data[child.start_byte : child.start_byte + 1]:
            continue  # ``$${`` is an escape, which the grammar overlooks at the start of a text.
        if child.start_byte > at:
            yield text.literal(at, child.start_byte)
        at = child.end_byte
        yield _dynamic(child, text)
    if end > at:
        yield text.literal(at, end)


def _dynamic(node: Node, text: _Text) -> TemplatePart:
    if node.type == "template_interpolation":
        inner = next((c for c in node.children if c.type == "expression"), None)
        return text.nested(inner) if inner else hcl.InvalidExpr(SYNTAX_ERROR(), text.source.span(node)), *_strips(node)
    inner = node.children[0]
    expression = _if(inner, text) if inner.type == "template_if" else _for(inner, text)
    return expression, _strips(inner.children[0])[0], _strips(inner.children[-1])[1]


def _strips(node: Node) -> tuple[bool, bool]:
    kinds = [c.type for c in node.children]
    return kinds[1:2] == ["strip_marker"], kinds[-2:-1] == ["strip_marker"]


def _between(node: Node, first: Node, last: Node, text: _Text) -> hcl.Expr:
    inside = [c for c in node.children if first.end_byte <= c.start_byte < last.start_byte]
    parts = _strip(_parts(inside, first.end_byte, last.start_byte, text), text)
    if _strips(first)[1] and parts and isinstance(parts[0], str):
        parts[0] = text.left(parts[0])
    if _strips(last)[0] and parts and isinstance(parts[-1], str):
        parts[-1] = text.right(parts[-1])
    return _joined(parts, text.source.span(node), unwrap=False)


def _if(node: Node, text: _Text) -> hcl.Expr:
    marks = [c for c in node.children if c.type in ("template_if_intro", "template_else_intro", "template_if_end")]
    condition = next(c for c in marks[0].children if c.type == "expression")
    span = text.source.span(node)
    yes = _between(node, marks[0], marks[1], text)
    no = _between(node, marks[1], marks[2], text) if len(marks) > 2 else hcl.Literal("", span)  # noqa: PLR2004
    return hcl.Conditional(text.nested(condition), yes, no, span)


def _for(node: Node, text: _Text) -> hcl.Expr:
    intro, end = node.children[0], node.children[-1]
    *key_names, value_name = [text.source.text_of(c) for c in intro.children if c.type == "identifier"]
    collection = next(text.nested(c) for c in intro.children if c.type == "expression")
    value = _between(node, intro, end, text)
    key_name, span = key_names[0] if key_names else None, text.source.span(node)
    return hcl.For(key_name, value_name, collection, None, value, None, group=False, span=span, join=True)


def _strip(parts: Iterator[TemplatePart], text: _Text) -> list[str | hcl.Expr]:
    result: list[str | hcl.Expr] = []
    strip_next = False
    for part in parts:
        if isinstance(part, str):
            result.append(text.left(part) if strip_next else part)
            strip_next = False
            continue
        expression, before, after = part
        if before and result and isinstance(result[-1], str):
            result[-1] = text.right(result[-1])
        result.append(expression)
        strip_next = after
    return result


def _joined(parts: list[str | hcl.Expr], span: Span, *, unwrap: bool = True) -> hcl.Expr:
    resolved = [hcl.Literal(part, span) if isinstance(part, str) else part for part in parts if part]
    if not resolved:
        return hcl.Literal("", span)
    match resolved:
        case [hcl.Literal(str())]:
            return resolved[0]
        case [alone] if unwrap and len(parts) == 1:
            return alone
    return hcl.TemplateExpr(tuple(resolved), span)
