"""Functions of numbers, those that convert types, and those that only mark a value."""

from __future__ import annotations

import math

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform.functions.signature import NUMBER, Sees, anything, function
from posturio_iac.frontends.terraform.operators import unify
from posturio_iac.frontends.terraform.values import EvaluationError, PartialMap, Value, make_set, to_bool, to_number, to_text, type_name


@function("tostring", anything(Sees.ALL))
def to_string(value: Value) -> Value:
    return to_text(value)


@function("tonumber", anything(Sees.ALL))
def convert_to_number(value: Value) -> Value:
    return to_number(value)


@function("tobool", anything(Sees.ALL))
def convert_to_bool(value: Value) -> Value:
    return to_bool(value)


@function("tolist", anything(Sees.INSIDE))
def to_list(value: Value) -> Value:
    """Convert a tuple or set to a list of one type; unknown elements stay."""
    return None if value is None else unify(_collection(value, "list"))


@function("toset", anything(Sees.INSIDE))
def to_set(value: Value) -> Value:
    """Convert to a set of one type; unknown elements make all of it unknown, since equal ones fall together."""
    return None if value is None else make_set(unify(_collection(value, "set")))


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


@function("list", rest=anything(Sees.ALL))
def legacy_list(*values: Value) -> Value:
    return unify(values)


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


@function("sensitive", anything(Sees.ALL))
@function("nonsensitive", anything(Sees.ALL))
@function("ephemeralasnull", anything(Sees.ALL))
def passed_through(value: Value) -> Value:
    """The value: marks are not followed here."""
    return value


@function("ceil", NUMBER)
def ceil(num: float) -> int:
    return math.ceil(num)


@function("floor", NUMBER)
def floor(num: float) -> int:
    return math.floor(num)


@function("max", NUMBER, rest=NUMBER)
def greatest(*numbers: float) -> float:
    return max(numbers)


@function("min", NUMBER, rest=NUMBER)
def least(*numbers: float) -> float:
    return min(numbers)
