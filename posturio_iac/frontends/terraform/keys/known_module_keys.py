"""Keys inside modules whose code is not here, by the table of known modules. They are reported at the ``module`` block."""

from __future__ import annotations

import posixpath

from posturio_iac.core.evidence.remedy import AddComment, Advice, Remedies, SetArgument, SetMaxAge
from posturio_iac.core.keys import SERVICE_CREDENTIAL
from posturio_iac.core.model import KeyKind, Lifetime, Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import NOT_FIXED
from posturio_iac.facts import FactOptions, KeyFacts
from posturio_iac.facts.access_key import age_lifetime, age_of, items_of, key_of_user, max_age_lifetime
from posturio_iac.frontends.terraform.keys.assembly import RootModuleContext, comments_for, user_facts
from posturio_iac.frontends.terraform.keys.known_module_inputs import Inputs, is_applied
from posturio_iac.frontends.terraform.keys.remedies import above_calls, added, narrower
from posturio_iac.frontends.terraform.keys.secret_ends import exposures_of_module
from posturio_iac.frontends.terraform.keys.users import TerraformUser
from posturio_iac.frontends.terraform.known_modules.table import Choice, KnownKey, KnownVersion
from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope, instances_of, own_place
from posturio_iac.frontends.terraform.syntax import hcl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.facts.shared_code import KeyOfUser
    from posturio_iac.frontends.terraform.known_modules.lookup import Match


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
    differ = any([one.key.max_age for _, one in other] != [one.key.max_age for _, one in made] for other in behaviours)
    hidden = (match.why.about(match.module.name),) if match.why is not None and differ else ()
    existence = hidden[0] if hidden and not all(behaviours) else None
    request = scope.instance.program.request
    for suffix, inputs in made:
        inside = f"{inputs.key.resource}{suffix}"
        place = f"{address}.{inside}" if address and len(made) > 1 else address or inside
        found = replace(_facts(match, inputs, place, setting), hidden=hidden, existence=existence)
        yield key_of_user(found, FactOptions(request.names, request.as_of))


def _made(version: KnownVersion, block: hcl.Block, scope: ModuleScope) -> list[tuple[str, Inputs]]:
    found = (one for key in version.keys for one in _elements(Inputs(block, scope, key)))
    return [(suffix, inputs) for suffix, inputs in found if not inputs.switched_off()]


def _elements(inputs: Inputs) -> Iterator[tuple[str, Inputs]]:
    key = inputs.key
    match collection := inputs.value(key.each) if key.each is not None else None:
        case _ if key.each is None:
            yield "", inputs
        case dict():
            yield from ((f'["{name}"]', replace(inputs, element=(name, element))) for name, element in collection.items())
        case tuple():
            for number, element in enumerate(collection):
                found = replace(inputs, element=(element, element))
                name = element if isinstance(element, str) else found.service()
                by_number = f"[{number}]" if key.service is None and isinstance(element, dict) else ""
                yield f'["{name}"]' if isinstance(name, str) else by_number, found
        case _ if collection is not None:
            unknown = collection if isinstance(collection, Unknown) else NOT_FIXED("an element")
            yield "", replace(inputs, element=(unknown, unknown))


def _facts(match: Match, inputs: Inputs, address: str, setting: RootModuleContext) -> KeyFacts:
    instance, block, key = inputs.scope.instance, inputs.block, inputs.key
    parsed = comments_for(block, instance)
    path = inputs.text(key.path) if key.path else None
    user = TerraformUser(inputs.user(), identity=(id(instance), address), span=block.header, path=path, tags=inputs.tags())
    return KeyFacts(
        address=address,
        framework="terraform",
        span=own_place(block.header, instance),
        user=user_facts(user, instance.program.request.names),
        status=inputs.status(),
        remedies=_remedies(match, inputs),
        label=block.labels[0],
        beside=items_of(parsed),
        lifetimes=tuple(_ages(inputs)),
        is_root=False,
        exposures=() if key.pgp_key and inputs.text(key.pgp_key) is not None else tuple(exposures_of_module(block, instance, key.secrets)),
        pusher=Place(address, own_place(block.header, instance)) if key.pushes_images else None,
        directives=parsed.directives,
        scope=setting.scope,
        open_values=tuple(instance.root.folder.open_values.items()),
        kind=KeyKind.SERVICE_CREDENTIAL if key.resource.split(".")[-2] == SERVICE_CREDENTIAL else KeyKind.ACCESS_KEY,
        service=inputs.service(),
    )


def _ages(inputs: Inputs) -> Iterator[Lifetime]:
    owner, key = Place(inputs.label, inputs.block.header), inputs.key
    for age, usual, in_seconds in ((key.max_age, "the maximum age", True), (key.age, "the age", False)):
        value, name = (inputs.value(age), age.paths[0]) if isinstance(age, Choice) else (age, usual)
        if age is not None and in_seconds:
            yield max_age_lifetime(value, name, owner.address, inputs.place(age), owner.span)
        elif not in_seconds and (lifetime := age_lifetime(value, inputs.service(), owner, inputs.place(age), name)) is not None:
            yield lifetime


def _remedies(match: Match, inputs: Inputs) -> Remedies:
    block, key, instance = inputs.block, inputs.key, inputs.scope.instance
    place = Place(inputs.label, block.header)
    tags = next((c.paths[0] for c in key.tags if "." not in c.paths[0]), None) if key.only_user_tagged else None
    age = key.age.paths[0] if isinstance(key.age, Choice) else ""
    calls = tuple(above_calls(instance))
    beside = calls[0] if calls and is_applied(instance) else AddComment(place, target=place.address)
    own_code = Advice("declare the key in your own code, where replace_triggered_by can follow a time_rotating")
    return Remedies(
        declare=added(tags, hcl.setting(block, tags), place, instance, block) if tags else beside,
        rotate=SetMaxAge(place, key.max_age.paths[0]) if isinstance(key.max_age, Choice) else own_code,
        disable=_disable(key, place),
        beside=beside,
        narrower=tuple(_narrower(place, inputs)),
        age=age_of(place, inputs.service(), age) if age and "." not in age else None,
        avoid=_without_key(match),
        calls=calls,
        is_for_others=instance.program.is_for_others(posixpath.dirname(block.header.path)),
    )


def _switch(key: KnownKey) -> tuple[str, str] | None:
    if key.status:
        return key.status.paths[0], '"Inactive"'
    return (key.enabled_by[-1].paths[0], "false") if key.enabled_by else None


def _disable(key: KnownKey, place: Place) -> Remedy:
    path, value = _switch(key) or ("", "")
    head, _, rest = path.partition(".")
    if rest:
        return Advice(f"set {rest} to {value} in {head} of {place.address}")
    return SetArgument(place, path, value, needs_person=True) if path else Advice(f"remove {place.address}")


def _narrower(place: Place, inputs: Inputs) -> Iterator[Remedy]:
    switch, each = _switch(inputs.key), inputs.key.each
    if each is not None and inputs.element is not None:
        name = inputs.element[0]
        shown = f'"{name}"' if isinstance(name, str) else "of the key"
        change = f"set {switch[0][5:]} to {switch[1]} in" if switch and switch[0].startswith("each.") else "remove"
        yield Advice(f"{change} the entry {shown} of {each.paths[0]} of {place.address}")
    elif switch and "." not in switch[0]:
        yield from narrower(inputs.block, inputs.scope, switch[0], place, switch[1])


def _without_key(match: Match) -> Advice | None:
    newest = match.module.versions[0]
    if newest.creates or newest.is_gone or newest.interval.low is None or newest in match.candidates:
        return None
    return Advice(f"move to version {newest.interval.low.text} or later of {match.module.name}, which creates no key")
