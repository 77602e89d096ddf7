"""The functions of CloudFormation, one Python function each, and the loops."""

from __future__ import annotations

import json

from posturio_iac.core.model import Unknown
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.core.unknown import HAS_NO
from posturio_iac.frontends.cloudformation.evaluation.intrinsics import FUNCTIONS, Evaluator, WrongArgumentsError, sub_parts
from posturio_iac.frontends.cloudformation.syntax.source import filled_in
from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry
from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import Plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from posturio_iac.frontends.cloudformation.evaluation.stack import StackScope, StackValue

MAX_ENTRIES = 500  # how many members one loop may make; CloudFormation allows no more resources in a template

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
    match tuple(entry.body.elements):
        case (Node(value=str() as name), listed, Node(value=Object() as members)):
            values = _values(listed, ev, scope)
        case _:
            ev.report(f"{entry.name} takes a name, a list and a map", entry.key, scope)
            return
    is_default = isinstance(ev.open().value(listed, scope), Unknown)
    others = [None] if values is None or (is_default and any(_depends(body, name) for _, body in members)) else []
    scope.stack.loops.update(name for _ in others)
    before, size = len(found), sum(1 + len(held.members) for _, body in members for held in body.walk())
    for value in (*(values or ()), *others):
        scope.stack.budget.spend(2 * size)
        for key, body in members:
            if value is None and values is not None and not _depends(body, name):
                continue
            if len(found) - before >= MAX_ENTRIES:
                ev.report(f"{entry.name} creates more than {MAX_ENTRIES:,} members; the rest was not checked", entry.key, scope)
                return
            new_key, new_body = (key, body) if value is None else (substituted(key, name, value), substituted(body, name, value))
            member = TemplateEntry(str(new_key.value), new_key, new_body, entry.source)
            for made_name, made in expand((member,), ev, scope).items():
                if found.setdefault(made_name, made) is not made:
                    ev.report(f"{entry.name} repeats {made_name}; the first one counts", entry.key, scope)


def _depends(body: Node, name: str) -> bool:
    condition = body.get("Condition")
    return body.function[0] in FUNCTIONS if condition is None else f"{{{name}}}" in str(condition.value)


def _values(node: Node, ev: Evaluator, scope: StackScope) -> tuple[str, ...] | None:
    value = ev.value(node, scope)
    if not isinstance(value, tuple):
        if not isinstance(value, Unknown):
            ev.report("the list of Fn::ForEach is no list", node, scope)
        return None
    texts = [ev.text(item) for item in value]
    fixed = ev.open().value(node, scope)
    if any(isinstance(t, Unknown) for t in texts) or (not texts and isinstance(fixed, Unknown)):
        return None
    return tuple(dict.fromkeys(str(t) for t in texts))


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


def arguments(node: Node, counts: range, form: str) -> Array:
    """The arguments of a function that takes a list; raise an error with ``form`` otherwise."""
    if not isinstance(node.value, Array) or len(node.value) not in counts:
        raise WrongArgumentsError(form)
    return node.value


def _ref(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    name = ev.fixed(node, scope) if isinstance(node.value, Object) else node.value  # AWS::LanguageExtensions lets a function give it
    if not isinstance(name, str) or not name:
        raise WrongArgumentsError("Ref takes the name of a parameter or a resource")
    return ev.named(name, scope)


def _get_att(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    if isinstance(node.value, str) and "." in node.value:
        name, _, attribute = node.value.partition(".")
        return ev.attribute(name, attribute, scope)
    parts = [ev.fixed(part, scope) for part in arguments(node, range(2, 6), "Fn::GetAtt takes a logical id and an attribute")]
    return ev.attribute(parts[0], ".".join(parts[1:]), scope)


def _join(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    form = "Fn::Join takes a delimiter and a list"
    delimiter, items = arguments(node, range(2, 3), form)
    if not isinstance(delimiter.value, str):
        raise WrongArgumentsError(form)
    parts = ev.items(items, scope, form)
    return ev.joined(list(parts), delimiter.value) if parts else ""


def _substitute(ev: Evaluator, argument: Node, scope: StackScope) -> StackValue:
    match (argument, *argument.elements):
        case (_, Node(value=str() as pattern), Node(value=Object() as members)):
            local = {str(key.value): value for key, value in members}
        case (Node(value=str() as pattern),):
            local = {}
        case _:
            raise WrongArgumentsError("Fn::Sub takes a text, or a list of a text and a map")
    if (unknown := filled_in(pattern, serverless=scope.source.serverless)) is not None:
        return unknown
    parts: list[StackValue] = []
    known: dict[str, StackValue] = {}
    for literal, name in sub_parts(pattern):
        if name and name not in known:
            known[name] = ev.value(local[name], scope) if name in local else _variable(ev, name, scope)
        parts.append(known[name] if name else literal)
    return ev.joined(parts) if parts else ""


def _variable(ev: Evaluator, name: str, scope: StackScope) -> StackValue:
    head, dot, tail = name.partition(".")
    return ev.attribute(head, tail, scope) if dot else ev.named(name, scope)


def _select(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    form = "Fn::Select takes an index and a list"
    first, items = arguments(node, range(2, 3), form)
    index, values = ev.fixed(first, scope), ev.items(items, scope, form)
    if not (index.isascii() and index.isdigit()):
        raise WrongArgumentsError(form)
    if int(index) >= len(values):
        raise WrongArgumentsError(f"Fn::Select asks for item {index} of a list of {len(values)}")
    chosen: StackValue = values[int(index)]
    return chosen


def _split(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    form = "Fn::Split takes a delimiter and a text"
    delimiter, source = arguments(node, range(2, 3), form)
    if not isinstance(delimiter.value, str) or not delimiter.value:
        raise WrongArgumentsError(form)
    return tuple(ev.fixed(source, scope).split(delimiter.value))


def _find_in_map(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    items = arguments(node, range(3, 5), "Fn::FindInMap takes a map and two keys")
    path = [ev.fixed(item, scope) for item in items[:3]]
    entry = scope.stack.mappings.get(path[0])
    found = entry.body if entry is not None else None
    for name in path[1:]:
        found = found.get(name) if found is not None else None
    if found is not None and entry is not None:
        return ev.value(found, scope.stack.scope(entry))
    for more in items[3:]:
        if (default := more.get("DefaultValue")) is not None:
            return ev.value(default, scope)
    return HAS_NO(f"the mapping {path[0]}", f"entry {path[1]}, {path[2]}")


def _to_json_string(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    if not isinstance(node.value, (Array, Object)):
        raise WrongArgumentsError("Fn::ToJsonString takes a map or a list")
    return json.dumps(_plain(ev, ev.value(node, scope)))


def _plain(ev: Evaluator, value: StackValue) -> Any:
    if isinstance(value, dict):
        return {key: _plain(ev, item) for key, item in value.items()}
    return [_plain(ev, item) for item in value] if isinstance(value, tuple) else ev.known_text(value)


FUNCTIONS.update(
    {
        "Ref": _ref,
        "Fn::GetAtt": _get_att,
        "Fn::Join": _join,
        "Fn::Sub": _substitute,
        "Fn::Select": _select,
        "Fn::Split": _split,
        "Fn::FindInMap": _find_in_map,
        "Fn::Base64": Evaluator.value,  # of which only the text inside is of interest
        "Fn::Length": lambda ev, node, scope: str(len(ev.items(node, scope, "Fn::Length takes a list"))),
        "Fn::ToJsonString": _to_json_string,
    }
)
