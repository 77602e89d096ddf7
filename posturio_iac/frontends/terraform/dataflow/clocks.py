"""Clocks: the changes of a ``time_rotating``, and how to set its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.dates import parse_date
from posturio_iac.core.evidence import reason as why
from posturio_iac.core.evidence.remedy import Advice, IntervalSetting, RemoveArgument
from posturio_iac.core.intervals import parse_interval
from posturio_iac.core.model import Unknown
from posturio_iac.core.open_kinds import MUST_BE
from posturio_iac.core.place import Place
from posturio_iac.core.record import replace
from posturio_iac.facts.schedulers import ROTATION_ARGUMENTS
from posturio_iac.frontends.terraform.dataflow.cause import ChangeCause, ChangeKind
from posturio_iac.frontends.terraform.dataflow.origins import origins_of
from posturio_iac.frontends.terraform.dataflow.terminal_origins import ResourceOrigin, TerminalOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.expansion import expand

if TYPE_CHECKING:
    from datetime import timedelta

_CONSTANT = frozenset({"triggers", *(name for name, _ in ROTATION_ARGUMENTS)})
"""Attributes of a ``time_rotating`` that only people change."""


def rotating(reached: ResourceOrigin) -> ChangeCause:
    """The cause that a ``time_rotating`` is."""
    block, scope = reached.block, reached.scope
    span, place = block.header, Place(reached.address, block.header)
    if reached.attribute in _CONSTANT:
        reason = why.CONSTANT_ARGUMENT(f"{reached.address}.{reached.attribute}")
        return ChangeCause(ChangeKind.NEVER, reached.address, span, reason=reason, remedy=Advice(f"read {reached.address}.id instead"))
    base = evaluate_or_unknown(block.get("rfc3339"), scope)
    if isinstance(base, str) and parse_date(base) is not None:
        reason = why.CONSTANT_START(reached.address, base)
        return ChangeCause(ChangeKind.NEVER, reached.address, span, reason=reason, remedy=RemoveArgument(place, "rfc3339", reached.address))
    start = block.get("rfc3339")
    if start is not None and any(isinstance(e, TerminalOrigin) and e.kind == "function" for e in origins_of(start, scope)):
        return ChangeCause(ChangeKind.APPLY, f"{reached.address} at timestamp()", span, reason=why.EVERY_APPLY())
    once = evaluate_or_unknown(block.get("rotation_rfc3339"), scope)
    if isinstance(once, str) and parse_date(once) is not None and reached.attribute == "rotation_rfc3339":
        reason = why.CONSTANT_END(reached.address, once)
        return ChangeCause(ChangeKind.NEVER, reached.address, span, reason=reason, remedy=Advice(f"read {reached.address}.rfc3339 instead"))
    if isinstance(once, str) and (date := parse_date(once)) is not None:
        return ChangeCause(ChangeKind.ONCE, reached.address, span, at=date, value=once)
    interval = interval_of(ROTATION_ARGUMENTS, reached)
    if isinstance(interval, Unknown):
        return ChangeCause(
            ChangeKind.SCHEDULE, reached.address, span, reason=interval.as_reason(), setting=setting_of(ROTATION_ARGUMENTS, reached)
        )
    if interval is None:
        return ChangeCause(ChangeKind.UNKNOWN, reached.address, span, reason=why.NO_INTERVAL_HERE(reached.address))
    return ChangeCause(ChangeKind.SCHEDULE, reached.address, span, interval=interval, setting=setting_of(ROTATION_ARGUMENTS, reached))


def setting_of(arguments: tuple[tuple[str, str], ...], reached: ResourceOrigin) -> IntervalSetting:
    """Return what sets the interval, in days."""
    used = [(name, unit) for name, unit in arguments if reached.block.get(name) is not None]
    in_days = next((name for name, unit in arguments if unit == "d"), "")
    others = () if [unit for _, unit in used] == ["d"] else tuple(name for name, _ in used)
    return IntervalSetting(Place(reached.address, reached.block.header), in_days, instead_of=others, is_stated=bool(used and in_days))


def interval_of(arguments: tuple[tuple[str, str], ...], reached: ResourceOrigin) -> timedelta | Unknown | None:
    """The interval that the last of the arguments that are set gives."""
    for name, unit in reversed(arguments):
        value = evaluate_or_unknown(reached.block.get(name), reached.scope)
        if isinstance(value, Unknown):
            return value
        if value is not None:
            interval = parse_interval(value, unit) if isinstance(value, (int, float, str)) else None
            return MUST_BE(f"{name} of {reached.address}", "a number") if interval is None else interval
    return None


def if_it_exists(cause: ChangeCause, reached: ResourceOrigin) -> ChangeCause:
    """The cause that a clock is; unknown when by default there is no such clock, but an input may ask for one."""
    usual = expand(reached.block, reached.instance.scope())
    if usual.instances and usual.unknown is None:
        return cause
    absent = usual.unknown.reason if usual.unknown is not None else "by default there is none"
    return replace(cause, sort=ChangeKind.UNKNOWN, interval=None, reason=why.ONLY_IF_ASKED(reached.address, absent))
