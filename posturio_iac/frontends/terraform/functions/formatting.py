"""``format`` and ``formatlist``, with the verbs and flags that Terraform takes over from Go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.core.record import dataclass
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.frontends.terraform.functions import json_text
from posturio_iac.frontends.terraform.functions.signature import (
    ResultTooLargeError,
    Sees,
    anything,
    characters,
    function,
    limit_elements,
    limit_text,
    text,
)
from posturio_iac.frontends.terraform.values import EvaluationError, Value, first_unknown, to_bool, to_number, to_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal


_SEQUENCE = lazy_pattern(r"%(?:%|([-+# 0]*)([1-9][0-9]*)?(?:\.([0-9]*))?(?:\[([1-9][0-9]*)\])?([a-zA-Z]))|%|[^%]+")
_MAX_WIDTH = 10_000


@dataclass(frozen=True, slots=True)
class Verb:
    """One sequence of a format."""

    raw: str
    flags: str
    width: int
    """0 when it is not given."""
    precision: int | None
    letter: str

    def pad(self, written: str) -> str:
        """Fill up to the width, counting characters."""
        missing = self.width - len(characters(written)) if self.width else 0
        if missing <= 0:
            return written
        filling = ("0" if "0" in self.flags else " ") * missing
        return written + filling if "-" in self.flags else filling + written


@function("format", text("format"), rest=anything())
def format_text(template: str, *arguments: Value) -> str:
    return format_once(template, arguments)


@function("formatlist", text("format"), rest=anything(Sees.INSIDE))
def format_list(template: str, *arguments: Value) -> tuple[str | Unknown, ...]:
    """Format once for each element of the lists among the arguments, which must have the same length."""
    lengths = {len(argument) for argument in arguments if isinstance(argument, tuple)}
    if len(lengths) > 1:
        raise EvaluationError("the lists have different lengths")
    count = lengths.pop() if lengths else 1
    limit_elements(count)
    rows = ([argument[row] if isinstance(argument, tuple) else argument for argument in arguments] for row in range(count))
    return tuple(_format_row(template, row) for row in rows)


def _format_row(template: str, row: Sequence[Value]) -> str | Unknown:
    unknown = first_unknown(tuple(row))
    return format_once(template, row) if unknown is None else unknown


def format_once(template: str, arguments: Sequence[Value]) -> str:
    """Format wholly known arguments. Raise EvaluationError for a wrong verb, too few or too many arguments."""
    parts: list[str] = []
    place = highest = size = 0
    for match in _SEQUENCE.finditer(template):
        flags, width, precision, index, letter = match.groups()
        if letter is None:
            written = _literal(match.group())
        else:
            place = int(index[:9]) if index else place + 1
            highest = max(highest, place)
            verb = Verb(match.group(), flags, _bound(width), None if precision is None else _bound(precision), letter)
            if place > len(arguments):
                raise EvaluationError(f'"{verb.raw}" needs argument {place}, and there are {len(arguments)}')
            written = _write(verb, arguments[place - 1])
        size += len(written)
        limit_text(size)
        parts.append(written)
    if highest < len(arguments):
        raise EvaluationError(f"{len(arguments)} arguments are given, and the format uses {highest}")
    return "".join(parts)


def _literal(found: str) -> str:
    """Text that is no verb."""
    if found == "%":
        raise EvaluationError("a percent sign is not followed by a verb; write %% for the sign itself")
    return "%" if found == "%%" else found


def _bound(digits: str | None) -> int:
    """Read a width or precision within bounds."""
    number = int(digits[:9]) if digits else 0
    if number > _MAX_WIDTH:
        raise ResultTooLargeError
    return number


def _write(verb: Verb, value: Value) -> str:
    """Write one argument."""
    if value is None and verb.letter != "v":
        raise EvaluationError(f'"{verb.raw}" cannot write null')
    match verb.letter:
        case "v":
            return verb.pad(_write_any(verb, value))
        case "t":
            return "true" if to_bool(value) else "false"
        case "s" | "q":
            written = _known(to_text(value))
            cut = characters(written)[: verb.precision] if verb.precision else written
            return verb.pad(cut if verb.letter == "s" else json_text.write(cut))
        case "b" | "d" | "o" | "x" | "X":
            number = _known(to_number(value))
            if not isinstance(number, int):
                raise EvaluationError(f'"{verb.raw}" needs a whole number')
            return integer_text(number, verb.letter, verb.flags, verb.width, verb.precision)
        case "e" | "E" | "f" | "g" | "G":
            return float_text(_known(to_number(value)), verb.letter, verb.flags, verb.width, verb.precision)
        case _:
            raise EvaluationError(f'"{verb.raw}" is no verb that Terraform knows')


def _write_any(verb: Verb, value: Value) -> str:
    """Write in the way of the value's type, or as JSON."""
    if "#" in verb.flags or not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return json_text.write(value)
    return value if isinstance(value, str) else float_text(value, "g", "", 0, None)


def _known(value: Value) -> Value:
    """A converted value. Raise `ResultTooLargeError` when it is a number beyond bounds."""
    if isinstance(value, Unknown):
        raise ResultTooLargeError
    return value


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
