"""Functions that read and write JSON, CSV and YAML, which Terraform reads as 1.2 with the booleans of 1.1, and dates as RFC 3339 strings.

Only the nodes of YAML's composer are used, so that no tag can construct anything.
"""

from __future__ import annotations

import re
from functools import lru_cache

from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.unknown import NOT_EVALUATED
from posturio_iac.frontends.terraform import values
from posturio_iac.frontends.terraform.functions import json_text
from posturio_iac.frontends.terraform.functions.signature import TEXT, Environment, NotEvaluatedError, anything, function, limit_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

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
_DATE = lazy_pattern(r"(\d{4})-(\d{1,2})-(\d{1,2})([Tt ]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_FIELD = lazy_pattern(r'(?:"([^"]*(?:""[^"]*)*)"|([^",\n]*))(,|\n|\Z)')


def _read(text: str) -> values.Value:
    """Read the only document of ``text``. Raise EvaluationError when it is malformed, `ResultTooLargeError` when it explodes."""
    import yaml

    base: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    loader = type("Loader", (base,), {"DEFAULT_SCALAR_TAG": ""})  # which tells scalars without a tag from others
    try:
        root = yaml.compose(text, loader)
    except yaml.MarkedYAMLError as error:
        if "duplicate anchor" in str(error.context):
            raise NotEvaluatedError("YAML with an anchor that is defined twice") from None
        place = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise values.EvaluationError(f"not valid YAML{place}: {error.problem}") from None
    except yaml.YAMLError:
        raise values.EvaluationError("not valid YAML: it holds characters that YAML does not allow") from None
    if root is None:
        raise values.EvaluationError("there is no document")
    return _Reader().value(root, 0)


class _Reader:
    """Makes values of nodes, each node once; an alias counts with all that it stands for."""

    def __init__(self) -> None:
        self._made: dict[Any, tuple[values.Value, int]] = {}
        self._size = 0

    def value(self, node: Any, depth: int) -> values.Value:
        """The value of a node."""
        if depth >= _MAX_DEPTH:
            raise values.ResultTooLargeError
        if node not in self._made:
            before = self._size
            value = self._scalar(node) if isinstance(node.value, str) else self._collection(node, depth + 1)
            self._size += 1
            self._made[node] = value, self._size - before
            return value
        value, size = self._made[node]
        self._size += size
        if self._size > values.MAX_NODES:
            raise values.ResultTooLargeError
        return value

    def _collection(self, node: Any, depth: int) -> values.Value:
        if node.tag not in (f"{_TAG}seq", f"{_TAG}map"):
            raise values.EvaluationError(f"a {'list' if node.id == 'sequence' else 'map'} cannot have the tag {node.tag}")
        if node.id == "sequence":
            return tuple([self.value(element, depth) for element in node.value])
        entries: dict[str, values.Value] = {}
        for key, value in node.value:
            if not isinstance(key.value, str):
                raise values.EvaluationError("only strings are allowed as keys")
            if key.tag == _MERGE or (not key.tag and key.value == "<<"):
                entries |= _merged(self.value(value, depth))
            elif isinstance(name := values.to_text(self._scalar(key)), str):
                entries[name] = self.value(value, depth)
            else:
                raise values.EvaluationError("a key must be a string and not null")
        return entries

    @staticmethod
    def _scalar(node: Any) -> values.Value:
        """A scalar; quotes and blocks make a string unless a tag says otherwise."""
        tag = node.tag.removeprefix(_TAG)
        if tag and tag not in _SCALAR_TAGS:
            raise values.EvaluationError(f"the tag {node.tag} is not supported")
        return node.value if tag in ("str", "binary") or (node.style and not tag) else _plain(node.value, tag)


def _merged(value: values.Value) -> dict[str, values.Value]:
    """The entries that a merge key brings: those of a mapping, or of a list of mappings."""
    result: dict[str, values.Value] = {}
    for entries in value if isinstance(value, tuple) else (value,):
        if not isinstance(entries, dict) or isinstance(entries, values.PartialMap):
            raise values.EvaluationError("only maps can be merged into a map")
        result |= entries
    return result


def _plain(text: str, tag: str) -> values.Value:
    if tag == "null" or (text in _WORDS and tag in ("", "bool", "null")):
        return None if tag == "null" else _WORDS[text]
    if text in _NOT_A_NUMBER:
        raise values.EvaluationError("a number that is not a number is not supported")
    if _INFINITY.fullmatch(text):
        return NOT_EVALUATED("an infinite number")
    if tag in ("", "timestamp") and (date := _timestamp(text)):
        return date
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _DECIMAL.fullmatch(text):
        number = values.to_number(text)
        return values.integral(number) if isinstance(number, float) else number
    if tag:
        raise values.EvaluationError(f"a scalar cannot be read as {tag}")
    return text


def _timestamp(text: str) -> str | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    from datetime import date

    try:
        written = date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        return None
    if match[4]:
        raise NotEvaluatedError("a time of day in YAML")
    return f"{written}T00:00:00Z"


def _write(value: values.Value) -> str:
    """Write a wholly known value as yamlencode does. Raise `NotEvaluatedError` for text that is escaped or has several lines."""
    if values.is_heavy(value):
        raise values.ResultTooLargeError
    end = "...\n" if value is None or isinstance(value, (bool, int, float)) else ""  # the end of a document that is one plain scalar
    return "".join(f"{line}\n" for line in _lines(value)) + end


def _lines(value: values.Value) -> Iterator[str]:
    match value:
        case dict() if value:
            for name in sorted(value):
                lines = list(_lines(inner := value[name]))
                if isinstance(inner, (dict, tuple)) and inner:
                    yield f"{_scalar(name)}:"
                    yield from (f"  {line}" if isinstance(inner, dict) else line for line in lines)
                else:
                    yield f"{_scalar(name)}: {lines[0]}"
        case tuple() if value:
            for element in value:
                first, *rest = _lines(element)
                yield f"- {first}"
                yield from (f"  {line}" for line in rest)
        case _:
            yield _scalar(value)


def _scalar(value: values.Value) -> str:
    match value:
        case None | dict() | tuple():
            return json_text.write(value)
        case str() if all(" " <= char <= "~" for char in value):
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case str():
            raise NotEvaluatedError("text that yamlencode() escapes")
        case _ if isinstance(text := values.to_text(value), str):
            return text
        case _:
            raise NotEvaluatedError("such a number in yamlencode()")


def _rows(text: str) -> Iterator[list[str]]:
    """Yield the rows of CSV, as Go's ``encoding/csv`` reads them."""
    text, at, row = text.replace("\r\n", "\n").removesuffix("\r"), 0, list[str]()
    while at < len(text) or row:
        if (found := _FIELD.match(text, at)) is None:
            raise values.EvaluationError(f"a quote is out of place in line {text.count(chr(10), 0, at) + 1}")
        at = found.end()
        if row or found[0] != "\n":  # an empty line is no row
            row.append(found[2] if found[1] is None else found[1].replace('""', '"'))
        if row and found[3] != ",":
            yield row
            row = []


@function("csvdecode", TEXT, environment=True)
def csv_decode(environment: Environment, document: str) -> values.Value:
    """Read CSV, each row as an object by the names in the first one."""
    limit_text(4 * len(document))  # its rows take even more memory
    environment.spend(len(document) // 4)
    names, *rows = list(_rows(document)) or [[]]
    if len(set(names)) < len(names) or not names:
        raise values.EvaluationError("a column is there twice" if names else "there is no header line")
    if any(len(row) != len(names) for row in rows):
        raise values.EvaluationError("a row has not as many fields as the header")
    return tuple([dict(zip(names, row, strict=True)) for row in rows])


@function("jsondecode", TEXT, environment=True)
def json_decode(environment: Environment, document: str) -> values.Value:
    """Read JSON."""
    limit_text(len(document))
    environment.spend(len(document) // 8)
    return values.normal(json_text.read(document))


@function("jsonencode", anything())
def json_encode(value: values.Value) -> str:
    """Write JSON."""
    result = json_text.write(value)
    limit_text(len(result))
    return result


@function("yamldecode", TEXT, environment=True)
def yaml_decode(environment: Environment, document: str) -> values.Value:
    """Read YAML, which costs something when it was not read before."""
    limit_text(2 * len(document))  # its nodes take more memory than those of JSON
    before = _yaml.cache_info().misses
    try:
        return _yaml(document)
    finally:
        environment.spend((_yaml.cache_info().misses - before) * len(document) // 4)


_yaml = lru_cache(maxsize=8)(lambda document: values.normal(_read(document)))


@function("yamlencode", anything())
def yaml_encode(value: values.Value) -> str:
    """Write YAML."""
    result = _write(value)
    limit_text(len(result))
    return result
