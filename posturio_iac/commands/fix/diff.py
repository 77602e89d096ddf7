"""Changed files as a unified diff that ``git apply`` and ``patch`` take."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from posturio_iac.core.text.terminal import paint, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PLAIN = range(0x20, 0x7F)
_ESCAPED = {ord(c): f"\\{name}" for c, name in zip('"\\\a\b\t\n\v\f\r', '"\\abtnvfr', strict=True)}
_COLORS = {"+": "green", "-": "red", "@": "cyan"}


def unified(changed: Mapping[str, tuple[bytes, bytes]], *, color: bool = False, exact: bool = True) -> str:
    """The diff of files, their paths with ``a/`` and ``b/`` before them.

    What is not ``exact`` is for a reader: characters that are invisible or move a terminal are escapes.
    """
    return "".join(line for path, pair in changed.items() for line in _file(path, *pair, color=color, exact=exact))


def _file(path: str, before: bytes, after: bytes, *, color: bool, exact: bool) -> Iterator[str]:
    old, new = (_lines(data.decode("utf-8", "replace")) for data in (before, after))
    for line in difflib.unified_diff(old, new, _name(f"a/{path}"), _name(f"b/{path}")):
        text = line.removesuffix("\n") if exact else _visible(line.removesuffix("\n"))
        head = text[:1]
        style = "bold" if text.startswith(("--- ", "+++ ")) else _COLORS.get(head, "")
        shown = paint(text, style, color=color) if style else text
        yield f"{shown}\n" if line.endswith("\n") else f"{shown}\n\\ No newline at end of file\n"


def _name(path: str) -> str:
    """A file name as git writes it in a diff: in quotes, with escapes, where it holds what could end it or begin another line."""
    end = "\t" if " " in path else ""  # without it, patch takes the name to end at the first space
    if path.isprintable() and not set(path) & set('"\\'):
        return path + end
    data = path.encode("utf-8", "surrogateescape")
    return '"' + "".join(_ESCAPED.get(byte, chr(byte) if byte in _PLAIN else f"\\{byte:03o}") for byte in data) + f'"{end}'


def _visible(line: str) -> str:
    """A line with escapes but for its tabs, and for the carriage return at its end."""
    text = line.removesuffix("\r")
    return "\t".join(map(printable, text.split("\t"))) + line[len(text) :]


def _lines(text: str) -> list[str]:
    """Lines with their ends, as a diff counts them: only a line feed ends one."""
    *whole, last = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([last] if last else [])]
