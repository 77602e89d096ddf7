"""The user of a key: which block declares it, and what its name, path and tags say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.record import dataclass, replace
from posturio_iac.frontends.terraform.dataflow.origins import origins_of
from posturio_iac.frontends.terraform.dataflow.terminal_origins import ResourceOrigin, Step, TerminalOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.tags import NO_TAGS, Tag, Tags, default_tags, tags_of
from posturio_iac.frontends.terraform.modules.expansion import expand
from posturio_iac.frontends.terraform.modules.instance import ModuleScope
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.model import Attr
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance

USER_TYPES = {"aws_iam_user": "name", "awscc_iam_user": "user_name"}
"""Resources that declare a user, and the argument that names it."""


@dataclass(frozen=True, slots=True)
class TerraformUser:
    """What the code says about the user of a key."""

    name: Attr[str | None]
    address: str | None = None
    """Where the code declares it: ``aws_iam_user.ci``."""
    identity: object = None
    """Equal for two keys of the same user; None when the user is not known well enough."""
    span: Span | None = None
    path: Attr[str | None] = None
    tags: Tags = NO_TAGS
    hidden: tuple[Unknown, ...] = ()
    """Why the user's tags cannot all be seen."""
    block: hcl.Block | None = None
    scope: ModuleScope | None = None


def find_user(expression: hcl.Expr | None, scope: ModuleScope, elsewhere: dict[str, ResourceOrigin]) -> TerraformUser:
    """Return the user that ``expression`` names.

    ``elsewhere`` holds the users of the whole scan by their literal names, for keys that repeat the name.
    """
    if expression is None:
        return TerraformUser(Unknown("the key names no user"), hidden=(Unknown("the key names no user"),))
    value = evaluate_or_unknown(expression, scope)
    if value == "":
        value = Unknown("the user's name is empty, so it is set elsewhere")
    found = list(_users(expression, scope))
    declared = {r.key: r for r in found if isinstance(r, ResourceOrigin) and r.kind in USER_TYPES}
    if len(declared) == 1:
        return _declared(_named(next(iter(declared.values())), value), value)
    if declared:
        return _one_of(list(declared.values()), value)
    if (same := _by_name(value, expression, scope, elsewhere)) is not None:
        return _declared(same, value)
    return _foreign(value, [e for e in found if isinstance(e, TerminalOrigin)], [r for r in found if isinstance(r, ResourceOrigin)])


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


def _by_name(name: object, expression: hcl.Expr, scope: ModuleScope, elsewhere: dict[str, ResourceOrigin]) -> ResourceOrigin | None:
    """Return the user whose name is the same value, or is written alike under the same ``for_each`` or ``count``."""
    instance = scope.instance
    for (kind, label), block in instance.folder.resources.items():
        argument = block.get(USER_TYPES[kind]) if kind in USER_TYPES else None
        if argument is None:
            continue
        instances = expand(block, instance.scope()).instances
        if isinstance(name, str):
            for suffix, inner in instances:
                if evaluate_or_unknown(argument, inner) == name:
                    return ResourceOrigin(instance, kind, label, block, inner, suffix, None)
        elif hcl.same(argument, expression) and _repeats(block, scope):
            inner = ModuleScope(instance, scope.strict, scope.bindings, scope.origin)
            return ResourceOrigin(instance, kind, label, block, inner, "", None)
    return elsewhere.get(name) if isinstance(name, str) else None


def _repeats(block: hcl.Block, scope: ModuleScope) -> bool:
    """Tell whether a block has the same instances as the one that ``scope`` belongs to."""
    own = block.get("for_each") or block.get("count")
    return own is scope.origin or (own is not None and scope.origin is not None and hcl.same(own, scope.origin))


def _named(user: ResourceOrigin, value: object) -> ResourceOrigin:
    """Return the very instance whose name it is, when a reference leads to some instance of a block."""
    if user.suffix or not isinstance(value, str):
        return user
    argument = user.block.get(USER_TYPES[user.kind])
    for suffix, scope in expand(user.block, user.instance.scope()).instances:
        if suffix and argument is not None and evaluate_or_unknown(argument, scope) == value:
            return user._replace(suffix=suffix, scope=scope)
    return user


def _declared(user: ResourceOrigin, value: object) -> TerraformUser:
    argument = user.block.get(USER_TYPES[user.kind])
    name = evaluate_or_unknown(argument, user.scope) if argument is not None else Unknown(f"{user.address} has a generated name")
    if not isinstance(name, str) or not name:
        name = value if isinstance(value, str) else name if isinstance(name, Unknown) else Unknown(f"the name of {user.address}")
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
    """Return what is known when the code does not fix which of several users it is."""
    addresses = ", ".join(sorted({u.address for u in users}))
    each = [_declared(u, value) for u in users]
    one_of = Unknown(f"the user is one of {addresses}")
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


def _foreign(value: object, ends: list[TerminalOrigin], resources: list[ResourceOrigin]) -> TerraformUser:
    """Return what is known of a user that this code does not declare."""
    name = value if isinstance(value, (str, Unknown)) else Unknown("the user has no name in this code")
    module = next((e for e in ends if e.kind == "module" and e.call is not None and e.instance is not None), None)
    if module is not None and module.call is not None and module.instance is not None:
        scope = module.instance.scope()
        label = f"module.{module.call.labels[0]}"
        tags = tags_of(module.call, scope, label, root_like=module.instance.root.folder.is_root)
        if "tags" in module.call.body.attributes:
            return TerraformUser(name, identity=(id(module.instance), label), span=module.call.header, tags=tags)
        reason = f"{module.text} comes from a module whose code is not here"
        return TerraformUser(name, identity=(id(module.instance), label), hidden=(Unknown(reason),))
    if isinstance(value, str):
        reason = f'the user "{value}" is not declared in this code, so its tags cannot be seen'
        return TerraformUser(value, identity=value, hidden=(Unknown(reason),))
    source = next((r.address for r in resources), None)
    why = f"the user comes from {source}, which is read when Terraform runs" if source and source.startswith("data.") else None
    variable = next((e.text for e in ends if e.kind == "variable"), None)
    if why is None and variable is not None:
        why = f"the user is {variable}, which whoever uses this module sets"
    if why is None:
        why = name.reason if isinstance(name, Unknown) else "the user cannot be followed"
    return TerraformUser(name, hidden=(Unknown(f"{why}, so the user's tags cannot be seen"),))


def named_users(instance: ModuleInstance, name: str) -> Iterator[ResourceOrigin]:
    """Yield the users that a module declares by this constant name."""
    for (kind, label), block in instance.folder.resources.items():
        argument = block.get(USER_TYPES[kind]) if kind in USER_TYPES else None
        exists = expand(block, instance.scope(strict=True))
        if isinstance(argument, hcl.Literal) and argument.value == name and exists.instances:
            yield ResourceOrigin(instance, kind, label, block, instance.scope(), "", None)


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
