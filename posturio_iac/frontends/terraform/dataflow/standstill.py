"""Why nothing happens when a clock is due: the attribute or the function that stands still, and the change that makes it move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence import reason as why
from posturio_iac.core.evidence.remedy import Advice, RemoveArgument
from posturio_iac.core.place import Place
from posturio_iac.core.record import NamedTuple
from posturio_iac.facts.schedulers import COMPUTED_ONCE, ROTATING, SCHEDULERS
from posturio_iac.frontends.terraform.dataflow.clocks import why_it_stands
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import is_set, own_triggers, stop_ignoring
from posturio_iac.frontends.terraform.dataflow.mentions import mentions, of_instance
from posturio_iac.frontends.terraform.dataflow.secret_flow import arguments_of
from posturio_iac.frontends.terraform.dataflow.triggers import Reached, part_of, reached
from posturio_iac.frontends.terraform.evaluation.evaluate import IMPURE, evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.instance import USUAL, planned
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import inside, spelled
from posturio_iac.frontends.terraform.values import due_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.evidence.reason import Reason
    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.frontends.terraform.dataflow.due import DuePlan
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope


class Standstill(NamedTuple):
    """Why something does not move."""

    reason: Reason
    remedy: Remedy | None = None
    """The change that makes it move; None when it only lacks a clock."""
    despite_clock: bool = False
    """A clock goes into it."""


def clock_in(expression: hcl.Expr, scope: ModuleScope, hidden_by: tuple[str, ...] = ()) -> str | None:
    """The address of the first clock that goes into a value, but for calls of functions that show nothing of it."""
    return next((address for address, _, _ in _clocks(list(of_instance(expression, scope)), hidden_by)), None)


def _clocks(
    start: list[tuple[hcl.Expr | None, ModuleInstance]], hidden_by: tuple[str, ...] = ()
) -> Iterator[tuple[str, ModuleInstance, tuple[str, ...]]]:
    """Yield the address of each clock that is mentioned, its module, and the words of the reference."""
    for current, instance, words in mentions(start, hidden_by=hidden_by, computed=True):
        if isinstance(current, hcl.Call) and current.name in IMPURE:
            yield f"{current.name}()", instance, ()
        elif len(words) > 1 and _keeps_time(words[0], words[1], instance):
            yield instance.full(".".join(words[:2])), instance, words


def _keeps_time(kind: str, name: str, instance: ModuleInstance) -> bool:
    """True if a resource is a clock, and there may be one."""
    block = instance.folder.resources.get((kind, name)) if kind == ROTATING or kind in SCHEDULERS else None
    if block is None or not planned(block, instance, USUAL).instances:
        return False
    trigger = SCHEDULERS[kind].trigger if kind in SCHEDULERS else None
    return trigger is None or block.get(trigger) is None


def why_argument_stands(expression: hcl.Expr, scope: ModuleScope, plan: DuePlan) -> Standstill:
    """Why the value of an argument that a clock goes into stands still."""
    return _among(list(of_instance(expression, scope)), plan) or Standstill(why.NEVER_CHANGED("it"))


def why_trigger_stands(trigger: hcl.Expr, scope: ModuleScope, plan: DuePlan) -> Standstill:
    """Why an item of ``replace_triggered_by`` does not fire when a clock is due."""
    first = next(reached(trigger, scope, USUAL), None)
    return Standstill(why.NEVER_CHANGED(spelled(trigger))) if first is None else _resource(first, trigger, plan)


def _resource(one: Reached, trigger: hcl.Expr, plan: DuePlan) -> Standstill:
    block, address, kind = one.block, one.address, one.kind
    if kind == ROTATING and (stands := why_it_stands(block, one.scope, address, one.attribute)) is not None:
        return Standstill(*stands, despite_clock=True)
    parts: list[tuple[hcl.Expr | None, ModuleInstance]] = [(value, one.instance) for _, value in arguments_of(block)]
    parts += [(item, one.instance) for item in own_triggers(block)]
    if next(_clocks(parts), None) is not None:
        if is_set(block, "prevent_destroy", one.scope):
            remedy: Remedy = RemoveArgument(Place(address, block.header), "prevent_destroy", f"the lifecycle block of {address}")
            return Standstill(why.PREVENTED_AT(address), remedy, despite_clock=True)
        if (unblocked := stop_ignoring(block, address)) is not None:
            return Standstill(why.IGNORES_CHANGES(address), unblocked, despite_clock=True)
        if kind == "terraform_data" and one.attribute == "id" and block.get("input") is not None:
            advice = Advice(f"refer to {address}, or set triggers_replace instead of input")
            return Standstill(why.ID_STAYS(address), advice, despite_clock=True)
        scope = one.scope.seen(plan.view)
        if plan.change(block, kind, one.local_address, scope).noticed is not None:
            text = spelled(trigger) or address
            value = plan.attribute(block, kind, one.local_address, scope, one.attribute or "")
            for step in one.way[1:]:
                value = part_of(value, step)
            clock = next((address for address, _, _ in _clocks(parts)), "a clock")
            reason = why.STANDS_STILL(text, clock) if due_of(value) is None else why.NOT_FOLLOWED(text)
            return Standstill(reason, Advice(f"refer to {address}"), despite_clock=True)
        if (stands_still := _among(parts, plan)) is not None:
            return stands_still
    if kind in COMPUTED_ONCE:
        return Standstill(why.COMPUTED_ONCE(address))
    return Standstill(why.NEVER_CHANGED(address))


def _among(start: list[tuple[hcl.Expr | None, ModuleInstance]], plan: DuePlan) -> Standstill | None:
    """Why what clocks go into does not move: they stand still themselves, or what is made of them does."""
    for address, instance, words in _clocks(start):
        if not words or words[0] != ROTATING:
            continue
        block = instance.folder.resources[words[0], words[1]]
        stands = why_it_stands(block, instance.scope(), address, words[2] if len(words) > 2 else None)  # noqa: PLR2004 - an attribute
        if stands is not None:
            return Standstill(*stands, despite_clock=True)
    clock = next((address for address, _, _ in _clocks(start)), None)
    if clock is None:
        return None
    for current, instance, words in mentions(start, computed=True):
        held = instance.folder.resources.get((words[0], words[1])) if len(words) > 2 else None  # noqa: PLR2004 - an attribute
        if held is not None and not _keeps_time(words[0], words[1], instance) and _holds_clock(held, instance):
            return Standstill(why.STANDS_STILL(spelled(current), clock), Advice(f"refer to {'.'.join(words[:2])}"), despite_clock=True)
        scope = instance.scope(plan.view)
        if due_of(evaluate_or_unknown(current, scope)) is None and any(
            part is not None and due_of(evaluate_or_unknown(part, scope)) is not None for part in inside(current)
        ):
            return Standstill(
                why.STANDS_STILL(_name(current), clock),
                Advice(f"write {clock}.id there, without anything that hides its changes"),
                despite_clock=True,
            )
    shown = next((text for e, _ in start if e is not None and (text := spelled(e))), "its value")
    return Standstill(why.STANDS_STILL(shown, clock), despite_clock=True)


def _holds_clock(block: hcl.Block, instance: ModuleInstance) -> bool:
    return next(_clocks([(value, instance) for _, value in arguments_of(block)]), None) is not None


def _name(expression: hcl.Expr) -> str:
    match expression:
        case hcl.Call(name):
            return f"{name}(…)"
        case hcl.Conditional():
            return "the conditional"
        case _:
            return spelled(expression) or "its value"
