"""What a graph of calls, or of files that draw in others, reaches."""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing would take longer than many a commit
if TYPE_CHECKING:
    from collections.abc import Mapping


def closure(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    """Return what edges lead to from ``start``, which is part of it."""
    found = {start}
    pending = [start]
    while pending:
        fresh = edges.get(pending.pop(), set()) - found
        found |= fresh
        pending += fresh
    return found
