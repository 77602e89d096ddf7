"""Syntax as one line of text, so that a test reads like the code that it is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from posturio_iac.terraform import ast, files

if TYPE_CHECKING:
    from posturio_iac.finding import Diagnostic


def body_of(text: str | bytes, path: str = "main.tf") -> ast.Body:
    """Return the content of a file that reads without problems."""
    body, problems = parsed(text, path)
    assert problems == ()
    return body


def parsed(text: str | bytes, path: str = "main.tf") -> tuple[ast.Body, tuple[Diagnostic, ...]]:
    """Return the content of a file and its problems."""
    return files.parse(path, text if isinstance(text, bytes) else text.encode())


def expression(text: str) -> ast.Expr:
    """Return the expression that an attribute has which is written like this."""
    return body_of(f"x = {text}\n").attributes["x"].expression


def shape(node: ast.Expr) -> str:  # noqa: C901, PLR0911, PLR0912 - one arm a kind of expression
    """Write an expression with all its parentheses. A template is ``"a" ~ b``, an element of a splat ``*``."""
    match node:
        case ast.Literal(value):
            return json.dumps(value, ensure_ascii=False)
        case ast.Template(parts):
            return f"({' ~ '.join(map(shape, parts))})"
        case ast.Name(name):
            return name
        case ast.GetAttr(target, name):
            return f"{shape(target)}.{name}"
        case ast.Index(target, key):
            return f"{shape(target)}[{shape(key)}]"
        case ast.Splat(target, each):
            return f"{shape(target)}[*]({shape(each)})"
        case ast.Call(name, arguments, expand):
            return f"{name}({', '.join(map(shape, arguments))}{'...' if expand else ''})"
        case ast.Unary(operator, operand):
            return f"({operator}{shape(operand)})"
        case ast.Binary(operator, left, right):
            return f"({shape(left)} {operator} {shape(right)})"
        case ast.Conditional(condition, yes, no):
            return f"({shape(condition)} ? {shape(yes)} : {shape(no)})"
        case ast.ListOf(items):
            return f"[{', '.join(map(shape, items))}]"
        case ast.ObjectOf(entries):
            return f"{{{', '.join(f'{shape(k)}: {shape(v)}' for k, v in entries)}}}"
        case ast.For():
            return _for(node)
        case ast.Opaque(reason):
            return f"<{reason}>"


def _for(node: ast.For) -> str:
    names = f"{node.key_name}, {node.value_name}" if node.key_name else node.value_name
    key = f"{shape(node.key)} => " if node.key else ""
    end = "..." if node.group else ""
    condition = f" if {shape(node.condition)}" if node.condition else ""
    kind = "join" if node.join else "for"
    return f"({kind} {names} in {shape(node.collection)}: {key}{shape(node.value)}{end}{condition})"


def outline(body: ast.Body) -> str:
    """Write attributes and blocks without their values: ``a b{"label" c{}}``."""
    words = [
        *body.attributes,
        *(f"{' '.join((b.type, *(json.dumps(name) for name in b.labels)))}{{{outline(b.body)}}}" for b in body.blocks),
    ]
    return " ".join(words)
