"""Why nothing happens when a clock is due, and what only people change: the attribute or the function that stands still, edits by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.dates import leading_date, parse_date
from posturio_iac.core.evidence import reason as why
from posturio_iac.core.evidence.reason import NOT_HERE, READ_AT_RUN
from posturio_iac.core.evidence.remedy import Advice, RemoveArgument
from posturio_iac.core.keys.resource_types import KEY_TYPES
from posturio_iac.core.model import Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import NamedTuple
from posturio_iac.facts.schedulers import COMPUTED_ONCE, HOLDERS, ROTATING, SCHEDULERS
from posturio_iac.frontends.terraform.dataflow.clocks import why_it_stands
from posturio_iac.frontends.terraform.dataflow.due import watched
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import (
    Reached,
    arguments_of,
    ignored_changes,
    is_set,
    own_triggers,
    part_of,
    reached,
    stop_ignoring,
)
from posturio_iac.frontends.terraform.dataflow.origin import mentions, of_instance
from posturio_iac.frontends.terraform.evaluation.evaluate import IMPURE, evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.instance import USUAL, planned
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import inside, references, spelled, walk
from posturio_iac.frontends.terraform.values import EvaluationError, due_of, first_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from posturio_iac.core.evidence.reason import Reason
    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.model import Span
    from posturio_iac.frontends.terraform.dataflow.due import DuePlan
    from posturio_iac.frontends.terraform.modules.folder import Module
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


_WHOLE = frozenset({"triggers", "triggers_replace", "keepers"})
"""Arguments that change as a whole: reading one entry of them is reading what all entries change."""


class HandEdit(NamedTuple):
    """Something that people edit and that a trigger notices."""

    text: str
    """For a reader: ``"2026-10-01"``, ``var.rotated``."""
    span: Span
    """Where its value stands, if that is known."""
    at: datetime | None = None
    """The date that it states."""
    value: str = ""
    reason: Reason | None = None
    """Why it is open what it says."""


def edits(trigger: hcl.Expr, scope: ModuleScope, *, only_dates: bool) -> list[HandEdit]:
    """What people edit behind an item of ``replace_triggered_by``; what is open comes without a date and with a reason."""
    found: dict[HandEdit, None] = {}
    for one in reached(trigger, scope, USUAL):
        expressions = list(_compared(one))
        is_open = not only_dates and any(first_unknown(evaluate_or_unknown(e, one.scope)) is not None for e in expressions)
        for current, instance, words in mentions([(e, one.instance) for e in expressions], computed=True):
            for edit in _edit(current, instance, words):
                if is_open if edit.reason is not None else edit.at is not None or not only_dates:
                    found[edit] = None
        if only_dates:
            continue
        written = mentions([(e, one.instance) for e in expressions], computed=True, only_held=True)
        if one.kind in HOLDERS and any(isinstance(e, (hcl.Literal, hcl.ObjectExpr, hcl.TupleExpr)) for e, _, _ in written):
            found[HandEdit(one.address, one.block.header)] = None
    return list(found)


def _compared(one: Reached) -> Iterator[hcl.Expr]:
    """Yield the arguments of a resource that a trigger compares."""
    own = one.expression()
    if own is not None and one.attribute not in _WHOLE:
        yield own
        return
    only = "triggers_replace" if one.kind == "terraform_data" and one.attribute == "id" else None
    yield from (e for name, e in watched(one.block, ignored_changes(one.block)) if only in (None, name))
    yield from own_triggers(one.block)


def _edit(expression: hcl.Expr, instance: ModuleInstance, words: tuple[str, ...]) -> Iterator[HandEdit]:
    match expression, words:
        case hcl.Literal(str() as text, span), _:
            if (date := _date_in(text)) is not None:
                yield HandEdit(f'"{text}"', span, date, text)
        case _, ("var", name):
            if instance.call is not None and instance.call.get(name) is not None:
                return
            try:
                value = instance.scope().attribute("var", name)
            except EvaluationError:
                return
            if isinstance(value, Unknown):
                yield HandEdit(f"var.{name}", expression.span, reason=value.as_reason())
            elif isinstance(value, str) and (date := _date_in(value)) is not None:
                yield HandEdit(f"var.{name}", _set_by(name, instance.folder, expression).span, date, value)
            elif instance.caller is None:
                yield HandEdit(f"var.{name}", expression.span)
        case _, ("data", kind, name):
            yield HandEdit(f"data.{kind}.{name}", expression.span, reason=READ_AT_RUN(instance.full(f"data.{kind}.{name}")))
        case _, ("module", name, _) if name in instance.folder.calls and isinstance(instance.children(name), Unknown):
            yield HandEdit(f"module.{name}", expression.span, reason=NOT_HERE())


def _set_by(name: str, folder: Module, otherwise: hcl.Expr) -> hcl.Expr:
    """What sets a variable that no call sets: a file of values, or its default."""
    given, block = folder.tfvars.get(name), folder.variables.get(name)
    return given.expression if given is not None else (block.get("default") if block is not None else None) or otherwise


def _date_in(text: str) -> datetime | None:
    return parse_date(text) or leading_date(text)


def chosen_by_hand(block: hcl.Block, scope: ModuleScope) -> Iterator[str]:
    """Yield notes on things that only choose among keys: a variable that lists them, a scheduler that picks the one to show."""
    multiplier = block.get("for_each") or block.get("count")
    user = block.get(KEY_TYPES[block.labels[0]])
    varies = user is not None and any(references(part)[:1] in (("each",), ("count",)) for part in walk(user))
    if multiplier is not None and not varies and not isinstance(multiplier, hcl.Conditional):
        mentioned = mentions([(multiplier, scope.instance)])
        name = next((words[1] for _, at, words in mentioned if words[:1] == ("var",) and _is_edited(words[1], at)), None)
        if name is not None:
            yield f"var.{name} decides which of its keys exist: manual rotation without a schedule"
    if not (schedulers := scope.instance.resources(*SCHEDULERS)):
        return
    folder = scope.instance.folder
    places = [o.get("value") for o in folder.outputs.values()] + [a.expression for a in folder.locals.values()]
    for (kind, name), _ in schedulers:
        if any(_mentions_both(place, (kind, name), (block.labels[0], block.labels[1])) for place in places):
            yield f"the scheduler {kind}.{name} only chooses which key is shown and replaces none"


def _is_edited(name: str, instance: ModuleInstance) -> bool:
    """True if whoever applies a root module sets one of its variables, and no file does."""
    return instance.caller is None and name not in instance.folder.tfvars


def _mentions_both(place: hcl.Expr | None, one: tuple[str, str], other: tuple[str, str]) -> bool:
    found = {references(part)[:2] for part in walk(place)} if place is not None else set()
    return one in found and other in found
