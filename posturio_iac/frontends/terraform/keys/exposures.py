"""Where a key's secret leaves in plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import Advice, HideOutput, SetArgument
from posturio_iac.core.keys.resource_types import KEY_TYPES
from posturio_iac.core.model import Consumer, Exposure, Unknown
from posturio_iac.core.place import HolderKind, Place, SecretHolder
from posturio_iac.core.unknown import GIVEN_SECRET, SHOWN_IF
from posturio_iac.facts.keyless import BY_TYPE, REPLACEMENTS
from posturio_iac.facts.sinks import ENCRYPT, SINKS, TAG_ARGUMENTS
from posturio_iac.frontends.terraform.dataflow.secret_flow import SecretOrigins, Secrets
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.instance import own_place
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.facts.sinks import Sink
    from posturio_iac.frontends.terraform.dataflow.origin import ValueOrigin
    from posturio_iac.frontends.terraform.dataflow.secret_flow import SecretEnd
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance

    End = Exposure | Unknown | Consumer

_SECRET_INPUTS = ("secret_string", "secret_string_wo", "secret_binary")
KEEPING = {
    "terraform-aws-modules/secrets-manager/aws": _SECRET_INPUTS,
    "github.com/terraform-aws-modules/terraform-aws-secrets-manager": _SECRET_INPUTS,
}
"""Inputs of well-known modules that go nowhere but into an encrypted store."""


def exposures_of(key: hcl.Block, instance: ModuleInstance, suffix: str) -> Iterator[End]:
    """Yield the places where the secret of ``key``, the instance ``suffix``, leaves, and what certainly gets it and could do without.

    They are in the key's module, in those that call it, and in those that one of these gives the secret to. `Unknown` stands for places
    where the code does not fix whether they show it.
    """
    if evaluate_or_unknown(key.get("pgp_key"), instance.scope()) is not None:
        return
    ends = [end for end in instance.index(Secrets).of(key, instance) if end.origin.is_of(key, instance, suffix)]
    whole = Consumer("smtp", Place(instance.full(".".join(key.labels)), own_place(key.header, instance)))
    yield from _places(ends, (whole,) if ends and all(map(_is_smtp, ends)) else ())


def exposures_of_module(call: hcl.Block, instance: ModuleInstance, secrets: tuple[str, ...]) -> Iterator[End]:
    """Yield the places where outputs of a known module that hold the secret go."""
    yield from _places([end for end in instance.index(Secrets).of(call, instance) if end.origin.attribute in secrets])


def _is_smtp(end: SecretEnd) -> bool:
    """True if it is the password for SES that Terraform derives from a key."""
    return "smtp" in (end.origin.attribute or "")


def _places(ends: list[SecretEnd], besides: tuple[Consumer, ...] = ()) -> Iterator[End]:
    """Yield what ends are, without the consumers of a key that is used both over SMTP and otherwise: no role replaces it whole."""
    is_mixed = len(set(map(_is_smtp, ends))) > 1
    found = dict.fromkeys((*(place for end in ends for place in _place(end)), *besides))
    yield from (one for one in found if not (is_mixed and isinstance(one, Consumer)))


def _place(end: SecretEnd) -> Iterator[End]:
    match end.block.type:
        case "output":
            yield from _output(end)
        case "module" | "component":
            yield from _given(end)
        case "resource":
            yield from _consumer(end)
            yield from _argument(end)


def _given(end: SecretEnd) -> Iterator[Unknown]:
    """Yield the argument of a call whose code is not here, unless a well-known module stores it as a secret."""
    instance, call = end.instance, end.block
    children = instance.children(call.labels[0])
    if end.argument not in keeping(instance, call) and isinstance(children, Unknown):
        yield GIVEN_SECRET(f"{end.argument} of {instance.full(f'module.{call.labels[0]}')}", children)


def keeping(instance: ModuleInstance, call: hcl.Block) -> tuple[str, ...]:
    """The inputs of a well-known module that it stores as secrets."""
    from posturio_iac.frontends.terraform.known_modules.module_source import parse_source

    source = instance.program.source_of(call, instance)
    return KEEPING.get(parse_source(source).address, ()) if source is not None else ()


def _unless(doubt: Unknown | None, place: Exposure, origin: ValueOrigin) -> Exposure | Unknown:
    """The place; unknown when something that the code does not fix stands in between."""
    if doubt is not None:
        return doubt.about(place.where)
    return SHOWN_IF(place.where) if origin.is_conditional else place


def _output(end: SecretEnd) -> Iterator[Exposure | Unknown]:
    instance, block, value = end.instance, end.block, end.expression
    sensitive = evaluate_or_unknown(block.get("sensitive"), end.scope)
    if sensitive in (True, "true") or end.origin.attribute is None or end.argument != "value":
        return
    bared = [e for e in walk(value) if isinstance(e, hcl.Call) and e.name == "nonsensitive"]
    if not (instance.caller is None and shows_outputs(instance)):
        origins = instance.index(SecretOrigins, *KEY_TYPES)
        if not any(end.origin in origins.of(e, end.scope) for e in bared):
            return
    output = Place(f"output.{block.labels[0]}", block.header)
    holder = SecretHolder(HolderKind.OUTPUT, block.labels[0])
    place = Exposure(own_place(block.header, instance), holder, HideOutput(output, is_bared=bool(bared)))
    yield _unless(sensitive if isinstance(sensitive, Unknown) else None, place, end.origin)


def shows_outputs(instance: ModuleInstance) -> bool:
    """True if Terraform shows sensitive outputs of the module: before 0.15 it does, later versions refuse to.

    A module that old ones may run as well (``>= 0.12``), or that pins no version, counts as old only when it is applied by itself.
    """
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
    kind, tagged = block.labels[0], argument in TAG_ARGUMENTS
    sink = SINKS.get(kind)
    if not tagged and (sink is None or argument not in sink.arguments):
        return
    doubt = None
    if kind == "aws_ssm_parameter" and not tagged and argument != "insecure_value":
        stored = evaluate_or_unknown(block.get("type"), end.instance.scope())
        if isinstance(stored, Unknown):
            doubt = stored
        elif stored not in ("String", "StringList"):
            return  # it is encrypted
    where = end.instance.full(".".join(block.labels))
    remedy = _remedy(argument, sink, Place(where, block.header), tagged=tagged)
    place = Exposure(own_place(end.expression.span, end.instance), SecretHolder(HolderKind.ARGUMENT, where, argument), remedy)
    yield _unless(doubt, place, end.origin)


def _remedy(attribute: str, sink: Sink | None, place: Place, *, tagged: bool) -> Remedy:
    if tagged or sink is None:
        return Advice("remove it")
    if attribute == "insecure_value":
        return Advice(f"{sink.change}, and write value instead of insecure_value")
    return SetArgument(place, "type", '"SecureString"') if sink.change == ENCRYPT else Advice(sink.change)
