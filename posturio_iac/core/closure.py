"""Reachability in graphs: of module calls, and of files that include others."""

from __future__ import annotations

from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def closure(start: Iterable[str], edges: Mapping[str, set[str]]) -> set[str]:
    """The nodes that ``edges`` lead to from ``start``, itself included."""
    found = set(start)
    pending = list(found)
    while pending:
        fresh = edges.get(pending.pop(), set()) - found
        found |= fresh
        pending += fresh
    return found


class CallGraph:
    """A directed graph, searched in both directions; answers about one node are cached."""

    def __init__(self, edges: Iterable[tuple[str, str]]) -> None:
        self.calls: dict[str, set[str]] = {}
        self.callers: dict[str, set[str]] = {}
        self.above = cache(lambda node: closure((node,), self.callers))  # a node and all that lead to it
        self.below = cache(lambda node: closure((node,), self.calls))  # a node and all that it leads to
        for caller, called in edges:
            self.calls.setdefault(caller, set()).add(called)
            self.callers.setdefault(called, set()).add(caller)

    def all_above(self, nodes: Iterable[str]) -> set[str]:
        return closure(nodes, self.callers)

    def all_below(self, nodes: Iterable[str]) -> set[str]:
        return closure(nodes, self.calls)

    def between(self, top: str, bottom: str) -> set[str]:
        """The nodes on the ways from one node to another; only these two when there is none."""
        return self.above(bottom) & self.below(top) or {top, bottom}
