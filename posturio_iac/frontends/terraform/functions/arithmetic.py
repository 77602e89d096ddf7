"""Functions of numbers."""

from __future__ import annotations

import math

from posturio_iac.frontends.terraform.functions.signature import ResultTooLargeError, function, given, number, whole
from posturio_iac.frontends.terraform.values import EvaluationError, Value, integral, type_name

_DIGITS = {char: value for value, char in enumerate("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")}
"""Digits of bases up to 62; up to 36 upper and lower case are the same."""

_CASELESS_BASE = 36
_MAX_BASE = 62
_MAX_DIGITS = 1_000


@function("abs", number("num"))
def absolute(num: float) -> float:
    return abs(num)


@function("ceil", number("num"))
def ceil(num: float) -> int:
    """Round up to a whole number."""
    return math.ceil(num)


@function("floor", number("num"))
def floor(num: float) -> int:
    """Round down to a whole number."""
    return math.floor(num)


@function("max", number("numbers"), rest=number("numbers"))
def greatest(*numbers: float) -> float:
    return max(numbers)


@function("min", number("numbers"), rest=number("numbers"))
def least(*numbers: float) -> float:
    return min(numbers)


@function("pow", number("num"), number("power"))
def power(num: float, exponent: float) -> float:
    """Raise to a power, in floating point as Terraform does."""
    try:
        return integral(math.pow(num, exponent))
    except OverflowError:
        raise ResultTooLargeError from None
    except ValueError:
        raise EvaluationError("the result is not a finite number") from None


@function("signum", whole("num"))
def signum(num: int) -> int:
    return (num > 0) - (num < 0)


@function("parseint", given("number"), whole("base"))
def parse_int(digits: Value, base: int) -> int:
    """Read a whole number in a base from 2 to 62."""
    if not isinstance(digits, str):
        raise EvaluationError(f"number: must be a string, not a {type_name(digits)}")
    if not 2 <= base <= _MAX_BASE:  # noqa: PLR2004 - the smallest base there is
        raise EvaluationError("base: must be a whole number between 2 and 62")
    if len(digits) > _MAX_DIGITS:
        raise ResultTooLargeError
    sign = -1 if digits.startswith("-") else 1
    rest = digits[1:] if digits[:1] in ("+", "-") else digits
    values = [_DIGITS.get(char.lower() if base <= _CASELESS_BASE else char, _MAX_BASE) for char in rest]
    if not values or max(values) >= base:
        raise EvaluationError(f"number: not a whole number in base {base}")
    total = 0
    for value in values:
        total = total * base + value
    return sign * total
