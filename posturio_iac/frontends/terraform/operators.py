"""Terraform's operators and its automatic conversions between text, numbers and booleans, and to a common type."""

from __future__ import annotations

from posturio_iac.core.model import Unknown
from posturio_iac.core.unknown import NOT_EVALUATED, TOO_LARGE
from posturio_iac.frontends.terraform import values as v

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MAX_BITS = 20_000


def text_of(value: v.Value) -> str:
    """The text that a known primitive value becomes in a template."""
    text = v.to_text(value)
    if isinstance(text, str):
        return text
    raise v.EvaluationError("null cannot become text" if text is None else "the number is too large to evaluate here")


def number_of(value: v.Value) -> int | float:
    """The number that a known value becomes; integral numbers as int."""
    number = v.to_number(value)
    if isinstance(number, (int, float)):
        return number
    raise v.EvaluationError("a number is needed" if number is None else "the number is too large to evaluate here")


def truth(value: v.Value) -> bool | Unknown:
    """The boolean that a value becomes; unknown stays unknown."""
    value = v.settled(value)
    match value:
        case bool() | Unknown():
            return value
        case "true" | "1" | 1:
            return True
        case "false" | "0" | 0:
            return False
        case _:
            raise v.EvaluationError("true or false is needed")


def unary(operator: str, operand: v.Value) -> v.Value:
    """Apply ``-`` or ``!``."""
    operand = v.settled(operand)
    if isinstance(operand, Unknown):
        return operand
    if operator == "!":
        value = truth(operand)
        return value if isinstance(value, Unknown) else not value
    return -number_of(operand)


def binary(operator: str, left: v.Value, right: v.Value) -> v.Value:
    """Apply a binary operator; an unknown operand makes the result unknown, unless the other one decides."""
    if operator in ("==", "!="):
        return _equality(left, right, wanted=operator == "==")
    left, right = v.settled(left), v.settled(right)
    unknown = v.first_unknown((left, right))
    if unknown is not None:
        return unknown
    if operator in ("&&", "||"):
        both = truth(left), truth(right)
        return all(both) if operator == "&&" else any(both)
    numbers = number_of(left), number_of(right)
    if (compare := _COMPARISONS.get(operator)) is not None:
        return compare(*numbers)
    if operator not in ("+", "-", "*", "/", "%"):
        raise v.EvaluationError(f'"{operator}" is not an operator')
    if operator in ("/", "%") and numbers[1] == 0:
        return NOT_EVALUATED("a division by zero")
    if any(isinstance(number, int) and number.bit_length() > _MAX_BITS for number in numbers):
        return TOO_LARGE("the number")
    return _exact(operator, *numbers)


def _equality(left: v.Value, right: v.Value, *, wanted: bool) -> v.Value:
    unknown = v.first_unknown((left, right))
    if unknown is None:
        result = v.equal(left, right)
        return result if isinstance(result, Unknown) else result is wanted
    if (isinstance(unknown, v.Due) or isinstance(left, v.Untyped) or isinstance(right, v.Untyped)) and v.equal(left, right) is False:
        return not wanted
    # A map or list is never null, however unknown its elements are.
    if (left is None or right is None) and not isinstance(left, Unknown) and not isinstance(right, Unknown):
        return not wanted
    return unknown


def _exact(operator: str, left: float, right: float) -> int | float | Unknown:
    """Compute in decimals, as Terraform prints ``0.1 + 0.2`` as 0.3; whole numbers are exact whatever their size."""
    if isinstance(left, int) and isinstance(right, int) and (operator in _WHOLE or (operator == "/" and left % right == 0)):
        whole = int(_WHOLE[operator](left, right) if operator in _WHOLE else left // right)
        return whole if whole.bit_length() <= _BITS else NOT_EVALUATED("a number with so many digits")
    from decimal import Context, Decimal

    context = Context(prec=_DIGITS, traps=[])
    function = {"+": context.add, "-": context.subtract, "*": context.multiply, "/": context.divide, "%": context.remainder}[operator]
    sides = [Decimal(side if isinstance(side, int) else str(side)) for side in (left, right)]
    result = function(*sides)
    is_rounded = len(result.as_tuple().digits) > v.FLOAT_DIGITS and result != result.to_integral_value()
    is_left = operator in "+-" and not result and sides != [Decimal(left), Decimal(right)]  # HCL may have some bits of 1.1 - 0.9 - 0.2
    if not result.is_finite() or operator == "%" or (is_rounded and operator != "/") or is_left:
        return NOT_EVALUATED("a number with so many digits")
    return int(result) if result == result.to_integral_value() and result.adjusted() < _DIGITS else float(result)


_BITS = 512  # that Terraform keeps of a number
_DIGITS = 60  # decimal digits that arithmetic on fractions keeps on the way; the result is a float
_WHOLE: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "%": lambda a, b: (abs(a) % abs(b)) * (-1 if a < 0 else 1),
}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def alike(left: v.Value, right: v.Value) -> bool:
    """True if two values are known, the same, and of one type."""
    if left is right or v.type_name(left) != v.type_name(right) or v.is_heavy(left) or v.is_heavy(right):
        return left is right and v.first_unknown(left) is None
    return bool(left == right) and v.first_unknown(left) is None


_PRIMITIVES = frozenset({"string", "number", "bool"})


def unify(values: Sequence[v.Value]) -> tuple[v.Value, ...]:
    """Convert ``values`` to their common type.

    A string makes all strings, also inside nested collections; null and unknown values fit any type and stay. Beside unknown ones numbers
    and booleans may be text. Raises `EvaluationError` when there is no common type, `ResultTooLargeError` for huge values.
    """
    if v.is_heavy(tuple(values)):
        raise v.ResultTooLargeError
    return _unify(values)


def _unify(values: Sequence[v.Value]) -> tuple[v.Value, ...]:
    types = {v.type_name(value) for value in values} - {"null", "unknown"}
    why = next((value for value in values if isinstance(value, Unknown) and not isinstance(value, v.Due)), None)
    if types <= _PRIMITIVES and (len(types) <= 1 or why is not None or "string" in types):
        unified = tuple(values) if "string" not in types else tuple(v.to_text(value) for value in values)
    elif types == {"map"}:
        unified = _unify_maps(values)
    elif types <= {"list", "set"}:
        unified = _unify_lists(values)
    else:
        raise v.EvaluationError(f"all elements must have the same type, not {' and '.join(sorted(types))}")
    return unified if why is None else tuple(_untyped(value, why) for value in unified)


def _untyped(value: v.Value, why: Unknown) -> v.Value:
    """A value whose numbers and booleans may be text, for a reason."""
    match value:
        case bool() | int() | float():
            return v.Untyped(value, why)
        case tuple() if not isinstance(value, v.SetValue):
            return tuple(_untyped(element, why) for element in value)
        case dict() if not isinstance(value, v.ResourceValue):
            entries = {name: _untyped(entry, why) for name, entry in value.items()}
            return v.PartialMap(entries, value.rest) if isinstance(value, v.PartialMap) else entries
        case _:
            return value


def _unify_lists(values: Sequence[v.Value]) -> tuple[v.Value, ...]:
    lists = [value for value in values if isinstance(value, tuple)]
    if len({len(elements) for elements in lists}) == 1 and not any(isinstance(elements, v.SetValue) for elements in lists):
        return _put_back(values, list(zip(*(_unify(column) for column in zip(*lists, strict=True)), strict=True)) or lists)
    elements = _unify([element for elements in lists for element in elements])
    rows, start = [], 0
    for source in lists:
        rows.append(type(source)(elements[start : start + len(source)]))
        start += len(source)
    return _put_back(values, rows)


def _unify_maps(values: Sequence[v.Value]) -> tuple[v.Value, ...]:
    """Unify maps entry by entry when they have the same keys, else all their entries; those of open maps have any type."""
    maps = [value for value in values if isinstance(value, dict)]
    if (rest := next((entries.rest for entries in maps if isinstance(entries, v.PartialMap)), None)) is not None:
        return tuple(_untyped(value, rest) for value in values)
    if len({frozenset(entries) for entries in maps}) == 1:
        columns = {key: _unify([entries[key] for entries in maps]) for key in maps[0]}
        return _put_back(values, [{key: columns[key][row] for key in entries} for row, entries in enumerate(maps)])
    pool = iter(_unify([element for entries in maps for element in entries.values()]))
    return _put_back(values, [{key: next(pool) for key in entries} for entries in maps])


def _put_back(values: Sequence[v.Value], converted: Sequence[v.Value]) -> tuple[v.Value, ...]:
    """Replace the known values, in their order, by the converted ones; null and unknown ones keep their places."""
    pool = iter(converted)
    return tuple(value if value is None or isinstance(value, Unknown) else next(pool) for value in values)
