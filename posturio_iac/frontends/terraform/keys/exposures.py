"""Where a key's secret goes: places that show it in plain text, and consumers that could do without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import Advice, HideOutput, SetArgument
from posturio_iac.core.keys.resource_types import KEY_TYPES, secrets_of
from posturio_iac.core.model import Consumer, Exposure, Unknown
from posturio_iac.core.place import HolderKind, Place, SecretHolder
from posturio_iac.core.unknown import GIVEN_SECRET, SHOWN_IF
from posturio_iac.facts.keyless import BY_TYPE, REPLACEMENTS
from posturio_iac.facts.sinks import ENCRYPT, SINKS, TAG_ARGUMENTS
from posturio_iac.frontends.terraform.dataflow.mentions import mentions
from posturio_iac.frontends.terraform.dataflow.origins import origins_of
from posturio_iac.frontends.terraform.dataflow.secret_carriers import PASSING, arguments_of
from posturio_iac.frontends.terraform.dataflow.terminal_origins import ResourceOrigin, TerminalOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.secret_walk import SecretWalk
from posturio_iac.frontends.terraform.modules.instance import instances_of, own_place
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.model import Attr
    from posturio_iac.facts.sinks import Sink
    from posturio_iac.frontends.terraform.dataflow.secret_carriers import SecretCarriers
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope

    Origin = ResourceOrigin | TerminalOrigin
    End = Exposure | Unknown | Consumer
    Leak = tuple[End, Origin]

_SECRET_INPUTS = ("secret_string", "secret_string_wo", "secret_binary")
KEEPING = {
    "terraform-aws-modules/secrets-manager/aws": _SECRET_INPUTS,
    "github.com/terraform-aws-modules/terraform-aws-secrets-manager": _SECRET_INPUTS,
}
"""Inputs of well-known modules that go nowhere but into an encrypted store."""


def exposures_of(key: hcl.Block, instance: ModuleInstance, suffix: str) -> Iterator[End]:
    """Yield the places in the key's module, and in those that call it, where the secret of ``key``, the instance ``suffix``, goes.

    `Unknown` stands for places where the code does not fix whether they show it.
    """
    if key.get("pgp_key") is not None and evaluate_or_unknown(key.get("pgp_key"), instance.scope()) is not None:
        return

    def is_key(reached: Origin) -> bool:
        if not isinstance(reached, ResourceOrigin) or reached.block is not key or reached.instance is not instance:
            return False
        return reached.suffix in ("", suffix) or not suffix

    found = list(_places(instance, key, is_key))
    read = _attributes_read(key, instance) & {*secrets_of(key.labels[0]), ""} if _names_smtp(instance) else frozenset()
    if read and all(map(_is_smtp, read)):
        found.append(Consumer("smtp", Place(instance.full(".".join(key.labels)), own_place(key.header, instance))))
    yield from _used_one_way(found, {_is_smtp(name) for name in read})


def _used_one_way(ends: Iterable[End], ways: Iterable[bool] = ()) -> Iterator[End]:
    """Leave out the consumers of a key that is used both over SMTP and otherwise: no role replaces it whole."""
    ends = tuple(ends)
    mixed = len({*ways, *(end.name == "smtp" for end in ends if isinstance(end, Consumer))}) > 1
    yield from (end for end in ends if not (mixed and isinstance(end, Consumer)))


def _names_smtp(instance: ModuleInstance) -> bool:
    """True if the module may read the password for SES that Terraform derives from a key; most do not, and are not parsed for it."""
    folder = instance.folder
    blocks = (*folder.resources.values(), *folder.outputs.values(), *folder.calls.values())
    return any(block.text is None or b"ses_smtp_password" in block.text for block in blocks)


def _attributes_read(key: hcl.Block, instance: ModuleInstance) -> frozenset[str]:
    """The attributes of a key that its module reads; an empty one for the whole key."""
    folder = instance.folder
    blocks = (*folder.resources.values(), *folder.data.values(), *folder.outputs.values(), *folder.calls.values())
    near = [block for block in blocks if block is not key and (block.text is None or key.labels[1].encode() in block.text)]
    read = [value for block in near for value in (block.get("for_each"), *(argument for _, argument in arguments_of(block)))]
    read += [one.expression for one in folder.locals.values()]
    found = (words for _, _, words in mentions([(value, instance) for value in read], only_held=True))
    return frozenset((*words, "")[2] for words in found if words[:2] == key.labels[:2])


def exposures_of_module(call: hcl.Block, instance: ModuleInstance, secrets: tuple[str, ...]) -> Iterator[End]:
    """Yield the places where outputs of a known module that hold the secret go."""

    def is_secret(reached: Origin) -> bool:
        if not isinstance(reached, TerminalOrigin) or reached.call is not call or reached.instance is not instance:
            return False
        return reached.text.rpartition(".")[2] in secrets

    yield from _used_one_way(_places(instance, call, is_secret))


def _places(instance: ModuleInstance, origin: object, wanted: Callable[[Origin], bool]) -> Iterator[End]:
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

    def _keep(self, place: End, reached: Origin) -> None:
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
        consumer, given = BY_TYPE.get(kind, ("", ()))
        if not _mentions(block, (*shown, *given)) or not carriers.may_reach(block, instance):
            continue
        where = instance.full(f"{kind}.{name}")
        for _, expression in carriers.arguments(block, instance, given):
            for scope in _scopes(block, instance):
                called = next((block.get(n) for n in ("secret_name", "variable_name", "key", "name") if block.get(n) is not None), None)
                secret = evaluate_or_unknown(called, scope)
                given_at = Place(where, own_place(expression.span, instance))
                at = Consumer(consumer, given_at, secret if isinstance(secret, str) else "")
                if _is_meant(consumer, block, scope):
                    yield from (_consumer(at, reached) for reached in _secrets(expression, scope) if not reached.open)
        for attribute, expression in carriers.arguments(block, instance, shown):
            tagged = attribute in TAG_ARGUMENTS
            plain = True if kind != "aws_ssm_parameter" or tagged else _is_plain(block, attribute, instance)
            if plain is False:
                continue
            remedy = _remedy(attribute, sink, Place(where, block.header), tagged=tagged)
            place = Exposure(own_place(expression.span, instance), SecretHolder(HolderKind.ARGUMENT, where, attribute), remedy)
            found = [r for scope in _scopes(block, instance) for r in _secrets(expression, scope)]
            for reached in dict.fromkeys(found):
                yield _leak(place, reached, plain if isinstance(plain, Unknown) else None)


def _consumer(at: Consumer, reached: Origin) -> Leak:
    """A consumer and a secret; what is given the password for SES cannot do without, whatever it is."""
    attribute = (reached.attribute or "") if isinstance(reached, ResourceOrigin) else reached.text
    return (Consumer("smtp", at.place) if _is_smtp(attribute) else at), reached


def _is_smtp(attribute: str) -> bool:
    return "smtp" in attribute.rpartition(".")[2]


def _is_meant(consumer: str, block: hcl.Block, scope: ModuleScope) -> bool:
    """True if the secret is for the consumer itself, as far as arguments tell."""
    return all(evaluate_or_unknown(block.get(name), scope) == value for name, value in REPLACEMENTS[consumer].when.items())


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
