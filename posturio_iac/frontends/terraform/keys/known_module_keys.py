"""Keys inside modules whose code is not here, by the table of known modules. They are reported at the ``module`` block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import AccessKey, Lifetime, Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import replace
from posturio_iac.core.remedy import AddComment, AddTag, Advice, Remedies, SetArgument, SetMaxAge
from posturio_iac.frontends.terraform.keys import evidence
from posturio_iac.frontends.terraform.keys.assembly import Declared, comments_for, max_age_lifetime, place_of
from posturio_iac.frontends.terraform.keys.exposures import exposures_of_module
from posturio_iac.frontends.terraform.keys.known_module_inputs import Inputs, is_applied
from posturio_iac.frontends.terraform.keys.rotation import Rotation
from posturio_iac.frontends.terraform.keys.users import TerraformUser
from posturio_iac.frontends.terraform.known_modules.table import Choice
from posturio_iac.frontends.terraform.modules.instance import instances_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.remedy import Declaring, Remedy, Rotating
    from posturio_iac.frontends.terraform.keys.assembly import RootModuleContext
    from posturio_iac.frontends.terraform.known_modules.lookup import Match
    from posturio_iac.frontends.terraform.known_modules.table import KnownKey, KnownVersion
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope
    from posturio_iac.frontends.terraform.syntax import hcl


def keys_of_call(match: Match, instance: ModuleInstance, block: hcl.Block, setting: RootModuleContext) -> Iterator[Declared]:
    """Yield the keys that the call of a known module makes."""
    name = block.labels[0]
    if isinstance(instance.children(name), Unknown):
        for suffix, scope in instances_of(block, instance).instances:
            address = "" if is_applied(instance) else instance.full(f"module.{name}{suffix}")
            yield from _keys(match, block, scope, address, setting)


def _keys(match: Match, block: hcl.Block, scope: ModuleScope, address: str, setting: RootModuleContext) -> Iterator[Declared]:
    match = match.fitting(block.body.attributes)
    behaviours = [_made(version, block, scope) for version in match.candidates]
    made = next((keys for keys in behaviours if keys), [])
    # While the version is open, what all versions do alike is still certain.
    open_end = match.why and any([k.max_age for k, _, _ in other] != [k.max_age for k, _, _ in made] for other in behaviours)
    hidden = (Unknown(f"{match.module.name}: {match.why}"),) if open_end else ()
    existence = hidden[0] if hidden and not all(behaviours) else None
    for key, suffix, inputs in made:
        inside = f"{key.resource}{suffix}"
        place = f"{address}.{inside}" if address and len(made) > 1 else address or inside
        declared = _declared(key, inputs, place, hidden, setting)
        yield replace(declared, key=replace(declared.key, existence=existence))


def _made(version: KnownVersion, block: hcl.Block, scope: ModuleScope) -> list[tuple[KnownKey, str, Inputs]]:
    """Return the keys that one version makes of a call."""
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
            yield from ((f'["{e}"]' if isinstance(e, str) else "", inputs.of_element(e, e)) for e in collection)
        case None:
            return
        case _:
            unknown = collection if isinstance(collection, Unknown) else Unknown("an element that is not fixed")
            yield "", inputs.of_element(unknown, unknown)


def _declared(key: KnownKey, inputs: Inputs, address: str, hidden: tuple[Unknown, ...], setting: RootModuleContext) -> Declared:
    instance, block = inputs.scope.instance, inputs.block
    options = instance.program.options
    parsed = comments_for(block, instance)
    label = inputs.label
    tags = inputs.tags()
    user = TerraformUser(inputs.user(), identity=(id(instance), address), span=block.header, path=inputs.path(), tags=tags)
    lifetimes = [*_max_age(key, inputs, label), *evidence.of_tags(user, options.names), *evidence.of_comments(parsed, options.names)]
    places = [] if inputs.encrypted() else list(exposures_of_module(block, instance, key.secrets))
    found = AccessKey(
        address=address,
        framework="terraform",
        span=place_of(block, instance),
        user=user.name,
        user_address=None,
        status=inputs.status(),
        remedies=_remedies(key, label, block),
        lifetimes=tuple(dict.fromkeys(lifetimes)),
        unknown_sources=(*tags.hidden, *hidden),
        notes=tuple(dict.fromkeys(evidence.notes_on(block.labels[0], user, options.names, options.as_of))),
        owner=evidence.owner_of(user, parsed, options.names),
        exposures=tuple(p for p in places if not isinstance(p, Unknown)),
        possible_exposures=tuple(p for p in places if isinstance(p, Unknown)),
        directives=parsed.directives,
        tags=tuple((t.name, t.value) for t in tags.items if isinstance(t.value, str)),
        scope=setting.scope,
    )
    return Declared(found, user, Rotation((), (), None, turns=False, schedules=frozenset()), instance.root)


def _max_age(key: KnownKey, inputs: Inputs, label: str) -> Iterator[Lifetime]:
    if key.max_age is None:
        return
    value = inputs.value(key.max_age) if isinstance(key.max_age, Choice) else key.max_age
    name = key.max_age.paths[0] if isinstance(key.max_age, Choice) else "the maximum age"
    yield max_age_lifetime(value, name, label, inputs.place(key.max_age), inputs.block.header)


def _remedies(key: KnownKey, label: str, block: hcl.Block) -> Remedies:
    place = Place(label, block.header)
    tags = next((c.paths[0] for c in key.tags if "." not in c.paths[0]), None)
    beside = AddComment(place, target=label)
    declare: Declaring = beside
    if tags:
        declare = AddTag(place, argument=tags)
    rotate: Rotating = Advice("manage the key in your own code, where replace_triggered_by can follow a time_rotating")
    if isinstance(key.max_age, Choice):
        rotate = SetMaxAge(place, key.max_age.paths[0])
    switch = key.status.paths[0] if key.status else None
    enabled = key.enabled_by[-1].paths[0] if key.enabled_by else None
    disable: Remedy = Advice(f"remove {label}")
    if switch or enabled:
        disable = (
            SetArgument(place, switch, '"Inactive"', needs_person=True)
            if switch
            else SetArgument(place, str(enabled), "false", needs_person=True)
        )
    return Remedies(declare=declare, rotate=rotate, disable=disable, beside=beside)
