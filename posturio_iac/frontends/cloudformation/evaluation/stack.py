"""One use of a template: its parameters as given, its resources expanded, and the stacks that it nests."""

from __future__ import annotations

from posturio_iac.core.budget import Budget
from posturio_iac.core.record import NamedTuple, dataclass, field
from posturio_iac.core.unknown import AT_DEPLOYMENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from posturio_iac.core.model import Attr, Unknown
    from posturio_iac.core.text.json_nodes import Node
    from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
    from posturio_iac.frontends.cloudformation.syntax.template import Template, TemplateEntry


class StackScope(NamedTuple):
    """The scope of an expression: the meaning of its names, and its file."""

    stack: Stack
    source: TemplateSource


class FixedParameter(NamedTuple):
    """A parameter that is fixed: by an expression of the parent stack, or by a file; or several, which leave it open."""

    text: Attr[str] = ""
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
    prefix: str = ""  # ``Parent/`` for a nested stack
    given: dict[str, FixedParameter] = field(default_factory=dict)
    parent: Stack | None = None
    via: TemplateEntry | None = None  # the parent's resource that makes this stack
    tags: tuple[tuple[str, str], ...] = ()  # tags of the whole stack, which CloudFormation gives to its resources
    resources: dict[str, TemplateEntry] = field(default_factory=dict)
    outputs: dict[str, TemplateEntry] = field(default_factory=dict)
    parameters: dict[str, TemplateEntry] = field(default_factory=dict)
    conditions: dict[str, TemplateEntry] = field(default_factory=dict)
    mappings: dict[str, TemplateEntry] = field(default_factory=dict)
    children: dict[str, Stack] = field(default_factory=dict)
    types: dict[str, list[TemplateEntry]] = field(default_factory=dict)  # the resources by type, once they were asked for
    loops: set[str] = field(default_factory=set)  # variables of loops that could not be written out
    budget: Budget = field(default_factory=Budget)  # the budget for reading it, shared with all that it nests

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
    attribute: str = ""  # empty for the value of ``Ref``

    @property
    def unknown(self) -> Unknown:
        """Its text, which is not known before the deployment."""
        return AT_DEPLOYMENT(f"{self.entry.name}.{self.attribute}" if self.attribute else self.entry.name)


StackValue: TypeAlias = "str | tuple[Any, ...] | dict[str, Any] | Reference | Unknown | None"
"""The value of an expression: text (numbers and booleans are text, too), nothing, a list, a map, a resource's value, or unknown."""
