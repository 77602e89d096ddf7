"""Steps into a value: from an expression as it is written, and through ``count`` and ``for_each``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.open_kinds import NOT_FIXED
from posturio_iac.frontends.terraform.dataflow.terminal_origins import ANY, Step, plain
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.expansion import quoted
from posturio_iac.frontends.terraform.syntax import hcl

if TYPE_CHECKING:
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope


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


def generic(block: hcl.Block, instance: ModuleInstance) -> ModuleScope:
    """The scope of some instance of the block."""
    unfixed = NOT_FIXED("the instance")
    scope = instance.scope().bind(each={"key": unfixed, "value": unfixed}, count={"index": unfixed})
    scope.origin = block.get("for_each") or block.get("count")
    return scope


def default_of(instance: ModuleInstance, name: str) -> hcl.Expr | None:
    block = instance.folder.variables.get(name)
    return block.get("default") if block is not None else None
