"""The functions of CloudFormation, one Python function each. Adding one here is all it takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from posturio_iac.core.model import Unknown
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.core.unknown import AT_DEPLOYMENT, HAS_NO
from posturio_iac.frontends.cloudformation.evaluation.intrinsics import FUNCTIONS, Evaluator, WrongArgumentsError
from posturio_iac.frontends.cloudformation.evaluation.stack import Reference, StackScope, StackValue
from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry
from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import Plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator
    from posturio_iac.frontends.cloudformation.evaluation.stack import StackScope

MAX_ENTRIES = 500
"""How many members one loop may make; CloudFormation allows no more resources in a template."""

_PREFIX = "Fn::ForEach::"
_OTHER = lazy_pattern(r"[^A-Za-z0-9]")


def expand(entries: Iterable[TemplateEntry], ev: Evaluator, scope: StackScope) -> dict[str, TemplateEntry]:
    """The members of a section by name, loops written out. Of repeated names the last one counts."""
    found: dict[str, TemplateEntry] = {}
    for entry in entries:
        if entry.name.startswith(_PREFIX):
            _loop(entry, ev, scope, found)
        else:
            found[entry.name] = entry
    return found


def _loop(entry: TemplateEntry, ev: Evaluator, scope: StackScope, found: dict[str, TemplateEntry]) -> None:
    """Add the members that one loop makes to ``found``."""
    match tuple(entry.body.value) if isinstance(entry.body.value, Array) else ():
        case (Node(value=str() as name), listed, Node(value=Object() as members)):
            values = _values(listed, ev, scope)
        case _:
            ev.report(f"{entry.name} takes a name, a list and a map", entry.key, scope)
            return
    if values is None:
        scope.stack.loops.add(name)
    before, size = len(found), sum(_size(body) for _, body in members)
    for value in values if values is not None else [None]:
        scope.stack.budget.spend(2 * size)
        for key, body in members:
            if len(found) - before >= MAX_ENTRIES:
                ev.report(f"{entry.name} creates more than {MAX_ENTRIES:,} members; the rest was not checked", entry.key, scope)
                return
            new_key, new_body = (key, body) if value is None else (substituted(key, name, value), substituted(body, name, value))
            member = TemplateEntry(str(new_key.value), new_key, new_body, entry.source, expanded=True)
            for made_name, made in expand((member,), ev, scope).items():
                if found.setdefault(made_name, made) is not made:
                    ev.report(f"{entry.name} repeats {made_name}; the first one counts", entry.key, scope)


def _values(node: Node, ev: Evaluator, scope: StackScope) -> tuple[str, ...] | None:
    """The items of the loop, or None when the template does not fix them."""
    value = ev.value(node, scope)
    if not isinstance(value, (tuple, Unknown)):
        ev.report("the list of Fn::ForEach is no list", node, scope)
        return None
    if isinstance(value, Unknown):
        return None
    texts = [ev.text(item) for item in value]
    fixed = ev.open().value(node, scope)
    if any(isinstance(t, Unknown) for t in texts) or (not texts and isinstance(fixed, Unknown)):
        return None
    return tuple(dict.fromkeys(str(t) for t in texts))


def _size(node: Node) -> int:
    """How many nodes a node consists of."""
    match node.value:
        case Object() as members:
            return 1 + sum(_size(key) + _size(value) for key, value in members)
        case Array() as items:
            return 1 + sum(map(_size, items))
        case _:
            return 1


def substituted(node: Node, name: str, value: str) -> Node:
    """``node`` with ``value`` in place of ``${name}``, of ``&{name}`` (letters and digits alone) and of ``Ref`` to it."""
    match node.value:
        case Object() as members:
            if len(members) == 1 and members[0][0].value == "Ref" and members[0][1].value == name:
                return node._replace(value=value)
            return node._replace(value=Object((substituted(k, name, value), substituted(v, name, value)) for k, v in members))
        case Array() as items:
            return node._replace(value=Array(substituted(item, name, value) for item in items))
        case str() as text if "{" in text:
            changed = text.replace(f"${{{name}}}", value).replace(f"&{{{name}}}", _OTHER.sub("", value))
            return node if changed == text else node._replace(value=Plain(changed) if isinstance(text, Plain) else changed)
        case _:
            return node


_DEPLOYED = (
    "Fn::ImportValue",
    "Fn::GetAZs",
    "Fn::Cidr",
    "Fn::Transform",
    "Fn::RefAll",
    "Fn::ValueOf",
    "Fn::ValueOfAll",
    "Fn::GetStackOutput",
)
"""Functions whose values are known only at deployment."""


def _function(
    name: str,
) -> Callable[[Callable[[Evaluator, Node, StackScope], StackValue]], Callable[[Evaluator, Node, StackScope], StackValue]]:
    """Make the decorated function the one of this name."""

    def wrap(function: Callable[[Evaluator, Node, StackScope], StackValue]) -> Callable[[Evaluator, Node, StackScope], StackValue]:
        FUNCTIONS[name] = function
        return function

    return wrap


def arguments(node: Node, counts: range, form: str) -> Array:
    """The arguments of a function that takes a list; raise an error with ``form`` otherwise."""
    if not isinstance(node.value, Array) or len(node.value) not in counts:
        raise WrongArgumentsError(form)
    return node.value


@_function("Ref")
def ref(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    """Evaluate ``Ref``; the transform ``AWS::LanguageExtensions`` lets a function give the name."""
    name = ev.text(ev.value(node, scope)) if isinstance(node.value, Object) else node.value
    if isinstance(name, Unknown):
        return name
    if not isinstance(name, str) or not name:
        raise WrongArgumentsError("Ref takes the name of a parameter or a resource")
    return ev.named(name, scope)


@_function("Fn::GetAtt")
def get_att(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    """Evaluate ``Fn::GetAtt``."""
    if isinstance(node.value, str) and "." in node.value:
        name, _, attribute = node.value.partition(".")
        return ev.attribute(name, attribute, scope)
    form = "Fn::GetAtt takes a logical id and an attribute"
    parts = [ev.text(ev.value(part, scope)) for part in arguments(node, range(2, 6), form)]
    for part in parts:
        if isinstance(part, Unknown):
            return part
    return ev.attribute(str(parts[0]), ".".join(map(str, parts[1:])), scope)


@_function("Fn::Join")
def join(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    """Evaluate ``Fn::Join``."""
    form = "Fn::Join takes a delimiter and a list"
    delimiter, items = arguments(node, range(2, 3), form)
    if not isinstance(delimiter.value, str):
        raise WrongArgumentsError(form)
    match ev.value(items, scope):
        case tuple() as parts:
            return ev.joined(list(parts), str(delimiter.value)) if parts else ""
        case Unknown() as unknown:
            return unknown
        case Reference() as reference:
            return reference.unknown
        case _:
            raise WrongArgumentsError(form)


@_function("Fn::Select")
def select(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    """Evaluate ``Fn::Select``."""
    form = "Fn::Select takes an index and a list"
    first, items = arguments(node, range(2, 3), form)
    index = ev.text(ev.value(first, scope))
    values = ev.value(items, scope)
    if isinstance(index, Unknown):
        return index
    if isinstance(values, Reference):
        return values.unknown
    if isinstance(values, Unknown):
        return values
    if not (index.isascii() and index.isdigit()) or not isinstance(values, tuple):
        raise WrongArgumentsError(form)
    if int(index) >= len(values):
        raise WrongArgumentsError(f"Fn::Select asks for item {index} of a list of {len(values)}")
    chosen: StackValue = values[int(index)]
    return chosen


@_function("Fn::Split")
def split(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    """Evaluate ``Fn::Split``."""
    form = "Fn::Split takes a delimiter and a text"
    delimiter, source = arguments(node, range(2, 3), form)
    if not isinstance(delimiter.value, str) or not delimiter.value:
        raise WrongArgumentsError(form)
    text = ev.text(ev.value(source, scope))
    return text if isinstance(text, Unknown) else tuple(text.split(delimiter.value))


@_function("Fn::FindInMap")
def find_in_map(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    """Evaluate ``Fn::FindInMap``."""
    items = arguments(node, range(3, 5), "Fn::FindInMap takes a map and two keys")
    path = [ev.text(ev.value(item, scope)) for item in items[:3]]
    for part in path:
        if isinstance(part, Unknown):
            return part
    entry = scope.stack.mappings.get(str(path[0]))
    found: Node | None = entry.body if entry is not None else None
    for name in path[1:]:
        found = found.value.get(str(name)) if found is not None and isinstance(found.value, Object) else None
    if found is not None and entry is not None:
        return ev.value(found, scope.stack.scope(entry))
    for more in items[3:]:
        if isinstance(more.value, Object) and (default := more.value.get("DefaultValue")) is not None:
            return ev.value(default, scope)
    return HAS_NO(f"the mapping {path[0]}", f"entry {path[1]}, {path[2]}")


@_function("Fn::Base64")
def base64(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    """Evaluate ``Fn::Base64``, of which only the text inside is of interest."""
    return ev.value(node, scope)


@_function("Fn::Length")
def length(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    """Evaluate ``Fn::Length``."""
    match ev.value(node, scope):
        case tuple() as items:
            return str(len(items))
        case Unknown() as unknown:
            return unknown
        case Reference() as reference:
            return reference.unknown
        case _:
            raise WrongArgumentsError("Fn::Length takes a list")


@_function("Fn::ToJsonString")
def to_json_string(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    """Evaluate ``Fn::ToJsonString``."""
    if not isinstance(node.value, (Array, Object)):
        raise WrongArgumentsError("Fn::ToJsonString takes a map or a list")
    plain = _plain(ev, ev.value(node, scope))
    return plain if isinstance(plain, Unknown) else json.dumps(plain)


def _plain(ev: Evaluator, value: StackValue) -> Any:
    """A value without references, or the first unknown in it."""
    match value:
        case dict():
            pairs = {key: _plain(ev, item) for key, item in value.items()}
            return next((item for item in pairs.values() if isinstance(item, Unknown)), pairs)
        case tuple():
            items = [_plain(ev, item) for item in value]
            return next((item for item in items if isinstance(item, Unknown)), items)
        case _:
            return ev.text(value)


def _at_deployment(name: str) -> Callable[[Evaluator, Node, StackScope], StackValue]:
    """A function whose value is known only at deployment."""

    def function(_ev: Evaluator, _node: Node, _scope: StackScope) -> StackValue:
        return AT_DEPLOYMENT(name)

    return function


FUNCTIONS.update({name: _at_deployment(name) for name in _DEPLOYED})
