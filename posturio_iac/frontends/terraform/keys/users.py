"""The user of a key: its block, its name, its path and its tags."""

from __future__ import annotations

import os
import posixpath

from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.record import dataclass, replace
from posturio_iac.core.text import lazy_pattern
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
from posturio_iac.facts import quoted
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import arguments_of
from posturio_iac.frontends.terraform.dataflow.origin import Origins, ValueOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.tags import NO_TAGS, Tag, Tags, default_tags, tags_of
from posturio_iac.frontends.terraform.modules.expansion import expand
from posturio_iac.frontends.terraform.modules.instance import SAME, STRICT, instances_of
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references
from posturio_iac.frontends.terraform.values import EvaluationError, Traced, first_unknown
from posturio_iac.search.kinds import TERRAFORM, kind_of
from posturio_iac.search.module_calls import content

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.model import Attr
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleLoader, ModuleScope
    from posturio_iac.frontends.terraform.values import Value

_LOCAL_SOURCE = lazy_pattern(rb'"(\.\.?/[^"$]*)"')


@dataclass(frozen=True, slots=True)
class TerraformUser:
    """The user of a key in the code."""

    name: Attr[str | None]
    address: str | None = None
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
    if declared:
        return _one_of([_named(user, value) for user in declared.values()] if len(declared) == 1 else list(declared.values()), value)
    here = scope.instance.index(users_in, scope.instance).get(value) if isinstance(value, str) else _alike(expression, scope)
    if here:
        return declared_user(here[0], value)
    users, unread = scope.instance.index(users_below, scope.instance.root) if isinstance(value, str) else ({}, [])
    if others := users.get(value):
        return _one_of(others, value)
    for end in found:
        if end.kind == "module" and end.block is not None:
            output = end.attribute or ""
            known = _known_name(end.instance, end.block) if output.endswith("name") else None
            why = None if known else FROM_ABSENT_MODULE(f"module.{end.name}.{output}")
            return _in_module(known or value, end.instance, end.block, why, identity=(id(end.instance), f"module.{end.name}"))
    calls = ((at, call) for at, call in unread if any(evaluate_or_unknown(e, at.scope()) == value for _, e in arguments_of(call)))
    if (call := next(calls, None)) is not None:
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
    path, own = evaluate_or_unknown(block.get("path"), scope), tags_of(block, scope, user.address, user.instance)
    tags = own.over(default_tags(block, user.instance, user.kind))
    return TerraformUser(name, user.address, user.key, block.header, path, tags, block=block, scope=scope)


def _one_of(users: list[ValueOrigin], value: object) -> TerraformUser:
    """The facts about a user where the code leaves open which of several it is."""
    each = [declared_user(u, value) for u in users]
    if len(each) == 1:
        return each[0]
    one_of = ONE_OF(", ".join(sorted({u.address for u in users})))
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
        tags = tags_of(call, instance.scope(), label, instance)
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
    if missing is not None and scope.instance.folder.is_whole:
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


USER_TYPES = {"aws_iam_user": "name", "awscc_iam_user": "user_name"}
"""Resources that declare a user, and the argument that names it."""


class UserOrigins(Origins):
    """The reading in which users, data sources and modules that are not here are unknown."""

    def attribute(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope, name: str) -> Value:
        """An attribute of a user, what a data source reads, or a value."""
        if kind.startswith("data.") and hcl.setting(block, SAME.get((kind, name), name)) is None:
            return self.origin(block, kind, address, scope, name)
        return super().attribute(block, kind, address, scope, name)

    def beyond(self, scope: ModuleScope, kind: str, name: str, why: Unknown | None) -> Value:
        """A module whose code is not here, or a user that is not declared."""
        if why is None:
            return Traced((ValueOrigin(scope.instance, kind, name),)) if kind in USER_TYPES else None
        return super().beyond(scope, kind, name, why)


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
    """The users of a root module and all that it calls, by name, and the calls of modules whose code is not here.

    A root module is one state in one account. Users of another one are others, whatever they are called.
    """
    instances, unread = below(root, (b"iam_user", b"module"), installed=True)
    found: dict[str, list[ValueOrigin]] = {}
    for name, users in (named for instance in instances for named in instance.index(users_in, instance).items()):
        found.setdefault(name, []).extend(users)
    return found, unread


def below(
    root: ModuleInstance, words: tuple[bytes, ...], *, installed: bool
) -> tuple[list[ModuleInstance], list[tuple[ModuleInstance, hcl.Block]]]:
    """A module and those that it calls, local ones only where their text or that of what they call has one of the ``words``.

    Also the calls whose code is not here, where those of ``installed`` modules are followed.
    """
    found, unread = [root], []
    for instance in found:
        for name, call in instance.folder.calls.items():
            source = instance.program.source_of(call)  # what is computed is followed
            if source is not None and source.startswith(("./", "../")):
                path = posixpath.normpath(posixpath.join(instance.folder.path, source))
                if ("" if path == "." else path) in instance.ancestors or not root.index(_mentions, root.program, path, words):
                    continue
            elif not installed:
                continue
            try:
                children = instance.children(name)
            except EvaluationError:
                continue
            if isinstance(children, Unknown):
                unread.append((instance, call))
            else:
                found += children[1]
    return found, unread


def _mentions(program: ModuleLoader, path: str, words: tuple[bytes, ...]) -> bool:
    """True if the text of a local module, or of those that it calls, has one of some words."""
    pending, seen = [path], {path}
    while pending:
        at = pending.pop()
        folder = os.path.normpath(os.path.join(program.root, at))
        if program.fence.folder(folder) is None:
            continue
        try:
            listed = sorted(os.listdir(folder))
        except OSError:
            continue  # said where the module is loaded
        names = (os.path.join(folder, name) for name in listed if kind_of(name) is TERRAFORM)
        texts = [content(name, program.options.max_file_size, program.fence) or b"" for name in names]
        if any(word in text for word in words for text in texts):
            return True
        sources = {source.decode("utf-8", "replace") for text in texts for source in _LOCAL_SOURCE.findall(text)}
        fresh = {posixpath.normpath(posixpath.join(at, source)) for source in sources} - seen
        seen |= fresh
        pending += fresh
    return False
