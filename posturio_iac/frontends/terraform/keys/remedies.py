"""The shortest changes that mend a key, in the language of its own code."""

from __future__ import annotations

import posixpath

from posturio_iac.core.evidence.remedy import AddBlock, AddComment, AddTag, Advice, CreateFirst, MergeTags, Remedies, SetArgument
from posturio_iac.core.keys import AGE, KEY_TYPES, SERVICE_CREDENTIAL, quoted
from posturio_iac.core.place import Place
from posturio_iac.facts.access_key import INACTIVE, age_of
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import ignored_changes
from posturio_iac.frontends.terraform.dataflow.origin import Origins
from posturio_iac.frontends.terraform.keys.users import TerraformUser, below, find_user
from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope, instances_of, own_place
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import mentioned, references_in, spelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.evidence.remedy import Remedy

_ORDER = "create_before_destroy"


def remedies_for(block: hcl.Block, address: str, scope: ModuleScope, user: TerraformUser, service: object = None) -> Remedies:
    """The changes for a key that a block declares and ``scope`` makes an instance of; ``service`` is the one that it is for."""
    key, instance = Place(address, block.header), scope.instance
    at_key = AddComment(key, json=block.header.path.endswith(".json"))
    beside = at_key if instance.program.is_ours(block.header.path) else next(above_calls(instance), AddComment(Place(instance.address)))
    lifecycle = block.first("lifecycle")
    set_there = lifecycle.body.attributes if lifecycle is not None else {}
    misspelt = next((n for n in set_there if n != _ORDER and n.startswith("create_before")), "")
    # An end on a user whom somebody rotates would end the rotator's keys.
    instead = instead_of_key(block, user, instance) if block.labels[0] != SERVICE_CREDENTIAL else None
    return Remedies(
        declare=instead or _tags(scope, user) or beside,
        rotate=instead or AddBlock(key, block.labels[1]),
        disable=SetArgument(key, "status", INACTIVE, needs_person=True),
        overlap=CreateFirst(key, has_lifecycle=lifecycle is not None, is_set=_ORDER in set_there, misspelt=misspelt),
        beside=instead or beside,
        calls=() if instead else tuple(above_calls(instance)),
        is_for_others=instance.program.is_for_others(posixpath.dirname(own_place(block.header, instance).path)),
        narrower=tuple(narrower(block, scope, "status", key)),
        age=age_of(key, service, given=block.get(AGE) is not None),
    )


def narrower(block: hcl.Block, scope: ModuleScope, argument: str, place: Place, off: str = INACTIVE) -> Iterator[Remedy]:
    """Yield changes that make an argument ``off`` for one of the keys that a block makes, or a module each time it is called."""
    given, instance, entry = block.get(argument), scope.instance, _entry(block, scope)
    where = f", where {entry[0]}" if entry is not None else ""
    if entry is not None:
        yield _set_for_entry(given, *entry, argument, place, off)
    unit = instance.folder.unit
    if instance.caller is None and unit is not None:
        name = None if where else _input(given)
        change = f"set {name} to {off}" if name is not None else f"let an input set {argument} of {place.address}, and make it {off}"
        yield Advice(f"{change} only in the inputs of {unit.shown}{where}")
    if instance.call is None or instance.caller is None or not instance.program.is_ours(block.header.path):
        return
    call, name = Place(f"module.{instance.call.labels[0]}", instance.call.header), _input(given)
    if name is None or entry is not None:
        yield Advice(f"let the call of {instance.address} set {argument} of {place.address}, and make it {off} only there{where}")
        return
    yield SetArgument(call, name, off, is_named=True, needs_person=True)
    yield from narrower(instance.call, instance.caller, name, call, off)


def _entry(block: hcl.Block, scope: ModuleScope) -> tuple[str, str, str] | None:
    """A condition that holds for one element of ``for_each`` or ``count`` alone, the element, and the collection if it is a reference."""
    if (each := block.get("for_each")) is not None:
        key = scope.bindings.get("each", {}).get("key")
        shown = quoted(key) if isinstance(key, str) else "…"
        return f"each.key == {shown}", shown, spelled(each)
    if block.get("count") is not None:
        index = scope.bindings.get("count", {}).get("index")
        shown = str(index) if isinstance(index, int) else "…"
        return f"count.index == {shown}", shown, ""
    return None


def _set_for_entry(given: hcl.Expr | None, test: str, entry: str, collection: str, argument: str, place: Place, off: str) -> Remedy:
    parts = references_in(given) if given is not None else ()
    if (words := next((w for w in parts if w[:2] == ("each", "value")), None)) is not None:
        of = f" of {collection}" if collection else ""
        return Advice(f"set {'.'.join(words[2:]) or argument} to {off} in the entry {entry}{of}")
    usual = spelled(given) if given is not None and not isinstance(given, hcl.Literal) else ""
    on = usual or ('"Active"' if off == INACTIVE else "true")
    return SetArgument(place, argument, f"{test} ? {off} : {on}", is_named=True, needs_person=True)


def _tags(scope: ModuleScope, user: TerraformUser) -> AddTag | MergeTags | None:
    if user.block is None or user.scope is None or user.span is None or not scope.instance.program.is_ours(user.span.path):
        return None
    if (ignored := ignored_changes(user.block)) is None or ignored & {"tags", "tags_all"}:
        return None  # Terraform would never apply it.
    return added("tags", hcl.setting(user.block, "tags"), Place(str(user.address), user.span), user.scope.instance, user.block)


def above_calls(instance: ModuleInstance) -> Iterator[AddComment]:
    """Yield the comments above what leads to a module, calls and a unit, the nearest first: in code of the scan that is not for others."""
    for block in (at.call for at in instance.lineage if at.call is not None):
        path = block.header.path
        if instance.program.is_ours(path) and not instance.program.is_for_others(posixpath.dirname(path)):
            call = Place(f"module.{block.labels[0]}", block.header)
            yield AddComment(call, target=call.text(), json=path.endswith(".json"))
    unit = instance.root.folder.unit
    own = [one.header for one in unit.unit.headers() if one.header.path == unit.shown] if unit is not None else []
    if own and unit is not None and unit.source is not None and instance.program.is_ours(unit.shown):
        place = Place("the terraform block", own[0])
        yield AddComment(place, target=place.text(), json=unit.shown.endswith(".json"))


def added(argument: str, expression: hcl.Expr | None, place: Place, instance: ModuleInstance, block: hcl.Block) -> AddTag | MergeTags:
    """Return how to add an entry to a map of ``block``: at the call of the module when the map is an input that goes nowhere else."""
    name, caller, call = _input(expression), instance.caller, instance.call
    if name is not None and not _goes_elsewhere(name, instance, block):
        is_lost = call is not None and hcl.setting(call, name) is None and _has_default(name, instance)  # once the call sets the map
        if caller is not None and call is not None and not (is_lost or instance.program.is_for_others(posixpath.dirname(call.header.path))):
            return added(name, hcl.setting(call, name), Place(f"module.{call.labels[0]}", call.header), caller.instance, call)
        value, unit = instance.folder.tfvars.get(name), instance.folder.unit
        span = value.expression.span if value is not None and isinstance(value.expression, hcl.ObjectExpr) else None
        if unit is not None and span is not None and posixpath.dirname(span.path) == unit.folder and span.path.endswith(".hcl"):
            return AddTag(Place("inputs", span), argument=name)  # among the inputs in the unit's own file
    if expression is None:
        return AddTag(place, argument=argument, is_new=True)
    given = expression.arguments if isinstance(expression, hcl.Call) and expression.name == "merge" else (expression,)
    if any(isinstance(part, hcl.ObjectExpr) for part in given):
        return AddTag(place, argument=argument)
    return MergeTags(place, argument, spelled(expression) or "…")


def _has_default(name: str, instance: ModuleInstance) -> bool:
    """True if an input of a module is a map with members unless a call sets it."""
    default = held.get("default") if (held := instance.folder.variables.get(name)) is not None else None
    return not (default is None or isinstance(default, hcl.Literal) or getattr(default, "items", None) == ())


def _goes_elsewhere(name: str, instance: ModuleInstance, block: hcl.Block) -> bool:
    """True if an input of a module of the scan also goes to resources beside ``block``, for which a statement would then hold too."""
    if not instance.program.is_ours(block.header.path):
        return False
    others = [held for key, held in instance.folder.resources.items() if key[0] != "aws_iam_user"]
    others += [held for held in instance.folder.calls.values() if held is not block]
    made = (words for local in instance.folder.locals.values() for words in references_in(local.expression))
    return any(("var", name) in mentioned(held) for held in others) or any(words[:2] == ("var", name) for words in made)


def _input(expression: hcl.Expr | None) -> str | None:
    match expression:
        case hcl.GetAttr(hcl.Name("var"), name):
            return name
        case hcl.Call("merge" | "try" | "coalesce" | "tomap", arguments):
            return next(filter(None, map(_input, arguments)), None)
        case _:
            return None


OF_USERS = {
    # https://registry.terraform.io/providers/hashicorp/vault/latest/docs/resources/aws_secret_backend_static_role
    "vault_aws_secret_backend_static_role": ("username",),
    # https://registry.terraform.io/providers/DopplerHQ/doppler/latest/docs/resources/rotated_secret_aws_iam_user_keys
    "doppler_rotated_secret_aws_iam_user_keys": ("username",),
    # https://registry.terraform.io/providers/Infisical/infisical/latest/docs/resources/secret_rotation_aws_iam_user_secret
    "infisical_secret_rotation_aws_iam_user_secret": ("parameters", "user_name"),
}
"""Resources that make and rotate keys of a user, and the way to its name in their arguments."""

OF_KEYS = {
    # https://registry.terraform.io/providers/akeyless-community/akeyless/latest/docs/resources/rotated_secret_aws
    # https://docs.akeyless.io/docs/create-an-aws-rotated-secret: it makes a key of its own and revokes the one that it was given.
    "akeyless_rotated_secret_aws": "api_id",
}
"""Resources that take over a key, and the argument that is given its id."""


def rotators_of(root: ModuleInstance) -> list[tuple[str, hcl.Block, ModuleScope]]:
    """The address, the block and the scope of each rotator of a root module and of the modules that it calls."""
    words = tuple(kind.encode() for kind in (*OF_USERS, *OF_KEYS))
    return [
        (instance.full(f"{kind}.{name}"), block, scope)
        for instance in below(root, *words, installed=False)[0]
        for (kind, name), block in instance.resources(*OF_USERS, *OF_KEYS)
        for _, scope in instances_of(block, instance).instances
    ]


def instead_of_key(key: hcl.Block, user: TerraformUser, instance: ModuleInstance) -> Advice | None:
    """The advice to remove a key that a rotator of the program replaces, or whose user it manages."""
    label = ".".join(key.labels)
    for rotator, block, scope in instance.index(rotators_of, instance.root):
        kind = block.labels[0]
        if kind in OF_USERS and _is_of(user, block, OF_USERS[kind], scope):
            itself = f"{rotator} creates and rotates this user's keys itself, and this key takes one of the user's two slots"
            return Advice(f"remove {label}: {itself}")
        taken = scope.instance.index(Origins, *KEY_TYPES).of(block.get(OF_KEYS.get(kind, "")), scope)
        if any(one.block is key for one in taken):
            then = "after a rotation it is gone, and the next apply creates it again"
            return Advice(f"give {rotator} a key that is not in code, and remove {label}: {then}")
    return None


def _is_of(user: TerraformUser, block: hcl.Block, way: tuple[str, ...], scope: ModuleScope) -> bool:
    expression = block.get(way[0])
    for step in way[1:]:
        items = expression.items if isinstance(expression, hcl.ObjectExpr) else ()
        inner = next((value for name, value in items if isinstance(name, hcl.Literal) and name.value == step), None)
        expression = inner if inner is not None or expression is None else hcl.GetAttr(expression, step, expression.span)
    named = find_user(expression, scope)
    return (user.identity is not None and named.identity == user.identity) or (isinstance(user.name, str) and named.name == user.name)
