"""Syntax as one line of text, so that a test reads like the code that it is about."""

from __future__ import annotations

import json

from posturio_iac.core.finding import Diagnostic
from posturio_iac.frontends.terraform.modules import files
from posturio_iac.frontends.terraform.syntax import hcl


def body_of(text: str | bytes, path: str = "main.tf") -> hcl.Body:
    body, problems = parsed(text, path)
    assert problems == ()
    return body


def parsed(text: str | bytes, path: str = "main.tf") -> tuple[hcl.Body, tuple[Diagnostic, ...]]:
    return files.parse(path, text if isinstance(text, bytes) else text.encode())


def expression(text: str) -> hcl.Expr:
    return body_of(f"x = {text}\n").attributes["x"].expression


def shape(node: hcl.Expr) -> str:  # noqa: C901, PLR0911, PLR0912 - one arm a kind of expression
    """Write an expression with all its parentheses. A template is ``"a" ~ b``, an element of a splat ``*``."""
    match node:
        case hcl.Literal(value):
            return json.dumps(value, ensure_ascii=False)
        case hcl.TemplateExpr(parts):
            return f"({' ~ '.join(map(shape, parts))})"
        case hcl.Name(name):
            return name
        case hcl.GetAttr(target, name):
            return f"{shape(target)}.{name}"
        case hcl.Index(target, key):
            return f"{shape(target)}[{shape(key)}]"
        case hcl.Splat(target, each):
            return f"{shape(target)}[*]({shape(each)})"
        case hcl.Call(name, arguments, expand):
            return f"{name}({', '.join(map(shape, arguments))}{'...' if expand else ''})"
        case hcl.Unary(operator, operand):
            return f"({operator}{shape(operand)})"
        case hcl.Binary(operator, left, right):
            return f"({shape(left)} {operator} {shape(right)})"
        case hcl.Conditional(condition, yes, no):
            return f"({shape(condition)} ? {shape(yes)} : {shape(no)})"
        case hcl.TupleExpr(items):
            return f"[{', '.join(map(shape, items))}]"
        case hcl.ObjectExpr(entries):
            return f"{{{', '.join(f'{shape(k)}: {shape(v)}' for k, v in entries)}}}"
        case hcl.For():
            return _for(node)
        case hcl.AmbiguousKey(reference):
            return f"?{shape(reference)}"
        case hcl.InvalidExpr(unknown):
            return f"<{unknown.reason}>"


def _for(node: hcl.For) -> str:
    names = f"{node.key_name}, {node.value_name}" if node.key_name else node.value_name
    key = f"{shape(node.key)} => " if node.key else ""
    end = "..." if node.group else ""
    condition = f" if {shape(node.condition)}" if node.condition else ""
    kind = "join" if node.join else "for"
    return f"({kind} {names} in {shape(node.collection)}: {key}{shape(node.value)}{end}{condition})"


def outline(body: hcl.Body) -> str:
    """Write attributes and blocks without their values: ``a b{"label" c{}}``."""
    words = [
        *body.attributes,
        *(f"{' '.join((b.type, *(json.dumps(name) for name in b.labels)))}{{{outline(b.body)}}}" for b in body.blocks),
    ]
    return " ".join(words)
