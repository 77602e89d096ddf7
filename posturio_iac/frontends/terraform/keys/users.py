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
from posturio_iac.frontends.terraform.dataflow.origins import origins_of
from posturio_iac.frontends.terraform.dataflow.terminal_origins import ResourceOrigin, Step, TerminalOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.declared_users import USER_TYPES
from posturio_iac.frontends.terraform.keys.tags import NO_TAGS, Tag, Tags, default_tags, tags_of
from posturio_iac.frontends.terraform.modules.expansion import expand
from posturio_iac.frontends.terraform.modules.instance import instances_of
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.model import Attr
    from posturio_iac.frontends.terraform.keys.declared_users import RootUsers
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


def find_user(expression: hcl.Expr | None, scope: ModuleScope, users: RootUsers) -> TerraformUser:
    """The user that ``expression`` names. ``users`` are those of the root module, for keys that repeat the name."""
    if expression is None:
        return TerraformUser(NAMES_NO("the key", "user"), hidden=(NAMES_NO("the key", "user"),))
    value = evaluate_or_unknown(expression, scope)
    if value == "":
        value = NAMES_NO("this code", "user")
    found = list(_users(expression, scope))
    declared = {r.key: r for r in found if isinstance(r, ResourceOrigin) and r.kind in USER_TYPES}
    if len(declared) == 1:
        return declared_user(_named(next(iter(declared.values())), value), value)
    if declared:
        return _one_of(list(declared.values()), value)
    same = users.within(scope.instance, value) if isinstance(value, str) else _alike(expression, scope)
    if same is not None:
        return declared_user(same, value)
    if isinstance(value, str) and (others := users.named(value)):
        return declared_user(others[0], value) if len(others) == 1 else _one_of(others, value)
    ends = [e for e in found if isinstance(e, TerminalOrigin)]
    for end in ends:
        if end.kind == "module" and end.call is not None and end.instance is not None:
            identity = (id(end.instance), f"module.{end.call.labels[0]}")
            known = _known_name(end.instance, end.call) if end.text.endswith("name") else None
            return _in_module(known or value, end.instance, end.call, None if known else FROM_ABSENT_MODULE(end.text), identity)
    if isinstance(value, str) and (call := users.possible(value)) is not None:
        return _in_module(value, *call, MAY_BE_DECLARED_BY(quoted(value), f"module.{call[1].labels[0]}"), identity=value)
    return _foreign(value, ends, [r for r in found if isinstance(r, ResourceOrigin)], scope)


def _users(expression: hcl.Expr, scope: ModuleScope) -> Iterator[ResourceOrigin | TerminalOrigin]:
    """Follow an expression to users, also through arguments of other resources, such as ``null_resource`` triggers."""
    pending: list[tuple[hcl.Expr, ModuleScope, tuple[Step, ...]]] = [(expression, scope, ())]
    seen: set[object] = set()
    while pending:
        for reached in origins_of(*pending.pop()):
            argument = None if isinstance(reached, TerminalOrigin) or reached.kind in USER_TYPES else reached.expression()
            if argument is None or isinstance(reached, TerminalOrigin):
                yield reached
            elif (place := (reached.key, reached.attribute, reached.steps)) not in seen:
                seen.add(place)
                pending.append((argument, reached.scope, reached.steps))


def _alike(expression: hcl.Expr, scope: ModuleScope) -> ResourceOrigin | None:
    """The user of the same module whose name is written alike for the same instances, or for the user's."""
    instance = scope.instance
    for (kind, label), block in instance.resources(*USER_TYPES):
        argument = block.get(USER_TYPES[kind])
        if argument is None or not hcl.same(argument, expression):
            continue
        if references(scope.origin) == (kind, label):
            for suffix, inner in expand(block, instance.scope()).instances:
                if inner.bindings.get("each", {}).get("key") == scope.bindings.get("each", {}).get("key"):
                    return ResourceOrigin(instance, kind, label, block, inner, suffix, None)
        elif _repeats(block, scope):
            inner = scope.seen(scope.view)
            return ResourceOrigin(instance, kind, label, block, inner, "", None)
    return None


def _repeats(block: hcl.Block, scope: ModuleScope) -> bool:
    own = block.get("for_each") or block.get("count")
    return own is scope.origin or (own is not None and scope.origin is not None and hcl.same(own, scope.origin))


def _named(user: ResourceOrigin, value: object) -> ResourceOrigin:
    """The very instance with that name, when a reference leads to some instance of a block."""
    if user.suffix or not isinstance(value, str):
        return user
    argument = user.block.get(USER_TYPES[user.kind])
    for suffix, scope in expand(user.block, user.instance.scope()).instances:
        if suffix and argument is not None and evaluate_or_unknown(argument, scope) == value:
            return user._replace(suffix=suffix, scope=scope)
    return user


def declared_user(user: ResourceOrigin, value: object) -> TerraformUser:
    """A user that the code declares, and that a key names by ``value``."""
    argument = user.block.get(USER_TYPES[user.kind])
    name = evaluate_or_unknown(argument, user.scope) if argument is not None else GENERATED_NAME(user.address)
    if not isinstance(name, str) or not name:
        name = value if isinstance(value, str) else name if isinstance(name, Unknown) else NOT_FIXED(f"the name of {user.address}")
    own = tags_of(user.block, user.scope, user.address, root_like=user.instance.root.folder.is_root)
    return TerraformUser(
        name,
        address=user.address,
        identity=user.key,
        span=user.block.header,
        path=evaluate_or_unknown(user.block.get("path"), user.scope),
        tags=own.over(default_tags(user.block, user.instance, user.kind)),
        block=user.block,
        scope=user.scope,
    )


def _one_of(users: list[ResourceOrigin], value: object) -> TerraformUser:
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


def _in_module(value: object, instance: ModuleInstance, call: hcl.Block, why: Unknown | None, identity: object) -> TerraformUser:
    """The facts about a user of a module whose code is not here; its call may state the tags, else ``why`` these cannot be seen."""
    label = f"module.{call.labels[0]}"
    name = _name_of(value)
    if "tags" in call.body.attributes:
        tags = tags_of(call, instance.scope(), label, root_like=instance.root.folder.is_root)
        return TerraformUser(name, identity=identity, span=call.header, tags=tags)
    return (
        TerraformUser(name, identity=identity, span=call.header)
        if why is None
        else TerraformUser(name, identity=identity, hidden=(why,), unseen=why)
    )


def _name_of(value: object) -> Attr[str | None]:
    return value if isinstance(value, (str, Unknown)) else NAMES_NO("this code", "user")


def _foreign(value: object, ends: list[TerminalOrigin], resources: list[ResourceOrigin], scope: ModuleScope) -> TerraformUser:
    """The facts about a user that this code does not declare.

    A name that stands in the code and a data source are the choice of the key's author. An input of a module is not.
    """
    name, identity = _name_of(value), value if isinstance(value, str) else None
    variable = next((e.text for e in ends if e.kind == "variable"), None)
    if variable is not None and not (isinstance(value, str) and scope.instance.root.folder.is_root):
        reason = TAGS_UNSEEN(USER_IS_INPUT(variable))
        return TerraformUser(name, identity=identity, hidden=(reason,), unseen=reason)
    missing = next((e.text for e in ends if e.kind == "missing" and e.text.partition(".")[0] in USER_TYPES), None)
    if missing is not None and scope.instance.folder.is_whole and not scope.instance.program.generated(scope.instance.root.folder.path):
        return TerraformUser(name, unseen=DECLARED_ELSEWHERE(missing))
    source = next((r.address for r in resources if r.kind.startswith("data.")), None)
    if isinstance(value, str) or source is not None:
        who = quoted(value) if isinstance(value, str) else f"the user that {source} reads"
        return TerraformUser(name, identity=identity, unseen=DECLARED_ELSEWHERE(who))
    reason = TAGS_UNSEEN(name if isinstance(name, Unknown) else NOT_FIXED("the user"))
    return TerraformUser(name, hidden=(reason,), unseen=reason)


def literals_in(block: hcl.Block) -> Iterator[str]:
    """Yield the constant strings in a block."""
    pending = [block.body]
    while pending:
        body = pending.pop()
        for attribute in body.attributes.values():
            for expression in walk(attribute.expression):
                if isinstance(expression, hcl.Literal) and isinstance(expression.value, str):
                    yield expression.value
        pending += [b.body for b in body.blocks]
