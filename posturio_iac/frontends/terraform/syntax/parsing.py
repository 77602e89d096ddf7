"""HCL files: bytes to blocks, with comments, and one diagnostic for each syntax error."""

from __future__ import annotations

from posturio_iac.core.record import replace
from posturio_iac.core.unknown import SYNTAX_ERROR
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.source import SourceText
from posturio_iac.frontends.terraform.syntax.tree import file_body, is_sound, tree_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.core.model import Span

    Parsed = tuple[hcl.Body, tuple[Diagnostic, ...]]


OUTLINED_FROM = 16_384
"""Bytes that are parsed whole before blocks are parsed one at a time: compiling what finds them costs as much."""


def parse(path: str, data: bytes) -> Parsed:
    """The top-level blocks and attributes of one file, and its syntax errors.

    Blocks that contain an error are left out and named by their diagnostic; all the others are there.
    """
    source = SourceText(path, data.removeprefix(b"\xef\xbb\xbf"))
    if (outlined := _outlined(source)) is not None:
        return outlined, ()
    root = tree_of(source.data).root_node
    if is_sound(root):
        return file_body(root, source), ()
    from posturio_iac.frontends.terraform.syntax.recovery import recover

    return recover(source)


_seen = 0


def _outlined(source: SourceText) -> hcl.Body | None:
    """The outline of a file, once so much code was parsed that its patterns are worth compiling."""
    global _seen  # noqa: PLW0603 - what was parsed so far in this process
    _seen += len(source.data)
    if _seen < OUTLINED_FROM:
        return None
    from posturio_iac.frontends.terraform.syntax.outline import outline

    return outline(source)


def parse_template(path: str, text: str) -> hcl.Expr:
    """The expression of template text outside a file of its own: JSON strings and template files.

    Spans are relative to the text.
    """
    end = "END_OF_TEMPLATE"
    data = f"x = <<{end}\n{text}\n{end}\n".encode("utf-8", "replace")
    source = SourceText(path, data)
    root = tree_of(data).root_node
    found = file_body(root, source).attributes.get("x") if not root.has_error else None
    if found is None:
        return hcl.InvalidExpr(SYNTAX_ERROR(), source.between((0, 0), (0, 1)))
    return _without_last_newline(found.expression)


def parse_expression(text: str, span: Span) -> hcl.Expr:
    """The expression in ``text``, such as a reference that Terraform 0.11 and JSON write in quotes, all of it at ``span``."""
    data = f"x = {text}\n".encode("utf-8", "replace")
    source = SourceText(span.path, data)
    root = tree_of(data).root_node
    found = None if root.has_error else file_body(root, source).attributes.get("x")
    return replace(found.expression, span=span) if found is not None else hcl.InvalidExpr(SYNTAX_ERROR(), span)


def _without_last_newline(expression: hcl.Expr) -> hcl.Expr:
    match expression:
        case hcl.Literal(str() as value, span):
            return hcl.Literal(value.removesuffix("\n"), span)
        case hcl.TemplateExpr((*parts, hcl.Literal(str() as value, span)), whole):
            kept = (*parts, hcl.Literal(value.removesuffix("\n"), span)) if value != "\n" else tuple(parts)
            return kept[0] if len(kept) == 1 else hcl.TemplateExpr(kept, whole)
        case _:
            return expression
