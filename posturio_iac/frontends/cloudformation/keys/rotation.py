"""Rotation by Secrets Manager: schedules on the secret that holds a key."""

from __future__ import annotations

import re

from posturio_iac.core.cron import NEVER, longest_gap
from posturio_iac.core.evidence.reason import FOR_DATABASES, NO_FUNCTION, NO_INTERVAL, NO_RULES, NO_RUN, RULES_WITHOUT_INTERVAL, Reason
from posturio_iac.core.evidence.remedy import Advice, IntervalSetting
from posturio_iac.core.model import Effect, Kind, Lifetime, Unknown
from posturio_iac.core.place import Place, SecretRotationOrigin
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.json_nodes import Node, Object
from posturio_iac.core.times import parse_interval
from posturio_iac.frontends.cloudformation.evaluation.conditions import branches, existence
from posturio_iac.frontends.cloudformation.evaluation.references import mentions
from posturio_iac.frontends.cloudformation.evaluation.stack import Reference, Stack, StackScope, StackValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, timedelta

    from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator
    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry

SECRET_TYPE = "AWS::SecretsManager::Secret"  # noqa: S105 - the type of a resource
SCHEDULE_TYPE = "AWS::SecretsManager::RotationSchedule"

_HOSTED = lazy_pattern(r"(MySQL|PostgreSQL|Oracle|MariaDB|SQLServer|Redshift|MongoDB|Db2)(Single|Multi)User", re.IGNORECASE)
"""The types of hosted rotation, all of databases (CloudFormation reference of HostedRotationLambda)."""
_LAMBDA = Advice("set RotationLambdaARN to a rotation function of your own, and RotationRules to how often it runs")
_SHORTER = {"AutomaticallyAfterDays": "d", "ScheduleExpression": "rate"}
"""Properties that hold the interval of a schedule, and their units."""


def rotations(key: TemplateEntry, stack: Stack, ev: Evaluator, as_of: datetime) -> Iterator[Lifetime]:
    """Yield the rotations of the secrets that hold ``key``."""
    secrets = {entry.name: held for entry in stack.of_type(SECRET_TYPE) if (held := _holds(entry, key.name, stack, ev)) is not False}
    for entry in stack.of_type(SCHEDULE_TYPE) if secrets else ():
        needed = (existence(entry, stack, ev), secrets.get(_secret(entry, stack, ev), False))
        if False not in needed:
            yield _rotation(entry, stack, ev, as_of, needed)


def rotating_functions(stack: Stack) -> set[str]:
    nodes = (entry.prop("RotationLambdaARN") for entry in stack.of_type(SCHEDULE_TYPE))
    return {mention.name for node in nodes if node is not None for mention in mentions(node)}


def _holds(secret: TemplateEntry, key: str, stack: Stack, ev: Evaluator) -> bool | Unknown:
    """True if a secret is made of a key, which one of several texts may not be."""
    node, scope = secret.prop("SecretString"), stack.scope(secret)
    return _holds_for(node, scope, ev, lambda one, made: not isinstance(made, str) and any(m.name == key for m in mentions(one)))


def _holds_for(node: Node | None, scope: StackScope, ev: Evaluator, holds: Callable[[Node, StackValue], bool]) -> bool | Unknown:
    """True if something holds for each possible value of a property."""
    nodes, unknown = branches(ev, node, scope) if node is not None else ((), None)
    found = {holds(one, ev.value(one, scope)) for one in nodes}
    return unknown if unknown is not None and len(found) > 1 else True in found


def _is_given(node: Node | None, scope: StackScope, ev: Evaluator) -> bool | Unknown:
    """True if a property has a value. Where a condition chooses one, parameters have one, and resources exist."""
    value, fixed = (one.value(node, scope) if node is not None else None for one in (ev, ev.open()))
    if isinstance(value, Reference):
        return existence(value.entry, value.stack, ev)
    if value in (None, "") and isinstance(fixed, Unknown):
        return fixed
    return _holds_for(node, scope, ev.open(), lambda _, held: held not in (None, ""))


def _secret(schedule: TemplateEntry, stack: Stack, ev: Evaluator) -> str:
    node = schedule.prop("SecretId")
    value: StackValue = ev.value(node, stack.scope(schedule)) if node is not None else None
    named = {value.entry.name} if isinstance(value, Reference) else {m.name for m in mentions(node)} if node is not None else set()
    return named.pop() if len(named) == 1 else ""


def _rotation(entry: TemplateEntry, stack: Stack, ev: Evaluator, as_of: datetime, needed: tuple[object, ...]) -> Lifetime:
    """The rotation by a schedule, which is unknown where one thing that is ``needed`` for it is."""
    scope = stack.scope(entry)
    origin, span = SecretRotationOrigin(stack.address(entry), "RotationSchedule"), scope.source.span(entry.key)
    rules, own, node = map(entry.prop, ("RotationRules", "RotationLambdaARN", "HostedRotationLambda"))
    name = next((name for name in _SHORTER if rules is not None and rules.get(name) is not None), "")
    interval, shown, reason = _interval(rules, name, scope, ev, as_of)
    function, hosted = (_is_given(one, scope, ev) for one in (own, node))
    held = ev.value(node, scope) if node is not None else None
    kind = ev.text(held.get("RotationType") if isinstance(held, dict) else held)
    inert, remedy = None, _LAMBDA
    if function is False and hosted is False:
        inert = NO_FUNCTION()
    elif function is False and isinstance(kind, str) and _HOSTED.fullmatch(kind):
        inert = FOR_DATABASES(kind)
    elif interval == NEVER:
        inert, remedy = NO_RUN(shown), Advice("name days that come")
    if inert is not None:
        return Lifetime(Kind.ROTATION, Effect.INERT, origin, shown, span, reason=inert, remedy=remedy)
    setting = IntervalSetting(Place(stack.address(entry), span), name, _SHORTER[name]) if name else None
    needed += (hosted, kind) if function is False else (function,)
    unknown = next((one.as_reason() for one in needed if isinstance(one, Unknown)), None)
    effect = Effect.ENFORCED if unknown is None else Effect.UNKNOWN
    return Lifetime(Kind.ROTATION, effect, origin, shown, span, interval=interval, reason=unknown or reason, setting=setting)


def _interval(
    rules: Node | None, name: str, scope: StackScope, ev: Evaluator, as_of: datetime
) -> tuple[timedelta | None, str, Reason | None]:
    """How often a schedule rotates by the rule ``name``, as it is written, and why that is unknown."""
    if rules is None or not isinstance(rules.value, Object):
        return None, "", NO_RULES()
    text = ev.text_of(rules.get(name), scope)
    if not isinstance(text, str):
        return None, "", text.as_reason() if text is not None else RULES_WITHOUT_INTERVAL()
    found = parse_interval(text) or longest_gap(text, as_of)
    return found or None, text, None if found else NO_INTERVAL(text)
