"""Numbers as Go's ``fmt`` writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

_DEFAULT_PRECISION = 6
_SMALLEST_EXPONENT = -4
_MAX_DIGITS = 5_000
_PREFIXES = {"x": "0x", "X": "0X", "o": "0", "b": ""}


def integer_text(number: int, verb: str, flags: str, width: int, precision: int | None) -> str:
    """Write a whole number in a base; the precision is the least number of digits."""
    digits = format(abs(number), verb)
    if precision == 0 and number == 0:
        return " " * width
    if precision is not None:
        digits = digits.rjust(precision, "0")
    prefix = _PREFIXES.get(verb, "") if "#" in flags else ""
    zeros = "0" in flags and precision is None
    return _pad(_sign(number < 0, flags), prefix + digits, "" if "-" in flags or not zeros else "0", flags, width)


def float_text(number: float, verb: str, flags: str, width: int, precision: int | None) -> str:
    """Write a number as ``%e``, ``%f`` or ``%g`` do."""
    from decimal import Decimal

    value = Decimal(repr(number))
    magnitude = value.copy_abs()
    lower = verb.lower()
    if lower == "g":
        body = _general(magnitude, precision)
    else:
        body = _scientific(magnitude, precision) if lower == "e" else f"{magnitude:.{_default(precision)}f}"
    body = body.upper() if verb.isupper() else body
    return _pad(_sign(value < 0, flags), body, "0" if "0" in flags and "-" not in flags else "", flags, width)


def _default(precision: int | None) -> int:
    return _DEFAULT_PRECISION if precision is None else precision


def _scientific(magnitude: Decimal, precision: int | None) -> str:
    """Write with one digit before the point and an exponent of at least two digits."""
    mantissa, exponent = f"{magnitude:.{_default(precision)}e}".split("e")
    exponent = exponent if magnitude else "+0"
    return f"{mantissa}e{exponent[0]}{exponent[1:].rjust(2, '0')}"


def _general(magnitude: Decimal, precision: int | None) -> str:
    """Write the shortest digits, or ``precision`` significant ones, with an exponent when it is small or large."""
    if magnitude == 0:
        return "0"
    from decimal import Context

    rounded = magnitude if precision is None else type(magnitude)(f"{magnitude:.{max(precision, 1) - 1}e}")
    digits = rounded.normalize(Context(prec=_MAX_DIGITS))
    count = len(digits.as_tuple().digits)
    exponent = digits.adjusted()
    if exponent < _SMALLEST_EXPONENT or exponent >= (_DEFAULT_PRECISION if precision is None else max(precision, 1)):
        return _scientific(digits, count - 1)
    return f"{digits:f}"


def _sign(negative: bool, flags: str) -> str:  # noqa: FBT001 - the only argument that is not text
    return "-" if negative else "+" if "+" in flags else " " if " " in flags else ""


def _pad(sign: str, body: str, zero: str, flags: str, width: int) -> str:
    """Fill up to the width: zeros after the sign, or spaces on either side."""
    if zero:
        return sign + body.rjust(width - len(sign), "0")
    return (sign + body).ljust(width) if "-" in flags else (sign + body).rjust(width)
