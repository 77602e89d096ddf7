"""HCL expressions: from tree-sitter's nodes to the syntax of `posturio_iac.frontends.terraform.syntax.hcl`."""

from __future__ import annotations

from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.hcl_lexer import unescape
from posturio_iac.core.unknown import NOT_EVALUATED, TOO_DEEP
from posturio_iac.frontends.terraform.syntax import hcl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

    from posturio_iac.frontends.terraform.syntax.source import SourceText

_NUMBER = lazy_pattern(r"[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_LONGEST_NUMBER = 4000
_INFINITE = float("inf")
_OPERATORS = frozenset({"-", "!", "+", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||"})

MAX_DEPTH = 100  # deeper nesting than anybody writes; beyond it an expression is opaque instead of exhausting the stack

MAX_STEPS = 500  # of one traversal; each of them is asked where all of it leads


def build(node: Node, source: SourceText, depth: int = 0) -> hcl.Expr:
    """The expression that ``node`` stands for, of a tree without errors."""
    if depth > MAX_DEPTH:
        return hcl.InvalidExpr(TOO_DEEP("an expression"), source.span(node))
    return _BUILDERS[node.type](node, source, depth + 1)


def _named(node: Node) -> list[Node]:
    return [child for child in node.children if child.is_named and child.type != "comment"]


def _expression(node: Node, source: SourceText, depth: int) -> hcl.Expr:
    parts = _named(node)
    if len(parts) > MAX_STEPS:
        return hcl.InvalidExpr(TOO_DEEP("an expression"), source.span(node))
    return _steps(build(parts[0], source, depth), parts[1:], source, depth)


def _steps(target: hcl.Expr, steps: list[Node], source: SourceText, depth: int) -> hcl.Expr:
    for position, step in enumerate(steps):
        end = source.between(step.end_point, step.end_point)
        span = type(end)(end.path, target.span.line, target.span.column, end.end_line, end.end_column)
        match step.type:
            case "get_attr":
                target = hcl.GetAttr(target, source.text_of(_named(step)[0]), span)
            case "index" if position and _is_legacy(step) and _is_legacy(steps[position - 1]):
                return hcl.InvalidExpr(NOT_EVALUATED("an index after another one without brackets"), span)
            case "index":
                target = hcl.Index(target, _index_key(step, source, depth), span)
            case _:
                return _splat(target, step, steps[position + 1 :], source, depth)
    return target


def _is_legacy(step: Node) -> bool:
    """True if a step is an index after a dot: ``x.0``."""
    return step.type == "index" and _named(step)[0].type == "legacy_index"


def _index_key(node: Node, source: SourceText, depth: int) -> hcl.Expr:
    inner = _named(node)[0]
    if inner.type == "legacy_index":
        return hcl.Literal(int(source.text_of(inner).lstrip(".")), source.span(inner))
    return build(_named(inner)[0], source, depth)


def _splat(target: hcl.Expr, node: Node, rest: list[Node], source: SourceText, depth: int) -> hcl.Expr:
    kind = _named(node)[0]
    inside = _named(kind)
    each = hcl.Name("*", source.span(kind))
    span = source.span(node)
    if kind.type == "full_splat":
        return hcl.Splat(target, _steps(each, inside + rest, source, depth), span)
    # ``a.*.b[0]``: attributes and indexes after dots belong to the attribute splat, one in brackets is applied to its result.
    split = next((i for i, step in enumerate(inside) if step.type != "get_attr" and not _is_legacy(step)), len(inside))
    if split == len(inside) and rest and rest[0].type == "splat" and _named(rest[0])[0].type == "attr_splat":
        return hcl.InvalidExpr(NOT_EVALUATED("an attribute splat in another one"), span)
    return _steps(hcl.Splat(target, _steps(each, inside[:split], source, depth), span), inside[split:] + rest, source, depth)


def _literal(node: Node, source: SourceText, _depth: int) -> hcl.Expr:
    child = _named(node)[0]
    span = source.span(node)
    match child.type:
        case "numeric_lit":
            value = number(source.text_of(child))
            return (
                hcl.Literal(value, span)
                if value is not None
                else hcl.InvalidExpr(NOT_EVALUATED("a number that is not decimal, or too long"), span)
            )
        case "bool_lit":
            return hcl.Literal(source.text_of(child) == "true", span)
        case "null_lit":
            return hcl.Literal(None, span)
        case _:
            return hcl.Literal(string(child, source), span)


def number(text: str) -> int | float | None:
    """The number that an HCL literal stands for, integral ones as int; None when it is none that can be held."""
    if not _NUMBER.fullmatch(text) or len(text) > _LONGEST_NUMBER:
        return None
    value = float(text) if any(c in text for c in ".eE") else int(text)
    if isinstance(value, float) and not -_INFINITE < value < _INFINITE:
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def string(node: Node, source: SourceText) -> str:
    """The text of a ``string_lit`` node, its quotes removed and its escapes resolved."""
    return unescape(source.text(node.start_byte + 1, node.end_byte - 1), quoted=True)


def _template(node: Node, source: SourceText, depth: int) -> hcl.Expr:
    child = _named(node)[0]

    def nested(inner: Node) -> hcl.Expr:
        return build(inner, source, depth)

    from posturio_iac.frontends.terraform.syntax.templates import heredoc, quoted

    return heredoc(child, source, nested) if child.type == "heredoc_template" else quoted(child, source, nested)


def _call(node: Node, source: SourceText, depth: int) -> hcl.Expr:
    parts = _named(node)
    inside = _named(parts[1]) if len(parts) > 1 else []
    arguments = tuple(build(n, source, depth) for n in inside if n.type != "ellipsis")
    return hcl.Call(source.text_of(parts[0]), arguments, bool(inside) and inside[-1].type == "ellipsis", source.span(node))


def _operation(node: Node, source: SourceText, depth: int) -> hcl.Expr:
    operands: list[list[Node]] = [[]]
    operator = ""
    for child in _named(node)[0].children:
        if child.type in _OPERATORS:
            operator = child.type
            operands.append([])
        elif child.is_named and child.type != "comment":
            operands[-1].append(child)
    *left, right = [_steps(build(nodes[0], source, depth), nodes[1:], source, depth) for nodes in operands if nodes]
    span = source.span(node)
    return hcl.Binary(operator, left[0], right, span) if left else hcl.Unary(operator, right, span)


def _conditional(node: Node, source: SourceText, depth: int) -> hcl.Expr:
    """Build a conditional. The grammar takes ``a ? b : c ? d : e`` from the left, HCL from the right."""
    condition, yes, no = _named(node)
    result = build(no, source, depth)
    span = source.span(node)
    while (inner := _bare_conditional(condition)) is not None:
        condition, next_yes, test = _named(inner)
        result = hcl.Conditional(build(test, source, depth), build(yes, source, depth), result, span)
        yes = next_yes
    return hcl.Conditional(build(condition, source, depth), build(yes, source, depth), result, span)


def _bare_conditional(node: Node) -> Node | None:
    while node.type == "expression" and node.child_count == 1:
        node = node.children[0]
    return node if node.type == "conditional" else None


def _tuple(node: Node, source: SourceText, depth: int) -> hcl.Expr:
    items = tuple(build(n, source, depth) for n in _named(node) if n.type not in ("tuple_start", "tuple_end"))
    return hcl.TupleExpr(items, source.span(node))


def _object(node: Node, source: SourceText, depth: int) -> hcl.Expr:
    pairs = (_named(element) for element in _named(node) if element.type == "object_elem")
    items = tuple((_object_key(key, source, depth), build(value, source, depth)) for key, value in pairs)
    return hcl.ObjectExpr(items, source.span(node))


def _object_key(node: Node, source: SourceText, depth: int) -> hcl.Expr:
    key = build(node, source, depth)
    if source.text_of(node).startswith(("(", '"')):
        return key
    if isinstance(key, hcl.Name):
        return hcl.Literal(key.name, key.span)
    if isinstance(key, hcl.Literal) and key.value is None:
        return hcl.Literal("null", key.span)
    return hcl.AmbiguousKey(key, key.span) if isinstance(key, (hcl.GetAttr, hcl.Index, hcl.Splat)) else key


def _for(node: Node, source: SourceText, depth: int) -> hcl.Expr:
    inner = _named(node)[0]
    parts = {child.type: child for child in inner.children}
    *keys, value = [build(child, source, depth) for child in inner.children if child.type == "expression"]
    condition = build(_named(parts["for_cond"])[0], source, depth) if "for_cond" in parts else None
    *key_names, value_name = [source.text_of(child) for child in parts["for_intro"].children if child.type == "identifier"]
    over = next(build(child, source, depth) for child in parts["for_intro"].children if child.type == "expression")
    key_name, key = key_names[0] if key_names else None, keys[0] if keys else None
    return hcl.For(key_name, value_name, over, key, value, condition, "ellipsis" in parts, source.span(node))


_BUILDERS: dict[str, Callable[[Node, SourceText, int], hcl.Expr]] = {
    "expression": _expression,
    "literal_value": _literal,
    "template_expr": _template,
    "variable_expr": lambda node, source, _depth: hcl.Name(source.text_of(node), source.span(node)),
    "function_call": _call,
    "operation": _operation,
    "conditional": _conditional,
    "collection_value": lambda node, source, depth: build(_named(node)[0], source, depth),
    "tuple": _tuple,
    "object": _object,
    "for_expr": _for,
}
