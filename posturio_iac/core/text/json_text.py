"""A JSON document in pieces, so that a long one is never whole in memory: with indents, and each entry of a long list on a line of its own.

`json` writes an entry on one line in C. Indents it writes by a slow path in Python, and a stream by the token.
"""

from __future__ import annotations

from collections.abc import Iterator
from json import JSONEncoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_on_one_line = JSONEncoder(check_circular=False).encode
_indented = JSONEncoder(indent=2).encode


def pieces(value: Any, levels: int, newline: str = "\n") -> Iterator[str]:
    """Yield a document whose long lists are iterators, not below ``levels``: each of their entries is one piece and one line."""
    inner = f"{newline}  "
    if isinstance(value, Iterator):
        head = "["
        for held in value:
            yield f"{head}{inner}{_on_one_line(held)}"
            head = ","
        yield "[]" if head == "[" else f"{newline}]"
    elif isinstance(value, dict) and levels and value:
        for number, (name, held) in enumerate(value.items()):
            yield f"{',' if number else '{'}{inner}{_on_one_line(name)}: "
            yield from pieces(held, levels - 1, inner)
        yield f"{newline}}}"
    elif isinstance(value, list) and levels and value:
        for number, held in enumerate(value):
            yield f"{',' if number else '['}{inner}"
            yield from pieces(held, levels - 1, inner)
        yield f"{newline}]"
    else:
        yield _indented(value).replace("\n", newline)
