"""``format`` and ``formatlist``. Verbs that write numbers in another base or with an exponent are not evaluated."""

from __future__ import annotations

from posturio_iac.core.model import Unknown
from posturio_iac.core.record import dataclass
from posturio_iac.core.text import lazy_pattern
from posturio_iac.frontends.terraform.functions import json_text, signature
from posturio_iac.frontends.terraform.values import EvaluationError, ResultTooLargeError, Value, first_unknown, to_bool, to_number, to_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_SEQUENCE = lazy_pattern(r"%(?:%|([-+# 0]*)([1-9][0-9]*)?(?:\.([0-9]*))?(?:\[([1-9][0-9]*)\])?([a-zA-Z]))|%|[^%]+")
_MAX_WIDTH = 10_000
_SMALL, _LARGE = 1e-4, 1e6
"""Between these, numbers are written without an exponent."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One sequence of a format."""

    raw: str
    flags: str
    width: int  # 0 when it is not given
    precision: int | None
    letter: str

    def layout(self) -> str:
        """The flags and the width as Python writes them."""
        sign = "+" if "+" in self.flags else " " if " " in self.flags else ""
        left = "-" in self.flags
        return f"{'<' if left else ''}{sign}{'0' if '0' in self.flags and not left else ''}{self.width or ''}"

    def pad(self, written: str) -> str:
        """Fill up to the width, counting characters."""
        missing = self.width - len(signature.characters(written)) if self.width else 0
        if missing <= 0:
            return written
        filling = ("0" if "0" in self.flags else " ") * missing
        return written + filling if "-" in self.flags else filling + written


signature.function("format", signature.TEXT, rest=signature.anything())(lambda template, *arguments: format_once(template, arguments))


@signature.function("formatlist", signature.TEXT, rest=signature.anything(signature.Sees.INSIDE))
def format_list(template: str, *arguments: Value) -> tuple[str | Unknown, ...]:
    """Format once for each element of the lists among the arguments, which must have the same length."""
    lengths = {len(argument) for argument in arguments if isinstance(argument, tuple)}
    if len(lengths) > 1:
        raise EvaluationError("the lists have different lengths")
    count = lengths.pop() if lengths else 1
    signature.limit_elements(count)
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
        signature.limit_text(size)
        parts.append(written)
    if highest < len(arguments):
        raise EvaluationError(f"{len(arguments)} arguments are given, and the format uses {highest}")
    return "".join(parts)


def _literal(found: str) -> str:
    if found == "%":
        raise EvaluationError("a percent sign is not followed by a verb; write %% for the sign itself")
    return "%" if found == "%%" else found


def _bound(digits: str | None) -> int:
    number = int(digits[:9]) if digits else 0
    if number > _MAX_WIDTH:
        raise ResultTooLargeError
    return number


def _write(verb: Verb, value: Value) -> str:
    if value is None and verb.letter != "v":
        raise EvaluationError(f'"{verb.raw}" cannot write null')
    match verb.letter:
        case "v":
            return verb.pad(_write_any(verb, value))
        case "t":
            return "true" if to_bool(value) else "false"
        case "s" | "q":
            written = _known(to_text(value))
            cut = signature.characters(written)[: verb.precision] if verb.precision else written
            return verb.pad(cut if verb.letter == "s" else json_text.write(cut))
        case "d":
            number = _known(to_number(value))
            if not isinstance(number, int):
                raise EvaluationError(f'"{verb.raw}" needs a whole number')
            if verb.precision is None:
                return format(number, verb.layout())
        case "f":
            from decimal import Decimal

            precision = 6 if verb.precision is None else verb.precision
            return format(Decimal(repr(_known(to_number(value)))), f"{verb.layout()}.{precision}f")
        case "b" | "o" | "x" | "X" | "e" | "E" | "g" | "G":
            to_number(value)
        case _:
            raise EvaluationError(f'"{verb.raw}" is no verb that Terraform knows')
    raise signature.NotEvaluatedError(f'"{verb.raw}" in format()')


def _write_any(verb: Verb, value: Value) -> str:
    if "#" in verb.flags or not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return json_text.write(value)
    if not isinstance(value, str) and value != 0 and not _SMALL <= abs(value) < _LARGE:
        raise signature.NotEvaluatedError("a number with an exponent in format()")
    return str(_known(to_text(value)))


def _known(value: Value) -> Value:
    if isinstance(value, Unknown):
        raise ResultTooLargeError
    return value
