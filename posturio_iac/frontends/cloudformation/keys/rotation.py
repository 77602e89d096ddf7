"""Rotation by Secrets Manager: schedules on the secret that holds a key."""

from __future__ import annotations

import re

from posturio_iac.core.cron import NEVER, longest_gap
from posturio_iac.core.evidence.reason import FOR_DATABASES, NO_FUNCTION, NO_INTERVAL, NO_RULES, NO_RUN, RULES_WITHOUT_INTERVAL, Reason
from posturio_iac.core.evidence.remedy import Advice, IntervalSetting
from posturio_iac.core.model import Effect, Kind, Lifetime, Unknown
from posturio_iac.core.place import Place, SecretRotationOrigin
from posturio_iac.core.record import replace
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.json_nodes import Node, Object
from posturio_iac.core.times import parse_interval
from posturio_iac.frontends.cloudformation.evaluation.conditions import existence
from posturio_iac.frontends.cloudformation.evaluation.references import mentions
from posturio_iac.frontends.cloudformation.evaluation.stack import Reference, Stack, StackScope, StackValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
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
    secrets = {entry.name for entry in stack.of_type(SECRET_TYPE) if _holds(entry, key.name, stack, ev)}
    if not secrets:
        return
    for entry in stack.of_type(SCHEDULE_TYPE):
        if _secret(entry, stack, ev) not in secrets:
            continue
        exists = existence(entry, stack, ev)
        if exists is False:
            continue
        found = _rotation(entry, stack, ev, as_of)
        if isinstance(exists, Unknown) and found.effect is Effect.ENFORCED:
            found = replace(found, effect=Effect.UNKNOWN, reason=exists.as_reason())
        yield found


def rotating_functions(stack: Stack) -> set[str]:
    nodes = (entry.prop("RotationLambdaARN") for entry in stack.of_type(SCHEDULE_TYPE))
    return {mention.name for node in nodes if node is not None for mention in mentions(node)}


def _holds(secret: TemplateEntry, key: str, stack: Stack, ev: Evaluator) -> bool:
    """True if a secret is made of a key, which one of several texts may not be."""
    node = secret.prop("SecretString")
    made = ev.value(node, stack.scope(secret)) if node is not None else ""
    return node is not None and not isinstance(made, str) and any(m.name == key for m in mentions(node))


def _secret(schedule: TemplateEntry, stack: Stack, ev: Evaluator) -> str | None:
    node = schedule.prop("SecretId")
    value: StackValue = ev.value(node, stack.scope(schedule)) if node is not None else None
    if isinstance(value, Reference):
        return value.entry.name
    named = {m.name for m in mentions(node)} if node is not None else set()
    return next(iter(named)) if len(named) == 1 else None


def _rotation(entry: TemplateEntry, stack: Stack, ev: Evaluator, as_of: datetime) -> Lifetime:
    scope = stack.scope(entry)
    origin, span = SecretRotationOrigin(stack.address(entry), "RotationSchedule"), scope.source.span(entry.key)
    rules = entry.prop("RotationRules")
    name = next((name for name in _SHORTER if rules is not None and rules.get(name) is not None), "")
    interval, shown, reason = _interval(rules, name, scope, ev, as_of)
    function, hosted = entry.prop("RotationLambdaARN"), entry.prop("HostedRotationLambda")
    inert, remedy = None, _LAMBDA
    if function is None and hosted is None:
        inert = NO_FUNCTION()
    elif function is None and hosted is not None and (kind := _database(hosted, scope, ev)):
        inert = FOR_DATABASES(kind)
    elif interval == NEVER:
        inert, remedy = NO_RUN(shown), Advice("name days that come")
    if inert is not None:
        return Lifetime(Kind.ROTATION, Effect.INERT, origin, shown, span, reason=inert, remedy=remedy)
    setting = IntervalSetting(Place(stack.address(entry), span), name, _SHORTER[name]) if name else None
    return Lifetime(Kind.ROTATION, Effect.ENFORCED, origin, shown, span, interval=interval, reason=reason, setting=setting)


def _database(hosted: Node, scope: StackScope, ev: Evaluator) -> str:
    kind = ev.text_of(hosted.get("RotationType"), scope)
    return kind if isinstance(kind, str) and _HOSTED.fullmatch(kind) else ""


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
