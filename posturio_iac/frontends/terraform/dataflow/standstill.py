"""Why nothing happens when a clock is due, and what only people change: the attribute or the function that stands still, edits by hand."""

from __future__ import annotations

from posturio_iac.core.dates import leading_date
from posturio_iac.core.evidence import reason as why
from posturio_iac.core.evidence.reason import NOT_HERE, READ_AT_RUN
from posturio_iac.core.evidence.remedy import Advice, RemoveArgument
from posturio_iac.core.keys import KEY_TYPES
from posturio_iac.core.model import Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import NamedTuple
from posturio_iac.facts.schedulers import COMPUTED_ONCE, HOLDERS, ROTATING, SCHEDULERS
from posturio_iac.frontends.terraform.dataflow.clocks import why_it_stands
from posturio_iac.frontends.terraform.dataflow.due import watched
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import (
    arguments_of,
    ignored_changes,
    is_set,
    own_triggers,
    part_of,
    reached,
    stop_ignoring,
)
from posturio_iac.frontends.terraform.dataflow.origin import mentions, of_instance, varies
from posturio_iac.frontends.terraform.evaluation.evaluate import IMPURE, evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.instance import SAME, USUAL, planned
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import inside, references, spelled, walk
from posturio_iac.frontends.terraform.values import EvaluationError, due_of, first_unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from posturio_iac.core.evidence.reason import Reason
    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.model import Span
    from posturio_iac.frontends.terraform.dataflow.due import DuePlan
    from posturio_iac.frontends.terraform.dataflow.lifecycle_block import Reached
    from posturio_iac.frontends.terraform.dataflow.origin import Placed
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope


class Standstill(NamedTuple):
    """Why something does not move."""

    reason: Reason
    remedy: Remedy | None = None
    despite_clock: bool = True
    """False when it only lacks a clock."""


def clock_in(expression: hcl.Expr, scope: ModuleScope, hidden_by: tuple[str, ...] = ()) -> str | None:
    """The address of the first clock that goes into a value, but for calls of functions that show nothing of it."""
    return next((address for address, _, _ in _clocks(of_instance(expression, scope), hidden_by)), None)


def _clocks(start: Iterable[Placed], hidden_by: tuple[str, ...] = ()) -> Iterator[tuple[str, ModuleInstance, tuple[str, ...]]]:
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


def why_trigger_stands(trigger: hcl.Expr, scope: ModuleScope, plan: DuePlan) -> Standstill:
    """Why an item of ``replace_triggered_by`` does not fire when a clock is due."""
    one = next(reached(trigger, scope, USUAL), None)
    if one is None:
        return Standstill(why.NEVER_CHANGED(spelled(trigger)), despite_clock=False)
    block, address, kind = one.block, one.address, one.kind
    if kind == ROTATING and (stands := why_it_stands(block, one.scope, address, one.attribute)) is not None:
        return Standstill(*stands)
    values = (*(value for _, value in arguments_of(block)), *own_triggers(block))
    parts: list[Placed] = [(value, one.scope.instance) for value in values]
    clock = next((address for address, _, _ in _clocks(parts)), None)
    if clock is None:
        return Standstill((why.COMPUTED_ONCE if kind in COMPUTED_ONCE else why.NEVER_CHANGED)(address), despite_clock=False)
    if is_set(block, "prevent_destroy", one.scope):
        remedy = RemoveArgument(Place(address, block.header), "prevent_destroy", f"the lifecycle block of {address}")
        return Standstill(why.PREVENTED_AT(address), remedy)
    if (unblocked := stop_ignoring(block, address)) is not None:
        return Standstill(why.IGNORES_CHANGES(address), unblocked)
    if kind == "terraform_data" and one.attribute == "id" and block.get("input") is not None:
        return Standstill(why.ID_STAYS(address), Advice(f"refer to {address}, or set triggers_replace instead of input"))
    inner = one.scope.seen(plan.view)
    if plan.change(block, kind, one.local_address, inner).noticed is None:
        return why_value_stands(parts, plan)
    value = plan.attribute(block, kind, one.local_address, inner, one.attribute or "")
    for step in one.way[1:]:
        value = part_of(value, step)
    text = spelled(trigger) or address
    return Standstill(why.STANDS_STILL(text, clock) if due_of(value) is None else why.NOT_FOLLOWED(text), Advice(f"refer to {address}"))


def why_value_stands(start: Sequence[Placed], plan: DuePlan) -> Standstill:
    """Why what clocks go into does not move: they stand still themselves, or what is made of them does."""
    clock = ""
    for address, instance, words in _clocks(start):
        clock = clock or address
        if words[:1] == (ROTATING,):
            block = instance.folder.resources[words[0], words[1]]
            if (stands := why_it_stands(block, instance.scope(), address, (*words[2:], None)[0])) is not None:
                return Standstill(*stands)
    for current, instance, words in mentions(start, computed=True):
        scope = instance.scope(plan.view)
        held = instance.folder.resources.get((words[0], words[1])) if len(words) > 2 else None  # noqa: PLR2004 - an attribute
        within: list[Placed] = [(value, instance) for _, value in arguments_of(held)] if held is not None else []
        if any(_clocks(within)) and not _keeps_time(words[0], words[1], instance):
            return Standstill(why.STANDS_STILL(spelled(current), clock), Advice(f"refer to {'.'.join(words[:2])}"))
        if due_of(evaluate_or_unknown(current, scope)) is None and due_of(*(evaluate_or_unknown(e, scope) for e in inside(current))):
            advice = Advice(f"write {clock}.id there, without anything that hides its changes")
            return Standstill(why.STANDS_STILL(_name(current), clock), advice)
    shown = next((text for e, _ in start if e is not None and (text := spelled(e))), "its value")
    return Standstill(why.STANDS_STILL(shown, clock))


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
    """``"2026-10-01"``, ``var.rotated``."""
    span: Span
    """Where its value stands, if that is known."""
    at: datetime | None = None
    value: str = ""
    reason: Reason | None = None
    """Why it is open what it says."""


def edits(trigger: hcl.Expr, scope: ModuleScope, *, only_dates: bool) -> list[HandEdit]:
    """What people edit behind an item of ``replace_triggered_by``; what is open comes without a date and with a reason."""
    found: dict[HandEdit, None] = {}
    for one in reached(trigger, scope, USUAL):
        expressions = list(_compared(one))
        is_open = not only_dates and any(first_unknown(evaluate_or_unknown(e, one.scope)) is not None for e in expressions)
        for current, instance, words in mentions([(e, one.scope.instance) for e in expressions], computed=True):
            for edit in _edit(current, instance, words):
                if is_open if edit.reason is not None else edit.at is not None or not only_dates:
                    found[edit] = None
        if only_dates:
            continue
        written = mentions([(e, one.scope.instance) for e in expressions], computed=True, only_held=True)
        if one.kind in HOLDERS and any(isinstance(e, (hcl.Literal, hcl.ObjectExpr, hcl.TupleExpr)) for e, _, _ in written):
            found[HandEdit(one.address, one.block.header)] = None
    return list(found)


def _compared(one: Reached) -> Iterator[hcl.Expr]:
    """Yield the arguments of a resource that a trigger compares."""
    name = one.attribute or ""
    own = hcl.setting(one.block, SAME.get((one.kind, name), name))
    if own is not None and name not in _WHOLE:
        yield own
        return
    only = "triggers_replace" if one.kind == "terraform_data" and one.attribute == "id" else None
    yield from (e for name, e in watched(one.block, ignored_changes(one.block)) if only in (None, name))
    yield from own_triggers(one.block)


def _edit(expression: hcl.Expr, instance: ModuleInstance, words: tuple[str, ...]) -> Iterator[HandEdit]:
    match expression, words:
        case hcl.Literal(str() as text, span), _:
            if (date := leading_date(text)) is not None:
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
            elif isinstance(value, str) and (date := leading_date(value)) is not None:
                given, block = instance.folder.tfvars.get(name), instance.folder.variables.get(name)
                stated = given.expression if given is not None else block.get("default") if block is not None else None
                yield HandEdit(f"var.{name}", (stated or expression).span, date, value)
            elif instance.caller is None:
                yield HandEdit(f"var.{name}", expression.span)
        case _, ("data", kind, name):
            yield HandEdit(f"data.{kind}.{name}", expression.span, reason=READ_AT_RUN(instance.full(f"data.{kind}.{name}")))
        case _, ("module", name, _) if name in instance.folder.calls and isinstance(instance.children(name), Unknown):
            yield HandEdit(f"module.{name}", expression.span, reason=NOT_HERE())


def chosen_by_hand(block: hcl.Block, scope: ModuleScope) -> Iterator[str]:
    """Yield notes on things that only choose among keys: a variable that lists them, a scheduler that picks the one to show."""
    multiplier = block.get("for_each") or block.get("count")
    user = block.get(KEY_TYPES[block.labels[0]])
    if multiplier is not None and not (user is not None and varies(user)) and not isinstance(multiplier, hcl.Conditional):
        for _, at, words in mentions([(multiplier, scope.instance)]):
            if words[:1] == ("var",) and at.caller is None and words[1] not in at.folder.tfvars:
                yield f"var.{words[1]} decides which of its keys exist: manual rotation without a schedule"
                break
    if not (schedulers := scope.instance.resources(*SCHEDULERS)):
        return
    folder = scope.instance.folder
    places = [o.get("value") for o in folder.outputs.values()] + [a.expression for a in folder.locals.values()]
    mentioned = [{references(part)[:2] for part in walk(place)} for place in places if place is not None]
    for (kind, name), _ in schedulers:
        if any({(kind, name), block.labels} <= found for found in mentioned):
            yield f"the scheduler {kind}.{name} only chooses which key is shown and replaces none"
