"""Text on a terminal: what is safe to print, how wide it is, and when it may be coloured."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

CODES = {"bold": "1", "dim": "2", "red": "31", "yellow": "33", "green": "32", "cyan": "36", "magenta": "35"}
FIRST_SURROGATE = 0xDC00  # the first of the surrogates that stand for bytes that are not UTF-8


def printable(text: str) -> str:
    """``text`` on one line, with every character that is invisible or moves a terminal written as an escape."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    byte = ord(character) - FIRST_SURROGATE
    return f"\\x{byte:02x}" if byte in range(0x80, 0x100) else character.encode("unicode_escape").decode("ascii")


def without_commands(text: str) -> str:
    """``text`` without CI commands: GitHub obeys ``::name::`` at the start of a line and ``##[name]`` anywhere, as Azure ``##vso[``."""
    if "::" not in text and "##" not in text:
        return text
    import re

    return re.sub(r"(?m)^(\s*):(?=:)", r"\1\\x3a", re.sub(r"#(?=#\w*\[)", r"\\x23", text))


def inert(text: str, sharp: str) -> str:
    """Return text in which Azure Pipelines and GitHub see no command; ``sharp`` is how its format writes ``#``."""
    if "##" not in text:
        return text
    import re

    return re.sub(r"#(?=#\w*\[)", lambda _: sharp, text)


JSON_SHARP, XML_SHARP, TEXT_SHARP = "\\u0023", "&#35;", "\\x23"


def harmless_json(document: object, *, indent: int | None = None, separators: tuple[str, str] | None = None) -> str:
    """A document as JSON in which Azure Pipelines and GitHub see no command, wherever somebody prints the file."""
    import json

    return inert(json.dumps(document, indent=indent, separators=separators), JSON_SHARP)


def width(text: str) -> int:
    """How many columns a terminal needs for printable ``text``."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def columns_of_stdout() -> int | None:
    return _size_of_stdout("COLUMNS", 0)


def lines_of_stdout() -> int | None:
    return _size_of_stdout("LINES", 1)


def _size_of_stdout(variable: str, part: int) -> int | None:
    import os
    import sys

    stream: TextIO | None = getattr(sys, "stdout", None)  # None where it is closed
    if stream is None or not stream.isatty():
        return None
    told = os.environ.get(variable, "")
    if told.isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(stream.fileno())[part] or None
    except (OSError, ValueError):
        return None


def wrapped(text: str, indent: str, columns: int | None) -> list[str]:
    """``text`` as indented lines of at most ``columns``, one line when that is None. Words stay whole."""
    if columns is None or len(indent) + len(text) <= columns:
        return [indent + text]
    import textwrap

    room = max(columns, len(indent) + 20)
    lines = textwrap.wrap(text, room, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return lines or [indent]


def paint(text: str, *styles: str, color: bool) -> str:
    """``text`` in the named styles, or as it is when colour is not wanted."""
    return text if not color or not text else f"\x1b[{';'.join(CODES[s] for s in styles)}m{text}\x1b[0m"


def wants_color(choice: str, stream: TextIO | None, environment: Mapping[str, str]) -> bool:
    """True if to colour: ``always`` and ``never`` decide; ``auto`` asks NO_COLOR, FORCE_COLOR, TERM and the stream, in this order."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return environment["FORCE_COLOR"] != "0"
    return environment.get("TERM") != "dumb" and stream is not None and stream.isatty()
