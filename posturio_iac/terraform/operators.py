"""Terraform's operators and its automatic conversions between text, numbers and booleans."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from posturio_iac.model import Unknown
from posturio_iac.terraform.values import EvaluationError, Value, first_unknown

if TYPE_CHECKING:
    from collections.abc import Callable


def text_of(value: Value) -> str:
    """Return the text that a known primitive value becomes in a template."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case None:
            raise EvaluationError("null cannot become text")
        case _:
            raise EvaluationError("a collection cannot become text")


def number_of(value: Value) -> int | float:
    """Return the number that a known value becomes; integral numbers as int."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise EvaluationError("a number is needed")
    try:
        number = float(value) if isinstance(value, str) and not value.lstrip("-").isdigit() else value
        number = int(number) if isinstance(number, str) else number
    except ValueError:
        raise EvaluationError(f'"{value}" is not a number') from None
    if isinstance(number, float) and not math.isfinite(number):
        raise EvaluationError("a finite number is needed")
    return int(number) if isinstance(number, float) and number.is_integer() else number


def truth(value: Value) -> bool | Unknown:
    """Return the boolean that a value becomes; unknown stays unknown."""
    match value:
        case bool() | Unknown():
            return value
        case "true" | "1" | 1:
            return True
        case "false" | "0" | 0:
            return False
        case _:
            raise EvaluationError("true or false is needed")


def unary(operator: str, operand: Value) -> Value:
    """Apply ``-`` or ``!``."""
    if isinstance(operand, Unknown):
        return operand
    if operator == "!":
        value = truth(operand)
        return value if isinstance(value, Unknown) else not value
    return -number_of(operand)


def binary(operator: str, left: Value, right: Value) -> Value:
    """Apply a binary operator; an unknown operand makes the result unknown, unless the other one decides."""
    if operator in ("==", "!="):
        return _equality(left, right, wanted=operator == "==")
    unknown = first_unknown(left) or first_unknown(right)
    if unknown is not None:
        return unknown
    if operator in ("&&", "||"):
        both = truth(left), truth(right)
        return all(both) if operator == "&&" else any(both)
    function = _ARITHMETIC.get(operator)
    if function is None:
        raise EvaluationError(f'"{operator}" is not an operator')
    try:
        result = function(number_of(left), number_of(right))
    except (ZeroDivisionError, OverflowError):
        raise EvaluationError(f"{operator} cannot be computed for these numbers") from None
    return int(result) if isinstance(result, float) and result.is_integer() else result


def _equality(left: Value, right: Value, *, wanted: bool) -> Value:
    unknown = first_unknown(left) or first_unknown(right)
    if unknown is None:
        return equal(left, right) is wanted
    # A map or list is never null, however unknown its elements are.
    if (left is None or right is None) and not isinstance(left, Unknown) and not isinstance(right, Unknown):
        return not wanted
    return unknown


def equal(left: Value, right: Value) -> bool:
    """Tell whether two known values are equal: as in Terraform ``1 == "1"`` and ``true == 1`` are not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(equal, left, right))
    return type(left) is type(right) and bool(left == right) or (
        isinstance(left, (int, float)) and isinstance(right, (int, float)) and left == right
    )


def _modulo(left: float, right: float) -> float:
    return math.fmod(left, right)


_ARITHMETIC: dict[str, Callable[[float, float], float | bool]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": _modulo,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}
