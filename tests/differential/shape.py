"""What the parsers are compared by: blocks, labels, attribute names and literal values, without places and expressions."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.parsing import parse

ROOT = Path(__file__).parent.parent.parent


def _is_text(path: Path) -> bool:
    data = path.read_bytes()
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


FILES = sorted(p for p in (ROOT / "fixtures").rglob("*") if p.suffix in (".tf", ".tofu", ".tfvars") and p.is_file() and _is_text(p))


@dataclass(frozen=True)
class Dynamic:
    """An expression that is no literal, or a string with something dynamic in it; any two are equal, as parsers spell them differently."""

    texts: tuple[str, ...] = field(default=(), compare=False)
    """The literal parts of the string."""


Value = Any


@dataclass(frozen=True)
class Body:
    attributes: dict[str, Value]
    blocks: list[tuple[str, tuple[str, ...], Body]]


def number(text: str) -> float:
    value = float(text)
    return int(text) if text.isdigit() else int(value) if value.is_integer() else value


def key(value: Value) -> str | Dynamic:
    match value:
        case bool():
            return str(value).lower()
        case float() if not math.isfinite(value):
            return Dynamic()
        case int() | float():
            return f"{value:.15g}"
        case str():
            return text(value)
        case _:
            return Dynamic()


def text(value: str) -> str:
    return unicodedata.normalize("NFC", value)


def ours(data: bytes) -> tuple[Body, bool]:
    body, problems = parse("main.tf", data)
    return _body(body), bool(problems)


def _body(body: hcl.Body) -> Body:
    return Body(
        {name: _value(attribute.expression) for name, attribute in body.attributes.items()},
        [(block.type, tuple(map(text, block.labels)), _body(block.body)) for block in body.blocks],
    )


def _value(expression: hcl.Expr) -> Value:
    match expression:
        case hcl.Literal(str() as value):
            return text(value)
        case hcl.Literal(value):
            return value
        case hcl.Unary("-", hcl.Literal(int() | float() as value)) if not isinstance(value, bool):
            return -value
        case hcl.Unary("!", hcl.Literal(bool() as value)):
            return not value
        case hcl.TupleExpr(items):
            return [_value(item) for item in items]
        case hcl.ObjectExpr(items):
            return {key(_value(k)): _value(v) for k, v in items}
        case hcl.TemplateExpr(parts):
            return Dynamic(tuple(text(p.value) for p in parts if isinstance(p, hcl.Literal) and isinstance(p.value, str)))
        case _:
            return Dynamic()
