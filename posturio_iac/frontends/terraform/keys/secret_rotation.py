"""Keys that are stored in Secrets Manager, and the rotation of the secret that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.reason import NO_INTERVAL, NO_LAMBDA, NO_RUN
from posturio_iac.core.evidence.remedy import Advice, IntervalSetting
from posturio_iac.core.intervals import parse_interval
from posturio_iac.core.model import Effect, Kind, Lifetime, Unknown
from posturio_iac.core.place import Place, SecretRotationOrigin
from posturio_iac.core.record import NamedTuple
from posturio_iac.frontends.terraform.dataflow.origins import origins_of
from posturio_iac.frontends.terraform.dataflow.terminal_origins import ResourceOrigin, TerminalOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.exposures import keeping
from posturio_iac.frontends.terraform.keys.nested_blocks import nested_blocks
from posturio_iac.frontends.terraform.keys.secret_walk import SecretWalk
from posturio_iac.frontends.terraform.modules.instance import STRICT, ModuleScope, instances_of, own_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.dataflow.secret_carriers import SecretCarriers
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance
    from posturio_iac.frontends.terraform.syntax import hcl
    from posturio_iac.frontends.terraform.values import Value

_ROTATION = "aws_secretsmanager_secret_rotation"
_RULES = "rotation_rules"
_LAMBDA = "rotation_lambda_arn"


def secret_rotation(block: hcl.Block, scope: ModuleScope, suffix: str) -> Iterator[Lifetime]:
    """Yield the rotations of the Secrets Manager secrets that store this instance of the key.

    They may be in its own module, in those that call it, and in those that one of these gives the key to.
    """
    instance = scope.instance
    stored = instance.index(StoredKeys)
    stored.visit(instance)
    yield from dict.fromkeys(rotation for key, rotation in stored.of(block) if _is((block, instance, suffix), key))


class StoredKeys(SecretWalk):
    """The keys in secrets of one root module, and the rotations of these secrets, in the module instances that were visited."""

    def __init__(self) -> None:
        super().__init__()
        self._by_key: dict[int, list[tuple[ResourceOrigin, Lifetime]]] = {}

    def of(self, key: hcl.Block) -> list[tuple[ResourceOrigin, Lifetime]]:
        return self._by_key.get(id(key), [])

    def look(self, instance: ModuleInstance, carriers: SecretCarriers) -> None:
        """Keep the keys that versions of secrets hold."""
        for _, version, scope in _blocks("aws_secretsmanager_secret_version", instance):
            value = version.get("secret_string") or version.get("secret_string_wo")
            target = version.get("secret_id")
            if value is not None and target is not None and carriers.may_carry(value, instance):
                self._keep(value, scope, [r for secret in origins_of(target, scope) for r in _of_secret(secret, instance)])

    def leave(self, instance: ModuleInstance, call: hcl.Block, given: list[tuple[str, hcl.Expr]], why: Unknown) -> None:
        """Keep the keys that a well-known module stores."""
        del why
        arguments = dict(given)
        for value in (arguments[argument] for argument in keeping(instance, call) if argument in arguments):
            for suffix, scope in instances_of(call, instance).instances:
                self._keep(value, scope, list(_of_call(call, scope, suffix)))

    def _keep(self, value: hcl.Expr, scope: ModuleScope, rotations: list[Lifetime]) -> None:
        for key in origins_of(value, scope) if rotations else ():
            if isinstance(key, ResourceOrigin):
                self._by_key.setdefault(id(key.block), []).extend((key, rotation) for rotation in rotations)


def _is(key: tuple[hcl.Block, ModuleInstance, str], reached: ResourceOrigin) -> bool:
    """True if a reference reaches this resource; an index that the code does not fix may be any."""
    block, instance, suffix = key
    return reached.block is block and reached.instance is instance and (reached.suffix == suffix or not reached.suffix or not suffix)


def _blocks(kind: str, instance: ModuleInstance) -> Iterator[tuple[str, hcl.Block, ModuleScope]]:
    """Yield the address, the block and the scope of each instance of each resource of one type."""
    for (_, name), block in instance.resources(kind):
        for suffix, scope in instances_of(block, instance).instances:
            yield instance.full(f"{kind}.{name}{suffix}"), block, scope


def _of_secret(secret: ResourceOrigin | TerminalOrigin, instance: ModuleInstance) -> Iterator[Lifetime]:
    """Yield the rotations of a secret: by its own arguments, and by resources in its module and in the one that stores something in it."""
    if not isinstance(secret, ResourceOrigin):
        return
    if secret.block.get(_LAMBDA) is not None:
        yield _lifetime(secret.address, _Rotation.of_block(secret.block, secret.scope))
    for at in dict.fromkeys((secret.instance, instance)):
        for address, rotation, scope in _blocks(_ROTATION, at):
            target = rotation.get("secret_id")
            reached = origins_of(target, scope) if target is not None else ()
            if any(isinstance(r, ResourceOrigin) and _is((secret.block, secret.instance, secret.suffix), r) for r in reached):
                yield _lifetime(address, _Rotation.of_block(rotation, scope))


def _of_call(call: hcl.Block, scope: ModuleScope, suffix: str) -> Iterator[Lifetime]:
    """Yield the rotation that a call of terraform-aws-modules/secrets-manager asks for, or that is put beside it.

    Its inputs are the same in all versions: main.tf and variables.tf of v1.0.0, v1.1.0, v1.3.1 and v2.0.1 were read.
    """
    address = scope.instance.full(f"module.{call.labels[0]}{suffix}")
    enabled = evaluate_or_unknown(call.get("enable_rotation"), scope)
    if enabled in (True, "true"):
        yield _lifetime(address, _Rotation.of_call(call, scope))
    elif isinstance(enabled, Unknown):
        yield Lifetime(
            Kind.ROTATION,
            Effect.UNKNOWN,
            SecretRotationOrigin(address),
            span=own_place(call.header, scope.instance),
            reason=enabled.about("enable_rotation is not fixed").as_reason(),
        )
    for beside, rotation, inner in _blocks(_ROTATION, scope.instance):
        target = rotation.get("secret_id")
        if target is not None and any(isinstance(r, TerminalOrigin) and r.call is call for r in origins_of(target, inner)):
            yield _lifetime(beside, _Rotation.of_block(rotation, inner))


class _Rotation(NamedTuple):
    """The rotation of a secret, as a resource or a call states it."""

    block: hcl.Block
    scope: ModuleScope
    days: Value
    schedule: Value

    @staticmethod
    def of_block(block: hcl.Block, scope: ModuleScope) -> _Rotation:
        """Read the rules of a resource, which may be a dynamic block."""
        rules = next(nested_blocks(block, _RULES, scope), None)
        if rules is None:
            return _Rotation(block, scope, None, None)
        days, schedule = (evaluate_or_unknown(rules.block.get(n), rules.scope) for n in ("automatically_after_days", "schedule_expression"))
        return _Rotation(block, scope, days, schedule)

    @staticmethod
    def of_call(call: hcl.Block, scope: ModuleScope) -> _Rotation:
        """Read the rules that a call gives to the module."""
        rules = evaluate_or_unknown(call.get(_RULES), scope)
        if not isinstance(rules, dict):
            return _Rotation(call, scope, rules if isinstance(rules, Unknown) else None, None)
        return _Rotation(call, scope, rules.get("automatically_after_days"), rules.get("schedule_expression"))

    @property
    def has_lambda(self) -> bool:
        """True if a Lambda may rotate the secret: not where the code rules that out for all inputs."""
        scope = self.scope.seen(STRICT)
        return evaluate_or_unknown(self.block.get(_LAMBDA), scope) not in (None, "")


_NAME_A_LAMBDA = Advice("name the Lambda function that rotates the key")


def _lifetime(address: str, rotation: _Rotation) -> Lifetime:
    span, origin = own_place(rotation.block.header, rotation.scope.instance), SecretRotationOrigin(address)
    if not rotation.has_lambda:
        return Lifetime(Kind.ROTATION, Effect.INERT, origin, span=span, reason=NO_LAMBDA(), remedy=_NAME_A_LAMBDA)
    days, schedule = rotation.days, rotation.schedule
    interval, never = None, False
    if isinstance(days, (int, str)) and not isinstance(days, bool):
        interval = parse_interval(days)
    elif isinstance(schedule, str):
        from posturio_iac.core.cron import NEVER, longest_gap  # few secrets have a schedule

        interval = parse_interval(schedule) or longest_gap(schedule, rotation.scope.instance.program.options.as_of)
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
