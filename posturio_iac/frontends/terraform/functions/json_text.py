"""JSON as Terraform writes and reads it."""

from __future__ import annotations

from posturio_iac.core.text import lazy_pattern
from posturio_iac.frontends.terraform.values import EvaluationError, ResultTooLargeError, Value, is_heavy, to_number, to_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

    from posturio_iac.core.model import Unknown

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_ESCAPED = lazy_pattern('[\x00-\x1f"\\\\<>&\u2028\u2029]')
_SURROGATE = lazy_pattern("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def write(value: Value) -> str:
    """Write a wholly known value without spaces, keys in order, as Go does. Raise `ResultTooLargeError` for huge values."""
    if is_heavy(value):
        raise ResultTooLargeError
    return _write(value)


def _write(value: Value) -> str:
    match value:
        case None:
            return "null"
        case str():
            return '"' + _ESCAPED.sub(_escape, value) + '"'
        case tuple():
            return "[" + ",".join(_write(element) for element in value) + "]"
        case dict():
            return "{" + ",".join(f"{_write(key)}:{_write(value[key])}" for key in sorted(value)) + "}"
        case _:
            text = to_text(value)
            if not isinstance(text, str):
                raise ResultTooLargeError
            return text


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    return _ESCAPES.get(char) or f"\\u{ord(char):04x}"


def read(text: str) -> Value | Unknown:
    """Read a document: arrays become tuples. Raise EvaluationError for what is no JSON."""
    import json

    try:
        document = json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_refuse, strict=True)
    except json.JSONDecodeError as error:
        raise EvaluationError(f"not valid JSON in line {error.lineno}, column {error.colno}: {error.msg.lower()}") from None
    return _convert(document)


def _number(digits: str) -> Value:
    return to_number(digits)


def _refuse(constant: str) -> Value:
    raise EvaluationError(f"not valid JSON: {constant} is no value")


def _convert(value: Value) -> Value:
    match value:
        case str():
            return _SURROGATE.sub(_REPLACEMENT, value)
        case list():
            return tuple(_convert(element) for element in value)
        case dict():
            return {_convert(key): _convert(element) for key, element in value.items()}
        case _:
            return value
