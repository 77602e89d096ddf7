"""YAML as Terraform reads it: mostly 1.2, with the booleans of 1.1, and dates as RFC 3339 strings.

Only the parser's events are used, so that no tag can construct anything; aliases count with all that they stand for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from posturio_iac.core.model import Unknown
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.core.unknown import NOT_EVALUATED
from posturio_iac.frontends.terraform.functions.signature import ResultTooLargeError
from posturio_iac.frontends.terraform.values import MAX_NODES, EvaluationError, PartialMap, Value, integral, is_heavy, to_number, to_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_SCALAR_TAGS = frozenset({"str", "bool", "int", "float", "null", "timestamp", "binary"})
_MAX_DEPTH = 100

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_INFINITY = lazy_pattern(r"[-+]?\.(?:inf|Inf|INF)")
_NOT_A_NUMBER = frozenset({".nan", ".NaN", ".NAN"})
_BASED = lazy_pattern(r"0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL = lazy_pattern(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DATE = lazy_pattern(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?(Z|[+-]\d\d:\d\d)| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?)?",
    re.ASCII,
)


def read(text: str) -> Value:
    """Read the only document of ``text``. Raise EvaluationError when it is malformed, `ResultTooLargeError` when it explodes."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Reader(yaml.parse(text, Loader=loader)).document()
    except yaml.MarkedYAMLError as error:
        place = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise EvaluationError(f"not valid YAML{place}: {error.problem}") from None
    except yaml.YAMLError:
        raise EvaluationError("not valid YAML: it holds characters that YAML does not allow") from None


class _Reader:
    """Builds values from the events of a parser."""

    def __init__(self, events: Iterator[Any]) -> None:
        """Read from ``events``."""
        self._events = events
        self._anchors: dict[str, Value] = {}
        self._aliased = 0
        self._depth = 0

    def document(self) -> Value:
        """Read the stream, which must hold one document."""
        self._next()
        if type(self._next()).__name__ != "DocumentStartEvent":
            raise EvaluationError("there is no document")
        value = self._value(self._next())
        self._next()
        if type(self._next()).__name__ != "StreamEndEvent":
            raise EvaluationError("only one document is allowed")
        return value

    def _next(self) -> Any:
        return next(self._events)

    def _value(self, event: Any) -> Value:
        """Read the value that starts with ``event``."""
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._alias(event.anchor)
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ResultTooLargeError
        if event.anchor:
            self._anchors.pop(event.anchor, None)
        value = self._scalar(event) if kind == "ScalarEvent" else self._mapping(event) if kind == "MappingStartEvent" else self._list(event)
        if event.anchor:
            self._anchors[event.anchor] = value
        self._depth -= 1
        return value

    def _alias(self, name: str) -> Value:
        """What an alias stands for; one inside its own definition stands for nothing yet."""
        if name not in self._anchors:
            raise EvaluationError(f'the alias "{name}" has no anchor before it')
        value = self._anchors[name]
        self._aliased += 1
        if self._aliased > MAX_NODES or is_heavy(value):
            raise ResultTooLargeError
        return value

    def _list(self, event: Any) -> tuple[Value, ...]:
        """Read a sequence."""
        if event.tag not in (None, f"{_TAG}seq"):
            raise EvaluationError(f"a list cannot have the tag {event.tag}")
        elements = []
        while type(part := self._next()).__name__ != "SequenceEndEvent":
            elements.append(self._value(part))
        return tuple(elements)

    def _mapping(self, event: Any) -> dict[str, Value]:
        """Read a mapping with its merges; of equal keys the last one counts."""
        if event.tag not in (None, f"{_TAG}map"):
            raise EvaluationError(f"a map cannot have the tag {event.tag}")
        entries: dict[str, Value] = {}
        while type(key := self._next()).__name__ != "MappingEndEvent":
            if type(key).__name__ != "ScalarEvent":
                raise EvaluationError("only strings are allowed as keys")
            if key.tag == _MERGE or (key.tag is None and key.value == "<<"):
                entries |= _merged(self._value(self._next()))
            else:
                name = self._key(key)
                entries[name] = self._value(self._next())
        return entries

    def _key(self, event: Any) -> str:
        """Read the key of an entry."""
        name = to_text(self._scalar(event))
        if not isinstance(name, str):
            raise EvaluationError("a key must be a string and not null")
        return name

    @staticmethod
    def _scalar(event: Any) -> Value:
        """Read a scalar; quotes and blocks make a string unless a tag says otherwise."""
        tag = event.tag.removeprefix(_TAG) if event.tag else ""
        if tag and tag != "!" and tag not in _SCALAR_TAGS:
            raise EvaluationError(f"the tag {event.tag} is not supported")
        if tag in ("str", "binary", "!") or event.style in ("'", '"') or (event.style and not tag):
            return event.value
        return _plain(event.value, tag)


def _merged(value: Value) -> dict[str, Value]:
    """The entries that a merge key brings: those of a mapping, or of a list of mappings."""
    result: dict[str, Value] = {}
    for entries in value if isinstance(value, tuple) else (value,):
        if not isinstance(entries, dict) or isinstance(entries, PartialMap):
            raise EvaluationError("only maps can be merged into a map")
        result |= entries
    return result


def _plain(text: str, tag: str) -> Value:
    """Resolve a scalar without quotes."""
    if tag == "null" or (text in _WORDS and tag in ("", "bool", "null")):
        return None if tag == "null" else _WORDS[text]
    if text in _NOT_A_NUMBER:
        raise EvaluationError("a number that is not a number is not supported")
    if _INFINITY.fullmatch(text):
        return NOT_EVALUATED("an infinite number")
    if tag in ("", "timestamp") and (date := _timestamp(text)):
        return date
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _DECIMAL.fullmatch(text):
        number = to_number(text)
        return integral(number) if isinstance(number, float) else number
    if tag:
        raise EvaluationError(f"a scalar cannot be read as {tag}")
    return text


def _timestamp(text: str) -> str | None:
    """A date or time as RFC 3339 writes it, without fractions of seconds; None when it is neither."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, *times = match.groups()
    hour, minute, second = times[:3] if times[0] else times[4:] if times[4] else ("0", "0", "0")
    from datetime import datetime

    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))  # noqa: DTZ001 - local to its own zone
    except ValueError:
        return None
    zone = times[3] or "Z"
    return moment.isoformat() + ("Z" if zone in ("+00:00", "-00:00") else zone)


def write(value: Value) -> str | Unknown:
    """Write a wholly known value in block style, text in double quotes, as the page of yamlencode shows.

    Unknown for text whose style differs: of several lines, or with signs that YAML escapes.
    """
    if is_heavy(value):
        raise ResultTooLargeError
    lines = list(_lines(value))
    if any(unknown := line for line in lines if isinstance(line, Unknown)):
        return unknown
    end = "..." if value is None or isinstance(value, (bool, int, float)) else ""  # the end of a document that is one plain scalar
    return "".join(f"{line}\n" for line in (*lines, *filter(None, [end])))


def _lines(value: Value) -> Iterator[str | Unknown]:
    match value:
        case dict() if value:
            for name in sorted(value):
                yield from _entry(_scalar(name), value[name])
        case tuple() if value:
            for element in value:
                first, *rest = _lines(element)
                yield f"- {first}" if isinstance(first, str) else first
                yield from (f"  {line}" if isinstance(line, str) else line for line in rest)
        case _:
            yield _scalar(value)


def _entry(name: str | Unknown, value: Value) -> Iterator[str | Unknown]:
    lines = list(_lines(value))
    if not isinstance(name, str):
        yield name
    elif isinstance(value, (dict, tuple)) and value:
        yield f"{name}:"
        yield from (f"  {line}" if isinstance(line, str) and isinstance(value, dict) else line for line in lines)
    else:
        yield f"{name}: {lines[0]}" if isinstance(lines[0], str) else lines[0]


def _scalar(value: Value) -> str | Unknown:
    match value:
        case None:
            return "null"
        case dict():
            return "{}"
        case tuple():
            return "[]"
        case str() if all(" " <= char <= "~" for char in value):
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case str():
            return NOT_EVALUATED("text that yamlencode() escapes")
        case _:
            text = to_text(value)
            return text if isinstance(text, str) else NOT_EVALUATED("such a number in yamlencode()")
