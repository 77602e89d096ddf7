"""Functions of numbers, those that convert types, and those that only mark a value."""

from __future__ import annotations

import math
from functools import reduce
from string import ascii_letters, digits

from posturio_iac.core.model import Unknown
from posturio_iac.core.text import quote
from posturio_iac.frontends.terraform.functions.signature import NUMBER, WHOLE, NotEvaluatedError, Sees, anything, function, given
from posturio_iac.frontends.terraform.operators import unify
from posturio_iac.frontends.terraform.values import EvaluationError, PartialMap, Value, make_set, to_bool, to_number, to_text, type_name

_DIGITS, _CASELESS, _LONGEST, _BITS = digits + ascii_letters, 36, 500, 53  # the last base in which a is A; text and numbers that are read

function("tostring", anything(Sees.ALL))(to_text)
function("tonumber", anything(Sees.ALL))(to_number)
function("tobool", anything(Sees.ALL))(to_bool)
function("list", rest=anything(Sees.ALL))(lambda *values: unify(values))
function("tolist", anything(Sees.INSIDE))(lambda value: None if value is None else unify(_collection(value, "list")))
function("toset", anything(Sees.INSIDE))(lambda value: None if value is None else make_set(unify(_collection(value, "set"))))
function("sensitive", anything(Sees.ALL))(lambda value: value)  # marks are not followed here
function("nonsensitive", anything(Sees.ALL))(lambda value: value)
function("ephemeralasnull", anything(Sees.ALL))(lambda value: value)
function("abs", NUMBER)(abs)
function("ceil", NUMBER)(math.ceil)
function("floor", NUMBER)(math.floor)
function("signum", WHOLE)(lambda number: (number > 0) - (number < 0))
function("max", NUMBER, rest=NUMBER)(lambda *numbers: max(numbers))
function("min", NUMBER, rest=NUMBER)(lambda *numbers: min(numbers))


def _collection(value: Value, wanted: str) -> tuple[Value, ...]:
    if isinstance(value, tuple):
        return value
    raise EvaluationError(f"cannot convert a {type_name(value)} to a {wanted}")


@function("tomap", anything(Sees.INSIDE))
def to_map(value: Value) -> Value:
    """Convert an object to a map of one type; unknown values stay, and an open map stays open."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise EvaluationError(f"cannot convert a {type_name(value)} to a map")
    entries = dict(zip(value, unify(tuple(value.values())), strict=True))
    return PartialMap(entries, value.rest) if isinstance(value, PartialMap) else entries


@function("map", rest=anything(Sees.ALL))
def legacy_map(*pairs: Value) -> Value:
    """Make a map of alternating keys and values, as Terraform 0.11 did."""
    if len(pairs) % 2:
        raise EvaluationError("takes pairs of a key and a value")
    keys = [to_text(key) for key in pairs[::2]]
    if None in keys:
        raise EvaluationError("a key is null")
    unknown = next((key for key in keys if isinstance(key, Unknown)), None)
    return dict(zip(keys, unify(pairs[1::2]), strict=True)) if unknown is None else unknown


@function("pow", NUMBER, NUMBER)
def power(number: float, exponent: float) -> int:
    """A whole power of a whole number, which Terraform's floating point holds exactly."""
    if isinstance(number, int) and exponent in range(_BITS) and max(abs(number), abs(number**exponent)) <= 1 << _BITS:
        return int(number**exponent)
    raise NotEvaluatedError("such a power")


@function("parseint", given(), WHOLE)
def parse_int(text: Value, base: int) -> int:
    """A whole number whose digits are 0 to 9, a to z and, beyond a base of 36, A to Z."""
    if not isinstance(text, str) or base not in range(2, len(_DIGITS) + 1):
        raise EvaluationError(f"takes text and a base from 2 to {len(_DIGITS)}")
    if len(text) > _LONGEST:
        raise NotEvaluatedError("such a number")
    sign = text[: text.startswith(("+", "-"))]
    places = [_DIGITS.find(one) for one in (text.lower() if base <= _CASELESS else text).removeprefix(sign)]
    if not text.isascii() or not places or not all(place in range(base) for place in places):
        raise EvaluationError(f"{quote(text)} is no whole number of base {base}")
    return reduce(lambda number, place: number * base + place, places) * (-1 if sign == "-" else 1)
