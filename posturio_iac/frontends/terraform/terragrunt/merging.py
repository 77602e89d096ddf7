"""Inputs: values with the expressions that they come from, merged as Terragrunt does, and written as expressions again."""

from __future__ import annotations

from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.record import dataclass
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import walk
from posturio_iac.frontends.terraform.values import PartialMap, SetValue, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Entries:
    """Named values, each with the expression that gives its place."""

    known: Mapping[str, tuple[Value, hcl.Expr]]
    rest: Unknown | None

    def value(self) -> Value:
        values = {name: value for name, (value, _) in self.known.items()}
        return values if self.rest is None else PartialMap(values, self.rest)

    def attributes(self) -> dict[str, hcl.Attribute]:
        """Each as an expression that evaluates to its value in any module."""
        return hcl.attributes({name: written(value, expression) for name, (value, expression) in self.known.items()})


def entries_of(value: Value, expression: hcl.Expr, rest: Unknown | None = None) -> Entries:
    """The entries of a map that ``expression`` makes; ``rest`` is why there may be more anyway."""
    if not isinstance(value, dict):
        return Entries({}, value if isinstance(value, Unknown) else rest)
    places, rest = _places(expression), value.rest if isinstance(value, PartialMap) else rest
    return Entries({name: (entry, places.get(name, expression)) for name, entry in value.items()}, rest)


def merged(below: Entries, above: Entries, *, deep: bool) -> Entries:
    """The entries of both maps; those of ``above`` win, or with ``deep`` are merged into the others."""
    known = dict(below.known)
    for name, (value, expression) in above.known.items():
        old = known.get(name)
        known[name] = (_deep(old[0], value), expression) if deep and old is not None else (value, expression)
    return Entries(known, above.rest or below.rest)


def _deep(below: Value, above: Value) -> Value:
    if isinstance(below, Unknown) and isinstance(above, (dict, tuple)):
        return below
    if isinstance(below, dict) and isinstance(above, dict):
        entries = {**below, **{name: _deep(below[name], value) if name in below else value for name, value in above.items()}}
        rest = next((one.rest for one in (above, below) if isinstance(one, PartialMap)), None)
        return entries if rest is None else PartialMap(entries, rest)
    return (*below, *above) if isinstance(below, tuple) and isinstance(above, tuple) else above


def _places(expression: hcl.Expr) -> dict[str, hcl.Expr]:
    found: dict[str, hcl.Expr] = {}
    if isinstance(expression, hcl.ObjectExpr):
        objects = [expression]
    else:
        arguments = expression.arguments if isinstance(expression, hcl.Call) else ()
        objects = [part for argument in arguments for part in walk(argument) if isinstance(part, hcl.ObjectExpr)]
    for one in objects:
        found.update((str(key.value), value) for key, value in one.items if isinstance(key, hcl.Literal))
    return found


def written(value: Value, expression: hcl.Expr) -> hcl.Expr:
    """An expression of this value, whose parts have the places of those of ``expression``."""
    span: Span = expression.span
    match value:
        case Unknown():
            return hcl.InvalidExpr(value, span)
        case PartialMap():
            return hcl.Call("merge", (_object(value, expression), hcl.InvalidExpr(value.rest, span)), expand=False, span=span)
        case dict():
            return _object(value, expression)
        case SetValue():
            return hcl.Call("toset", (_tuple(tuple(value), expression),), expand=False, span=span)
        case tuple():
            return _tuple(value, expression)
        case _:
            return hcl.Literal(value, span)


def _object(value: dict[str, Value], expression: hcl.Expr) -> hcl.Expr:
    places = _places(expression)
    items = tuple((hcl.Literal(name, (at := places.get(name, expression)).span), written(part, at)) for name, part in value.items())
    return hcl.ObjectExpr(items, expression.span)


def _tuple(value: tuple[Value, ...], expression: hcl.Expr) -> hcl.Expr:
    places = expression.items if isinstance(expression, hcl.TupleExpr) and len(expression.items) == len(value) else ()
    parts = (written(part, places[at] if places else expression) for at, part in enumerate(value))
    return hcl.TupleExpr(tuple(parts), expression.span)
