"""The user of a key: its block, its name, its path and its tags."""

from __future__ import annotations

import os
import posixpath

from posturio_iac.core import unknown as why
from posturio_iac.core.metadata.names import Meaning, classify
from posturio_iac.core.model import Attr, Span, Unknown
from posturio_iac.core.record import dataclass, replace
from posturio_iac.core.text import lazy_pattern
from posturio_iac.facts import quoted
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import arguments_of
from posturio_iac.frontends.terraform.dataflow.origin import DATA, Origins, StrictOrigins, ValueOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.tags import NO_TAGS, Tags, made_for, tags_of, with_defaults
from posturio_iac.frontends.terraform.known_modules.module_source import local_folder
from posturio_iac.frontends.terraform.modules.expansion import expand
from posturio_iac.frontends.terraform.modules.instance import STRICT, ModuleInstance, ModuleScope, instances_of
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references
from posturio_iac.frontends.terraform.values import Value, beside, first_unknown
from posturio_iac.search.kinds import TERRAFORM, kind_of
from posturio_iac.search.module_calls import content

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.modules.instance import ModuleLoader


@dataclass(frozen=True, slots=True)
class TerraformUser:
    """The user of a key in the code."""

    name: Attr[str | None]
    address: str | None = None
    identity: object = None  # equal for two keys of the same user; None when the user is not known well enough
    span: Span | None = None
    path: Attr[str | None] = None
    tags: Tags = NO_TAGS
    hidden: tuple[Unknown, ...] = ()  # why the user's tags cannot all be seen, where that leaves the lifetime of its keys open
    unseen: Unknown | None = None  # why none of its tags can be seen, when this code does not declare it
    block: hcl.Block | None = None
    scope: ModuleScope | None = None


def find_user(expression: hcl.Expr | None, scope: ModuleScope, key: hcl.Block | None = None) -> TerraformUser:
    """The user that ``expression`` names, also where a ``key`` only repeats the name of one of its account in the root module."""
    if expression is None:
        return TerraformUser(none := why.NAMES_NO("the key", "user"), hidden=(none,))
    value = evaluate_or_unknown(expression, scope)
    if not value or not isinstance(value, (str, Unknown)):
        value = why.NAMES_NO("this code", "user")
    found = scope.instance.index(Origins, *USER_TYPES, DATA).of(expression, scope)
    if (declared := _declared(found, expression, scope, value)) is not None:
        return _perhaps(declared, *_not_of(key, scope, declared))
    account = made_for(key, scope.instance) if key is not None else None

    def is_near(user: ValueOrigin) -> bool:
        return account is None or user.block is None or made_for(user.block, user.instance) == account

    alike = scope.instance.index(users_in, scope.instance).get(value, ()) if isinstance(value, str) else _alike(expression, scope)
    if here := [*filter(is_near, alike)]:
        return _perhaps(declared_user(here[0], value), *(_may_be_missing(here[0], scope, key) if isinstance(value, str) else ()))
    users, unread = scope.instance.index(users_below, scope.instance.root) if isinstance(value, str) else ({}, [])
    if others := [*filter(is_near, users.get(value, ()))]:
        one = _perhaps(scope.instance.index(_one_of, *others), *(why for user in others for why in _may_be_missing(user, scope, key)))
        return replace(one, name=value) if isinstance(value, str) else one
    for end in found:
        if end.kind == "module" and end.block is not None:
            output = end.attribute or ""
            known = _known_name(end.instance, end.block) if output.endswith("name") else None
            reason = None if known else why.FROM_ABSENT_MODULE(f"module.{end.name}.{output}")
            return _in_module(known or value, end.instance, end.block, reason, identity=(id(end.instance), f"module.{end.name}"))
    calls = ((at, call) for at, call in unread if any(evaluate_or_unknown(e, at.scope()) == value for _, e in arguments_of(call)))
    if (call := next(calls, None)) is not None:
        return _in_module(value, *call, why.MAY_BE_DECLARED_BY(quoted(value), f"module.{call[1].labels[0]}"), identity=value)
    return _foreign(value, expression, found, scope)


def _perhaps(user: TerraformUser, *doubts: Unknown) -> TerraformUser:
    """The user of a key, whose tags say nothing of the key for certain where there is a doubt."""
    tags = tuple(replace(tag, value=doubts[0], expression=None) for tag in user.tags.items if doubts)
    return replace(user, tags=replace(user.tags, items=tags)) if doubts else user


def _not_of(key: hcl.Block | None, scope: ModuleScope, user: TerraformUser) -> Iterator[Unknown]:
    """Yield why a user to whom a key refers is another one, where the code shows that both are of different accounts."""
    if key is not None and user.scope is not None and (block := user.block) is not None:
        one, other = made_for(key, scope.instance), made_for(block, user.scope.instance)
        if one != other and first_unknown((one, other)) is None and block.labels[0].startswith(key.labels[0].partition("iam")[0]):
            yield why.NOT_FIXED(f"whether {user.address} is the user of that name in the account of the key")


def _may_be_missing(user: ValueOrigin, scope: ModuleScope, key: hcl.Block | None) -> Iterator[Unknown]:
    own = list(_conditions(key, scope.instance))
    for condition, at in _conditions(user.block, user.instance):
        if not any(at is other and hcl.same(condition, one) for one, other in own):
            yield why.NOT_FIXED(f"whether {user.address} exists")


def _conditions(block: hcl.Block | None, instance: ModuleInstance) -> Iterator[tuple[hcl.Expr | None, ModuleInstance]]:
    """Yield what the code does not fix of whether a resource exists, with the module that it stands in."""
    calls = ((at.call, at.caller.instance) for at in instance.lineage if at.caller is not None)
    for one, at in ((block, instance), *calls):
        if one is not None and expand(one, at.scope()).unknown is not None:
            yield one.get("count") or one.get("for_each") or hcl.setting(one, "lifecycle"), at


def _declared(found: tuple[ValueOrigin, ...], expression: hcl.Expr, scope: ModuleScope, value: Value) -> TerraformUser | None:
    """The declared user among what a name comes from, or what several have in common; None if there is none."""
    users = {user.key: user for user in found if user.kind in USER_TYPES and user.block is not None}
    if not users:
        return None
    user = next(iter(users.values()))
    if len({one.key[:3] for one in users.values()}) > 1:
        made = scope.instance.index(_one_of, *users.values())
        plain = replace(made, name=value) if isinstance(value, str) else made
    else:
        if len(users) > 1 or not user.suffix:  # it is open which instance of one block, but for its name
            named = user.instance.index(users_in, user.instance).get(value, ()) if isinstance(value, str) else ()
            same = (one.suffix for one in named if one.block is user.block)
            user = user._replace(suffix=next(same, ""))
        made = plain = declared_user(user, value)
    another = beside(scope.instance.index(StrictOrigins, *USER_TYPES, DATA).value(expression, scope))
    if isinstance(value, str) and isinstance(made.name, str) and made.name.casefold() != value.casefold():
        plain = _foreign(value, expression, (), scope)
        if not isinstance(another, str):
            return plain  # the text has the name of a declared user in it
    names = scope.instance.program.request.names
    tags = tuple(tag for tag in made.tags.items if classify(tag.name, names) in (None, Meaning.OWNER))
    if len(tags) == len(made.tags.items) or (another is None and all(one.key in users for one in found)):
        return plain
    who = [*sorted({one.address for one in found}), *([quoted(another)] if isinstance(another, str) else ())]
    if isinstance(another, Unknown):
        who.append(another.subject if another.subject.startswith("var.") else "another")
    reason = why.ONE_OF(f"{', '.join(who[:-1])} and {who[-1]}")
    return replace(made, name=reason, identity=None, tags=Tags(tags, (*(h for h in made.tags.hidden if h is not made.name), reason)))


def _alike(expression: hcl.Expr, scope: ModuleScope) -> list[ValueOrigin]:
    instance, origin = scope.instance, scope.origin
    for (kind, label), block in instance.resources(*USER_TYPES):
        argument, own = block.get(USER_TYPES[kind]), block.get("for_each") or block.get("count")
        user = ValueOrigin(instance, kind, label, "", block)
        if argument is None or not hcl.same(argument, expression):
            continue
        if references(origin) == (kind, label):
            key = scope.bindings.get("each", {}).get("key")
            for suffix, inner in expand(block, instance.scope()).instances:
                if inner.bindings.get("each", {}).get("key") == key:
                    return [user._replace(suffix=suffix)]
        elif own is origin or (own is not None and origin is not None and hcl.same(own, origin)):
            return [user._replace(seen_in=scope.seen(scope.view))]
    return []


def declared_user(user: ValueOrigin, value: object) -> TerraformUser:
    """A user that the code declares, and that a key names by ``value``."""
    block, scope = user.block, user.scope
    assert block is not None  # noqa: S101 - it is declared
    argument = block.get(USER_TYPES[user.kind])
    name = evaluate_or_unknown(argument, scope) if argument is not None else why.GENERATED_NAME(user.address)
    if not isinstance(name, str) or not name:
        name = value if isinstance(value, str) else name if isinstance(name, Unknown) else why.NOT_FIXED(f"the name of {user.address}")
    tags = with_defaults(tags_of(block, scope, user.address), block, user.instance, user.kind)
    path = evaluate_or_unknown(block.get("path"), scope)
    return TerraformUser(name, user.address, user.key, block.header, path, tags, block=block, scope=scope)


def _one_of(*users: ValueOrigin) -> TerraformUser:
    """The facts about a user where the code leaves open which of several it is; a tag that not all of them have is left out."""
    first, *others = each = [declared_user(u, None) for u in users]
    if not others:
        return first
    one_of = why.ONE_OF(", ".join(sorted({u.address for u in users})))
    shared = []
    for tag in first.tags.items:
        same = [other.value for user in others for other in user.tags.items if other.name == tag.name]
        if len(same) == len(others):
            shared.append(tag if all(one == tag.value for one in same) else replace(tag, value=one_of, expression=None))
    tags = Tags(tuple(shared), (*(h for u in each for h in u.tags.hidden), one_of))
    path = first.path if all(u.path == first.path for u in others) else one_of
    return TerraformUser(one_of, span=first.span, path=path, tags=tags, block=first.block, scope=first.scope)


def _known_name(instance: ModuleInstance, call: hcl.Block) -> Attr[str | None]:
    match = instance.program.known_module(instance, call)
    made = [key for version in match.candidates for key in version.keys] if match is not None else []
    if not made or any(not key.user or key.each is not None or [c.paths for c in key.tags] != [("tags",)] for key in made):
        return None
    from posturio_iac.frontends.terraform.keys.known_module_inputs import Inputs

    return Inputs(call, instances_of(call, instance).instances[0][1], made[0]).text(made[0].user[0])


def _in_module(name: Attr[str], instance: ModuleInstance, call: hcl.Block, reason: Unknown | None, identity: object) -> TerraformUser:
    if "tags" in call.body.attributes:
        tags = tags_of(call, instance.scope(), f"module.{call.labels[0]}")
        return TerraformUser(name, identity=identity, span=call.header, tags=tags)
    span, hidden = (call.header, ()) if reason is None else (None, (reason,))
    return TerraformUser(name, identity=identity, span=span, hidden=hidden, unseen=reason)


def _foreign(name: Attr[str], expression: hcl.Expr, found: tuple[ValueOrigin, ...], scope: ModuleScope) -> TerraformUser:
    """The facts about a user that this code does not declare. A name is the choice of the key's author, an input of a module is not."""
    identity = name if isinstance(name, str) else None
    is_fixed = identity is not None and scope.instance.root.folder.is_root
    strict = first_unknown(evaluate_or_unknown(expression, scope.seen(STRICT))) if not is_fixed else None
    if strict is not None and strict.subject.startswith("var."):
        reason = why.TAGS_UNSEEN(why.USER_IS_INPUT(strict.subject))
        return TerraformUser(name, identity=identity, hidden=(reason,), unseen=reason)
    missing = next((f"{one.kind}.{one.name}" for one in found if one.block is None), None)
    if missing is not None and scope.instance.folder.is_whole:
        return TerraformUser(name, unseen=why.DECLARED_ELSEWHERE(missing))
    source = next((one.address for one in found if one.kind.startswith("data.")), None)
    if identity is not None or source is not None:
        who = quoted(name) if identity is not None else f"the user that {source} reads"
        return TerraformUser(name, identity=identity, unseen=why.DECLARED_ELSEWHERE(who))
    reason = why.TAGS_UNSEEN(name)
    return TerraformUser(name, hidden=(reason,), unseen=reason)


_LOCAL = lazy_pattern(rb'"(\.\.?/[^"$]*)"')
USER_TYPES = {"aws_iam_user": "name", "awscc_iam_user": "user_name"}  # resources that declare a user, and the argument that names it


def users_in(instance: ModuleInstance) -> dict[str, list[ValueOrigin]]:
    """The users that a module declares and the code does not rule out, by their names as far as these are known."""
    found: dict[str, list[ValueOrigin]] = {}
    for (kind, label), block in instance.resources(*USER_TYPES):
        argument = block.get(USER_TYPES[kind])
        for suffix, scope in expand(block, instance.scope()).instances if argument is not None else ():
            if isinstance(name := evaluate_or_unknown(argument, scope), str):
                found.setdefault(name, []).append(ValueOrigin(instance, kind, label, suffix, block))
    return found


def users_below(root: ModuleInstance) -> tuple[dict[str, list[ValueOrigin]], list[tuple[ModuleInstance, hcl.Block]]]:
    """The users of one state, a root module and all that it calls, by name, and the calls of modules whose code is not here."""
    instances, unread = below(root, b"iam_user", b"module", installed=True)
    found: dict[str, list[ValueOrigin]] = {}
    for name, users in (named for instance in instances for named in instance.index(users_in, instance).items()):
        found.setdefault(name, []).extend(users)
    return found, unread


def below(root: ModuleInstance, *words: bytes, installed: bool) -> tuple[list[ModuleInstance], list[tuple[ModuleInstance, hcl.Block]]]:
    """A module and those that it calls, local ones only if they or what they call have one of the ``words``, and calls not followed."""
    found, unread = [root], []
    for instance in found:
        for name, call in instance.folder.calls.items():
            source = instance.program.source_of(call)  # what is computed is followed
            if source is not None and (path := local_folder(instance.folder.path, source)) is not None:
                if path in instance.ancestors or not root.index(_mentions, root.program, path, words):
                    continue
            elif not installed:
                continue
            children = instance.children(name)
            if isinstance(children, Unknown):
                unread.append((instance, call))
            else:
                found += children[1]
    return found, unread


def _mentions(program: ModuleLoader, path: str, words: tuple[bytes, ...]) -> bool:
    pending, seen = [path], {path}
    for at in pending:
        folder = os.path.normpath(os.path.join(program.root, at))
        names = (os.path.join(folder, name) for name in sorted(program.fence.names(folder)) if kind_of(name) is TERRAFORM)
        for text in [content(name, program.request.config.max_file_size, program.fence) or b"" for name in names]:
            if any(word in text for word in words):
                return True
            called = {posixpath.normpath(posixpath.join(at, os.fsdecode(source))) for source in _LOCAL.findall(text)}
            pending += called - seen
            seen |= called
    return False
