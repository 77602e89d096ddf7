"""Rotation outside of the key's own block: of the secret that stores it, and by what manages the keys of a user itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.reason import NO_INTERVAL, NO_LAMBDA, NO_RUN
from posturio_iac.core.evidence.remedy import Advice, IntervalSetting
from posturio_iac.core.intervals import parse_interval
from posturio_iac.core.keys.resource_types import KEY_TYPES
from posturio_iac.core.model import Effect, Kind, Lifetime, Unknown
from posturio_iac.core.place import Place, SecretRotationOrigin
from posturio_iac.frontends.terraform.dataflow.origin import Origins, ValueOrigin
from posturio_iac.frontends.terraform.dataflow.secret_flow import SecretEnd, Secrets
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.declared_users import below
from posturio_iac.frontends.terraform.keys.exposures import keeping
from posturio_iac.frontends.terraform.keys.users import find_user
from posturio_iac.frontends.terraform.modules.expansion import nested_blocks
from posturio_iac.frontends.terraform.modules.instance import STRICT, ModuleScope, instances_of, own_place
from posturio_iac.frontends.terraform.syntax import hcl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.keys.users import TerraformUser
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope
    from posturio_iac.frontends.terraform.values import Value

_STORES = ("aws_secretsmanager_secret", "data.aws_secretsmanager_secret")
_LAMBDA = "rotation_lambda_arn"


def secret_rotation(block: hcl.Block, scope: ModuleScope, suffix: str) -> Iterator[Lifetime]:
    """Yield the rotations of the Secrets Manager secrets that store this instance of the key.

    They may be in its own module, in those that call it, and in those that one of these gives the key to.
    """
    ends = (end for end in scope.instance.index(Secrets).of(block, scope.instance) if end.origin.is_of(block, scope.instance, suffix))
    yield from dict.fromkeys(lifetime for end in ends for lifetime in _of_end(end))


def _of_end(end: SecretEnd) -> Iterator[Lifetime]:
    """Yield the rotations of what stores a secret: a resource, or a well-known module."""
    block, scope = end.block, end.scope
    if block.type in ("module", "component") and end.argument in keeping(end.instance, block):
        yield from _of_call(block, scope, next((s for s, inner in instances_of(block, end.instance).instances if inner is scope), ""))
    elif block.labels[0] == "aws_secretsmanager_secret_version" and end.argument in ("secret_string", "secret_string_wo"):
        for secret in end.instance.index(Origins, *_STORES).of(block.get("secret_id"), scope):
            yield from _of_secret(secret, end.instance)


def _rotations(instance: ModuleInstance) -> Iterator[tuple[Lifetime, tuple[ValueOrigin, ...]]]:
    """Yield the rotation that each resource for it states, and what it rotates."""
    for (kind, name), block in instance.resources("aws_secretsmanager_secret_rotation"):
        for suffix, scope in instances_of(block, instance).instances:
            secrets = instance.index(Origins, *_STORES).of(block.get("secret_id"), scope)
            yield _lifetime(instance.full(f"{kind}.{name}{suffix}"), block, scope), secrets


def _of_secret(secret: ValueOrigin, instance: ModuleInstance) -> Iterator[Lifetime]:
    """Yield the rotations of a secret: by its own arguments, and by resources in its module and in the one that stores something in it."""
    if secret.block is None or secret.kind == "module":
        return
    if secret.block.get(_LAMBDA) is not None:
        yield _lifetime(secret.address, secret.block, secret.scope)
    for at in dict.fromkeys((secret.instance, instance)):
        for lifetime, secrets in _rotations(at):
            if any(one.is_of(secret.block, secret.instance, secret.suffix) for one in secrets):
                yield lifetime


def _of_call(call: hcl.Block, scope: ModuleScope, suffix: str) -> Iterator[Lifetime]:
    """Yield the rotation that a call of terraform-aws-modules/secrets-manager asks for, or that is put beside it.

    Its inputs are the same in all versions: main.tf and variables.tf of v1.0.0, v1.1.0, v1.3.1 and v2.0.1 were read.
    """
    address = scope.instance.full(f"module.{call.labels[0]}{suffix}")
    enabled = evaluate_or_unknown(call.get("enable_rotation"), scope)
    if enabled in (True, "true"):
        yield _lifetime(address, call, scope)
    elif isinstance(enabled, Unknown):
        span, reason = own_place(call.header, scope.instance), enabled.about("enable_rotation is not fixed").as_reason()
        yield Lifetime(Kind.ROTATION, Effect.UNKNOWN, SecretRotationOrigin(address), span=span, reason=reason)
    yield from (lifetime for lifetime, secrets in _rotations(scope.instance) if any(one.block is call for one in secrets))


def _rules(block: hcl.Block, scope: ModuleScope) -> tuple[Value, Value]:
    """The days and the schedule of a rotation: of a block, which may be dynamic, or of an argument that a call gives."""
    days, schedule = "automatically_after_days", "schedule_expression"
    if (nested := next(nested_blocks(block, "rotation_rules", scope), None)) is not None:
        return evaluate_or_unknown(nested.block.get(days), nested.scope), evaluate_or_unknown(nested.block.get(schedule), nested.scope)
    rules = evaluate_or_unknown(block.get("rotation_rules"), scope)
    return (rules.get(days), rules.get(schedule)) if isinstance(rules, dict) else (rules if isinstance(rules, Unknown) else None, None)


_NAME_A_LAMBDA = Advice("name the Lambda function that rotates the key")


def _lifetime(address: str, block: hcl.Block, scope: ModuleScope) -> Lifetime:
    span, origin = own_place(block.header, scope.instance), SecretRotationOrigin(address)
    if evaluate_or_unknown(block.get(_LAMBDA), scope.seen(STRICT)) in (None, ""):
        return Lifetime(Kind.ROTATION, Effect.INERT, origin, span=span, reason=NO_LAMBDA(), remedy=_NAME_A_LAMBDA)
    days, schedule = _rules(block, scope)
    interval, never = None, False
    if isinstance(days, (int, str)) and not isinstance(days, bool):
        interval = parse_interval(days)
    elif isinstance(schedule, str):
        from posturio_iac.core.cron import NEVER, longest_gap  # few secrets have a schedule

        interval = parse_interval(schedule) or longest_gap(schedule, scope.instance.program.options.as_of)
        never = interval == NEVER
    place = Place(address, span)
    if never:
        no_run, remedy = NO_RUN(str(schedule)), Advice("name days that come")
        return Lifetime(Kind.ROTATION, Effect.INERT, origin, str(schedule), span, reason=no_run, remedy=remedy)
    setting = IntervalSetting(place, "schedule_expression", "rate") if days is None else IntervalSetting(place, "automatically_after_days")
    value = next((str(v) for v in (days, schedule) if isinstance(v, (int, str)) and v), "")
    reason = next((v.as_reason() for v in (days, schedule) if isinstance(v, Unknown)), None)
    if reason is None and value and interval is None:
        reason = NO_INTERVAL(value)
    return Lifetime(Kind.ROTATION, Effect.ENFORCED, origin, value, span, interval=interval, reason=reason, setting=setting)


OF_USERS = {
    # https://registry.terraform.io/providers/hashicorp/vault/latest/docs/resources/aws_secret_backend_static_role
    "vault_aws_secret_backend_static_role": ("username",),
    # https://registry.terraform.io/providers/DopplerHQ/doppler/latest/docs/resources/rotated_secret_aws_iam_user_keys
    "doppler_rotated_secret_aws_iam_user_keys": ("username",),
    # https://registry.terraform.io/providers/Infisical/infisical/latest/docs/resources/secret_rotation_aws_iam_user_secret
    "infisical_secret_rotation_aws_iam_user_secret": ("parameters", "user_name"),
}
"""Resources that make and rotate keys of a user, and the way to its name in their arguments."""

OF_KEYS = {
    # https://registry.terraform.io/providers/akeyless-community/akeyless/latest/docs/resources/rotated_secret_aws
    # https://docs.akeyless.io/docs/create-an-aws-rotated-secret: it makes a key of its own and revokes the one that it was given.
    "akeyless_rotated_secret_aws": "api_id",
}
"""Resources that take over a key, and the argument that is given its id."""


def rotators_of(root: ModuleInstance) -> list[tuple[str, hcl.Block, ModuleScope]]:
    """The address, the block and the scope of each rotator of a root module and of the modules that it calls."""
    words = tuple(kind.encode() for kind in (*OF_USERS, *OF_KEYS))
    return [
        (instance.full(f"{kind}.{name}"), block, scope)
        for instance in below(root, words, installed=False)[0]
        for (kind, name), block in instance.resources(*OF_USERS, *OF_KEYS)
        for _, scope in instances_of(block, instance).instances
    ]


def instead_of_key(key: hcl.Block, user: TerraformUser, instance: ModuleInstance) -> Advice | None:
    """The advice to remove a key that a rotator of the program replaces, or whose user it manages."""
    label = ".".join(key.labels)
    for rotator, block, scope in instance.index(rotators_of, instance.root):
        kind = block.labels[0]
        if kind in OF_USERS and _is_of(user, block, OF_USERS[kind], scope):
            itself = f"{rotator} creates and rotates this user's keys itself, and this key takes one of the user's two slots"
            return Advice(f"remove {label}: {itself}")
        taken = scope.instance.index(Origins, *KEY_TYPES).of(block.get(OF_KEYS.get(kind, "")), scope)
        if any(one.block is key for one in taken):
            then = "after a rotation it is gone, and the next apply creates it again"
            return Advice(f"give {rotator} a key that is not in code, and remove {label}: {then}")
    return None


def _is_of(user: TerraformUser, block: hcl.Block, way: tuple[str, ...], scope: ModuleScope) -> bool:
    """True if a rotator names the user: by the value of the name, or by the way it is written."""
    expression = block.get(way[0])
    for step in way[1:]:
        items = expression.items if isinstance(expression, hcl.ObjectExpr) else ()
        inner = next((value for name, value in items if isinstance(name, hcl.Literal) and name.value == step), None)
        expression = inner if inner is not None or expression is None else hcl.GetAttr(expression, step, expression.span)
    if expression is None:
        return False
    named = find_user(expression, scope)
    return (user.identity is not None and named.identity == user.identity) or (isinstance(user.name, str) and named.name == user.name)
