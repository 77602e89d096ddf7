"""Where the secrets of a plan's keys leave in plain text, by what its expressions refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.evidence.secret_holder import HolderKind, SecretHolder
from posturio_iac.core.keys.resource_types import secrets_of
from posturio_iac.core.model import Exposure
from posturio_iac.facts.sinks import SINKS, TAG_ARGUMENTS
from posturio_iac.frontends.plan.document import is_any
from posturio_iac.frontends.plan.references import arguments_of, instances_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.plan.document import PlanDocument, Resource
    from posturio_iac.frontends.plan.references import Configuration, Path, ReferenceTarget

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
    outputs = configuration.root.get("outputs")
    for name, output in outputs.items() if isinstance(outputs, dict) else ():
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
    """Yield the resources that show a secret."""
    for path, block in _blocks(configuration):
        kind = str(block.get("type"))
        sink = SINKS.get(kind)
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
    """Yield the keys that a target means, each with the instance that shows it."""
    for instance in document.instances(path, f"{block.get('type')}.{block.get('name')}"):
        if instance.type == _PARAMETER and argument == "value" and instance.raw("type") not in ("String", "StringList"):
            continue
        for key in instances_of(document, target, instance):
            if target.attribute is not None or _holds(instance, argument, key):
                yield key, instance


def _holds(instance: Resource, argument: str, key: Resource) -> bool:
    """True if an argument that refers to a whole key holds its secret: by the marks of what is sensitive, or the secret itself."""
    if instance.type == _PARAMETER and argument == "value":
        secrets = [s for s in (key.raw(name) for name in secrets_of(key.type)) if isinstance(s, str) and s]
        value = instance.raw(argument)
        return isinstance(value, str) and any(secret in value for secret in secrets)
    return any(is_any(flags) for flags in _parts(instance.sensitive, argument))


def _parts(flags: Any, name: str) -> Iterator[Any]:
    """Yield the marks of every argument called ``name``, however deep."""
    pending = [flags]
    while pending:
        match pending.pop():
            case dict() as entries:
                if name in entries:
                    yield entries[name]
                pending += entries.values()
            case list() as items:
                pending += items


def _blocks(configuration: Configuration) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the managed resources of every module of the configuration."""
    pending: list[Path] = [()]
    while pending:
        path = pending.pop()
        module = configuration.module(path)
        resources = module.get("resources")
        for entry in resources if isinstance(resources, list) else ():
            if isinstance(entry, dict) and entry.get("mode", "managed") == "managed":
                yield path, entry
        calls = module.get("module_calls")
        pending += [(*path, name) for name in calls] if isinstance(calls, dict) else []
