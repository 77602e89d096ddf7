"""Evaluates expressions and converts types, given a `Scope` that gives names their values.

Imports ``syntax``, ``functions``, operators and values.
"""

from __future__ import annotations

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform import values as v
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.operators import unify
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from typing_extensions import Self

    from posturio_iac.core.budget import Budget
    from posturio_iac.frontends.terraform.functions import Environment
    from posturio_iac.frontends.terraform.syntax.hcl import Call, Expr

    class Scope(Protocol):
        """Gives names their values."""

        @property
        def bindings(self) -> dict[str, v.Value]: ...  # ``each``, ``count``, ``self`` and the variables of ``for`` expressions
        @property
        def environment(self) -> Environment: ...
        @property
        def budget(self) -> Budget: ...
        @property
        def is_due(self) -> bool: ...  # True if clocks are due in this reading
        def bind(self, /, **names: v.Value) -> Self: ...
        def moved(self, call: Call, /) -> v.Value: ...  # of an impure function; None where it is only known to differ in each run
        def attribute(
            self, root: str, name: str
        ) -> v.Value: ...  # ``var.x``, ``local.x``, ``module.x``, ``path.module``, ``aws_iam_user.x``
        def kept(self, name: str, compute: Callable[[], v.Value], /) -> v.Value: ...  # what is the same wherever it is asked for
        def convert(self, value: v.Value, constraint: Expr, /) -> v.Value: ...  # to a type constraint
        def data(self, kind: str, name: str) -> v.Value: ...  # ``data.kind.name``


def conform(value: v.Value, constraint: hcl.Expr | None, scope: Scope) -> v.Value:
    """``value`` as a variable of this type holds it; a value that does not fit stays as it is."""
    if constraint is None or value is None or isinstance(value, Unknown):
        return value
    match constraint:
        case hcl.Name("map" | "list" as name):  # of anything, as a variable may say
            return _collection(value, name, hcl.Name("any", span=constraint.span), scope)
        case hcl.Name(name) | hcl.Literal(str() as name):
            return _primitive(value, name)
        case hcl.Call(name, (hcl.ObjectExpr(items), *_)) if name == "object":
            return _object(value, items, scope)
        case hcl.Call(name, (inner, *_)) if name in ("map", "list", "set", "tuple"):
            return _collection(value, name, inner, scope)
        case _:
            return value


def _primitive(value: v.Value, name: str) -> v.Value:
    try:
        return {"string": v.to_text, "number": v.to_number, "bool": v.to_bool}.get(name, v.normal)(value)
    except v.EvaluationError:
        return value


def _object(value: v.Value, items: tuple[tuple[hcl.Expr, hcl.Expr], ...], scope: Scope) -> v.Value:
    """Keep the attributes that the type names, give the missing optional ones their defaults."""
    if not isinstance(value, dict):
        return value
    entries: dict[str, v.Value] = {}
    for key, constraint in items:
        if not isinstance(key, hcl.Literal):
            return value
        name = str(key.value)
        inner, default = _optional(constraint)
        if value.get(name) is not None:
            entries[name] = conform(value[name], inner, scope)
        elif default is not None and not isinstance(value, v.PartialMap):
            entries[name] = conform(evaluate_or_unknown(default, scope), inner, scope)
        elif name in value:
            entries[name] = value[name]
    return v.PartialMap(entries, value.rest) if isinstance(value, v.PartialMap) else entries


def _optional(constraint: hcl.Expr) -> tuple[hcl.Expr, hcl.Expr | None]:
    """The inner type and the default of ``optional(type, default)``."""
    if isinstance(constraint, hcl.Call) and constraint.name == "optional" and constraint.arguments:
        arguments = constraint.arguments
        return arguments[0], arguments[1] if len(arguments) > 1 else hcl.Literal(None, constraint.span)
    return constraint, None


def _collection(value: v.Value, name: str, inner: hcl.Expr, scope: Scope) -> v.Value:
    match value:
        case dict() if name == "map" or isinstance(value, v.PartialMap):
            rest = (value.rest,) if isinstance(value, v.PartialMap) else ()
            entries = dict(zip(value, _elements((*value.values(), *rest), inner, scope), strict=False))
            is_text = isinstance(inner, hcl.Name) and inner.name == "string"
            return v.PartialMap(entries, value.rest) if isinstance(value, v.PartialMap) else v.TextMap(entries) if is_text else entries
        case tuple() if name == "set":
            return v.make_set(_elements(value, inner, scope))
        case tuple() if name == "list":
            return _elements(value, inner, scope)
        case tuple() if name == "tuple" and isinstance(inner, hcl.TupleExpr) and len(inner.items) == len(value):
            return tuple(conform(element, part, scope) for element, part in zip(value, inner.items, strict=True))
        case _:
            return value


def _elements(values: tuple[v.Value, ...], inner: hcl.Expr, scope: Scope) -> tuple[v.Value, ...]:
    """The elements of a collection, all of one type where the constraint leaves a part of it open."""
    elements = tuple(conform(element, inner, scope) for element in values)
    try:
        return unify(elements) if any(isinstance(one, hcl.Name) and one.name == "any" for one in walk(inner)) else elements
    except (v.EvaluationError, v.ResultTooLargeError):
        return elements
