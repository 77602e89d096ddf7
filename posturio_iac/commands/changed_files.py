"""What the search for changed contexts shares: the content of files, and what a graph reaches."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # importing typing would take longer than many a commit
if TYPE_CHECKING:
    from collections.abc import Mapping

    from posturio_iac.discover import Selection


def content(selection: Selection, path: str) -> bytes:
    """Return the bytes of a file, empty when it is gone; no more of it than the limit."""
    try:
        with open(os.path.join(selection.root, path), "rb", buffering=0) as file:
            return file.read(min(selection.finder.max_file_size, os.fstat(file.fileno()).st_size))
    except (OSError, ValueError):
        return b""


def reached(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    """Return what edges lead to from ``start``, which is part of it."""
    found = {start}
    pending = [start]
    while pending:
        fresh = edges.get(pending.pop(), set()) - found
        found |= fresh
        pending += fresh
    return found
