"""Type constraints of variables: the conversions and optional attributes that change a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.model import Unknown
from posturio_iac.terraform import ast
from posturio_iac.terraform.evaluate import settle
from posturio_iac.terraform.operators import number_of, text_of, truth
from posturio_iac.terraform.values import EvaluationError, OpenMap, SetValue, Value

if TYPE_CHECKING:
    from posturio_iac.terraform.instance import Scope


def conform(value: Value, constraint: ast.Expr | None, scope: Scope) -> Value:
    """Return ``value`` as a variable of this type holds it; a value that does not fit stays as it is."""
    if constraint is None or value is None or isinstance(value, Unknown):
        return value
    match constraint:
        case ast.Name(name) | ast.Literal(str() as name):
            return _primitive(value, name)
        case ast.Call(name, (ast.ObjectOf(items), *_)) if name == "object":
            return _object(value, items, scope)
        case ast.Call(name, (inner, *_)) if name in ("map", "list", "set", "optional"):
            return _collection(value, name, inner, scope)
        case _:
            return value


def _primitive(value: Value, name: str) -> Value:
    try:
        match name:
            case "string" if isinstance(value, (bool, int, float)):
                return text_of(value)
            case "number" if isinstance(value, str):
                return number_of(value)
            case "bool" if isinstance(value, str):
                return truth(value)
            case _:
                return value
    except EvaluationError:
        return value


def _object(value: Value, items: tuple[tuple[ast.Expr, ast.Expr], ...], scope: Scope) -> Value:
    if not isinstance(value, dict):
        return value
    entries: dict[str, Value] = dict(value)
    for key, constraint in items:
        if not isinstance(key, ast.Literal):
            continue
        name = str(key.value)
        inner, default = _optional(constraint)
        if entries.get(name) is None and default is not None and not isinstance(value, OpenMap):
            entries[name] = settle(default, scope)
        elif name in entries:
            entries[name] = conform(entries[name], inner, scope)
    return OpenMap(entries, value.rest) if isinstance(value, OpenMap) else entries


def _optional(constraint: ast.Expr) -> tuple[ast.Expr, ast.Expr | None]:
    """Return the inner type and the default of ``optional(type, default)``."""
    if isinstance(constraint, ast.Call) and constraint.name == "optional" and constraint.arguments:
        arguments = constraint.arguments
        return arguments[0], arguments[1] if len(arguments) > 1 else ast.Literal(None, constraint.span)
    return constraint, None


def _collection(value: Value, name: str, inner: ast.Expr, scope: Scope) -> Value:
    match value:
        case OpenMap():
            return OpenMap({key: conform(element, inner, scope) for key, element in value.items()}, value.rest)
        case dict() if name in ("map", "optional"):
            return {key: conform(element, inner, scope) for key, element in value.items()}
        case tuple() if name in ("list", "set") and not isinstance(value, SetValue):
            return tuple(conform(element, inner, scope) for element in value)
        case _:
            return value
