"""Terraform's operators and its automatic conversions between text, numbers and booleans."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform.values import EvaluationError, Value, canonical, first_unknown, integral, is_heavy, to_number, to_text

if TYPE_CHECKING:
    from collections.abc import Callable


def text_of(value: Value) -> str:
    """Return the text that a known primitive value becomes in a template."""
    text = to_text(value)
    if isinstance(text, str):
        return text
    raise EvaluationError("null cannot become text" if text is None else "the number is too large to evaluate here")


def number_of(value: Value) -> int | float:
    """Return the number that a known value becomes; integral numbers as int."""
    number = to_number(value)
    if isinstance(number, (int, float)):
        return number
    raise EvaluationError("a number is needed" if number is None else "the number is too large to evaluate here")


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
    return integral(result) if isinstance(result, float) else result


def _equality(left: Value, right: Value, *, wanted: bool) -> Value:
    unknown = first_unknown(left) or first_unknown(right)
    if unknown is None:
        if left is not right and (is_heavy(left) or is_heavy(right)):
            return Unknown("the values are too large to compare here")
        return equal(left, right) is wanted
    # A map or list is never null, however unknown its elements are.
    if (left is None or right is None) and not isinstance(left, Unknown) and not isinstance(right, Unknown):
        return not wanted
    return unknown


def equal(left: Value, right: Value) -> bool:
    """Tell whether two known values of a bounded size are equal; as in Terraform ``1`` and ``"1"`` are not."""
    return left is right or bool(canonical(left) == canonical(right))


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
