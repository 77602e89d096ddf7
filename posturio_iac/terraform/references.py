"""References as they are written: in lists, in quotes, as whole expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.terraform import ast
from posturio_iac.terraform.syntax import parse_expression

if TYPE_CHECKING:
    from collections.abc import Iterator


def listed(expression: ast.Expr) -> Iterator[ast.Expr]:
    """Yield the references in a list, or the single one; those in quotes (Terraform 0.11 and JSON) are parsed."""
    items = expression.items if isinstance(expression, ast.ListOf) else (expression,)
    for item in items:
        if isinstance(item, ast.Literal) and isinstance(item.value, str):
            text = item.value.removeprefix("${").removesuffix("}")
            yield ast.Name("*", item.span) if text == "*" else parse_expression(text, item.span)
        else:
            yield item


def references(expression: ast.Expr | None) -> tuple[str, ...]:
    """Return the words of a plain reference, its indexes left out: ``aws_iam_user.ci[0].name`` gives three."""
    words: list[str] = []
    while isinstance(expression, (ast.GetAttr, ast.Index)):
        if isinstance(expression, ast.GetAttr):
            words.append(expression.name)
        expression = expression.target
    if isinstance(expression, ast.Name):
        return (expression.name, *reversed(words))
    return ()


def spelled(expression: ast.Expr) -> str:
    """Return a reference as the code writes it, its constant indexes included."""
    match expression:
        case ast.GetAttr(target, name):
            return f"{spelled(target)}.{name}"
        case ast.Index(target, ast.Literal(str() as key)):
            return f'{spelled(target)}["{key}"]'
        case ast.Index(target, ast.Literal(key)):
            return f"{spelled(target)}[{key}]"
        case ast.Index(target, key):
            return f"{spelled(target)}[{spelled(key) or '…'}]"
        case ast.Name(name):
            return name
        case _:
            return ""


def mentioned(block: ast.Block) -> set[tuple[str, str]]:
    """Return the first two words of every reference in a block: ``("aws_iam_user", "ci")``."""
    found: set[tuple[str, str]] = set()
    pending = [block.body]
    while pending:
        body = pending.pop()
        for attribute in body.attributes.values():
            for expression in walk(attribute.expression):
                words = references(expression)
                if len(words) > 1:
                    found.add((words[0], words[1]))
        pending += [b.body for b in body.blocks]
    return found


def walk(expression: ast.Expr) -> Iterator[ast.Expr]:
    """Yield an expression and all expressions inside it."""
    pending: list[ast.Expr | None] = [expression]
    while pending:
        current = pending.pop()
        if current is None:
            continue
        yield current
        pending += _inside(current)


def _inside(expression: ast.Expr) -> list[ast.Expr | None]:  # noqa: PLR0911 - one arm a kind of expression
    match expression:
        case ast.Template(parts):
            return list(parts)
        case ast.GetAttr(target):
            return [target]
        case ast.Index(target, key):
            return [target, key]
        case ast.Splat(target, each):
            return [target, each]
        case ast.Call(_, arguments):
            return list(arguments)
        case ast.Unary(_, operand):
            return [operand]
        case ast.Binary(_, left, right):
            return [left, right]
        case ast.Conditional(condition, yes, no):
            return [condition, yes, no]
        case ast.ListOf(items):
            return list(items)
        case ast.ObjectOf(items):
            return [part for item in items for part in item]
        case ast.For():
            return [expression.collection, expression.key, expression.value, expression.condition]
        case _:
            return []
