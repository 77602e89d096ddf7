"""Clocks: what changes by itself, how often, and how to set that."""

from __future__ import annotations

from posturio_iac.core.dates import parse_date
from posturio_iac.core.evidence import reason as why
from posturio_iac.core.evidence.remedy import Advice, IntervalSetting, RemoveArgument
from posturio_iac.core.intervals import parse_interval
from posturio_iac.core.model import Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import dataclass, replace
from posturio_iac.core.unknown import HAS_NO, MUST_BE
from posturio_iac.facts.schedulers import ROTATION_ARGUMENTS, SCHEDULERS
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.syntax.references import references
from posturio_iac.frontends.terraform.values import Due

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from posturio_iac.core.evidence.reason import Reason
    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.model import Span
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope
    from posturio_iac.frontends.terraform.syntax import hcl
    from posturio_iac.frontends.terraform.values import Value

MOST_TURNS = 100
"""Schedulers with more outputs count as those with the usual number."""
PLAN_TIME = "plantimestamp()"
"""The one function that differs in each run and is known in the plan."""
ARGUMENTS = frozenset({"triggers", *(name for name, _ in ROTATION_ARGUMENTS)})
"""Attributes of a ``time_rotating`` that only people change."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Something that changes by itself, as seen where its change arrives."""

    what: str
    """``time_rotating.key``, ``timestamp()``."""
    span: Span
    interval: timedelta | None = None
    at: datetime | None = None
    """The one date on which it is due."""
    value: str = ""
    reason: Reason | None = None
    """Why its interval is open."""
    setting: IntervalSetting | None = None
    turns: int = 1
    """How many of its intervals pass between two changes."""
    through: tuple[str, ...] = ()
    """Addresses of the schedulers on the way."""
    output: str = ""
    """The output that takes turns with others: ``alpha_timestamp``."""

    @property
    def shown(self) -> str:
        """It and the way to it, for a reader: ``toggles_leapfrog.turn and time_rotating.key``."""
        return " and ".join((*self.through, self.what))


def every_apply(what: str, span: Span) -> Clock:
    return Clock(what, span, reason=why.EVERY_APPLY())


def clocks_of(due: Due | None) -> Iterator[Clock]:
    return (cause for cause in (due.causes if due is not None else ()) if isinstance(cause, Clock))


def rotating(block: hcl.Block, scope: ModuleScope, address: str) -> Due | None:
    """The change of a ``time_rotating`` when it is due; None where it stands still."""
    base, once = (evaluate_or_unknown(block.get(name), scope) for name in ("rfc3339", "rotation_rfc3339"))
    if isinstance(base, str) and parse_date(base) is not None:
        return None
    if isinstance(once, str) and (date := parse_date(once)) is not None:
        return Due((Clock(address, block.header, at=date, value=once),))
    clock = _regular(ROTATION_ARGUMENTS, block, scope, address)
    return Due((clock,), None if clock.interval or clock.reason else HAS_NO(address, "interval in this code"))


def _regular(arguments: tuple[tuple[str, str], ...], block: hcl.Block, scope: ModuleScope, address: str) -> Clock:
    """A clock whose interval one of the arguments states."""
    clock = Clock(address, block.header, setting=_setting_of(arguments, block, scope, address))
    interval = interval_of(arguments, block, scope, address)
    return replace(clock, reason=interval.as_reason()) if isinstance(interval, Unknown) else replace(clock, interval=interval)


def why_it_stands(block: hcl.Block, scope: ModuleScope, address: str, attribute: str | None) -> tuple[Reason, Remedy] | None:
    """Why an attribute of a ``time_rotating`` stands still when it is due, and what to do about it; None if it moves."""
    if attribute in ARGUMENTS:
        return why.CONSTANT_ARGUMENT(f"{address}.{attribute}"), Advice(f"read {address}.id instead")
    base, once = (evaluate_or_unknown(block.get(name), scope) for name in ("rfc3339", "rotation_rfc3339"))
    if isinstance(base, str) and parse_date(base) is not None:
        return why.CONSTANT_START(address, base), RemoveArgument(Place(address, block.header), "rfc3339", address)
    if attribute == "rotation_rfc3339" and isinstance(once, str) and parse_date(once) is not None:
        return why.CONSTANT_END(address, once), Advice(f"read {address}.rfc3339 instead")
    return None


def scheduled(block: hcl.Block, scope: ModuleScope, address: str, fed: Due | None) -> Due | None:
    """The next turn of another provider's scheduler, whose trigger is ``fed``; None where it has none or that stands still."""
    scheduler = SCHEDULERS[block.labels[0]]
    if fed is not None:
        return Due((replace(clock, through=(address, *clock.through)) for clock in clocks_of(fed)), fed.doubt)
    if scheduler.intervals:
        return Due((_regular(scheduler.intervals, block, scope, address),))
    if scheduler.every_apply and (scheduler.trigger is None or block.get(scheduler.trigger) is None):
        return Due((every_apply(address, block.header),))
    return None


def turn(due: Due, attribute: str, block: hcl.Block, scope: ModuleScope, address: str) -> Value:
    """The planned value of one attribute of a scheduler whose turn comes; a list where its outputs are one."""
    scheduler = SCHEDULERS[block.labels[0]]
    turns = dict(scheduler.outputs).get(attribute, 1)
    if turns == 1 or not scheduler.turns_argument:
        return _output(due, f"{address}.{attribute}", turns)
    number = evaluate_or_unknown(block.get(scheduler.turns_argument), scope)
    turns = number if isinstance(number, int) and not isinstance(number, bool) and 0 < number <= MOST_TURNS else turns
    return tuple(_output(due, f"{address}.{attribute}[{place}]", turns) for place in range(turns))


def _output(due: Due, output: str, turns: int) -> Due:
    """The turn of a scheduler as one output shows it: of those that take turns each changes at every second or third one."""
    longer = (replace(c, turns=turns, interval=c.interval and c.interval * turns, output=output) for c in clocks_of(due))
    return due if turns == 1 else Due(longer, due.doubt)


def _setting_of(arguments: tuple[tuple[str, str], ...], block: hcl.Block, scope: ModuleScope, address: str) -> IntervalSetting:
    """What sets the interval, in days: an argument, or that of the call or the default of the variable behind it."""
    used = [(name, unit) for name, unit in arguments if block.get(name) is not None]
    in_days = next((name for name, unit in arguments if unit == "d"), "")
    others = () if [unit for _, unit in used] == ["d"] else tuple(name for name, _ in used)
    if others or not used:
        return IntervalSetting(Place(address, block.header), in_days, instead_of=others, is_stated=bool(used and in_days))
    return IntervalSetting(*_set_by(block, in_days, scope.instance, address))


def _set_by(block: hcl.Block, argument: str, instance: ModuleInstance, address: str) -> tuple[Place, str]:
    """The block and the argument of it that set another argument, which may be a variable."""
    match references(block.get(argument)):
        case ("var", name) if instance.call is not None and instance.caller is not None and instance.call.get(name) is not None:
            return _set_by(instance.call, name, instance.caller.instance, instance.address)
        case ("var", name) if name in instance.folder.variables and name not in instance.folder.tfvars:
            return Place(f"var.{name}", instance.folder.variables[name].header), "default"
    return Place(address, block.header), argument


def interval_of(arguments: tuple[tuple[str, str], ...], block: hcl.Block, scope: ModuleScope, address: str) -> timedelta | Unknown | None:
    """The interval that the last of the arguments that are set gives."""
    for name, unit in reversed(arguments):
        value = evaluate_or_unknown(block.get(name), scope)
        if value is not None:
            interval = parse_interval(value, unit) if isinstance(value, (int, float, str)) else None
            return value if isinstance(value, Unknown) else interval or MUST_BE(f"{name} of {address}", "a number")
    return None
