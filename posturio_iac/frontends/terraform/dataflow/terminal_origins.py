"""Origins of values: the resources, variables and literals that references lead to, and the steps into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from posturio_iac.core.open_kinds import NOT_FIXED
from posturio_iac.core.record import NamedTuple
from posturio_iac.frontends.terraform.modules.instance import SAME, ModuleInstance, ModuleScope
from posturio_iac.frontends.terraform.syntax import hcl

if TYPE_CHECKING:
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
