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
from posturio_iac.frontends.cloudformation.evaluation.conditions import existence, in_each_case
from posturio_iac.frontends.cloudformation.evaluation.stack import Reference, Stack, StackScope
from posturio_iac.frontends.cloudformation.keys.custom import mentions
from posturio_iac.frontends.cloudformation.keys.exposures import SECRET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime, timedelta

    from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator
    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry

SECRET_TYPE = "AWS::SecretsManager::Secret"  # noqa: S105 - the type of a resource
SCHEDULE_TYPE = "AWS::SecretsManager::RotationSchedule"

_HOSTED = lazy_pattern(r"(MySQL|PostgreSQL|Oracle|MariaDB|SQLServer|Redshift|MongoDB|Db2)(Single|Multi)User", re.IGNORECASE)
"""The types of hosted rotation, all of databases (CloudFormation reference of HostedRotationLambda)."""
_LAMBDA = Advice("set RotationLambdaARN to a rotation function of your own, and RotationRules to how often it runs")
_SHORTER = {"AutomaticallyAfterDays": "d", "ScheduleExpression": "rate"}  # properties that hold the interval of a schedule, and their units


def rotations(key: TemplateEntry, stack: Stack, ev: Evaluator, as_of: datetime) -> Iterator[Lifetime]:
    """Yield the rotations of the secrets that hold ``key``."""
    secrets = {entry.name: held for entry in stack.of_type(SECRET_TYPE) if (held := _holds(entry, key.name, stack, ev)) is not False}
    for entry in stack.of_type(SCHEDULE_TYPE) if secrets else ():
        needed = (existence(entry, stack, ev), _is_of(secrets, entry, stack, ev))
        if False not in needed:
            yield _rotation(entry, stack, ev, as_of, needed)


def rotating_functions(stack: Stack) -> set[str]:
    return {mention.name for entry in stack.of_type(SCHEDULE_TYPE) for mention in mentions(entry.prop("RotationLambdaARN"))}


def _holds(secret: TemplateEntry, key: str, stack: Stack, ev: Evaluator) -> bool | Unknown:
    node, scope = secret.prop("SecretString"), stack.scope(secret)
    whole = any(map(SECRET.search, (named := [one.attribute for one in mentions(node) if one.name == key and one.attribute])))

    def held(case: Evaluator) -> bool:
        made = () if isinstance(case.value(node, scope), str) else mentions(node, case=(case, scope))
        return any(one.name == key and (not whole or SECRET.search(one.attribute)) for one in made)

    return bool(named) and in_each_case(ev, held)


def _is_given(node: Node | None, scope: StackScope, ev: Evaluator) -> bool | Unknown:
    """True if a property has a value. Where a condition chooses one, parameters have one, and resources exist."""
    if ev.value(node, scope) in (None, "") and isinstance(fixed := ev.open().value(node, scope), Unknown):
        return fixed

    def held(case: Evaluator) -> bool | Unknown:
        value = case.value(node, scope)
        return existence(value.entry, value.stack, case) if isinstance(value, Reference) else value not in (None, "")

    return in_each_case(ev.open(), held)


def _is_of(secrets: Mapping[str, bool | Unknown], schedule: TemplateEntry, stack: Stack, ev: Evaluator) -> bool | Unknown:
    node, scope = schedule.prop("SecretId"), stack.scope(schedule)

    def held(case: Evaluator) -> bool | Unknown:
        value = case.value(node, scope)
        named = {value.entry.name} if isinstance(value, Reference) else {m.name for m in mentions(node, case=(case, scope))}
        return secrets.get(named.pop(), False) if len(named) == 1 else False

    return in_each_case(ev, held)


def _rotation(entry: TemplateEntry, stack: Stack, ev: Evaluator, as_of: datetime, needed: tuple[object, ...]) -> Lifetime:
    scope = stack.scope(entry)
    origin, span = SecretRotationOrigin(stack.address(entry), "RotationSchedule"), scope.source.span(entry.key)
    rules, own, node = map(entry.prop, ("RotationRules", "RotationLambdaARN", "HostedRotationLambda"))
    name = next((name for name in _SHORTER if rules is not None and rules.get(name) is not None), "")
    interval, shown, reason = _interval(rules, name, scope, ev, as_of)
    function, hosted = (_is_given(one, scope, ev) for one in (own, node))
    held = ev.value(node, scope)
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
    if not text or not isinstance(text, str):
        return None, "", text.as_reason() if text else RULES_WITHOUT_INTERVAL()
    found = parse_interval(text) or longest_gap(text, as_of)
    return found or None, text, None if found else NO_INTERVAL(text)
