"""JSON with places: every value of a document knows the first and the last character that it was written with.

The data are those of `json.loads`, except that duplicate keys are kept, ``NaN`` and ``Infinity`` are errors, and a lone surrogate escape
becomes U+FFFD, since no output can carry it. A byte order mark is skipped and takes no column.
"""

from __future__ import annotations

import gc
from bisect import bisect_right
from functools import partial
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # the standard decoder's own; typeshed leaves it out

from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

MAX_DEPTH = 200  # how deep objects and arrays may nest, so that walking the nodes by recursion is safe

_BOM = "\ufeff"
_SPACE = lazy_pattern(r"[ \t\n\r]*")
_NUMBER = lazy_pattern(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = lazy_pattern(r"true|false|null")
_WORDS = {"true": True, "false": False, "null": None}
_LINE_END = lazy_pattern(r"\r\n?|\n")
_SURROGATE = lazy_pattern(r"\\u[dD][89a-fA-F]")


class JsonError(ValueError):
    """The text is not JSON. ``line`` and ``column`` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"{message} (line {line}, column {column})")
        self.message = message
        self.line = line
        self.column = column


class Lines:
    """Turns offsets of a text into lines and columns. The line ends are searched when first asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: list[int] = []

    def place(self, offset: int) -> tuple[int, int]:
        """The line and the column of ``offset``, both from 1."""
        if not self._starts:
            self._starts = [1 if self._text.startswith(_BOM) else 0, *(m.end() for m in _LINE_END.finditer(self._text))]
        line = max(bisect_right(self._starts, offset), 1)
        return line, max(offset - self._starts[line - 1], 0) + 1


class Node(NamedTuple):
    """A value and its place. Lines and columns count code points from 1, the end column is exclusive."""

    value: JsonValue  # ``None``, ``bool``, ``int``, ``float``, ``str``, `Array` or `Object`
    start: int  # offset of the first character in the text
    end: int  # offset after the last character
    lines: Lines  # shared by all nodes of a document

    @property
    def line(self) -> int:
        return self.lines.place(self.start)[0]

    @property
    def column(self) -> int:
        return self.lines.place(self.start)[1]

    @property
    def end_line(self) -> int:
        return self.lines.place(self.end)[0]

    @property
    def end_column(self) -> int:
        return self.lines.place(self.end)[1]

    def get(self, name: str) -> Node | None:
        """The value of a member, the last one of duplicates; None where there is none, or this is no object."""
        return self.value.get(name) if isinstance(self.value, Object) else None

    @property
    def members(self) -> Object:
        return self.value if isinstance(self.value, Object) else Object()

    @property
    def elements(self) -> Array:
        return self.value if isinstance(self.value, Array) else Array()

    @property
    def function(self) -> tuple[str, Node]:
        """The name and the value of the only member of an object; an empty name for anything else."""
        return (str(self.value[0][0].value), self.value[0][1]) if isinstance(self.value, Object) and len(self.value) == 1 else ("", self)

    def walk(self) -> Iterator[Node]:
        """Yield the node and all values in it, in order."""
        pending = [self]
        while pending:
            yield (node := pending.pop())
            if isinstance(node.value, Object):
                pending.extend(value for _, value in reversed(node.value))
            elif isinstance(node.value, Array):
                pending.extend(reversed(node.value))

    def data(self) -> Any:
        """The plain Python data, as `json.loads` does: of duplicate keys the last one wins."""
        if isinstance(self.value, Object):
            return {key.value: value.data() for key, value in self.value}
        return [item.data() for item in self.value] if isinstance(self.value, Array) else self.value

    def __repr__(self) -> str:
        return f"Node({self.value!r}, {self.start}, {self.end})"


node_of: Callable[[tuple[JsonValue, int, int, Lines]], Node] = partial(tuple.__new__, Node)
"""Makes a node of a tuple, in half of the time."""


class Array(tuple[Node, ...]):
    """The items of an array."""

    __slots__ = ()


class Object(tuple[tuple[Node, Node], ...]):
    """The members of an object, in the order of the text, duplicates included."""

    __slots__ = ()

    def get(self, name: str) -> Node | None:
        return next((value for key, value in reversed(self) if key.value == name), None)

    def duplicates(self) -> tuple[Node, ...]:
        seen: set[object] = set()
        return tuple(key for key, _ in self if key.value in seen or seen.add(key.value))  # type: ignore[func-returns-value]  # None is meant: it is false


JsonValue: TypeAlias = "bool | int | float | str | Array | Object | None"


def decode(text: str) -> Node:
    """The root of the JSON in ``text``. Raises `JsonError` for what is none, or is nested deeper than `MAX_DEPTH`."""
    reader = _Reader(text)
    collecting = gc.isenabled()
    gc.disable()  # garbage collections while many lasting nodes are built would cost as much again and free nothing
    try:
        return reader.document()
    except JSONDecodeError as error:
        raise reader.error(error.msg.removesuffix(" at"), error.pos) from None
    finally:
        if collecting:
            gc.enable()


class _Reader:
    """Recursive descent over one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = Lines(text)
        self.mend = _SURROGATE.search(text) is not None
        self.skip: Callable[[str, int], re.Match[str]] = _SPACE.match  # type: ignore[assignment]  # it always matches, if only nothing

    def error(self, message: str, offset: int) -> JsonError:
        return JsonError(message, *self.lines.place(offset))

    def document(self) -> Node:
        root = self.value(self.skip(self.text, 1 if self.text.startswith(_BOM) else 0).end(), 0)
        rest = self.skip(self.text, root.end).end()
        if rest != len(self.text):
            raise self.error("there is more text after the end of the JSON value", rest)
        return root

    def value(self, at: int, depth: int) -> Node:
        match self.text[at : at + 1]:
            case '"':
                return self.string(at)
            case "{":
                return self.object(at, self.deeper(at, depth))
            case "[":
                return self.array(at, self.deeper(at, depth))
            case "":
                raise self.error("the JSON text ends where a value is expected", at)
            case _:
                return self.scalar(at)

    def deeper(self, at: int, depth: int) -> int:
        if depth >= MAX_DEPTH:
            raise self.error(f"nested deeper than {MAX_DEPTH} levels", at)
        return depth + 1

    def string(self, at: int) -> Node:
        text, end = scanstring(self.text, at + 1, True)
        if self.mend:
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return node_of((text, at, end, self.lines))

    def scalar(self, at: int) -> Node:
        if number := _NUMBER.match(self.text, at):
            fraction, exponent = number.groups()
            try:
                value = float(number[0]) if fraction or exponent else int(number[0])
            except ValueError:
                raise self.error("the number has too many digits", at) from None
            return node_of((value, at, number.end(), self.lines))
        if word := _WORD.match(self.text, at):
            return node_of((_WORDS[word[0]], at, word.end(), self.lines))
        raise self.error(f"a JSON value cannot begin with {self.text[at]!r}", at)

    def array(self, start: int, depth: int) -> Node:
        text, skip, items = self.text, self.skip, []
        at = skip(text, start + 1).end()
        if text[at : at + 1] == "]":
            return node_of((Array(), start, at + 1, self.lines))
        while True:
            items.append(item := self.value(at, depth))
            at = skip(text, item.end).end()
            if (separator := text[at : at + 1]) == "]":
                return node_of((Array(items), start, at + 1, self.lines))
            if separator != ",":
                raise self.error("expected ',' or ']' in an array", at)
            at = skip(text, at + 1).end()

    def object(self, start: int, depth: int) -> Node:
        text, skip, members = self.text, self.skip, []
        at = skip(text, start + 1).end()
        if text[at : at + 1] == "}":
            return node_of((Object(), start, at + 1, self.lines))
        while True:
            if text[at : at + 1] != '"':
                raise self.error("expected a property name in double quotes", at)
            key = self.string(at)
            at = skip(text, key.end).end()
            if text[at : at + 1] != ":":
                raise self.error("expected ':' after a property name", at)
            value = self.value(skip(text, at + 1).end(), depth)
            members.append((key, value))
            at = skip(text, value.end).end()
            if (separator := text[at : at + 1]) == "}":
                return node_of((Object(members), start, at + 1, self.lines))
            if separator != ",":
                raise self.error("expected ',' or '}' in an object", at)
            at = skip(text, at + 1).end()
