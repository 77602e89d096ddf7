"""One use of a template: its parameters as given, its resources expanded, and the stacks that it nests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from posturio_iac.core.budget import Budget
from posturio_iac.core.model import Unknown
from posturio_iac.core.record import NamedTuple, dataclass, field
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.core.unknown import AT_DEPLOYMENT
from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry
from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import Plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator
    from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
    from posturio_iac.frontends.cloudformation.syntax.template import Template


class StackScope(NamedTuple):
    """The scope of an expression: the meaning of its names, and its file."""

    stack: Stack
    source: TemplateSource


class FixedParameter(NamedTuple):
    """A parameter that is fixed: by an expression of the parent stack, or by a file."""

    text: str = ""
    node: Node | None = None
    scope: StackScope | None = None


class KnownValues(NamedTuple):
    """What is known beside what templates fix: by the identity of the stack and the name."""

    conditions: dict[tuple[int, str], bool | Unknown]
    parameters: dict[tuple[int, str], str]


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """A template in use. ``resources``, ``outputs`` and ``children`` are filled while it is built."""

    template: Template
    prefix: str = ""
    """``Parent/`` for a nested stack."""
    given: dict[str, FixedParameter] = field(default_factory=dict)
    parent: Stack | None = None
    via: TemplateEntry | None = None
    """The parent's resource that makes this stack."""
    tags: tuple[tuple[str, str], ...] = ()
    """Tags of the whole stack, which CloudFormation gives to its resources."""
    resources: dict[str, TemplateEntry] = field(default_factory=dict)
    outputs: dict[str, TemplateEntry] = field(default_factory=dict)
    parameters: dict[str, TemplateEntry] = field(default_factory=dict)
    conditions: dict[str, TemplateEntry] = field(default_factory=dict)
    mappings: dict[str, TemplateEntry] = field(default_factory=dict)
    children: dict[str, Stack] = field(default_factory=dict)
    types: dict[str, list[TemplateEntry]] = field(default_factory=dict)
    """The resources by type, once they were asked for."""
    loops: set[str] = field(default_factory=set)
    """Variables of loops that could not be written out."""
    budget: Budget = field(default_factory=Budget)
    """The budget for reading it, shared with all that it nests."""

    def scope(self, entry: TemplateEntry) -> StackScope:
        return StackScope(self, entry.source)

    def address(self, entry: TemplateEntry) -> str:
        return self.prefix + entry.name

    def of_type(self, kind: str) -> list[TemplateEntry]:
        """The resources of one type."""
        if not self.types:
            for entry in self.resources.values():
                self.types.setdefault(entry.type, []).append(entry)
        return self.types.get(kind, [])

    def family(self) -> list[Stack]:
        return [self, *(stack for child in self.children.values() for stack in child.family())]


@dataclass(frozen=True, slots=True)
class Reference:
    """A value that a resource has once it is deployed."""

    entry: TemplateEntry
    stack: Stack
    attribute: str = ""
    """Empty for the value of ``Ref``."""

    @property
    def unknown(self) -> Unknown:
        """Its text, which is not known before the deployment."""
        return AT_DEPLOYMENT(f"{self.entry.name}.{self.attribute}" if self.attribute else self.entry.name)


StackValue = Union[str, None, tuple[Any, ...], dict[str, Any], Reference, Unknown]
"""The value of an expression: text (numbers and booleans are text, too), nothing, a list, a map, a resource's value, or unknown."""


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
    """Return ``node`` with ``value`` in place of ``${name}``, of ``&{name}`` (letters and digits alone) and of ``Ref`` to it."""
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
