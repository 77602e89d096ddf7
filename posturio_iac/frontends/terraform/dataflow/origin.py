"""Where values come from: a reading of the code in which what is asked for is unknown, and each unknown carries its origin.

A value alone does not tell where it came from: ``user = local.names["ci"]`` may be the name of a user declared three modules away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.record import NamedTuple
from posturio_iac.core.unknown import AFTER_APPLY, NOT_FIXED
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.expansion import expand
from posturio_iac.frontends.terraform.modules.instance import SAME, ModuleInstance, ModuleScope, View
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.values import Traced, due_of

if TYPE_CHECKING:
    from collections.abc import Container
    from typing import ClassVar

    from posturio_iac.core.unknown import Unknown
    from posturio_iac.frontends.terraform.values import Value


class ValueOrigin(NamedTuple):
    """What a value comes from."""

    instance: ModuleInstance
    kind: str
    """The resource type, ``data.`` in front for a data source; ``module`` for a call whose code is not here."""
    name: str
    suffix: str = ""
    """``[0]``, ``["a"]``, or empty."""
    block: hcl.Block | None = None
    """None where it is not declared."""
    attribute: str | None = None
    """The attribute or output that is read; None for the whole."""
    seen_in: ModuleScope | None = None
    """The scope that it is to be seen in, where no instance of its own fixes that."""
    is_conditional: bool = False
    """True if a condition that the code does not fix stands in between."""

    @property
    def address(self) -> str:
        return self.instance.full(f"{self.kind}.{self.name}{self.suffix}")

    @property
    def key(self) -> tuple[int, str, str, str]:
        return id(self.instance), self.kind, self.name, self.suffix

    @property
    def scope(self) -> ModuleScope:
        """The scope of its own code, in the very instance where that is fixed."""
        if self.seen_in is not None:
            return self.seen_in
        assert self.block is not None  # noqa: S101 - asked of what is declared
        found = (scope for suffix, scope in expand(self.block, self.instance.scope()).instances if suffix == self.suffix)
        return next(found, None) or generic(self.block, self.instance)

    def part(self, name: str) -> ValueOrigin:
        return self._replace(attribute=name) if self.attribute is None else self

    def conditional(self) -> ValueOrigin:
        return self._replace(is_conditional=True)

    def is_of(self, block: hcl.Block, instance: ModuleInstance, suffix: str) -> bool:
        """True if it is this instance of a block; an index that the code does not fix may be any."""
        return self.block is block and self.instance is instance and (self.suffix == suffix or not self.suffix or not suffix)


class Origins:
    """A reading in which attributes of resources of some kinds are unknown. As a `Planner` it answers for them."""

    kinds: ClassVar[Container[str]] = ()

    def __init__(self) -> None:
        self.view = View(planner=self)

    def of(self, expression: hcl.Expr | None, scope: ModuleScope) -> tuple[ValueOrigin, ...]:
        """What the value of an expression comes from."""
        found = due_of(self.value(expression, scope))
        return found.causes if found is not None else ()  # type: ignore[return-value]  # they are origins

    def value(self, expression: hcl.Expr | None, scope: ModuleScope) -> Value:
        return evaluate_or_unknown(expression, scope.seen(self.view))

    def starts(self, kind: str, attribute: str) -> bool:
        """True if a value that is read from a resource comes from there."""
        del attribute
        return kind in self.kinds

    def moved(self, call: hcl.Call) -> Value:
        del call

    def beyond(self, scope: ModuleScope, kind: str, name: str, why: Unknown | None) -> Value:
        """A module whose code is not here, with its call; nothing for an undeclared resource."""
        block = scope.instance.folder.calls.get(name) if why is not None else None
        return why if block is None else Traced((ValueOrigin(scope.instance, kind, name, block=block),))

    def whole(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope) -> Traced | None:
        return self.origin(block, kind, address, scope, None) if kind in self.kinds else None

    def attribute(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope, name: str) -> Value:
        """The origin of an attribute, or its value."""
        if self.starts(kind, name):
            return self.origin(block, kind, address, scope, name)
        argument = SAME.get((kind, name), name)
        expression = hcl.setting(block, argument)
        if expression is None:
            return AFTER_APPLY(f"{address}.{name}")
        return scope.instance.cached(self.view, address, argument, lambda: evaluate_or_unknown(expression, scope))

    def origin(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope, name: str | None) -> Traced:
        """A resource, or an attribute of it, as an origin."""
        own = block.labels[1]
        return Traced((ValueOrigin(scope.instance, kind, own, address[len(kind) + len(own) + 1 :], block, name),))


def generic(block: hcl.Block, instance: ModuleInstance) -> ModuleScope:
    """The scope of some instance of the block."""
    unfixed = NOT_FIXED("the instance")
    scope = instance.scope().bind(each={"key": unfixed, "value": unfixed}, count={"index": unfixed})
    scope.origin = block.get("for_each") or block.get("count")
    return scope
