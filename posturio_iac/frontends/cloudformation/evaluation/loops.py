"""``Fn::ForEach`` written out: the members that a section of a template has in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry
from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import Plain

if TYPE_CHECKING:
    from collections.abc import Iterable

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
