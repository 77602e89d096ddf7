"""Keys that are stored in Secrets Manager, and the rotation of the secret that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.intervals import parse_interval
from posturio_iac.core.model import Effect, Kind, Lifetime, Unknown
from posturio_iac.core.origin import SecretRotationOrigin
from posturio_iac.core.place import Place
from posturio_iac.core.reason import ReasonKind
from posturio_iac.core.remedy import Advice, IntervalSetting
from posturio_iac.frontends.terraform.dataflow.origins import origins_of
from posturio_iac.frontends.terraform.dataflow.terminal_origins import ResourceOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.instance import instances_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope
    from posturio_iac.frontends.terraform.syntax import hcl


def secret_rotation(block: hcl.Block, scope: ModuleScope, suffix: str) -> Iterator[Lifetime]:
    """Yield the rotation of the Secrets Manager secret that stores this instance of the key."""
    instance = scope.instance
    for secret in _secrets_of((block.labels[0], block.labels[1], suffix), instance):
        if secret.block.get("rotation_lambda_arn") is not None:
            yield _secret_lifetime(f"aws_secretsmanager_secret.{secret.name}", secret.block, secret.scope)
        for name, rotation, inner in _blocks("aws_secretsmanager_secret_rotation", instance):
            target = rotation.get("secret_id")
            if target is not None and any(_is(secret.key[1:], r) for r in origins_of(target, inner)):
                yield _secret_lifetime(f"aws_secretsmanager_secret_rotation.{name}", rotation, inner)


def _blocks(kind: str, instance: ModuleInstance) -> Iterator[tuple[str, hcl.Block, ModuleScope]]:
    """Yield the address, the block and the scope of each instance of each resource of one type."""
    for (found, name), block in instance.folder.resources.items():
        if found == kind:
            for suffix, scope in instances_of(block, instance).instances:
                yield name + suffix, block, scope


def _secrets_of(key: tuple[str, str, str], instance: ModuleInstance) -> Iterator[ResourceOrigin]:
    for _, version, scope in _blocks("aws_secretsmanager_secret_version", instance):
        value = version.get("secret_string") or version.get("secret_string_wo")
        target = version.get("secret_id")
        if value is None or target is None or not any(_is(key, r) for r in origins_of(value, scope)):
            continue
        yield from (r for r in origins_of(target, scope) if isinstance(r, ResourceOrigin))


def _is(key: tuple[str, str, str], reached: object) -> bool:
    """Tell whether a reference reaches this resource; an index that the code does not fix may be any."""
    if not isinstance(reached, ResourceOrigin) or reached.key[1:3] != key[:2]:
        return False
    return reached.suffix == key[2] or not reached.suffix or not key[2]


_NAME_A_LAMBDA = Advice("name the Lambda that rotates the key")


def _secret_lifetime(address: str, rotation: hcl.Block, scope: ModuleScope) -> Lifetime:
    span = rotation.header
    if rotation.get("rotation_lambda_arn") is None:
        why = "it names no rotation_lambda_arn, and AWS rotates no access keys by itself"
        return Lifetime(
            Kind.ROTATION,
            Effect.INERT,
            SecretRotationOrigin(address),
            span=span,
            why=why,
            reason=ReasonKind.NO_FUNCTION,
            remedy=_NAME_A_LAMBDA,
        )
    rules = rotation.body.first("rotation_rules")
    days = evaluate_or_unknown(rules.get("automatically_after_days"), scope) if rules else None
    schedule = evaluate_or_unknown(rules.get("schedule_expression"), scope) if rules else None
    interval = None
    if isinstance(days, (int, str)) and not isinstance(days, bool):
        interval = parse_interval(days)
    elif isinstance(schedule, str):
        interval = parse_interval(schedule)
    place = Place(address, span)
    setting = IntervalSetting(place, "schedule_expression", "rate") if days is None else IntervalSetting(place, "automatically_after_days")
    value = next((str(v) for v in (days, schedule) if isinstance(v, (int, str)) and v), "")
    why = next((v.reason for v in (days, schedule) if isinstance(v, Unknown)), "")
    if not why and value and interval is None:
        why = f"{value} is a calendar, not an interval"
    return Lifetime(Kind.ROTATION, Effect.ENFORCED, SecretRotationOrigin(address), value, span, interval=interval, why=why, setting=setting)
