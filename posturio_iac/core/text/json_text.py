"""JSON with indents, byte for byte as ``json.dumps(…, indent=2)`` writes it, but in pieces: a long document is never whole in memory.

Written here because `json` writes indents by a slow path in Python, and streams by the token.
"""

from __future__ import annotations

from collections.abc import Iterator
from json.encoder import encode_basestring_ascii as quoted

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from typing import Any

WORDS = {None: "null", True: "true", False: "false"}


def pieces(value: Any, levels: int, newline: str = "\n") -> Iterator[str]:
    """Yield a document whose lists may be iterators, in pieces down to ``levels``; each value below is one piece."""
    inner = f"{newline}  "
    if isinstance(value, dict) and levels and value:
        for number, (name, held) in enumerate(value.items()):
            yield f"{',' if number else '{'}{inner}{quoted(name)}: "
            yield from pieces(held, levels - 1, inner)
        yield f"{newline}}}"
    elif isinstance(value, Iterator) or (isinstance(value, list) and levels and value):
        head = "["
        for held in value:
            yield f"{head}{inner}"
            yield from pieces(held, levels - 1, inner) if levels > 1 else (text_of(held, inner),)
            head = ","
        yield "[]" if head == "[" else f"{newline}]"
    else:
        yield text_of(value, newline)


def text_of(value: Any, newline: str = "\n") -> str:
    """Return a value without iterators as JSON; ``newline`` ends lines and indents what follows."""
    if isinstance(value, str):
        return quoted(value)
    if value is None or value is True or value is False:
        return WORDS[value]
    inner = f"{newline}  "
    if isinstance(value, dict):
        members = [f"{quoted(n)}: {quoted(held) if type(held) is str else text_of(held, inner)}" for n, held in value.items()]
        return f"{{{inner}{f',{inner}'.join(members)}{newline}}}" if members else "{}"
    if isinstance(value, (list, tuple)):
        members = [text_of(held, inner) for held in value]
        return f"[{inner}{f',{inner}'.join(members)}{newline}]" if members else "[]"
    if isinstance(value, (int, float)):
        return repr(value)
    raise TypeError(f"{type(value).__name__} is nothing that JSON has")
