"""The user of a key: its block, its name, its path and its tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.record import dataclass, replace
from posturio_iac.core.unknown import (
    DECLARED_ELSEWHERE,
    FROM_ABSENT_MODULE,
    GENERATED_NAME,
    MAY_BE_DECLARED_BY,
    NAMES_NO,
    NOT_FIXED,
    ONE_OF,
    TAGS_UNSEEN,
    USER_IS_INPUT,
)
from posturio_iac.facts.model import quoted
from posturio_iac.frontends.terraform.dataflow.origin import ValueOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.declared_users import USER_TYPES, UserOrigins, given_name, users_below, users_in
from posturio_iac.frontends.terraform.keys.tags import NO_TAGS, Tag, Tags, default_tags, tags_of
from posturio_iac.frontends.terraform.modules.expansion import expand
from posturio_iac.frontends.terraform.modules.instance import STRICT, instances_of
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references
from posturio_iac.frontends.terraform.values import first_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.model import Attr
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope


@dataclass(frozen=True, slots=True)
class TerraformUser:
    """The user of a key in the code."""

    name: Attr[str | None]
    address: str | None = None
    """Where the code declares it: ``aws_iam_user.ci``."""
    identity: object = None
    """Equal for two keys of the same user; None when the user is not known well enough."""
    span: Span | None = None
    path: Attr[str | None] = None
    tags: Tags = NO_TAGS
    hidden: tuple[Unknown, ...] = ()
    """Why the user's tags cannot all be seen, where that leaves the lifetime of its keys open."""
    unseen: Unknown | None = None
    """Why none of its tags can be seen, when this code does not declare it."""
    block: hcl.Block | None = None
    scope: ModuleScope | None = None


def find_user(expression: hcl.Expr | None, scope: ModuleScope) -> TerraformUser:
    """The user that ``expression`` names, also where a key only repeats the name of one in the root module."""
    if expression is None:
        return TerraformUser(none := NAMES_NO("the key", "user"), hidden=(none,))
    value = evaluate_or_unknown(expression, scope)
    if not value or not isinstance(value, (str, Unknown)):
        value = NAMES_NO("this code", "user")
    found = scope.instance.index(UserOrigins, *USER_TYPES).of(expression, scope)
    declared = {user.key: user for user in found if user.kind in USER_TYPES and user.block is not None}
    if len(declared) > 1 and len({user.key[:3] for user in declared.values()}) == 1:
        declared = {key: user._replace(suffix="") for key, user in list(declared.items())[:1]}  # it is open which of them
    if len(declared) == 1:
        return declared_user(_named(next(iter(declared.values())), value), value)
    if declared:
        return _one_of(list(declared.values()), value)
    here = scope.instance.index(users_in, scope.instance).get(value) if isinstance(value, str) else _alike(expression, scope)
    if here:
        return declared_user(here[0], value)
    users, unread = scope.instance.index(users_below, scope.instance.root) if isinstance(value, str) else ({}, [])
    if others := users.get(value):
        return declared_user(others[0], value) if len(others) == 1 else _one_of(others, value)
    for end in found:
        if end.kind == "module" and end.block is not None:
            output = end.attribute or ""
            known = _known_name(end.instance, end.block) if output.endswith("name") else None
            why = None if known else FROM_ABSENT_MODULE(f"module.{end.name}.{output}")
            return _in_module(known or value, end.instance, end.block, why, identity=(id(end.instance), f"module.{end.name}"))
    if (call := given_name(unread, value)) is not None:
        return _in_module(value, *call, MAY_BE_DECLARED_BY(quoted(value), f"module.{call[1].labels[0]}"), identity=value)
    return _foreign(value, expression, found, scope)


def _alike(expression: hcl.Expr, scope: ModuleScope) -> list[ValueOrigin]:
    """The user of the same module whose name is written alike for the same instances, or for the user's."""
    instance, origin = scope.instance, scope.origin
    for (kind, label), block in instance.resources(*USER_TYPES):
        argument, own = block.get(USER_TYPES[kind]), block.get("for_each") or block.get("count")
        if argument is None or not hcl.same(argument, expression):
            continue
        user = ValueOrigin(instance, kind, label, "", block)
        if references(origin) == (kind, label):
            for suffix, inner in expand(block, instance.scope()).instances:
                if inner.bindings.get("each", {}).get("key") == scope.bindings.get("each", {}).get("key"):
                    return [user._replace(suffix=suffix)]
        elif own is origin or (own is not None and origin is not None and hcl.same(own, origin)):
            return [user._replace(seen_in=scope.seen(scope.view))]
    return []


def _named(user: ValueOrigin, value: object) -> ValueOrigin:
    """The very instance with that name, when a reference leads to some instance of a block."""
    if user.block is None or user.suffix or not isinstance(value, str):
        return user
    same = (one.suffix for one in user.instance.index(users_in, user.instance).get(value, ()) if one.block is user.block)
    return user._replace(suffix=next(same, ""))


def declared_user(user: ValueOrigin, value: object) -> TerraformUser:
    """A user that the code declares, and that a key names by ``value``."""
    block, scope = user.block, user.scope
    assert block is not None  # noqa: S101 - it is declared
    argument = block.get(USER_TYPES[user.kind])
    name = evaluate_or_unknown(argument, scope) if argument is not None else GENERATED_NAME(user.address)
    if not isinstance(name, str) or not name:
        name = value if isinstance(value, str) else name if isinstance(name, Unknown) else NOT_FIXED(f"the name of {user.address}")
    own = tags_of(block, scope, user.address, root_like=user.instance.root.folder.is_root)
    return TerraformUser(
        name,
        address=user.address,
        identity=user.key,
        span=block.header,
        path=evaluate_or_unknown(block.get("path"), scope),
        tags=own.over(default_tags(block, user.instance, user.kind)),
        block=block,
        scope=scope,
    )


def _one_of(users: list[ValueOrigin], value: object) -> TerraformUser:
    """The facts about a user where the code leaves open which of several it is."""
    addresses = ", ".join(sorted({u.address for u in users}))
    each = [declared_user(u, value) for u in users]
    one_of = ONE_OF(addresses)
    tags = Tags(tuple(_shared(each, one_of)), (*(h for u in each for h in u.tags.hidden), one_of))
    name = value if isinstance(value, str) else one_of
    path = each[0].path if all(u.path == each[0].path for u in each) else one_of
    return TerraformUser(name, span=each[0].span, path=path, tags=tags, block=each[0].block, scope=each[0].scope)


def _shared(users: list[TerraformUser], one_of: Unknown) -> Iterator[Tag]:
    """Yield the tags that all of several users have; one whose values differ is unknown."""
    for tag in users[0].tags.items:
        same = [other for user in users[1:] for other in user.tags.items if other.name == tag.name]
        if len(same) == len(users) - 1:
            yield tag if all(other.value == tag.value for other in same) else replace(tag, value=one_of, expression=None)


def _known_name(instance: ModuleInstance, call: hcl.Block) -> Attr[str | None]:
    """The name of the one user that a known module makes and tags with what the call gives; None where there is no such user."""
    match = instance.program.known_module(instance, call)
    made = [key for version in match.candidates for key in version.keys] if match is not None else []
    if not made or any(not key.user or key.each is not None or [c.paths for c in key.tags] != [("tags",)] for key in made):
        return None
    from posturio_iac.frontends.terraform.keys.known_module_inputs import Inputs

    scope = instances_of(call, instance).instances[0][1]
    return Inputs(call, scope, made[0]).text(made[0].user[0])


def _in_module(name: Attr[str], instance: ModuleInstance, call: hcl.Block, why: Unknown | None, identity: object) -> TerraformUser:
    """The facts about a user of a module whose code is not here; its call may state the tags, else ``why`` these cannot be seen."""
    label = f"module.{call.labels[0]}"
    if "tags" in call.body.attributes:
        tags = tags_of(call, instance.scope(), label, root_like=instance.root.folder.is_root)
        return TerraformUser(name, identity=identity, span=call.header, tags=tags)
    span, hidden = (call.header, ()) if why is None else (None, (why,))
    return TerraformUser(name, identity=identity, span=span, hidden=hidden, unseen=why)


def _foreign(name: Attr[str], expression: hcl.Expr, found: tuple[ValueOrigin, ...], scope: ModuleScope) -> TerraformUser:
    """The facts about a user that this code does not declare.

    A name that stands in the code and a data source are the choice of the key's author. An input of a module is not.
    """
    identity = name if isinstance(name, str) else None
    is_fixed = identity is not None and scope.instance.root.folder.is_root
    if not is_fixed and (variable := _input_in(evaluate_or_unknown(expression, scope.seen(STRICT)))) is not None:
        reason = TAGS_UNSEEN(USER_IS_INPUT(variable))
        return TerraformUser(name, identity=identity, hidden=(reason,), unseen=reason)
    missing = next((f"{one.kind}.{one.name}" for one in found if one.block is None), None)
    if missing is not None and scope.instance.folder.is_whole and not scope.instance.program.generated(scope.instance.root.folder.path):
        return TerraformUser(name, unseen=DECLARED_ELSEWHERE(missing))
    source = next((one.address for one in found if one.kind.startswith("data.")), None)
    if identity is not None or source is not None:
        who = quoted(name) if identity is not None else f"the user that {source} reads"
        return TerraformUser(name, identity=identity, unseen=DECLARED_ELSEWHERE(who))
    reason = TAGS_UNSEEN(name)
    return TerraformUser(name, hidden=(reason,), unseen=reason)


def _input_in(value: object) -> str | None:
    """The variable that leaves a value open: ``var.user``."""
    unknown = first_unknown(value)
    if unknown is None or unknown.subject.startswith("var."):
        return unknown.subject if unknown is not None else None
    return next(filter(None, map(_input_in, unknown.arguments)), None)
