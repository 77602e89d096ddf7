"""HCL files: bytes to blocks, with comments, and one diagnostic for each syntax error."""

from __future__ import annotations

from posturio_iac.core.model import Span
from posturio_iac.core.record import replace
from posturio_iac.core.text.decoding import with_plain_markers
from posturio_iac.core.unknown import SYNTAX_ERROR
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.plain_file import plain_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.finding import Diagnostic

    Parsed = tuple[hcl.Body, tuple[Diagnostic, ...]]

OUTLINED_FROM = 16_384  # bytes that are read whole before blocks are parsed one at a time: compiling what finds them costs as much
_SMALL = 1000  # bytes up to which a file with a key is read whole: nearly every block there is asked for
_seen = 0


def parse(path: str, data: bytes) -> Parsed:
    """The top-level blocks and attributes of one file, and its syntax errors.

    Blocks that contain an error are left out and named by their diagnostic; all the others are there.
    """
    global _seen  # noqa: PLW0603 - what was read so far in this process
    data = with_plain_markers(data.removeprefix(b"\xef\xbb\xbf"))
    _seen += len(data)
    is_small = _seen < OUTLINED_FROM or (len(data) < _SMALL and b"iam_access_key" in data)
    if is_small and (body := plain_file(path, data)) is not None:
        return body, ()
    from posturio_iac.frontends.terraform.syntax.source import SourceText

    source = SourceText(path, data)
    try:
        if not is_small:
            from posturio_iac.frontends.terraform.syntax.outline import outline

            if (body := outline(source)) is not None:
                return body, ()
        from posturio_iac.frontends.terraform.syntax.tree import file_body, is_sound, tree_of

        root = tree_of(data).root_node
        if is_sound(root):
            return file_body(root, source), ()
    except ValueError:  # too broken to parse, which is found again where it is
        pass
    from posturio_iac.frontends.terraform.syntax.recovery import recover

    return recover(source)


def parse_template(path: str, text: str) -> hcl.Expr:
    """The expression of template text outside a file of its own: JSON strings and template files. Spans are relative to the text."""
    end = "END_OF_TEMPLATE"
    data = f"x = <<{end}\n{text}\n{end}\n".encode("utf-8", "replace")
    found = _value(path, data)
    return _without_last_newline(found) if found is not None else hcl.InvalidExpr(SYNTAX_ERROR(), Span(path, 1, 1, 1, 2))


def parse_expression(text: str, span: Span) -> hcl.Expr:
    """The expression in ``text``, such as a reference that Terraform 0.11 and JSON write in quotes, all of it at ``span``."""
    data = f"x = {text}\n".encode("utf-8", "replace")
    found = _value(span.path, data)
    return replace(found, span=span) if found is not None else hcl.InvalidExpr(SYNTAX_ERROR(), span)


def _value(path: str, data: bytes) -> hcl.Expr | None:
    if (body := plain_file(path, data)) is None:
        from posturio_iac.frontends.terraform.syntax.source import SourceText
        from posturio_iac.frontends.terraform.syntax.tree import file_body, tree_of

        try:
            root = tree_of(data).root_node
        except ValueError:
            return None
        body = hcl.EMPTY if root.has_error else file_body(root, SourceText(path, data))
    found = body.attributes.get("x")
    return found.expression if found is not None else None


def _without_last_newline(expression: hcl.Expr) -> hcl.Expr:
    match expression:
        case hcl.Literal(str() as value, span):
            return hcl.Literal(value.removesuffix("\n"), span)
        case hcl.TemplateExpr((*parts, hcl.Literal(str() as value, span)), whole):
            kept = (*parts, hcl.Literal(value.removesuffix("\n"), span)) if value != "\n" else tuple(parts)
            return kept[0] if len(kept) == 1 else hcl.TemplateExpr(kept, whole)
        case _:
            return expression
