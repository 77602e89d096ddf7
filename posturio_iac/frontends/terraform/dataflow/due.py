"""What Terraform plans when every clock is due: which resources change, and which attributes are unknown because of it.

The provider of a ``time_rotating`` that is due drops it from the state, so the plan creates it anew and all that it computes is unknown.
A resource that this reaches is updated or replaced; what stays wholly known has not changed. Over 300 lines: one plan, kind by kind.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise

from posturio_iac.core.evidence import reason as why
from posturio_iac.core.evidence.remedy import Advice, IntervalSetting, RemoveArgument
from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.times import parse_date, parse_interval
from posturio_iac.core.unknown import AFTER_APPLY, HAS_NO, INDEXED_OBJECT, MUST_BE, REPLACEMENT_OPEN
from posturio_iac.facts.schedulers import COMPUTED_ONCE, FORCING, HOLDERS, ROTATING, ROTATION_ARGUMENTS, SCHEDULERS, SET_BY_PEOPLE, UNSET
from posturio_iac.frontends.terraform.dataflow import lifecycle_block
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.instance import SAME, USUAL, ModuleInstance, ModuleScope, View
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references
from posturio_iac.frontends.terraform.values import Due, Value, doubtful, due_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.evidence.remedy import Remedy

    IntervalArguments = tuple[tuple[str, str], ...]  # their names, each with the unit of a bare number in it

MOST_TURNS = 100  # schedulers with more outputs count as those with the usual number
PLAN_TIME = "plantimestamp()"  # the one function that differs in each run and is known in the plan
_START, _HOUR, _DAY = datetime(2026, 1, 1, tzinfo=timezone.utc), timedelta(hours=1), timedelta(days=1)
_UNEVEN = timedelta(days=7)  # by how much months, quarters and years differ, and more
_ABOUT = (31, 30), (90, 90), (181, 181), (365, 365)  # days to the first of another month, quarter, half and year, and between two of them
_PROBES = (timedelta(seconds=61), None), *((n * _HOUR, n * _HOUR) for n in (1, 12, 24)), *((n * _DAY, m * _DAY) for n, m in _ABOUT)
"""Times between two plans, and how often text that then differs changes."""


class Clock(NamedTuple):
    """Something that changes by itself, as seen where its change arrives."""

    what: str  # ``time_rotating.key``, ``timestamp()``
    span: Span
    interval: timedelta | None = None
    reason: why.Reason | None = None  # why its interval is open
    setting: IntervalSetting | None = None
    at: datetime | None = None  # the one date on which it is due
    value: str = ""
    turns: int = 1  # how many of its intervals pass between two changes
    through: tuple[str, ...] = ()  # addresses of the schedulers on the way
    output: str = ""  # the output that takes turns with others: ``alpha_timestamp``

    @property
    def shown(self) -> str:
        """It and the way to it, for a reader: ``toggles_leapfrog.turn and time_rotating.key``."""
        return " and ".join((*self.through, self.what))


def clocks_of(due: Due | None) -> Iterator[tuple[Clock, Unknown | None]]:
    """The clocks behind a change, each with what may prevent that."""
    if due is not None:
        yield from ((cause, due.doubt) for cause in due.causes if isinstance(cause, Clock))


def _regular(arguments: IntervalArguments, block: hcl.Block, scope: ModuleScope, address: str) -> Clock:
    used = [(name, unit) for name, unit in arguments if block.get(name) is not None]
    in_days = next((name for name, unit in arguments if unit == "d"), "")
    if [unit for _, unit in used] == ["d"]:
        setting = IntervalSetting(*_set_by(block, in_days, scope.instance, address))
    else:
        others = tuple(name for name, _ in used)
        setting = IntervalSetting(Place(address, block.header), in_days, instead_of=others, is_stated=bool(used and in_days))
    interval = interval_of(arguments, block, scope, address)
    known, reason = (None, interval.as_reason()) if isinstance(interval, Unknown) else (interval, None)
    return Clock(address, block.header, known, reason, setting)


def _set_by(block: hcl.Block, argument: str, instance: ModuleInstance, address: str) -> tuple[Place, str]:
    match references(block.get(argument)):
        case ("var", name) if instance.call is not None and instance.caller is not None and instance.call.get(name) is not None:
            return _set_by(instance.call, name, instance.caller.instance, instance.address)
        case ("var", name) if name in instance.folder.variables and name not in instance.folder.tfvars:
            return Place(f"var.{name}", instance.folder.variables[name].header), "default"
    return Place(address, block.header), argument


def interval_of(arguments: IntervalArguments, block: hcl.Block, scope: ModuleScope, address: str) -> timedelta | Unknown | None:
    """The interval that the last of the arguments that are set gives."""
    for name, unit in reversed(arguments):
        value = evaluate_or_unknown(block.get(name), scope)
        if value is not None:
            is_number = isinstance(value, (int, float)) or (isinstance(value, str) and value.isdecimal())
            interval = parse_interval(value, unit) if is_number else None
            return value if isinstance(value, Unknown) else interval or MUST_BE(f"{name} of {address}", "a number")
    return None


def why_it_stands(block: hcl.Block, scope: ModuleScope, address: str, attribute: str | None) -> tuple[why.Reason, Remedy] | None:
    """Why an attribute of a clock stands still when it is due, and what to do about it; None if it moves."""
    if (scheduler := SCHEDULERS.get(block.labels[0])) is not None:
        instead = Advice(f"refer to {address}.{scheduler.outputs[0][0]} instead")
        return (why.STANDS_STILL(f"{address}.{attribute}", address), instead) if attribute in scheduler.stays else None
    if attribute in SET_BY_PEOPLE:
        return why.CONSTANT_ARGUMENT(f"{address}.{attribute}"), Advice(f"read {address}.id instead")
    base, once = (_date(block, name, scope) for name in ("rfc3339", "rotation_rfc3339"))
    if base:
        return why.CONSTANT_START(address, base), RemoveArgument(Place(address, block.header), "rfc3339", address)
    return (
        (why.CONSTANT_END(address, once), Advice(f"read {address}.rfc3339 instead")) if once and attribute == "rotation_rfc3339" else None
    )


def _date(block: hcl.Block, argument: str, scope: ModuleScope) -> str:
    value = evaluate_or_unknown(block.get(argument), scope)
    return value if isinstance(value, str) and parse_date(value) is not None else ""


def _rotating(block: hcl.Block, scope: ModuleScope, address: str) -> Due | None:
    if _date(block, "rfc3339", scope):
        return None
    if once := _date(block, "rotation_rfc3339", scope):
        return Due((Clock(address, block.header, at=parse_date(once), value=once),))
    clock = _regular(ROTATION_ARGUMENTS, block, scope, address)
    return Due((clock,), None if clock.interval or clock.reason else HAS_NO(address, "interval in this code"))


def _scheduled(block: hcl.Block, scope: ModuleScope, address: str, fed: Due | None) -> Due | None:
    """The next turn of another provider's scheduler, whose trigger is ``fed``; None where it has none or that stands still."""
    scheduler = SCHEDULERS[block.labels[0]]
    if fed is not None:
        return Due((clock._replace(through=(address, *clock.through)) for clock, _ in clocks_of(fed)), fed.doubt)
    if scheduler.intervals:
        return Due((_regular(scheduler.intervals, block, scope, address),))
    is_free = scheduler.every_apply and (scheduler.trigger is None or block.get(scheduler.trigger) is None)
    return Due((Clock(address, block.header, reason=why.EVERY_APPLY()),)) if is_free else None


def _turn(due: Due, attribute: str, block: hcl.Block, scope: ModuleScope, address: str) -> Value:
    scheduler = SCHEDULERS[block.labels[0]]
    if attribute in (*scheduler.stays, scheduler.trigger):
        return AFTER_APPLY(f"{address}.{attribute}")
    turns = dict(scheduler.outputs).get(attribute, 1)

    def shown(output: str) -> Due:
        each = (c._replace(turns=turns, interval=c.interval and c.interval * turns, output=output) for c, _ in clocks_of(due))
        return due if turns == 1 else Due(each, due.doubt)

    if turns == 1 or not scheduler.turns_argument:
        return shown(f"{address}.{attribute}")
    number = evaluate_or_unknown(block.get(scheduler.turns_argument), scope)
    turns = number if isinstance(number, int) and not isinstance(number, bool) and 0 < number <= MOST_TURNS else turns
    return tuple(shown(f"{address}.{attribute}[{place}]") for place in range(turns))


class Change(NamedTuple):
    """What a plan does to one resource when the clocks are due."""

    created: Due | None = None  # it is a clock that is created anew
    replaced: Due | None = None
    updated: Due | None = None  # in place, or by a replacement: which of both is not known for every type
    read: Due | None = None  # new values are found in the refresh, and no action is planned

    @property
    def noticed(self) -> Due | None:
        return due_of(self.replaced, self.updated)


class DuePlan:
    """The plan of one root module. As a `Planner` it answers for resources and impure functions."""

    def __init__(self, instant: datetime | None = None) -> None:
        """Plan at an ``instant``, or at none: then ``plantimestamp()`` counts as unknown too."""
        self.view, self._instant = View(planner=self), instant
        self._changes: dict[tuple[ModuleInstance, str], Change | None] = {}
        self._probes, self._days = list[DuePlan](), list[DuePlan]()

    def moved(self, call: hcl.Call) -> Value:
        """The value of an impure function: unknown in the plan, but for that of ``plantimestamp()``."""
        what = f"{call.name}()"
        if what == PLAN_TIME and self._instant is not None:
            return self._instant.strftime("%Y-%m-%dT%H:%M:%SZ")
        return Due((Clock(what, call.span, reason=why.EVERY_APPLY()),))

    def moving(self, expression: hcl.Expr | None, scope: ModuleScope) -> Due | None:
        """Why the value of an expression changes; None where it stands still."""
        due = due_of(evaluate_or_unknown(expression, scope))
        if expression is None or due is None or all(clock.what != PLAN_TIME for clock, _ in clocks_of(due)):
            return due
        first, *others = self._probed(expression, scope)
        if isinstance(first, Unknown) and not isinstance(first, Due):
            return due.doubted(first)
        after = next((interval for (_, interval), value in zip(_PROBES, others, strict=True) if value != first), timedelta.max)
        if after is not None and _DAY <= after < timedelta.max and (longest := self._longest(expression, scope)) > after + _UNEVEN:
            after = longest
        why_open = why.EVERY_APPLY() if after is None else None
        clocks = (clock for clock, _ in clocks_of(due) if clock.what != PLAN_TIME or after != timedelta.max)
        causes = [clock._replace(interval=after, reason=why_open) if clock.what == PLAN_TIME else clock for clock in clocks]
        return Due(causes, due.doubt) if causes else None

    def _probed(self, expression: hcl.Expr, scope: ModuleScope) -> list[Value]:
        """The values of what is made of ``plantimestamp()`` at the start and after each of the times between two plans."""
        if not self._probes:
            self._probes = [DuePlan(_START), *(DuePlan(_START + step) for step, _ in _PROBES)]
        return [evaluate_or_unknown(expression, scope.seen(plan.view)) for plan in self._probes]

    def _longest(self, expression: hcl.Expr, scope: ModuleScope) -> timedelta:
        """The longest time for which what is made of ``plantimestamp()`` stands still, of a little more than a year, in days."""
        self._days = self._days or [DuePlan(_START + n * _DAY) for n in range(400)]
        values = [evaluate_or_unknown(expression, scope.seen(plan.view)) for plan in self._days]
        changes = [n for n, (one, next_) in enumerate(pairwise(values)) if one != next_]
        return max((end - start for start, end in pairwise((-1, *changes, len(values) - 1))), default=0) * _DAY

    def fires(self, trigger: hcl.Expr, scope: ModuleScope) -> Change:
        """What becomes of what an item of ``replace_triggered_by`` names in a block that ``scope`` belongs to."""
        created, moved = list[Due | None](), list[Due | None]()
        for one in lifecycle_block.reached(trigger, scope, self.view):
            change = self.change(one.block, one.kind, one.local_address, one.scope)
            for found, due in ((created, change.created), (moved, self._noticed(one))):
                found.append(due.doubted(one.doubt) if due is not None and one.doubt is not None else due)
        return Change(due_of(*created), due_of(*moved))

    def _noticed(self, one: lifecycle_block.Reached) -> Due | None:
        block, kind, address, scope, way, _ = one
        noticed = self.change(block, kind, address, scope).noticed
        if noticed is None or not way or not isinstance(way[0], str):
            return noticed
        value = self.attribute(block, kind, address, scope, way[0])
        argument = SAME.get((kind, way[0]), way[0])
        map_like = True if argument in ("triggers", "keepers", "tags") else lifecycle_block.is_map(hcl.setting(block, argument), scope)
        for step in way[1:]:
            # Terraform follows a dot only into objects, and a text in brackets only into maps.
            if isinstance(step, str) and map_like is isinstance(step, lifecycle_block.Dotted):
                return None
            if isinstance(step, str) and map_like is None:
                due = due_of(value)
                return due.doubted(INDEXED_OBJECT(address)) if due is not None else None
            value, map_like = lifecycle_block.part_of(value, step), False
        return due_of(value)

    def change(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope) -> Change:
        """What the plan does to a resource; nothing while that is being found out, in a circle."""
        key = (scope.instance, address)
        if key not in self._changes:
            scope.budget.spend()
            self._changes[key] = None
            self._changes[key] = self._change(block, kind, scope.instance.full(address), scope)
        return self._changes[key] or Change()

    def _change(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope) -> Change:
        moving = {name: due for name, e in lifecycle_block.compared_arguments(block) if (due := self.moving(e, scope)) is not None}
        if kind == ROTATING:
            restarted = due_of(*(moving.get(name) for name in ("rfc3339", "triggers")))
            if restarted is not None and any(clock.reason == why.EVERY_APPLY() for clock, _ in clocks_of(restarted)):
                clock = Clock(f"{address} at timestamp()", block.header, reason=why.EVERY_APPLY())
                return Change(replaced=Due((clock,), restarted.doubt))
            return Change(created=_rotating(block, scope, address), replaced=restarted)
        if kind in SCHEDULERS:
            turn = _scheduled(block, scope, address, moving.get(SCHEDULERS[kind].trigger or ""))
            return Change(read=turn) if SCHEDULERS[kind].in_refresh else Change(updated=turn)
        forcing = FORCING.get(kind, () if kind not in HOLDERS and kind not in COMPUTED_ONCE else None)
        forced = due_of(*(due for name, due in moving.items() if forcing is None or name.partition(".")[0] in forcing))
        triggered = due_of(*(self.fires(trigger, scope).replaced for trigger in lifecycle_block.own_triggers(block)))
        replaced = due_of(forced, triggered)
        if replaced is not None and lifecycle_block.is_set(block, "prevent_destroy", scope):
            return Change()
        return Change(replaced=replaced, updated=due_of(*moving.values()))

    def beyond(self, scope: ModuleScope, kind: str, name: str, why: Unknown | None) -> Value:
        """The value of a module whose code is not here: clocks that it is given may move all of it."""
        if kind != "module" or why is None:
            return None
        inner, given = scope.instance.scope(self.view), scope.instance.folder.calls[name].body.attributes.values()
        return doubtful(why, *(evaluate_or_unknown(argument.expression, inner) for argument in given))

    def whole(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope) -> Due | None:
        return due_of(*self.change(block, kind, address, scope))

    def attribute(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope, name: str) -> Value:
        """The planned value of an attribute."""
        argument = SAME.get((kind, name), name)
        is_new = name == "id" != argument and due_of(*self.change(block, kind, address, scope)[:2]) is not None
        expression = hcl.setting(block, argument)
        ignored = lifecycle_block.ignored_changes(block)
        view = USUAL if ignored is None or argument in ignored else self.view
        if expression is not None and not is_new and (kind, name) != ("terraform_data", "output"):
            value = scope.instance.cached(view, address, argument, lambda: evaluate_or_unknown(expression, scope.seen(view)))
            kept = {one.partition(".")[2] for one in ignored or () if one.startswith(f"{argument}.")}
            if kept and isinstance(value, dict) and isinstance(usual := evaluate_or_unknown(expression, scope.seen(USUAL)), dict):
                return {key: usual.get(key) if key in kept else one for key, one in value.items()}
            return value
        if (kind == ROTATING and name in SET_BY_PEOPLE) or (kind in HOLDERS | COMPUTED_ONCE and expression is None and name in UNSET):
            return None
        change = self.change(block, kind, address, scope)
        if kind in SCHEDULERS and (turn := change.updated or change.read) is not None:
            return _turn(turn, name, block, scope, scope.instance.full(address))
        due = due_of(change.created, change.replaced)
        if kind.startswith("data.") or name == "output":
            due = due_of(due, change.updated)
        elif change.updated is not None and (due is None or due.doubt is not None) and kind not in HOLDERS:
            due = due_of(due, change.updated.doubted(REPLACEMENT_OPEN(scope.instance.full(address), name)))
        if due is not None:
            return due
        return AFTER_APPLY(f"{address}.{name}") if expression is None else evaluate_or_unknown(expression, scope.seen(view))
