"""References as they are written: in lists, in quotes, as whole expressions."""

from __future__ import annotations

from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.parsing import parse_expression

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


def listed(expression: hcl.Expr) -> Iterator[hcl.Expr]:
    """Yield the references in a list, or the single one; those in quotes (Terraform 0.11 and JSON) are parsed."""
    items = expression.items if isinstance(expression, hcl.TupleExpr) else (expression,)
    for item in items:
        if isinstance(item, hcl.Literal) and isinstance(item.value, str):
            text = item.value.removeprefix("${").removesuffix("}")
            yield hcl.Name("*", item.span) if text == "*" else parse_expression(text, item.span)
        else:
            yield item


def references(expression: hcl.Expr | None) -> tuple[str, ...]:
    """The words of a plain reference, its indexes left out: ``aws_iam_user.ci[0].name`` gives three."""
    words: list[str] = []
    if isinstance(expression, hcl.AmbiguousKey):
        expression = expression.reference
    while isinstance(expression, (hcl.GetAttr, hcl.Index)):
        if isinstance(expression, hcl.GetAttr):
            words.append(expression.name)
        expression = expression.target
    return (expression.name, *reversed(words)) if isinstance(expression, hcl.Name) else ()


def spelled(expression: hcl.Expr) -> str:
    """A reference as the code writes it, its constant indexes included."""
    match expression:
        case hcl.GetAttr(target, name):
            return f"{spelled(target)}.{name}"
        case hcl.Index(target, hcl.Literal(str() as key)):
            return f'{spelled(target)}["{key}"]'
        case hcl.Index(target, hcl.Literal(key)):
            return f"{spelled(target)}[{key}]"
        case hcl.Index(target, key):
            return f"{spelled(target)}[{spelled(key) or '…'}]"
        case hcl.Name(name):
            return name
        case _:
            return ""


def references_in(expression: hcl.Expr) -> Iterator[tuple[str, ...]]:
    """Yield the words of each reference in an expression, those in the indexes of others too."""
    pending: list[hcl.Expr | None] = [expression]
    while pending:
        current = pending.pop()
        if words := references(current):
            yield words
            pending += indexes(current)
        elif current is not None:
            pending += inside(current)


def indexes(reference: hcl.Expr | None) -> list[hcl.Expr]:
    """The expressions in the brackets of a reference."""
    found = []
    while isinstance(reference, (hcl.GetAttr, hcl.Index)):
        if isinstance(reference, hcl.Index):
            found.append(reference.key)
        reference = reference.target
    return found


def pairs_in(expression: hcl.Expr) -> set[tuple[str, str]]:
    """The first two words of every reference in an expression: ``("aws_iam_user", "ci")``."""
    return {(words[0], words[1]) for words in references_in(expression) if len(words) > 1}


def mentioned(block: hcl.Block) -> set[tuple[str, str]]:
    """The same of all expressions in a block."""
    found: set[tuple[str, str]] = set()
    pending = [block.body]
    while pending:
        body = pending.pop()
        for attribute in body.attributes.values():
            found |= pairs_in(attribute.expression)
        pending += [b.body for b in body.blocks]
    return found


def walk(expression: hcl.Expr) -> Iterator[hcl.Expr]:
    """Yield an expression and all expressions inside it."""
    pending: list[hcl.Expr | None] = [expression]
    while pending:
        current = pending.pop()
        if current is None:
            continue
        yield current
        pending += inside(current)


def inside(expression: hcl.Expr) -> list[hcl.Expr | None]:
    parts = _PARTS.get(type(expression))
    return parts(expression) if parts is not None else []


_PARTS: dict[type, Callable[[Any], list[hcl.Expr | None]]] = {
    hcl.TemplateExpr: lambda one: [*one.parts],
    hcl.GetAttr: lambda one: [one.target],
    hcl.Index: lambda one: [one.target, one.key],
    hcl.Splat: lambda one: [one.target, one.each],
    hcl.Call: lambda one: [*one.arguments],
    hcl.Unary: lambda one: [one.operand],
    hcl.Binary: lambda one: [one.left, one.right],
    hcl.Conditional: lambda one: [one.condition, one.yes, one.no],
    hcl.TupleExpr: lambda one: [*one.items],
    hcl.ObjectExpr: lambda one: [part for item in one.items for part in item],
    hcl.AmbiguousKey: lambda one: [one.reference],
    hcl.For: lambda one: [one.collection, one.key, one.value, one.condition],
}
"""A match statement would try one kind after the other, and most of what is walked is of few."""
