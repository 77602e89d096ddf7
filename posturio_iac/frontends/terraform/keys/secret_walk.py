"""The walk through the module instances that a secret may reach, shared by all searches for places of secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform.dataflow.secret_carriers import SecretCarriers
from posturio_iac.frontends.terraform.values import EvaluationError

if TYPE_CHECKING:
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance
    from posturio_iac.frontends.terraform.syntax import hcl


class SecretWalk:
    """Base class of searches through the module instances of one root module, each of which is visited once."""

    def __init__(self) -> None:
        self._visited: set[ModuleInstance] = set()

    def look(self, instance: ModuleInstance, carriers: SecretCarriers) -> None:
        raise NotImplementedError

    def leave(self, instance: ModuleInstance, call: hcl.Block, given: list[tuple[str, hcl.Expr]], why: Unknown) -> None:
        """Record arguments that may hold a secret and that ``call`` passes to code that is not here, for the reason ``why``."""
        raise NotImplementedError

    def visit(self, instance: ModuleInstance) -> None:
        """Visit a module instance, those that call it, and all that one of these gives a secret to."""
        carriers = instance.index(SecretCarriers)
        at: ModuleInstance | None = instance
        while at is not None:
            self._visit_below(at, carriers)
            at = at.caller.instance if at.caller else None

    def _visit_below(self, start: ModuleInstance, carriers: SecretCarriers) -> None:
        pending = [start]
        while pending:
            instance = pending.pop()
            if instance in self._visited:
                continue
            self._visited.add(instance)
            self.look(instance, carriers)
            for name, call in instance.folder.calls.items():
                if given := carriers.given(call, instance):
                    pending += self._given(instance, name, call, given)

    def _given(self, instance: ModuleInstance, name: str, call: hcl.Block, given: list[tuple[str, hcl.Expr]]) -> tuple[ModuleInstance, ...]:
        """The instances of a call that may be given a secret."""
        try:
            children = instance.children(name)
        except EvaluationError:
            return ()
        if not isinstance(children, Unknown):
            return children[1]
        self.leave(instance, call, given, children)
        return ()
