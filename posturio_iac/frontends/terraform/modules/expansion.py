"""``count``, ``for_each``, ``enabled`` and ``dynamic``: how many instances a block has, and their addresses."""

from __future__ import annotations

from posturio_iac.core.keys import index as suffix_of
from posturio_iac.core.model import Unknown
from posturio_iac.core.record import Generic, TypeVar, dataclass
from posturio_iac.core.unknown import AS_STATED, MUST_BE, NOT_FIXED, TOO_LARGE
from posturio_iac.frontends.terraform.evaluation.evaluate import elements, evaluate_or_unknown
from posturio_iac.frontends.terraform.operators import number_of
from posturio_iac.frontends.terraform.syntax.references import references
from posturio_iac.frontends.terraform.values import EvaluationError, PartialMap, Value, first_unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from posturio_iac.frontends.terraform.evaluation import Scope
    from posturio_iac.frontends.terraform.syntax import hcl

    class ExpandableScope(Scope, Protocol):
        """A scope that remembers which ``for_each`` or ``count`` its ``each`` comes from."""

        origin: hcl.Expr | None


S = TypeVar("S", bound="ExpandableScope")
MAX_INSTANCES = 1000  # more instances than that are reported as one, without an index


@dataclass(frozen=True, slots=True)
class Expansion(Generic[S]):
    """The instances of one block."""

    instances: tuple[tuple[str, S], ...]
    """The address suffix (empty, ``[0]`` or ``["a"]``) and the scope of each."""
    shape: str  # the value of the block's name: ``one``, ``list`` or ``map`` of instances
    keys: tuple[str, ...] = ()
    unknown: Unknown | None = None  # why the number of instances is not fixed; there is one instance then, standing for all
    likely: bool = False  # True if the one instance is the result of defaults of variables

    def collect(self, values: list[Value], *, strict: bool = True) -> Value:
        """The value of the block's name, given the value of each instance."""
        if self.unknown is not None and (strict or not self.likely):
            return self.unknown
        if self.shape == "map":
            return dict(zip(self.keys, values, strict=True))
        return tuple(values) if self.shape == "list" else values[0] if values else None


def expand(block: hcl.Block, scope: S) -> Expansion[S]:
    """The instances of a resource, data or module block as far as ``scope`` fixes them."""
    lifecycle = block.first("lifecycle") if block.says("enabled") else None
    enabled = evaluate_or_unknown(lifecycle.get("enabled"), scope) if lifecycle and "enabled" in lifecycle.body.attributes else True
    if enabled is False:
        return Expansion((), "one")
    if (count := block.get("count")) is not None:
        return _counted(count, scope)
    if (for_each := block.get("for_each")) is not None:
        return _for_each(for_each, scope)
    return Expansion((("", scope),), "one", unknown=enabled if isinstance(enabled, Unknown) else None)


def _counted(expression: hcl.Expr, scope: S) -> Expansion[S]:
    value = evaluate_or_unknown(expression, scope)
    try:
        number = value if isinstance(value, Unknown) else number_of(_as_number(value))
    except EvaluationError as error:
        number = AS_STATED(str(error)).about("count")
    if not isinstance(number, Unknown) and number > MAX_INSTANCES:
        number = TOO_LARGE(f"count = {number}")
    if isinstance(number, Unknown):
        return _unfixed(scope, expression, number, count={"index": NOT_FIXED("count.index")})
    positions = range(max(int(number), 0))
    return Expansion(tuple((suffix_of(i), _bound(scope, expression, count={"index": i})) for i in positions), "list")


def _as_number(value: Value) -> Value:
    """Terraform 0.11 took booleans for counts."""
    return {"true": 1, "false": 0}.get(value, value) if isinstance(value, str) else int(value) if isinstance(value, bool) else value


def _for_each(expression: hcl.Expr, scope: S) -> Expansion[S]:
    value = evaluate_or_unknown(expression, scope)
    items: list[tuple[str, Value]] | Unknown
    match value:
        case Unknown():
            items = value
        case PartialMap():
            items = value.rest
        case dict():
            items = sorted(value.items())
        case tuple():
            unknown = first_unknown(value)
            items = unknown if unknown is not None else [(str(element), element) for element in value]
        case _:
            items = MUST_BE("for_each", "a map or a set of strings")
    if isinstance(items, list) and len(items) > MAX_INSTANCES:
        items = TOO_LARGE(f"for_each with {len(items):,} elements")
    if isinstance(items, Unknown):
        each = {"key": items.about("each.key"), "value": items.about("each.value")}
        return _unfixed(scope, expression, items, each=each)
    bound = ((suffix_of(key), _bound(scope, expression, each={"key": key, "value": element})) for key, element in items)
    return Expansion(tuple(bound), "map", keys=tuple(key for key, _ in items))


def _bound(scope: S, origin: hcl.Expr, **names: Value) -> S:
    inner = scope.bind(**names)
    inner.origin = origin
    return inner


def _unfixed(scope: S, origin: hcl.Expr, reason: Unknown, **names: Value) -> Expansion[S]:
    return Expansion((("", _bound(scope, origin, **names)),), "list" if "count" in names else "map", unknown=reason)


@dataclass(frozen=True, slots=True)
class NestedBlock(Generic[S]):
    """A nested block, or one that stands for all that a ``dynamic`` block may make."""

    block: hcl.Block
    scope: S
    unsure: Unknown | None = None


def nested_blocks(block: hcl.Block, kind: str, scope: S) -> Iterator[NestedBlock[S]]:
    """Yield the nested blocks of one type."""
    for nested in block.body.blocks:
        if nested.type == kind:
            yield NestedBlock(nested, scope)
        elif nested.type == "dynamic" and nested.labels == (kind,) and (content := nested.first("content")) is not None:
            name = ".".join(references(nested.get("iterator"))) or kind
            items = evaluate_or_unknown(nested.get("for_each"), scope)
            match items:
                case PartialMap():
                    more: Unknown | None = items.rest
                case dict() | tuple():
                    more = None
                case _:
                    more = items if isinstance(items, Unknown) else NOT_FIXED("the for_each of a dynamic block")
            for key, value in elements(items) if isinstance(items, (dict, tuple)) else ():
                yield NestedBlock(content, scope.bind(**{name: {"key": key, "value": value}}))
            if more is not None:
                yield NestedBlock(content, scope.bind(**{name: {"key": more, "value": more}}), more)
