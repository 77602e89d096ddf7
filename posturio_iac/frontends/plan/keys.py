"""From the resources of a plan to access keys."""

from __future__ import annotations

from posturio_iac.core.evidence.remedy import AddComment, AddTag, Advice
from posturio_iac.core.keys import AGE, EXPIRING_KEY, KEY_TYPES, SERVICE, SERVICE_CREDENTIAL, secrets_of
from posturio_iac.core.model import AccessKey, Exposure, KeyKind, Lifetime, Replacement, Unknown
from posturio_iac.core.place import HolderKind, Place, SecretHolder
from posturio_iac.core.record import dataclass, replace
from posturio_iac.core.unknown import MAY_ROTATE, NAMES_NO, PLAN_WITHOUT_CODE
from posturio_iac.facts import FactOptions, KeyFacts, UserFacts
from posturio_iac.facts.access_key import access_key, age_lifetime, max_age_lifetime, remedies_in_code
from posturio_iac.facts.keyless import SINKS, TAG_ARGUMENTS
from posturio_iac.facts.schedulers import ROTATING, SCHEDULERS
from posturio_iac.facts.shared_code import KeyOfUser, with_siblings
from posturio_iac.frontends.plan.code_join import PlannedCode, joined
from posturio_iac.frontends.plan.document import PlanDocument, Resource, is_any, mapping, mappings, within
from posturio_iac.frontends.plan.references import Configuration, Path, ReferenceTarget, arguments_of, instances_of
from posturio_iac.frontends.plan.users import PlanUsers, find_user, permission_note
from posturio_iac.frontends.terraform.keys.assembly import is_beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from posturio_iac.core.evidence.remedy import Declaring
    from posturio_iac.frontends import ReadRequest

_PARAMETER = "aws_ssm_parameter"


def exposures_in(document: PlanDocument, configuration: Configuration, keys: tuple[Resource, ...]) -> dict[str, tuple[Exposure, ...]]:
    """The places where secrets leave, by the address of the key. A secret that a PGP key encrypts is safe."""
    bare = {key.address for key in keys if key.raw("pgp_key") is None}
    types = frozenset(key.type for key in keys)
    found: dict[str, dict[Exposure, None]] = {}
    for key, exposure in (*_outputs(document, configuration, types), *_sinks(document, configuration, types)):
        if key.address in bare:
            found.setdefault(key.address, {})[exposure] = None
    return {address: tuple(exposures) for address, exposures in found.items()}


def _leads(target: ReferenceTarget, types: frozenset[str]) -> bool:
    kind = target.block.partition(".")[0]
    return kind in types and (target.attribute is None or target.attribute in secrets_of(kind))


def _outputs(document: PlanDocument, configuration: Configuration, types: frozenset[str]) -> Iterator[tuple[Resource, Exposure]]:
    """Yield the outputs of the root module that show a secret. Those that refer to a whole key cannot show it without being sensitive."""
    for name, output in mapping(configuration.root.get("outputs")).items():
        if not isinstance(output, dict) or output.get("sensitive"):
            continue
        for target in configuration.targets(output.get("expression"), (), {}):
            if _leads(target, types) and target.attribute is not None:
                for key in document.instances(target.modules, target.block):
                    span = document.places.member("configuration", "outputs", name) or key.span
                    if not target.index or key.index == target.index:
                        yield (
                            key,
                            Exposure(span, SecretHolder(HolderKind.OUTPUT, name), Advice("remove nonsensitive() and set sensitive = true")),
                        )


def _sinks(document: PlanDocument, configuration: Configuration, types: frozenset[str]) -> Iterator[tuple[Resource, Exposure]]:
    for path, block in blocks(configuration):
        sink = SINKS.get(str(block.get("type")))
        shown = (*(sink.arguments if sink is not None else ()), *TAG_ARGUMENTS)
        for argument, expression in arguments_of(block):
            if argument not in shown:
                continue
            change = sink.change if sink is not None and argument not in TAG_ARGUMENTS else "remove it"
            for target in configuration.targets(expression, path, block):
                if _leads(target, types):
                    for key, instance in _shown(document, path, block, argument, target):
                        yield key, Exposure(instance.span, SecretHolder(HolderKind.ARGUMENT, instance.address, argument), Advice(change))


def _shown(
    document: PlanDocument, path: Path, block: dict[str, Any], argument: str, target: ReferenceTarget
) -> Iterator[tuple[Resource, Resource]]:
    for instance in document.instances(path, f"{block.get('type')}.{block.get('name')}"):
        if instance.type == _PARAMETER and argument == "value" and instance.raw("type") not in ("String", "StringList"):
            continue
        for key in instances_of(document, target, instance):
            if target.attribute is not None or _holds(instance, argument, key):
                yield key, instance


def _holds(instance: Resource, argument: str, key: Resource) -> bool:
    if instance.type == _PARAMETER and argument == "value":
        secrets = [s for s in (key.raw(name) for name in secrets_of(key.type)) if isinstance(s, str) and s]
        value = instance.raw(argument)
        return isinstance(value, str) and any(secret in value for secret in secrets)
    return any(is_any(flags) for flags in _parts(instance.sensitive, argument))


def _parts(flags: Any, name: str) -> Iterator[Any]:
    yield from (held[name] for held in within(flags) if isinstance(held, dict) and name in held)


def blocks(configuration: Configuration) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the blocks of managed resources in a configuration, with the path of their module."""
    pending: list[Path] = [()]
    while pending:
        path = pending.pop()
        module = configuration.module(path)
        yield from ((path, entry) for entry in mappings(module.get("resources")) if entry.get("mode", "managed") == "managed")
        pending += [(*path, name) for name in mapping(module.get("module_calls"))]


NO_LIFECYCLE = PLAN_WITHOUT_CODE()
_BY_TRIGGER = "this plan replaces it through replace_triggered_by, but does not show what triggers that or how often"
_TRIGGERED = "replace_by_triggers"  # the ``action_reason`` of a replacement by ``replace_triggered_by``


@dataclass(frozen=True, slots=True)
class PlanContext:
    """The facts that all keys of one plan share."""

    request: ReadRequest
    scope: str  # the path of the plan, which becomes part of the fingerprint of keys without code
    source: PlannedCode | None
    alone: bool  # True if nothing but the plan counts


def keys_of(document: PlanDocument, setting: PlanContext) -> Iterator[AccessKey]:
    """Yield the keys that exist after a plan, completed by the code where it is given."""
    resources = document.of_type(*KEY_TYPES)
    configuration = Configuration(document)
    exposures = exposures_in(document, configuration, resources) if resources else {}
    users = PlanUsers(document)
    apart: set[str] = set()
    declared = []
    for resource in resources:
        user = find_user(resource, users, configuration)
        key = _key(resource, user, users, configuration, setting, exposures.get(resource.address, ()))
        code = setting.source.find(resource.address) if setting.source is not None else NO_LIFECYCLE
        if setting.alone:
            key = replace(key, remedies=replace(key.remedies, stated_by="the plan shows"))
            if (clock := _clock(document, resource)) is not None:
                key = replace(key, unknown_sources=(*key.unknown_sources, MAY_ROTATE(clock)))
        elif isinstance(code, Unknown):
            apart.add(key.address)
            owner = code if key.owner is None else key.owner
            key = replace(key, unknown_sources=(*key.unknown_sources, code), replacement=code, owner=owner)
        else:
            key = joined(key, code, document)
        turns = isinstance(key.replacement, Replacement) and key.replacement.takes_turns
        declared.append(KeyOfUser(key, user.identity, frozenset({key.address} if turns else ())))
    for key in with_siblings(declared, is_beside):
        # A rotation that is not seen could explain the other key.
        hidden = key.address in apart and isinstance(key.active_siblings, tuple) and bool(key.active_siblings)
        yield replace(key, active_siblings=NO_LIFECYCLE) if hidden else key


def _key(
    resource: Resource,
    user: UserFacts,
    users: PlanUsers,
    configuration: Configuration,
    setting: PlanContext,
    exposures: tuple[Exposure, ...],
) -> AccessKey:
    is_credential = resource.type == SERVICE_CREDENTIAL
    service = resource.get(SERVICE) if is_credential else None
    ages = [resource.get("max_age", shown="it")] if resource.type == EXPIRING_KEY else []
    own = (max_age_lifetime(age, "max_age", f"{resource.type}.{resource.name}", resource.span) for age in ages)
    facts = KeyFacts(
        address=resource.address,
        framework="terraform-plan",
        span=resource.span,
        user=user,
        status=_set(resource, "status", configuration, str),
        remedies=remedies_in_code(resource.type, resource.name, _declare(user, resource), service),
        label=resource.name,
        lifetimes=(*own, *(_age(resource, service, configuration) if is_credential else ())),
        notes=(*((_BY_TRIGGER,) if resource.reason == _TRIGGERED else ()), *permission_note(user, users)),
        exposures=exposures,
        scope=setting.scope,
        kind=KeyKind.SERVICE_CREDENTIAL if is_credential else KeyKind.ACCESS_KEY,
        service=service if isinstance(service, (str, Unknown)) or not is_credential else NAMES_NO("the plan", SERVICE),
    )
    return access_key(facts, FactOptions(setting.request.names, setting.request.as_of))


def _declare(user: UserFacts, resource: Resource) -> Declaring:
    if user.address is None:
        return AddComment(Place(resource.address), target="the block in the code, and pass its folder with --source")
    return AddTag(Place(user.address), is_seen=False)


def _clock(document: PlanDocument, resource: Resource) -> str | None:
    """A scheduler in the plan that could rotate a key, or what does so in this plan: what triggers it is not shown."""
    triggered = "what replaces it in this plan" if resource.reason == _TRIGGERED else None
    return next((r.address for r in document.resources.values() if r.type == ROTATING or r.type in SCHEDULERS), triggered)


def _set(resource: Resource, name: str, configuration: Configuration, *types: type, shown: str = "") -> Any:
    """An argument; one that the configuration leaves out is none, whatever older providers say before apply."""
    value: Any = resource.get(name, shown)
    if isinstance(value, Unknown):
        expressions = configuration.of(resource).get("expressions")
        return None if isinstance(expressions, dict) and name not in expressions else value
    return value if isinstance(value, types) else None


def _age(resource: Resource, service: object, configuration: Configuration) -> Iterator[Lifetime]:
    owner = Place(f"{resource.type}.{resource.name}", resource.span)
    age = age_lifetime(_set(resource, AGE, configuration, int, float, str, shown="it"), service, owner, resource.span)
    yield from () if age is None else (age,)
