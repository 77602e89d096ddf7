"""Why nothing happens when a clock is due, and what only people change: the attribute or the function that stands still, edits by hand."""

from __future__ import annotations

from posturio_iac.core.evidence import reason as why
from posturio_iac.core.evidence.remedy import Advice, RemoveArgument
from posturio_iac.core.keys import KEY_TYPES
from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.times import leading_date
from posturio_iac.facts.schedulers import COMPUTED_ONCE, HOLDERS, ROTATING, SCHEDULERS
from posturio_iac.frontends.terraform.dataflow import lifecycle_block
from posturio_iac.frontends.terraform.dataflow.due import DuePlan, why_it_stands
from posturio_iac.frontends.terraform.dataflow.origin import may_say, mentions, of_instance, varies
from posturio_iac.frontends.terraform.evaluation.evaluate import IMPURE, evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.instance import SAME, USUAL, ModuleInstance, ModuleScope, planned
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import inside, references_in, spelled
from posturio_iac.frontends.terraform.values import due_of, first_unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.frontends.terraform.dataflow.origin import Placed


class Standstill(NamedTuple):
    """Why something does not move."""

    reason: why.Reason
    remedy: Remedy | None = None
    despite_clock: bool = True  # False when it only lacks a clock


_SIGNS = tuple(name.encode() for name in (ROTATING, *SCHEDULERS, *sorted(IMPURE)))
_CLOCKS = frozenset({ROTATING, *SCHEDULERS})


def clock_in(expression: hcl.Expr, scope: ModuleScope, hidden_by: tuple[str, ...] = ()) -> str | None:
    """The address of the first clock that goes into a value, but for calls of functions that show nothing of it."""
    if not scope.instance.folder.locals and not may_say(scope.instance, *_SIGNS):
        return None
    return next((address for address, _, _ in _clocks(of_instance(expression, scope), hidden_by)), None)


def _clocks(start: Iterable[Placed], hidden_by: tuple[str, ...] = ()) -> Iterator[tuple[str, ModuleInstance, tuple[str, ...]]]:
    """Yield the address of each clock that is mentioned, its module, and the words of the reference."""
    for current, instance, words in mentions(start, hidden_by=hidden_by, computed=True):
        if isinstance(current, hcl.Call) and current.name in IMPURE:
            yield f"{current.name}()", instance, ()
        elif len(words) > 1 and _keeps_time(words[0], words[1], instance):
            yield instance.full(".".join(words[:2])), instance, words


def _keeps_time(kind: str, name: str, instance: ModuleInstance) -> bool:
    block = instance.folder.resources.get((kind, name)) if kind in _CLOCKS else None
    if block is None or not planned(block, instance.scope(), USUAL).instances:
        return False
    trigger = SCHEDULERS[kind].trigger if kind in SCHEDULERS else None
    return trigger is None or block.get(trigger) is None


def why_trigger_stands(trigger: hcl.Expr, scope: ModuleScope, plan: DuePlan) -> Standstill:
    """Why an item of ``replace_triggered_by`` does not fire when a clock is due."""
    one = next(lifecycle_block.reached(trigger, scope, USUAL), None)
    if one is None:
        return Standstill(why.NEVER_CHANGED(spelled(trigger)), despite_clock=False)
    block, address, kind = one.block, one.address, one.kind
    if kind in SCHEDULERS and SCHEDULERS[kind].in_refresh:
        held = f"{address}.{SCHEDULERS[kind].outputs[0][0]}"
        return Standstill(why.IN_REFRESH(address), Advice(f"refer to a terraform_data whose triggers_replace is {held}"))
    if kind in _CLOCKS and (stands := why_it_stands(block, one.scope, address, one.attribute)) is not None:
        return Standstill(*stands)
    values = [value for path, value in lifecycle_block.arguments_of(block) if not path.endswith("_wo")]
    values += lifecycle_block.own_triggers(block)
    parts: list[Placed] = [(value, one.scope.instance) for value in values]
    clock = next((address for address, _, _ in _clocks(parts)), None)
    if clock is None:
        return Standstill((why.COMPUTED_ONCE if kind in COMPUTED_ONCE else why.NEVER_CHANGED)(address), despite_clock=False)
    if lifecycle_block.is_set(block, "prevent_destroy", one.scope):
        remedy = RemoveArgument(Place(address, block.header), "prevent_destroy", f"the lifecycle block of {address}")
        return Standstill(why.PREVENTED_AT(address), remedy)
    if (unblocked := lifecycle_block.stop_ignoring(block, address)) is not None:
        return Standstill(why.IGNORES_CHANGES(address), unblocked)
    if kind == "terraform_data" and one.attribute == "id" and block.get("input") is not None:
        return Standstill(why.ID_STAYS(address), Advice(f"refer to {address}, or set triggers_replace instead of input"))
    inner = one.scope.seen(plan.view)
    if plan.change(block, kind, one.local_address, inner).noticed is None:
        return why_value_stands(parts, plan)
    value = plan.attribute(block, kind, one.local_address, inner, one.attribute or "")
    for step in one.way[1:]:
        value = lifecycle_block.part_of(value, step)
    text = spelled(trigger)
    return Standstill(why.STANDS_STILL(text, clock) if due_of(value) is None else why.NOT_FOLLOWED(text), Advice(f"refer to {address}"))


def why_value_stands(start: Sequence[Placed], plan: DuePlan) -> Standstill:
    """Why what clocks go into does not move: they stand still themselves, or what is made of them does."""
    clocks = list(_clocks(start))
    for address, instance, words in clocks:
        if words and words[0] in _CLOCKS:
            block = instance.folder.resources[words[0], words[1]]
            if (stands := why_it_stands(block, instance.scope(), address, (*words[2:], None)[0])) is not None:
                return Standstill(*stands)
    clock = clocks[0][0] if clocks else ""
    for current, instance, words in mentions(start, computed=True):
        held = instance.folder.resources.get((words[0], words[1])) if len(words) > 2 else None  # noqa: PLR2004 - an attribute
        within: list[Placed] = [(value, instance) for _, value in lifecycle_block.arguments_of(held)] if held is not None else []
        if any(_clocks(within)) and not _keeps_time(words[0], words[1], instance):
            return Standstill(why.STANDS_STILL(spelled(current), clock), Advice(f"refer to {'.'.join(words[:2])}"))
        values = [due_of(evaluate_or_unknown(e, instance.scope(plan.view))) for e in (current, *inside(current))]
        if values[0] is None and any(values):
            usual = "the conditional" if isinstance(current, hcl.Conditional) else spelled(current) or "its value"
            shown = f"{current.name}(…)" if isinstance(current, hcl.Call) else usual
            return Standstill(why.STANDS_STILL(shown, clock), Advice(f"write {clock}.id there, without anything that hides its changes"))
    shown = next((text for e, _ in start if e is not None and (text := spelled(e))), "its value")
    return Standstill(why.STANDS_STILL(shown, clock))


_WHOLE = frozenset({"triggers", "triggers_replace", "keepers"})
"""Arguments that change as a whole: reading one entry of them is reading what all entries change."""


class HandEdit(NamedTuple):
    """Something that people edit and that a trigger notices."""

    text: str  # ``"2026-10-01"``, ``var.rotated``
    span: Span  # where its value stands, if that is known
    at: datetime | None = None
    value: str = ""
    reason: why.Reason | None = None  # why it is open what it says


def edits(trigger: hcl.Expr, scope: ModuleScope, *, only_dates: bool) -> list[HandEdit]:
    """What people edit behind an item of ``replace_triggered_by``; what is open comes without a date and with a reason."""
    found: dict[HandEdit, None] = {}
    for one in lifecycle_block.reached(trigger, scope, USUAL):
        start: list[Placed] = [(e, one.scope.instance) for e in _compared(one)]
        is_open = not only_dates and any(first_unknown(evaluate_or_unknown(e, one.scope)) is not None for e, _ in start)
        for current, instance, words in mentions(start, computed=True):
            for edit in _edit(current, instance, words):
                if is_open if edit.reason is not None else edit.at is not None or not only_dates:
                    found[edit] = None
        if one.kind in HOLDERS and not only_dates:
            written = mentions(start, computed=True, only_held=True)
            if any(isinstance(e, (hcl.Literal, hcl.ObjectExpr, hcl.TupleExpr)) for e, _, _ in written):
                found[HandEdit(one.address, one.block.header)] = None
    return list(found)


def _compared(one: lifecycle_block.Reached) -> Iterator[hcl.Expr]:
    name = one.attribute or ""
    own = hcl.setting(one.block, SAME.get((one.kind, name), name))
    if own is not None and name not in _WHOLE:
        yield own
        return
    is_id = one.kind == "terraform_data" and name == "id"
    yield from (e for path, e in lifecycle_block.compared_arguments(one.block) if not is_id or path == "triggers_replace")
    yield from lifecycle_block.own_triggers(one.block)


def _edit(expression: hcl.Expr, instance: ModuleInstance, words: tuple[str, ...]) -> Iterator[HandEdit]:
    folder, call = instance.folder, instance.call
    match expression, words:
        case hcl.Literal(str() as text, span), _:
            if (date := leading_date(text)) is not None:
                yield HandEdit(f'"{text}"', span, date, text)
        case _, ("var", name) if name in folder.variables and (call is None or call.get(name) is None):
            value = instance.scope().attribute("var", name)
            if isinstance(value, Unknown):
                yield HandEdit(f"var.{name}", expression.span, reason=value.as_reason())
            elif isinstance(value, str) and (date := leading_date(value)) is not None:
                stated = folder.tfvars[name].expression if name in folder.tfvars else folder.variables[name].get("default")
                yield HandEdit(f"var.{name}", (stated or expression).span, date, value)
            elif instance.caller is None:
                yield HandEdit(f"var.{name}", expression.span)
        case _, ("data", kind, name):
            yield HandEdit(f"data.{kind}.{name}", expression.span, reason=why.READ_AT_RUN(instance.full(f"data.{kind}.{name}")))
        case _, ("module", name, _) if name in folder.calls and isinstance(instance.children(name), Unknown):
            yield HandEdit(f"module.{name}", expression.span, reason=why.NOT_HERE())


def chosen_by_hand(block: hcl.Block, scope: ModuleScope) -> Iterator[str]:
    """Yield notes on things that only choose among keys: a variable that lists them, a scheduler that picks the one to show."""
    multiplier = block.get("for_each") or block.get("count")
    user, folder = block.get(KEY_TYPES[block.labels[0]]), scope.instance.folder
    if multiplier is not None and not (user is not None and varies(user)) and not isinstance(multiplier, hcl.Conditional):
        named = (words[1] for _, at, words in mentions([(multiplier, scope.instance)]) if words[:1] == ("var",) and at.caller is None)
        if (variable := next((name for name in named if name not in scope.instance.root.folder.tfvars), None)) is not None:
            yield f"var.{variable} decides which of its keys exist: manual rotation without a schedule"
    if not (schedulers := scope.instance.resources(*SCHEDULERS)):
        return
    places = [*(o.get("value") for o in folder.outputs.values()), *(a.expression for a in folder.locals.values())]
    mentioned = [{words[:2] for words in references_in(place)} for place in places if place is not None]
    for address, _ in schedulers:
        if any({address, block.labels} <= found for found in mentioned):
            yield f"the scheduler {'.'.join(address)} only chooses which key is shown and replaces none"
