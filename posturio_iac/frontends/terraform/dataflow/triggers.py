"""What an item of ``replace_triggered_by`` leads to: resources, and the way into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from posturio_iac.core.record import NamedTuple
from posturio_iac.frontends.terraform.evaluation.evaluate import attribute, evaluate_or_unknown, index
from posturio_iac.frontends.terraform.modules.expansion import suffix_of
from posturio_iac.frontends.terraform.modules.instance import SAME, View, planned
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.values import EvaluationError, SomeInstance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.unknown import Unknown
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope
    from posturio_iac.frontends.terraform.values import Value


class Any:
    """A step to an element that is not named: ``[*]``, ``one(…)``, ``each.value``."""


ANY = Any()
Step = Union[str, int, Any]


class Reached(NamedTuple):
    """An instance of a resource that a trigger names."""

    block: hcl.Block
    kind: str
    local_address: str
    """In its module: ``time_static.key[0]``."""
    scope: ModuleScope
    way: tuple[Step, ...]
    """The steps into the resource."""
    doubt: Unknown | None
    """Why it may not be there."""

    @property
    def instance(self) -> ModuleInstance:
        return self.scope.instance

    @property
    def address(self) -> str:
        return self.instance.full(self.local_address)

    @property
    def attribute(self) -> str | None:
        """The attribute that is read; None for the whole resource."""
        return str(self.way[0]) if self.way and isinstance(self.way[0], str) else None

    def expression(self) -> hcl.Expr | None:
        name = self.attribute
        return hcl.setting(self.block, SAME.get((self.kind, name), name)) if name is not None else None


def reached(trigger: hcl.Expr, scope: ModuleScope, view: View) -> Iterator[Reached]:
    """Yield what an item of ``replace_triggered_by`` names in a block that ``scope`` belongs to."""
    base, steps = _way(trigger, scope)
    if not isinstance(base, hcl.Name) or not steps or not isinstance(steps[0], str):
        return
    kind, name = base.name, steps[0]
    block = scope.instance.folder.resources.get((kind, name))
    if block is None:
        return
    expansion = planned(block, scope.instance, view)
    wanted, rest = select(expansion.shape, steps[1:])
    for suffix, inner in expansion.instances:
        if wanted is None or suffix in ("", wanted):
            yield Reached(block, kind, f"{kind}.{name}{suffix or wanted or ''}", inner, rest, expansion.unknown)


def flatten(expression: hcl.Expr, scope: ModuleScope) -> tuple[hcl.Expr, tuple[Step, ...]]:
    """The base of a chain of attributes and indexes, and the steps after it."""
    steps: list[Step] = []
    while isinstance(expression, (hcl.GetAttr, hcl.Index)):
        if isinstance(expression, hcl.GetAttr):
            steps.append(expression.name)
        else:
            key = evaluate_or_unknown(expression.key, scope)
            steps.append(key if isinstance(key, (str, int)) and not isinstance(key, bool) else ANY)
        expression = expression.target
    return expression, tuple(reversed(steps))


def select(shape: str, steps: tuple[Step, ...]) -> tuple[str | None, tuple[Step, ...]]:
    """The wanted address suffix, if it is fixed, and the steps after it."""
    head = steps[0] if steps else None
    if shape == "one":
        return None, steps[1:] if head is ANY or (head == 0 and isinstance(head, int)) else steps
    if isinstance(head, int):
        return suffix_of(head), steps[1:]
    if head is ANY:
        return None, steps[1:]
    if shape == "map" and isinstance(head, str):
        return suffix_of(head), steps[1:]
    return None, steps


def is_map(expression: hcl.Expr | None, scope: ModuleScope) -> bool | None:
    """True if a value is a map, False if it is an object; None where that is open."""
    match expression:
        case hcl.ObjectExpr() | hcl.For():
            return False
        case hcl.Call("tomap"):
            return True
        case hcl.Call("zipmap", (_, hcl.TupleExpr())):
            return False
        case hcl.Call("merge" | "try", arguments):
            kinds = [is_map(argument, scope) for argument in arguments]
            return False if False in kinds else None if None in kinds else True
        case hcl.Index(hcl.TupleExpr(items), hcl.Literal(int() as place)) if place < len(items):
            return is_map(items[place], scope)
        case hcl.GetAttr(hcl.Name("local"), name) if name in scope.instance.folder.locals:
            return is_map(scope.instance.folder.locals[name].expression, scope.instance.scope(scope.view))
        case _:
            return None


class _Dotted(str):
    """A step that the code writes behind a dot."""

    __slots__ = ()


def is_dotted(step: Step) -> bool:
    return isinstance(step, _Dotted)


def _way(trigger: hcl.Expr, scope: ModuleScope) -> tuple[hcl.Expr, tuple[Step, ...]]:
    """The base of a reference and the steps after it, a dot and brackets told apart."""
    if isinstance(trigger, hcl.Splat):
        base, own = _way(trigger.target, scope)
        return base, (*own, ANY, *_way(trigger.each, scope)[1])
    base, steps = flatten(trigger, scope)
    dotted: list[bool] = []
    at: hcl.Expr = trigger
    while isinstance(at, (hcl.GetAttr, hcl.Index)):
        dotted.append(isinstance(at, hcl.GetAttr))
        at = at.target
    marked = zip(steps, reversed(dotted), strict=True)
    return base, tuple(_Dotted(step) if dot and isinstance(step, str) else step for step, dot in marked)


def part_of(value: Value, step: Step) -> Value:
    """The part of a value behind a step; null where there is none."""
    try:
        if isinstance(step, str):
            return attribute(value, str(step)) if isinstance(value, (dict, SomeInstance)) else index(value, step)
        return index(value, step) if isinstance(step, int) else value
    except EvaluationError:
        return None
