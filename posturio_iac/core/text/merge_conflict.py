"""Merge conflicts that git has left in a text."""

from __future__ import annotations

UNRESOLVED = "this merge conflict is not resolved"


def conflict_line(text: str) -> int | None:
    """The line of the first conflict, from 1, or None: the lines ``<<<<<<< …``, ``=======`` and ``>>>>>>> …``, in this order."""
    framed = f"\n{text}"
    start = framed.find("\n<<<<<<< ")
    middle = framed.find("\n=======", start + 1) if start >= 0 else -1
    end = framed.find("\n>>>>>>> ", middle + 1) if middle >= 0 else -1
    return framed.count("\n", 0, start) + 1 if end >= 0 else None
