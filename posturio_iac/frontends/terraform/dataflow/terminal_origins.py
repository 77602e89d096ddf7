"""Origins of values, and the steps into them: through references as they are written, ``count`` and ``for_each``, and function calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from posturio_iac.core.record import NamedTuple
from posturio_iac.core.unknown import NOT_FIXED
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.expansion import quoted
from posturio_iac.frontends.terraform.modules.instance import SAME, ModuleInstance, ModuleScope
from posturio_iac.frontends.terraform.syntax import hcl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.model import Span
    from posturio_iac.frontends.terraform.values import Value


class Any:
    """A step to an element that is not named: ``[*]``, ``one(…)``, ``each.value``."""


ANY = Any()
Step = Union[str, int, Any]


class ResourceOrigin(NamedTuple):
    """A resource or data source that the value comes from."""

    instance: ModuleInstance
    kind: str
    """The resource type; ``data.`` in front for a data source."""
    name: str
    block: hcl.Block
    scope: ModuleScope
    """The scope of its own code, in the very instance where that is fixed."""
    suffix: str
    """``[0]``, ``["a"]``, or empty."""
    attribute: str | None
    """The attribute that is read; None for the whole resource."""
    steps: tuple[Step, ...] = ()
    """The steps into that attribute."""
    open: bool = False
    """True if a condition that the code does not fix stands in between."""

    @property
    def address(self) -> str:
        return self.instance.full(f"{self.kind}.{self.name}{self.suffix}")

    @property
    def key(self) -> tuple[int, str, str, str]:
        return id(self.instance), self.kind, self.name, self.suffix

    def expression(self) -> hcl.Expr | None:
        return hcl.setting(self.block, SAME.get((self.kind, self.attribute), self.attribute)) if self.attribute else None


class TerminalOrigin(NamedTuple):
    """Where a reference ends without a resource."""

    kind: str
    """``literal``, ``variable``, ``module``, ``function``, ``missing``, ``deep`` or ``other``."""
    value: Value
    """Its value where the code fixes it, a variable's default included."""
    text: str
    """How the code writes it: ``var.user``, ``timestamp()``."""
    span: Span
    call: hcl.Block | None = None
    """For ``module``: the call whose code is not here."""
    instance: ModuleInstance | None = None
    open: bool = False


class Symbol(NamedTuple):
    """The meaning of a ``for`` variable while references are followed."""

    collection: hcl.Expr
    scope: ModuleScope
    step: Step = ANY
    """Which element, when the key of the ``for`` expression fixes it."""


def plain(scope: ModuleScope) -> ModuleScope:
    """The scope without symbols, in which values can be evaluated."""
    return ModuleScope(scope.instance, scope.view, known(scope.bindings), scope.origin)


def known(bindings: dict[str, Value]) -> dict[str, Value]:
    return {k: NOT_FIXED(f"{k} of a for expression") if isinstance(v, Symbol) else v for k, v in bindings.items()}


def flatten(expression: hcl.Expr, scope: ModuleScope) -> tuple[hcl.Expr, tuple[Step, ...]]:
    """The base of a chain of attributes and indexes, and the steps after it."""
    steps: list[Step] = []
    while isinstance(expression, (hcl.GetAttr, hcl.Index)):
        if isinstance(expression, hcl.GetAttr):
            steps.append(expression.name)
        else:
            key = evaluate_or_unknown(expression.key, plain(scope))
            steps.append(key if isinstance(key, (str, int)) and not isinstance(key, bool) else ANY)
        expression = expression.target
    return expression, tuple(reversed(steps))


def steps_of(each: hcl.Expr, scope: ModuleScope) -> tuple[Step, ...]:
    """The steps that a splat applies to each element."""
    return flatten(each, scope)[1]


def select(shape: str, steps: tuple[Step, ...]) -> tuple[str | None, tuple[Step, ...]]:
    """The wanted address suffix, if it is fixed, and the steps after it."""
    head = steps[0] if steps else None
    if shape == "one":
        return None, steps[1:] if head is ANY or (head == 0 and isinstance(head, int)) else steps
    if isinstance(head, int):
        return f"[{head}]", steps[1:]
    if head is ANY:
        return None, steps[1:]
    if shape == "map" and isinstance(head, str):
        return f'["{quoted(head)}"]', steps[1:]
    return None, steps


def default_of(instance: ModuleInstance, name: str) -> hcl.Expr | None:
    block = instance.folder.variables.get(name)
    return block.get("default") if block is not None else None


CLOCKS = ("timestamp", "plantimestamp")
_HIDING = frozenset(
    {"length", "base64sha256", "base64sha512", "bcrypt", "md5", "sha1", "sha256", "sha512", "uuidv5"}
    | {"filebase64sha256", "filebase64sha512", "filemd5", "filesha1", "filesha256", "filesha512"}
)
"""Functions whose result does not show their argument."""
_TRANSPARENT = frozenset(
    ("try", "coalesce", "merge", "concat", "flatten", "tomap", "toset", "tolist", "sensitive", "nonsensitive", "distinct", "sort")
)
"""Functions whose result holds elements of their arguments under the same keys, or as elements again."""


def behind(call: hcl.Call, scope: ModuleScope, steps: tuple[Step, ...]) -> Iterator[tuple[hcl.Expr, tuple[Step, ...]]]:
    """Yield the arguments that ``steps`` into the result of ``call`` come from, with the steps into each."""
    arguments = call.arguments
    if call.name in _HIDING:
        return
    if call.name in _SELECTING and arguments:
        yield arguments[0], _selected(call, scope, steps)
        yield from ((fallback, steps) for fallback in arguments[2:])
        return
    yield from ((argument, steps if call.name in _TRANSPARENT else ()) for argument in arguments)


_SELECTING = ("element", "lookup", "one", "values")


def _selected(call: hcl.Call, scope: ModuleScope, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps into the first argument of a function that picks elements of it."""
    if call.name == "values":
        return _keyed(call.arguments[0], steps, scope)
    wanted = evaluate_or_unknown(call.arguments[1], plain(scope)) if len(call.arguments) > 1 else None
    kind = int if call.name == "element" else str
    if call.name == "element" and isinstance(wanted, int):
        elements = evaluate_or_unknown(call.arguments[0], plain(scope))
        wanted = wanted % len(elements) if isinstance(elements, tuple) and elements else wanted
    return (wanted if isinstance(wanted, kind) and call.name != "one" else ANY, *steps)


def _keyed(collection: hcl.Expr, steps: tuple[Step, ...], scope: ModuleScope) -> tuple[Step, ...]:
    """Turn a position in ``values(collection)`` into the key there."""
    head = steps[0] if steps else None
    if not isinstance(head, int):
        return steps
    value = evaluate_or_unknown(collection, plain(scope))
    keys = sorted(value) if isinstance(value, dict) else []
    return (keys[head] if head < len(keys) else ANY, *steps[1:])
