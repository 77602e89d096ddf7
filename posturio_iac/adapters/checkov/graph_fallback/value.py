"""What an argument is worth in checkov's configuration, and whether that is certain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posturio_iac.core.open_kinds import MAY_BE_SET, NOT_FIXED, NOT_SHOWN

if TYPE_CHECKING:
    from posturio_iac.adapters.checkov.graph import Graph, Vertex
    from posturio_iac.core.model import Unknown

_REFERENCE = re.compile(
    r"""(?x) \$\{ | %\{ | ^\w+\( | \?.*: | ==
      | ^(?:var|local|data|module|each|count|path|self|terraform)\.
      | ^[a-z][a-z0-9]*_\w+\.[\w\[\]"'.*-]+$"""
)
"""Texts that are expressions which checkov could not replace by values."""


def value_of(vertex: Vertex, argument: str, graph: Graph) -> object:
    """The value of an argument: None when it is not set, Unknown when a variable or something else decides it."""
    value = vertex.first(argument)
    if value is None:
        return None
    return by_variable(vertex, argument, graph) or certain(value, f"{argument} of {vertex.address}")


def by_variable(vertex: Vertex, argument: str, graph: Graph) -> Unknown | None:
    """Return why the value of an argument is not certain: a variable, of which checkov takes the default, or the data of a provider."""
    for reached in graph.behind(graph.targets(vertex, argument), lambda v: v.kind == "resource"):
        if reached.kind == "variable":
            return MAY_BE_SET(f"var.{reached.name}").about(f"{argument} of {vertex.address}")
        if reached.kind == "data":
            return NOT_FIXED(f"data.{reached.name}").about(f"{argument} of {vertex.address}")
    return None


def certain(value: object, what: str) -> object:
    """A value unless it is an expression that checkov could not replace."""
    if isinstance(value, str) and _REFERENCE.search(value):
        return NOT_SHOWN("checkov", f"the value of {value}").about(what)
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    return NOT_SHOWN("checkov", "its value").about(what)
