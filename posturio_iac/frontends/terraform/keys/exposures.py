"""Where a key's secret leaves in plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import Advice, HideOutput, SetArgument
from posturio_iac.core.keys.resource_types import KEY_TYPES, secrets_of
from posturio_iac.core.model import Exposure, Unknown
from posturio_iac.core.place import HolderKind, Place, SecretHolder
from posturio_iac.core.unknown import GIVEN_SECRET, SHOWN_IF
from posturio_iac.facts.sinks import ENCRYPT, SINKS, TAG_ARGUMENTS
from posturio_iac.frontends.terraform.dataflow.origins import origins_of
from posturio_iac.frontends.terraform.dataflow.secret_carriers import PASSING, arguments_of
from posturio_iac.frontends.terraform.dataflow.terminal_origins import ResourceOrigin, TerminalOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.secret_walk import SecretWalk
from posturio_iac.frontends.terraform.modules.instance import instances_of, own_place
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.model import Attr
    from posturio_iac.facts.sinks import Sink
    from posturio_iac.frontends.terraform.dataflow.secret_carriers import SecretCarriers
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope

    Origin = ResourceOrigin | TerminalOrigin
    Leak = tuple[Exposure | Unknown, Origin]

_SECRET_INPUTS = ("secret_string", "secret_string_wo", "secret_binary")
KEEPING = {
    "terraform-aws-modules/secrets-manager/aws": _SECRET_INPUTS,
    "github.com/terraform-aws-modules/terraform-aws-secrets-manager": _SECRET_INPUTS,
}
"""Inputs of well-known modules that go nowhere but into an encrypted store."""


def exposures_of(key: hcl.Block, instance: ModuleInstance, suffix: str) -> Iterator[Exposure | Unknown]:
    """Yield the places in the key's module, and in those that call it, where the secret of ``key``, the instance ``suffix``, leaves.

    `Unknown` stands for places where the code does not fix whether they show it.
    """
    if key.get("pgp_key") is not None and evaluate_or_unknown(key.get("pgp_key"), instance.scope()) is not None:
        return

    def is_key(reached: Origin) -> bool:
        if not isinstance(reached, ResourceOrigin) or reached.block is not key or reached.instance is not instance:
            return False
        return reached.suffix in ("", suffix) or not suffix

    yield from _places(instance, key, is_key)


def exposures_of_module(call: hcl.Block, instance: ModuleInstance, secrets: tuple[str, ...]) -> Iterator[Exposure | Unknown]:
    """Yield the places where outputs of a known module that hold the secret leave."""
    yield from _places(
        instance,
        call,
        lambda r: isinstance(r, TerminalOrigin) and r.call is call and r.instance is instance and r.text.rpartition(".")[2] in secrets,
    )


def _places(instance: ModuleInstance, origin: object, wanted: Callable[[Origin], bool]) -> Iterator[Exposure | Unknown]:
    """Yield the places of the secrets of ``origin``, the block of a key or of a call, that are ``wanted``.

    They are in the module of the key, in those that call it, and in those that one of these gives the secret to.
    """
    leaks = instance.index(Leaks)
    leaks.visit(instance)
    yield from dict.fromkeys(place for place, reached in leaks.of(origin) if wanted(reached))


class Leaks(SecretWalk):
    """The places in one root module where secrets of keys leave, or may, in the module instances that were visited."""

    def __init__(self) -> None:
        super().__init__()
        self._by_origin: dict[int, list[Leak]] = {}

    def of(self, origin: object) -> list[Leak]:
        """The leaks of the key, or of the known module, that a block makes."""
        return self._by_origin.get(id(origin), [])

    def look(self, instance: ModuleInstance, carriers: SecretCarriers) -> None:
        for place, reached in (*_outputs(instance, carriers), *_resources(instance, carriers)):
            self._keep(place, reached)

    def leave(self, instance: ModuleInstance, call: hcl.Block, given: list[tuple[str, hcl.Expr]], why: Unknown) -> None:
        """Keep each argument of a call, but those that a well-known module stores as secrets."""
        for argument, value in given:
            if argument not in keeping(instance, call):
                place = GIVEN_SECRET(f"{argument} of {instance.full(f'module.{call.labels[0]}')}", why)
                for reached in dict.fromkeys(r for scope in _scopes(call, instance) for r in _secrets(value, scope)):
                    self._keep(place, reached)

    def _keep(self, place: Exposure | Unknown, reached: Origin) -> None:
        block = reached.block if isinstance(reached, ResourceOrigin) else reached.call
        self._by_origin.setdefault(id(block), []).append((place, reached))


def keeping(instance: ModuleInstance, call: hcl.Block) -> tuple[str, ...]:
    """The inputs of a well-known module that it stores as secrets."""
    source = instance.program.source_of(call, instance)
    if source is None:
        return ()
    from posturio_iac.frontends.terraform.known_modules.module_source import parse_source

    return KEEPING.get(parse_source(source).address, ())


def _secrets(expression: hcl.Expr, scope: ModuleScope) -> Iterator[Origin]:
    """Yield the secrets that an expression holds, those that went through other resources as well."""
    pending = [(expression, scope)]
    seen: set[object] = set()
    while pending:
        for reached in origins_of(*pending.pop()):
            if isinstance(reached, TerminalOrigin):
                if reached.kind == "module":
                    yield reached
            elif reached.kind in KEY_TYPES:
                if reached.attribute is None or reached.attribute in secrets_of(reached.kind):
                    yield reached
            elif reached.kind in PASSING and reached.key not in seen:
                seen.add(reached.key)
                pending += [(argument, reached.scope) for _, argument in arguments_of(reached.block)]


def _leak(place: Exposure, reached: Origin, doubt: Unknown | None) -> Leak:
    """A place and a secret; the place is unknown when something that the code does not fix stands in between."""
    if doubt is not None:
        return doubt.about(place.where), reached
    if reached.open:
        return SHOWN_IF(place.where), reached
    return place, reached


def _outputs(instance: ModuleInstance, carriers: SecretCarriers) -> Iterator[Leak]:
    scope = instance.scope()
    for name, block in instance.folder.outputs.items():
        if not carriers.may_reach(block, instance):
            continue
        value = block.get("value")
        sensitive = evaluate_or_unknown(block.get("sensitive"), scope)
        if value is None or sensitive in (True, "true"):
            continue
        bared = [e for e in walk(value) if isinstance(e, hcl.Call) and e.name == "nonsensitive"]
        shown: list[hcl.Expr] = [value] if instance.caller is None and shows_outputs(instance) else list(bared)
        output = Place(f"output.{name}", block.header)
        place = Exposure(own_place(block.header, instance), SecretHolder(HolderKind.OUTPUT, name), HideOutput(output, is_bared=bool(bared)))
        for reached in (r for expression in shown for r in _secrets(expression, scope)):
            if isinstance(reached, TerminalOrigin) or reached.attribute is not None:
                yield _leak(place, reached, sensitive if isinstance(sensitive, Unknown) else None)


def shows_outputs(instance: ModuleInstance) -> bool:
    """True if Terraform shows sensitive outputs of the module: before 0.15 it does, later versions refuse to.

    A module that old ones may run as well (``>= 0.12``), or that pins no version, counts as old only when it is applied by itself.
    """
    from posturio_iac.frontends.terraform.known_modules.versions import Interval, Version, parse_constraint

    refuses = Version((0, 15, 0))
    for block in instance.folder.settings:
        constraint = evaluate_or_unknown(block.get("required_version"), instance.scope())
        allowed = parse_constraint(constraint) if isinstance(constraint, str) else None
        if allowed is None:
            continue
        if allowed.meet(Interval(refuses)).is_empty():
            return True
        if allowed.low is None or allowed.low >= refuses:
            return False
    return instance.folder.is_root


def _resources(instance: ModuleInstance, carriers: SecretCarriers) -> Iterator[Leak]:
    for (kind, name), block in instance.folder.resources.items():
        sink = SINKS.get(kind)
        shown = TAG_ARGUMENTS if sink is None else (*TAG_ARGUMENTS, *sink.arguments)
        if not _mentions(block, shown) or not carriers.may_reach(block, instance):
            continue
        for attribute, expression in carriers.arguments(block, instance, shown):
            tagged = attribute in TAG_ARGUMENTS
            plain = True if kind != "aws_ssm_parameter" or tagged else _is_plain(block, attribute, instance)
            if plain is False:
                continue
            where = instance.full(f"{kind}.{name}")
            remedy = _remedy(attribute, sink, Place(where, block.header), tagged=tagged)
            place = Exposure(own_place(expression.span, instance), SecretHolder(HolderKind.ARGUMENT, where, attribute), remedy)
            found = [r for scope in _scopes(block, instance) for r in _secrets(expression, scope)]
            for reached in dict.fromkeys(found):
                yield _leak(place, reached, plain if isinstance(plain, Unknown) else None)


def _mentions(block: hcl.Block, arguments: tuple[str, ...]) -> bool:
    """True if a block may set one of these arguments, by its text, so that most are not parsed."""
    text = block.text
    return text is None or any(name.encode() in text for name in arguments)


def _remedy(attribute: str, sink: Sink | None, place: Place, *, tagged: bool) -> Remedy:
    if tagged or sink is None:
        return Advice("remove it")
    if attribute == "insecure_value":
        return Advice(f"{sink.change}, and write value instead of insecure_value")
    return SetArgument(place, "type", '"SecureString"') if sink.change == ENCRYPT else Advice(sink.change)


def _scopes(block: hcl.Block, instance: ModuleInstance) -> tuple[ModuleScope, ...]:
    return tuple(scope for _, scope in instances_of(block, instance).instances)


def _is_plain(block: hcl.Block, attribute: str, instance: ModuleInstance) -> Attr[bool]:
    """True if an SSM parameter is stored without encryption."""
    kind = evaluate_or_unknown(block.get("type"), instance.scope())
    if isinstance(kind, Unknown) and attribute != "insecure_value":
        return kind
    return attribute == "insecure_value" or kind in ("String", "StringList")
