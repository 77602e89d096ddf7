"""What becomes of a key's secret: where it leaves in plain text, and what rotates whatever stores it."""

from __future__ import annotations

from posturio_iac.core.evidence.reason import NO_INTERVAL, NO_LAMBDA, NO_RUN
from posturio_iac.core.evidence.remedy import Advice, HideOutput, IntervalSetting, SetArgument
from posturio_iac.core.keys import KEY_TYPES
from posturio_iac.core.model import Consumer, Effect, Exposure, Kind, Lifetime, Unknown
from posturio_iac.core.place import HolderKind, Place, SecretHolder, SecretRotationOrigin
from posturio_iac.core.record import replace
from posturio_iac.core.times import parse_interval
from posturio_iac.core.unknown import GIVEN_SECRET, NOT_FIXED, SHOWN_IF
from posturio_iac.facts.keyless import BY_TYPE, ENCRYPT, REPLACEMENTS, SINKS, TAG_ARGUMENTS
from posturio_iac.frontends.terraform.dataflow.origin import Origins, StrictOrigins, ValueOrigin, mentions
from posturio_iac.frontends.terraform.dataflow.secret_flow import SecretEnd, SecretOrigins, Secrets
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.expansion import nested_blocks
from posturio_iac.frontends.terraform.modules.instance import STRICT, ModuleInstance, ModuleScope, instances_of, own_place
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references, walk
from posturio_iac.frontends.terraform.values import Value, beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posturio_iac.core.evidence.remedy import Remedy

    End = Exposure | Unknown | Consumer

_KEEPING = ("terraform-aws-modules/secrets-manager/aws", "github.com/terraform-aws-modules/terraform-aws-secrets-manager")
"""Well-known modules that store secrets encrypted, and their inputs that go nowhere else."""
_SECRET_INPUTS = ("secret_string", "secret_string_wo", "secret_binary")


def ends_of(key: hcl.Block, instance: ModuleInstance, suffix: str) -> list[SecretEnd]:
    """Where the secret of ``key``, the instance ``suffix``, ends: in its module, in those that call it, and in those that these call."""
    return [end for end in instance.index(Secrets).of(key, instance) if end.origin.is_of(key, instance, suffix)]


def exposures_of(key: hcl.Block, instance: ModuleInstance, ends: list[SecretEnd]) -> Iterator[End]:
    """Yield the places where a secret leaves, `Unknown` where that is open, and what certainly gets it and could do without."""
    if evaluate_or_unknown(key.get("pgp_key"), instance.scope()) is None:
        whole = Consumer("smtp", Place(instance.full(".".join(key.labels)), own_place(key.header, instance)))
        yield from _places(ends, (whole,) if ends and all(map(_is_smtp, ends)) else ())


def exposures_of_module(call: hcl.Block, instance: ModuleInstance, secrets: tuple[str, ...]) -> Iterator[End]:
    """Yield the places where outputs of a known module that hold the secret go."""
    yield from _places([end for end in instance.index(Secrets).of(call, instance) if end.origin.attribute in secrets])


def _is_smtp(end: SecretEnd) -> bool:
    return "smtp" in (end.origin.attribute or "")


def _places(ends: list[SecretEnd], besides: tuple[Consumer, ...] = ()) -> Iterator[End]:
    """Yield what ends are, without the consumers of a key that is used both over SMTP and otherwise: no role replaces it whole."""
    is_mixed = len(set(map(_is_smtp, ends))) > 1
    found = dict.fromkeys((*(place for end in ends for place in _place(end)), *besides))
    yield from (one for one in found if not (is_mixed and isinstance(one, Consumer)))


def _place(end: SecretEnd) -> Iterator[End]:
    match end.block.type, end.block.labels[0]:
        case "output", _:
            yield from _output(end)
        case "resource", _:
            yield from (*_consumer(end), *_argument(end))
        case "module" | "component", name if end.argument not in keeping(end.instance, end.block):
            if isinstance(children := end.instance.children(name), Unknown):
                yield GIVEN_SECRET(f"{end.argument} of {end.instance.full(f'module.{name}')}", children)


def keeping(instance: ModuleInstance, call: hcl.Block) -> tuple[str, ...]:
    """The inputs of a well-known module that it stores as secrets."""
    from posturio_iac.frontends.terraform.known_modules.module_source import parse_source

    source = instance.program.source_of(call, instance)
    return _SECRET_INPUTS if source is not None and parse_source(source).address in _KEEPING else ()


def _unless(doubt: Unknown | None, place: Exposure, origin: ValueOrigin) -> Exposure | Unknown:
    if doubt is not None:
        return doubt.about(place.where)
    return SHOWN_IF(place.where) if origin.is_conditional else place


def _output(end: SecretEnd) -> Iterator[Exposure | Unknown]:
    instance, block = end.instance, end.block
    sensitive = evaluate_or_unknown(block.get("sensitive"), end.scope)
    if sensitive in (True, "true") or end.origin.attribute is None or end.argument != "value":
        return
    found = mentions([(end.expression, instance)]) if instance.caller is None else ((e, instance, ()) for e in walk(end.expression))
    bared = [(e, end.scope if at is instance else at.scope()) for e, at, _ in found if isinstance(e, hcl.Call) and e.name == "nonsensitive"]
    is_shown = instance.caller is None and _shows_outputs(instance)
    if is_shown or any(end.origin in scope.instance.index(SecretOrigins, *KEY_TYPES).of(e, scope) for e, scope in bared):
        remedy = HideOutput(Place(f"output.{block.labels[0]}", block.header), is_bared=bool(bared))
        place = Exposure(own_place(block.header, instance), SecretHolder(HolderKind.OUTPUT, block.labels[0]), remedy)
        yield _unless(sensitive if isinstance(sensitive, Unknown) else None, place, end.origin)


def _shows_outputs(instance: ModuleInstance) -> bool:
    """True if Terraform may show sensitive outputs, as it does before 0.15. One that is not pinned counts as old if applied by itself."""
    from posturio_iac.frontends.terraform.known_modules.versions import Interval, Version, parse_constraint

    refuses = Version((0, 15, 0))
    for block in instance.folder.settings:
        constraint = evaluate_or_unknown(block.get("required_version"), instance.scope())
        allowed = parse_constraint(constraint) if isinstance(constraint, str) else None
        if allowed is not None and allowed.meet(Interval(refuses)).is_empty():
            return True
        if allowed is not None and (allowed.low is None or allowed.low >= refuses):
            return False
    return instance.folder.is_root


def _consumer(end: SecretEnd) -> Iterator[Consumer]:
    """Yield the consumer that a resource is; what is given the password for SES cannot do without, whatever it is."""
    block, scope = end.block, end.scope
    name, given = BY_TYPE.get(block.labels[0], ("", ()))
    if end.argument not in given or end.origin.is_conditional:
        return
    if all(evaluate_or_unknown(block.get(argument), scope) == value for argument, value in REPLACEMENTS[name].when.items()):
        called = next((e for n in ("secret_name", "variable_name", "key") if (e := block.get(n)) is not None), None)
        secret = evaluate_or_unknown(called, scope)
        place = Place(end.instance.full(".".join(block.labels)), own_place(end.expression.span, end.instance))
        yield Consumer("smtp", place) if _is_smtp(end) else Consumer(name, place, secret if isinstance(secret, str) else "")


def _argument(end: SecretEnd) -> Iterator[Exposure | Unknown]:
    block, argument = end.block, end.argument
    kind, sink, doubt = block.labels[0], SINKS.get(block.labels[0]), None
    where = end.instance.full(".".join(block.labels))
    remedy: Remedy = Advice("remove it")
    if argument not in TAG_ARGUMENTS:
        if sink is None or argument not in sink.arguments:
            return
        remedy = SetArgument(Place(where, block.header), "type", '"SecureString"') if sink.change == ENCRYPT else Advice(sink.change)
        if argument == "insecure_value":
            remedy = Advice(f"{sink.change}, and write value instead of insecure_value")
        elif kind == "aws_ssm_parameter":
            stored = evaluate_or_unknown(block.get("type"), end.scope)
            doubt = stored if isinstance(stored, Unknown) else None
            if doubt is None and stored not in ("String", "StringList"):
                return  # it is encrypted
    place = Exposure(own_place(end.expression.span, end.instance), SecretHolder(HolderKind.ARGUMENT, where, argument), remedy)
    yield _unless(doubt, place, end.origin)


_STORES = ("aws_secretsmanager_secret", "data.aws_secretsmanager_secret")
_LAMBDA = "rotation_lambda_arn"


def rotations_of(end: SecretEnd) -> Iterator[Lifetime]:
    """Yield the rotations of what stores a secret: a resource, or a well-known module."""
    block, scope, key = end.block, end.scope, end.origin
    doubt: Unknown | None = None
    if block.type in ("module", "component") and end.argument in keeping(end.instance, block):
        suffix = next((s for s, inner in instances_of(block, end.instance).instances if inner is scope), "")
        found: Iterable[Lifetime] = _of_call(block, scope, suffix, key)
    elif block.labels[0] == "aws_secretsmanager_secret_version" and end.argument in ("secret_string", "secret_string_wo"):
        secrets, doubt = _secrets_of(block, scope)
        found = (one for secret in secrets for one in _of_secret(secret, end.instance, key))
        if not secrets and isinstance(name := evaluate_or_unknown(block.get("secret_id"), scope), str):  # one that is not declared here
            found = (one for one, _, named in _rotations(end.instance, key) if named == name)
    else:
        return
    if doubt is None and key.is_conditional:
        doubt = NOT_FIXED(f"whether {end.instance.full('.'.join(block.labels))} holds the key")
    doubt = doubt or _doubt(block, end.instance, key)
    yield from (_doubted(one, doubt) for one in found)


def rotators_of(user: Value, instance: ModuleInstance) -> Iterator[Lifetime]:
    """Yield what may rotate all keys of a user: rotations of secrets whose function is given the name of the user."""
    for (kind, name), block in instance.resources("aws_secretsmanager_secret_rotation") if user is not None else ():
        named = references(block.get(_LAMBDA))[:2]
        function = next((found for _, found in instance.resources("aws_lambda_function") if found.labels == named), None)
        given = next(nested_blocks(function, "environment", instance.scope()), None) if function is not None else None
        variables = evaluate_or_unknown(given.block.get("variables"), given.scope) if given is not None else None
        if isinstance(variables, dict) and user in variables.values() and instances_of(block, instance).instances:
            address, span = instance.full(f"{kind}.{name}"), own_place(block.header, instance)
            reason = NOT_FIXED("whether its function, which is given the name of the user, rotates this key").as_reason()
            yield Lifetime(Kind.ROTATION, Effect.UNKNOWN, SecretRotationOrigin(address), span=span, reason=reason)


def _secrets_of(block: hcl.Block, scope: ModuleScope) -> tuple[tuple[ValueOrigin, ...], Unknown | None]:
    index, named = scope.instance.index, block.get("secret_id")
    secrets, other = index(Origins, *_STORES).of(named, scope), beside(index(StrictOrigins, *_STORES).value(named, scope))
    is_sure = not secrets or (other is None and len({one.key[:3] for one in secrets}) < 2)  # noqa: PLR2004 - more than one
    return secrets, None if is_sure else NOT_FIXED(f"which secret {'.'.join(block.labels)} is for")


def _doubt(block: hcl.Block, instance: ModuleInstance, key: ValueOrigin) -> Unknown | None:
    """Why a block may not be there where the key is; None where the same decides about both."""
    expansion = instances_of(block, instance)
    asked, own = block.get("count") or block.get("for_each"), key.block and (key.block.get("count") or key.block.get("for_each"))
    is_alike = asked is not None and own is not None and hcl.same(asked, own)
    return None if expansion.likely or is_alike else expansion.unknown


def _doubted(lifetime: Lifetime, doubt: Unknown | None) -> Lifetime:
    if doubt is None or lifetime.effect is not Effect.ENFORCED:
        return lifetime
    return replace(lifetime, effect=Effect.UNKNOWN, reason=doubt.as_reason())


def _rotations(instance: ModuleInstance, key: ValueOrigin) -> Iterator[tuple[Lifetime, tuple[ValueOrigin, ...], Value]]:
    for (kind, name), block in instance.resources("aws_secretsmanager_secret_rotation"):
        doubt = _doubt(block, instance, key)
        for suffix, scope in instances_of(block, instance).instances:
            secrets, other = _secrets_of(block, scope)
            lifetime = _doubted(_lifetime(instance.full(f"{kind}.{name}{suffix}"), block, scope), doubt or other)
            yield lifetime, secrets, evaluate_or_unknown(block.get("secret_id"), scope)


def _of_secret(secret: ValueOrigin, instance: ModuleInstance, key: ValueOrigin) -> Iterator[Lifetime]:
    if secret.block is None or secret.kind == "module":
        return
    if secret.block.get(_LAMBDA) is not None:
        yield _lifetime(secret.address, secret.block, secret.scope)
    for at in dict.fromkeys((secret.instance, instance)):
        for lifetime, secrets, _ in _rotations(at, key):
            if any(one.is_of(secret.block, secret.instance, secret.suffix) for one in secrets):
                yield lifetime


def _of_call(call: hcl.Block, scope: ModuleScope, suffix: str, key: ValueOrigin) -> Iterator[Lifetime]:
    """Yield the rotation that a call of terraform-aws-modules/secrets-manager (v1.0.0 to v2.0.1) asks for, or that is put beside it."""
    address = scope.instance.full(f"module.{call.labels[0]}{suffix}")
    created, asked = (evaluate_or_unknown(call.get(name), scope) for name in ("create", "enable_rotation"))
    enabled = asked if created in (None, True, "true") else created
    if enabled in (True, "true"):
        yield _lifetime(address, call, scope)
    elif isinstance(enabled, Unknown):
        switch = "enable_rotation" if enabled is asked else "create"
        span, reason = own_place(call.header, scope.instance), enabled.about(f"{switch} is not fixed").as_reason()
        yield Lifetime(Kind.ROTATION, Effect.UNKNOWN, SecretRotationOrigin(address), span=span, reason=reason)
    yield from (lifetime for lifetime, secrets, _ in _rotations(scope.instance, key) if any(one.block is call for one in secrets))


def _rules(block: hcl.Block, scope: ModuleScope) -> tuple[Value, Value]:
    days, schedule = "automatically_after_days", "schedule_expression"
    if (nested := next(nested_blocks(block, "rotation_rules", scope), None)) is not None:
        return evaluate_or_unknown(nested.block.get(days), nested.scope), evaluate_or_unknown(nested.block.get(schedule), nested.scope)
    rules = evaluate_or_unknown(block.get("rotation_rules"), scope)
    return (rules.get(days), rules.get(schedule)) if isinstance(rules, dict) else (rules if isinstance(rules, Unknown) else None, None)


def _lifetime(address: str, block: hcl.Block, scope: ModuleScope) -> Lifetime:
    span, origin = own_place(block.header, scope.instance), SecretRotationOrigin(address)
    code = evaluate_or_unknown(block.get(_LAMBDA), scope.seen(STRICT))
    if code in (None, ""):
        remedy = Advice("name the Lambda function that rotates the key")
        return Lifetime(Kind.ROTATION, Effect.INERT, origin, span=span, reason=NO_LAMBDA(), remedy=remedy)
    days, schedule = _rules(block, scope)
    interval = None
    if isinstance(days, (int, str)) and not isinstance(days, bool):
        interval = parse_interval(days)
    elif isinstance(schedule, str):
        from posturio_iac.core.cron import NEVER, longest_gap  # few secrets have a schedule

        interval = parse_interval(schedule) or longest_gap(schedule, scope.instance.program.request.as_of)
        if interval == NEVER:
            remedy = Advice("name days that come")
            return Lifetime(Kind.ROTATION, Effect.INERT, origin, schedule, span, reason=NO_RUN(schedule), remedy=remedy)
    set_by = ("schedule_expression", "rate") if days is None else ("automatically_after_days",)
    setting = IntervalSetting(Place(address, span), *set_by)
    value = next((str(v) for v in (days, schedule) if isinstance(v, (int, str)) and v), "")
    unread = NO_INTERVAL(value) if value and interval is None else None
    reason = next((v.as_reason() for v in (days, schedule) if isinstance(v, Unknown)), unread)
    unset = code if isinstance(code, Unknown) and evaluate_or_unknown(block.get(_LAMBDA), scope) in (None, "") else None
    return _doubted(Lifetime(Kind.ROTATION, Effect.ENFORCED, origin, value, span, interval=interval, reason=reason, setting=setting), unset)
