"""Keys inside modules whose code is not here, by the table of known modules. They are reported at the ``module`` block."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import AddComment, Advice, Remedies, SetArgument, SetMaxAge
from posturio_iac.core.keys.resource_types import SERVICE_CREDENTIAL
from posturio_iac.core.model import KeyKind, Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import NOT_FIXED
from posturio_iac.facts.access_key import items_of, key_of_user
from posturio_iac.facts.ages import age_lifetime, age_of, max_age_lifetime
from posturio_iac.facts.model import FactOptions, KeyFacts
from posturio_iac.frontends.terraform.keys.assembly import comments_for
from posturio_iac.frontends.terraform.keys.evidence import user_facts
from posturio_iac.frontends.terraform.keys.exposures import exposures_of_module
from posturio_iac.frontends.terraform.keys.known_module_inputs import Inputs, is_applied
from posturio_iac.frontends.terraform.keys.remedies import above_calls, added, narrower
from posturio_iac.frontends.terraform.keys.users import TerraformUser
from posturio_iac.frontends.terraform.known_modules.table import Choice
from posturio_iac.frontends.terraform.modules.instance import instances_of, own_place
from posturio_iac.frontends.terraform.syntax import hcl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.evidence.remedy import Remedy, Rotating
    from posturio_iac.core.model import Lifetime
    from posturio_iac.facts.siblings import KeyOfUser
    from posturio_iac.frontends.terraform.keys.assembly import RootModuleContext
    from posturio_iac.frontends.terraform.known_modules.lookup import Match
    from posturio_iac.frontends.terraform.known_modules.table import KnownKey, KnownVersion
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope


def keys_of_call(match: Match, instance: ModuleInstance, block: hcl.Block, setting: RootModuleContext) -> Iterator[KeyOfUser]:
    """Yield the keys that the call of a known module makes."""
    name = block.labels[0]
    if isinstance(instance.children(name), Unknown):
        for suffix, scope in instances_of(block, instance).instances:
            address = "" if is_applied(instance) else instance.full(f"{block.type}.{name}{suffix}")
            yield from _keys(match, block, scope, address, setting)


def _keys(match: Match, block: hcl.Block, scope: ModuleScope, address: str, setting: RootModuleContext) -> Iterator[KeyOfUser]:
    behaviours = [_made(version, block, scope) for version in match.candidates]
    made = next((keys for keys in behaviours if keys), [])
    # While the version is open, behaviour that all versions share is still certain.
    differ = any([k.max_age for k, _, _ in other] != [k.max_age for k, _, _ in made] for other in behaviours)
    hidden = (match.why.about(match.module.name),) if match.why is not None and differ else ()
    existence = hidden[0] if hidden and not all(behaviours) else None
    options = scope.instance.program.options
    for key, suffix, inputs in made:
        inside = f"{key.resource}{suffix}"
        place = f"{address}.{inside}" if address and len(made) > 1 else address or inside
        facts = _facts(match, key, inputs, place, setting)
        found = replace(facts, hidden=hidden, existence=existence)
        yield key_of_user(found, FactOptions(options.names, options.as_of))


def _made(version: KnownVersion, block: hcl.Block, scope: ModuleScope) -> list[tuple[KnownKey, str, Inputs]]:
    """The keys that one version makes of a call."""
    return [
        (key, suffix, inputs)
        for key in version.keys
        for suffix, inputs in _elements(key, Inputs(block, scope, key))
        if not inputs.switched_off()
    ]


def _elements(key: KnownKey, inputs: Inputs) -> Iterator[tuple[str, Inputs]]:
    """Yield the key once, or once for each element of the input that it is made from."""
    if key.each is None:
        yield "", inputs
        return
    collection = inputs.value(key.each)
    match collection:
        case dict():
            yield from ((f'["{name}"]', inputs.of_element(name, element)) for name, element in collection.items())
        case tuple():
            for number, element in enumerate(collection):
                found = inputs.of_element(element, element)
                yield _suffix(number, element, found), found
        case None:
            return
        case _:
            unknown = collection if isinstance(collection, Unknown) else NOT_FIXED("an element")
            yield "", inputs.of_element(unknown, unknown)


def _suffix(number: int, element: object, inputs: Inputs) -> str:
    """The index of the key that an element of a list makes: by itself, or by the service that the key is for."""
    name = element if isinstance(element, str) else inputs.service()
    if isinstance(name, str):
        return f'["{name}"]'
    return "" if inputs.key.service is not None or not isinstance(element, dict) else f"[{number}]"


def _facts(match: Match, key: KnownKey, inputs: Inputs, address: str, setting: RootModuleContext) -> KeyFacts:
    instance, block = inputs.scope.instance, inputs.block
    names = instance.program.options.names
    parsed = comments_for(block, instance)
    label = inputs.label
    is_credential = key.resource.split(".")[-2] == SERVICE_CREDENTIAL
    user = TerraformUser(inputs.user(), identity=(id(instance), address), span=block.header, path=inputs.path(), tags=inputs.tags())
    return KeyFacts(
        address=address,
        framework="terraform",
        span=own_place(block.header, instance),
        user=user_facts(user, names),
        status=inputs.status(),
        remedies=_remedies(match, key, inputs),
        label=block.labels[0],
        beside=items_of(parsed),
        lifetimes=(*_max_age(key, inputs, label), *_age(key, inputs, label)),
        is_root=False,
        exposures=() if inputs.encrypted() else tuple(exposures_of_module(block, instance, key.secrets)),
        pusher=Place(address, own_place(block.header, instance)) if key.pushes_images else None,
        directives=parsed.directives,
        scope=setting.scope,
        open_values=tuple(instance.root.folder.open_values.items()),
        kind=KeyKind.SERVICE_CREDENTIAL if is_credential else KeyKind.ACCESS_KEY,
        service=inputs.service(),
    )


def _max_age(key: KnownKey, inputs: Inputs, label: str) -> Iterator[Lifetime]:
    if key.max_age is None:
        return
    value = inputs.value(key.max_age) if isinstance(key.max_age, Choice) else key.max_age
    name = key.max_age.paths[0] if isinstance(key.max_age, Choice) else "the maximum age"
    yield max_age_lifetime(value, name, label, inputs.place(key.max_age), inputs.block.header)


def _age(key: KnownKey, inputs: Inputs, label: str) -> Iterator[Lifetime]:
    if key.age is not None:
        value = inputs.value(key.age) if isinstance(key.age, Choice) else key.age
        name = key.age.paths[0] if isinstance(key.age, Choice) else "the age"
        age = age_lifetime(value, inputs.service(), Place(label, inputs.block.header), inputs.place(key.age), name)
        yield from () if age is None else (age,)


def _remedies(match: Match, key: KnownKey, inputs: Inputs) -> Remedies:
    block = inputs.block
    label = inputs.label
    place = Place(label, block.header)
    tags = next((c.paths[0] for c in key.tags if "." not in c.paths[0]), None) if key.only_user_tagged else None
    instance = inputs.scope.instance
    beside = AddComment(place, target=label)
    rotate: Rotating = Advice("declare the key in your own code, where replace_triggered_by can follow a time_rotating")
    if isinstance(key.max_age, Choice):
        rotate = SetMaxAge(place, key.max_age.paths[0])
    return Remedies(
        declare=added(tags, hcl.setting(block, tags), place, instance, block) if tags else beside,
        rotate=rotate,
        disable=_disable(key, place),
        beside=beside,
        narrower=tuple(_narrower(key, place, inputs)),
        age=_aged(key, place, inputs),
        avoid=_without_key(match),
        calls=tuple(above_calls(instance)),
        is_for_others=instance.program.is_for_others(posixpath.dirname(block.header.path)),
    )


def _aged(key: KnownKey, place: Place, inputs: Inputs) -> SetArgument | None:
    """The change that lets AWS end a service credential, where an input of the module does."""
    path = key.age.paths[0] if isinstance(key.age, Choice) else ""
    return age_of(place, inputs.service(), path) if path and "." not in path else None


def _switch(key: KnownKey) -> tuple[str, str] | None:
    """The input that switches a key off, and the value that does."""
    if key.status:
        return key.status.paths[0], '"Inactive"'
    return (key.enabled_by[-1].paths[0], "false") if key.enabled_by else None


def _disable(key: KnownKey, place: Place) -> Remedy:
    switch = _switch(key)
    if switch is None:
        return Advice(f"remove {place.address}")
    path, value = switch
    head, _, rest = path.partition(".")
    return Advice(f"set {rest} to {value} in {head} of {place.address}") if rest else SetArgument(place, path, value, needs_person=True)


def _narrower(key: KnownKey, place: Place, inputs: Inputs) -> Iterator[Remedy]:
    """Yield changes that switch off one of the keys of a call: by an input with an element for each, or by ``for_each`` of the call."""
    switch = _switch(key)
    if key.each is not None and inputs.element is not None:
        name = inputs.element[0]
        shown = f'"{name}"' if isinstance(name, str) else "of the key"
        head, _, rest = switch[0].partition(".") if switch else ("", "", "")
        change = f"set {rest} to {switch[1]} in" if switch and head == "each" and rest else "remove"
        yield Advice(f"{change} the entry {shown} of {key.each.paths[0]} of {place.address}")
    elif switch and "." not in switch[0]:
        yield from narrower(inputs.block, inputs.scope, switch[0], place, switch[1])


def _without_key(match: Match) -> Advice | None:
    """The move to a newer version of the module that makes no key at all, where there is one."""
    newest = match.module.versions[0]
    if newest.creates or newest.is_gone or newest.interval.low is None or newest in match.candidates:
        return None
    return Advice(f"move to version {newest.interval.low.text} or later of {match.module.name}, which creates no key")
