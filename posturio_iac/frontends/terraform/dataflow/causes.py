"""Causes of a resource's changes: the schedules, dates and variables that its arguments come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence import reason as why
from posturio_iac.core.evidence.remedy import Advice, RemoveArgument
from posturio_iac.core.model import Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import replace
from posturio_iac.facts.schedulers import COMPUTED_ONCE, HOLDERS, ROTATING, SCHEDULERS, Scheduler
from posturio_iac.frontends.terraform.dataflow.cause import ChangeCause, ChangeKind
from posturio_iac.frontends.terraform.dataflow.clocks import if_it_exists, interval_of, rotating, setting_of
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import (
    META,
    ignored_as_written,
    ignored_changes,
    is_set,
    own_triggers,
    stop_ignoring,
)
from posturio_iac.frontends.terraform.dataflow.origins import origins_of
from posturio_iac.frontends.terraform.dataflow.terminal_origins import ResourceOrigin, TerminalOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.metadata.lifetime import leading_date, parse_date, parse_interval

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from posturio_iac.core.evidence.reason import Reason
    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.frontends.terraform.modules.instance import ModuleScope

_WHOLE = frozenset({"triggers", "triggers_replace", "keepers"})
"""Arguments that change as a whole: reading one entry of them is reading what all entries change."""
_MOVING = (ChangeKind.SCHEDULE, ChangeKind.ONCE, ChangeKind.APPLY)
_GRANULARITIES = (("hH", "1h"), ("Aa", "12h"), ("DE", "1d"), ("M", "1mo"), ("Y", "1y"))
"""How often the text of each verb of ``formatdate`` changes, the finest first."""


def of_expression(expression: hcl.Expr, scope: ModuleScope, seen: set[object] | None = None) -> Iterator[ChangeCause]:
    """Yield the causes of changes of an expression's value."""
    seen = set() if seen is None else seen
    for reached in origins_of(expression, scope, deep=True):
        causes = of_resource(reached, seen) if isinstance(reached, ResourceOrigin) else _of_end(reached)
        causes = map(_uncertain, causes) if reached.open else causes
        yield from map(_blurred, causes) if reached.lossy else causes


def _uncertain(cause: ChangeCause) -> ChangeCause:
    """A cause that stands behind a condition which the code does not fix."""
    if cause.sort in (ChangeKind.HAND, ChangeKind.NEVER, ChangeKind.UNKNOWN):
        return cause
    return replace(cause, sort=ChangeKind.UNKNOWN, interval=None, reason=why.CONDITIONAL(cause.shown))


def _blurred(cause: ChangeCause) -> ChangeCause:
    """A cause whose changes are counted or compared first, so that not every one gets through."""
    if cause.interval is None:
        return cause
    return replace(cause, interval=None, reason=why.COMPUTED_WITH(cause.shown))


def _of_end(end: TerminalOrigin) -> Iterator[ChangeCause]:
    match end.kind:
        case "literal":
            if isinstance(end.value, str) and (date := _date_in(end.value)) is not None:
                yield ChangeCause(ChangeKind.DATE, f'"{end.value}"', end.span, at=date, value=end.value)
        case "variable":
            if isinstance(end.value, Unknown):
                yield ChangeCause(ChangeKind.UNKNOWN, end.text, end.span, reason=end.value.as_reason())
            elif isinstance(end.value, str) and (date := _date_in(end.value)) is not None:
                yield ChangeCause(ChangeKind.DATE, end.text, end.span, at=date, value=end.value)
            else:
                yield ChangeCause(ChangeKind.HAND, end.text, end.span)
        case "function":
            # What comes from timestamp() is unknown while planning, so it counts as changed at every apply, however it is rounded.
            rounded = isinstance(end.value, str) and "plantimestamp" in end.text
            interval = _granularity(end.value) if rounded else None
            yield ChangeCause(ChangeKind.APPLY, end.text, end.span, interval=interval, reason=None if interval else why.EVERY_APPLY())
        case "module" | "deep":
            reason = end.value.as_reason() if isinstance(end.value, Unknown) else why.NOT_HERE()
            yield ChangeCause(ChangeKind.UNKNOWN, end.text, end.span, reason=reason)


def _date_in(text: str) -> datetime | None:
    return parse_date(text) or leading_date(text)


def _granularity(pattern: str) -> timedelta | None:
    """Return how often text made by ``formatdate`` with this pattern changes; None where that is at every apply, or never."""
    from posturio_iac.frontends.terraform.functions.dates import verb_letters

    letters = verb_letters(pattern)
    if letters & {"s", "m"}:
        return None
    return next((parse_interval(interval) for verbs, interval in _GRANULARITIES if not letters.isdisjoint(verbs)), None)


def of_resource(reached: ResourceOrigin, seen: set[object] | None = None) -> Iterator[ChangeCause]:
    """Yield the causes of changes and replacements of a resource that a trigger would notice."""
    if reached.kind.startswith("data."):
        yield ChangeCause(ChangeKind.UNKNOWN, reached.address, reached.block.header, reason=why.READ_AT_RUN(reached.address))
        return
    seen = set() if seen is None else seen
    if (reached.key, reached.attribute) in seen:
        return  # Its causes were found already, by another way.
    seen.add((reached.key, reached.attribute))
    if reached.kind == ROTATING:
        yield if_it_exists(rotating(reached), reached)
        restarting = (e for name in ("rfc3339", "triggers") if (e := reached.block.get(name)) is not None)
        found = (cause for expression in restarting for cause in of_expression(expression, reached.scope, seen))
        yield from (cause for cause in found if cause.sort in (ChangeKind.SCHEDULE, ChangeKind.ONCE))
    elif (scheduler := SCHEDULERS.get(reached.kind)) is not None:
        yield from _scheduled(reached, scheduler, seen)
    elif _is_computed(reached):
        reason = why.REPLACEMENT_OPEN(reached.address, str(reached.attribute))
        moving = (*_MOVING, ChangeKind.DATE)
        yield from (replace(c, sort=ChangeKind.UNKNOWN, reason=reason) if c.sort in moving else c for c in _ordinary(reached, seen))
    elif is_set(reached.block, "prevent_destroy", reached.scope) and any(c.sort in _MOVING for c in _replacing(reached, set(seen))):
        place = Place(reached.address, reached.block.header)
        remedy = RemoveArgument(place, "prevent_destroy", f"the lifecycle block of {reached.address}")
        reason = why.PREVENTED_AT(reached.address)
        yield from (replace(c, sort=ChangeKind.NEVER, interval=None, reason=reason, remedy=remedy) for c in _ordinary(reached, seen))
    else:
        yield from _ordinary(reached, seen)


def _is_computed(reached: ResourceOrigin) -> bool:
    """True if an attribute is one that an update in place leaves as it is, as far as anybody knows here."""
    if reached.attribute is None or reached.kind in HOLDERS or reached.kind in COMPUTED_ONCE:
        return False
    return reached.expression() is None


def _ordinary(reached: ResourceOrigin, seen: set[object]) -> Iterator[ChangeCause]:
    expressions = list(_watched(reached))
    for expression in expressions:
        yield from of_expression(expression, reached.scope, seen)
    if reached.kind in HOLDERS and expressions and _is_counter(expressions):
        yield ChangeCause(ChangeKind.HAND, reached.address, reached.block.header)
    for trigger in own_triggers(reached.block):
        yield from of_trigger(trigger, reached.scope, seen)


def _replacing(reached: ResourceOrigin, seen: set[object]) -> Iterator[ChangeCause]:
    """Yield the causes for which a resource is replaced rather than updated in place, as far as anybody knows here."""
    if reached.kind in HOLDERS or reached.kind in COMPUTED_ONCE:
        only = "id" if reached.kind == "terraform_data" else None
        for expression in _watched(reached._replace(attribute=only)):
            yield from of_expression(expression, reached.scope, seen)
    for trigger in own_triggers(reached.block):
        yield from of_trigger(trigger, reached.scope, seen)


def _is_counter(expressions: list[hcl.Expr]) -> bool:
    return any(isinstance(e, (hcl.Literal, hcl.ObjectExpr, hcl.TupleExpr)) for e in expressions)


def _watched(reached: ResourceOrigin) -> Iterator[hcl.Expr]:
    """Yield the arguments whose change is noticed, without those that the resource ignores."""
    ignored = ignored_changes(reached.block)
    if ignored is None:
        return
    own = reached.expression()
    if own is not None and reached.attribute not in _WHOLE and reached.kind not in COMPUTED_ONCE and reached.attribute not in ignored:
        yield own
        return
    # An update in place leaves the id as it is; of terraform_data only triggers_replace brings a new one.
    only = {"triggers_replace"} if reached.kind == "terraform_data" and reached.attribute == "id" else None
    pending = [("", reached.block.body)]
    while pending:
        way, body = pending.pop()
        for attribute in body.attributes.values():
            name = way + attribute.name
            if (only is None or name in only) and name not in META and name not in ignored:
                yield _without(attribute.expression, name, ignored)
        inner = (b for b in body.blocks if way + b.type not in META and way + b.type not in ignored and b.type not in body.attributes)
        pending += [(f"{way}{b.type}.", b.body) for b in inner]


def _without(expression: hcl.Expr, name: str, ignored: frozenset[str]) -> hcl.Expr:
    """The value of an argument without the entries that are ignored one by one, where it is written as a map."""
    if not isinstance(expression, hcl.ObjectExpr):
        return expression
    kept = [item for item in expression.items if not (isinstance(item[0], hcl.Literal) and f"{name}.{item[0].value}" in ignored)]
    return hcl.ObjectExpr(tuple(kept), expression.span)


def of_trigger(trigger: hcl.Expr, scope: ModuleScope, seen: set[object] | None = None) -> Iterator[ChangeCause]:
    """Yield the causes that an item of ``replace_triggered_by`` leads to."""
    seen = set() if seen is None else seen
    found = [r for r in origins_of(trigger, scope) if isinstance(r, ResourceOrigin)]
    for reached in found:
        causes = list(of_resource(reached, seen))
        if reached.kind == ROTATING:
            for cause in causes:  # another clock that restarts this one replaces it, to which Terraform does react
                own = cause.sort is ChangeKind.NEVER or cause.what.startswith(reached.address)
                yield replace(cause, direct=own, span=trigger.span)
        elif any(cause.sort is not ChangeKind.HAND for cause in causes) or (causes and not _ignores_a_schedule(reached)):
            yield from causes
        else:
            yield ChangeCause(ChangeKind.NEVER, reached.address, trigger.span, reason=_unchanging(reached), remedy=_changing(reached))


def _ignores_a_schedule(reached: ResourceOrigin) -> bool:
    """True if something that changes by itself is in ``ignore_changes`` of a resource."""
    ignored = ignored_as_written(reached.block)
    held = [a.expression for a in reached.block.body.attributes.values() if a.name in {name.partition(".")[0] for name in ignored}]
    return any(cause.sort in _MOVING for expression in held for cause in of_expression(expression, reached.scope))


def _changing(reached: ResourceOrigin) -> Remedy | None:
    """The change that lets a blocked trigger fire; None when it only lacks a clock."""
    if (unblocked := stop_ignoring(reached.block, reached.address)) is not None:
        return unblocked
    if reached.kind == "terraform_data" and reached.attribute == "id" and reached.block.get("input") is not None:
        return Advice(f"refer to {reached.address}, or set triggers_replace instead of input")
    return None


def _unchanging(reached: ResourceOrigin) -> Reason:
    if stop_ignoring(reached.block, reached.address) is not None:
        return why.IGNORES_CHANGES(reached.address)
    if reached.kind == "terraform_data" and reached.attribute == "id" and reached.block.get("input") is not None:
        return why.ID_STAYS(reached.address)
    if reached.kind in COMPUTED_ONCE:
        return why.COMPUTED_ONCE(reached.address)
    return why.NEVER_CHANGED(reached.address)


def _scheduled(reached: ResourceOrigin, scheduler: Scheduler, seen: set[object]) -> Iterator[ChangeCause]:
    turns = _turns(reached, scheduler)
    trigger = reached.block.get(scheduler.trigger) if scheduler.trigger else None
    if trigger is not None:
        for cause in of_expression(trigger, reached.scope, seen):
            longer = cause.interval * turns if cause.interval is not None else None
            yield replace(cause, through=(reached.address, *cause.through), interval=longer, turns=turns)
        return
    if scheduler.intervals:
        interval = interval_of(scheduler.intervals, reached)
        if isinstance(interval, Unknown) or interval is None:
            yield ChangeCause(
                ChangeKind.SCHEDULE, reached.address, reached.block.header, reason=interval.as_reason() if interval else None, turns=turns
            )
        else:
            setting = setting_of(scheduler.intervals, reached)
            yield ChangeCause(
                ChangeKind.SCHEDULE, reached.address, reached.block.header, interval=interval * turns, setting=setting, turns=turns
            )
    elif scheduler.every_apply:
        yield ChangeCause(ChangeKind.APPLY, reached.address, reached.block.header, reason=why.EVERY_APPLY(), turns=turns)


def _turns(reached: ResourceOrigin, scheduler: Scheduler) -> int:
    turns = dict(scheduler.outputs).get(reached.attribute or "", 1)
    if turns > 1 and scheduler.turns_argument:
        number = evaluate_or_unknown(reached.block.get(scheduler.turns_argument), reached.scope)
        return number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else turns
    return turns
