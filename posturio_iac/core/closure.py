"""Reachability in graphs: of module calls, and of files that include others."""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing would take longer than many a commit
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
    """A directed graph, searched in both directions; answers are cached."""

    __slots__ = ("_above", "_below", "callers", "calls")

    def __init__(self, edges: Iterable[tuple[str, str]]) -> None:
        self.calls: dict[str, set[str]] = {}
        self.callers: dict[str, set[str]] = {}
        self._above: dict[str, set[str]] = {}
        self._below: dict[str, set[str]] = {}
        for caller, called in edges:
            self.calls.setdefault(caller, set()).add(called)
            self.callers.setdefault(called, set()).add(caller)

    def above(self, node: str) -> set[str]:
        """A node and all that lead to it."""
        if node not in self._above:
            self._above[node] = closure((node,), self.callers)
        return self._above[node]

    def below(self, node: str) -> set[str]:
        """A node and all that it leads to."""
        if node not in self._below:
            self._below[node] = closure((node,), self.calls)
        return self._below[node]

    def all_above(self, nodes: Iterable[str]) -> set[str]:
        return closure(nodes, self.callers)

    def all_below(self, nodes: Iterable[str]) -> set[str]:
        return closure(nodes, self.calls)

    def between(self, top: str, bottom: str) -> set[str]:
        """The nodes on the ways from one node to another; only these two when there is none."""
        return self.above(bottom) & self.below(top) or {top, bottom}
