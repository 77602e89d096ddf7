"""References as they are written: in lists, in quotes, as whole expressions."""

from __future__ import annotations

from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.parsing import parse_expression

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


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
    if isinstance(expression, hcl.Name):
        return (expression.name, *reversed(words))
    return ()


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


def mentioned(block: hcl.Block) -> set[tuple[str, str]]:
    """The first two words of every reference in a block: ``("aws_iam_user", "ci")``."""
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


def walk(expression: hcl.Expr) -> Iterator[hcl.Expr]:
    """Yield an expression and all expressions inside it."""
    pending: list[hcl.Expr | None] = [expression]
    while pending:
        current = pending.pop()
        if current is None:
            continue
        yield current
        pending += inside(current)


def inside(expression: hcl.Expr) -> list[hcl.Expr | None]:  # noqa: C901, PLR0911, PLR0912 - one arm a kind of expression
    """The expressions that an expression is made of."""
    match expression:
        case hcl.TemplateExpr(parts):
            return list(parts)
        case hcl.GetAttr(target):
            return [target]
        case hcl.Index(target, key):
            return [target, key]
        case hcl.Splat(target, each):
            return [target, each]
        case hcl.Call(_, arguments):
            return list(arguments)
        case hcl.Unary(_, operand):
            return [operand]
        case hcl.Binary(_, left, right):
            return [left, right]
        case hcl.Conditional(condition, yes, no):
            return [condition, yes, no]
        case hcl.TupleExpr(items):
            return list(items)
        case hcl.ObjectExpr(items):
            return [part for item in items for part in item]
        case hcl.AmbiguousKey(reference):
            return [reference]
        case hcl.For():
            return [expression.collection, expression.key, expression.value, expression.condition]
        case _:
            return []
