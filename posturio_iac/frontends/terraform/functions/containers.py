"""Functions that make collections out of collections."""

from __future__ import annotations

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform import values as v
from posturio_iac.frontends.terraform.functions import signature
from posturio_iac.frontends.terraform.operators import unify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_RANGE = 1024  # Terraform's own limit on the elements of a range

signature.function("anytrue", signature.BOOLEANS)(
    lambda elements: any(element is True for element in elements) or v.first_unknown(elements) or False
)
signature.function("compact", signature.TEXTS)(lambda elements: tuple(element for element in elements if element))
signature.function("reverse", signature.sequence())(lambda elements: elements[::-1])


@signature.function("alltrue", signature.BOOLEANS)
def all_true(elements: tuple[v.Value, ...]) -> bool | Unknown:
    """True if all elements are true; null is not, and one that is not decides whatever is unknown."""
    for element in elements:
        if element is False or element is None:
            return False
        if isinstance(element, v.Due) and element.doubt is None:
            return element  # Terraform looks no further.
    return v.first_unknown(elements) or True


@signature.function("concat", signature.sequence(sets=False), rest=signature.sequence(sets=False))
def concat(*lists: tuple[v.Value, ...]) -> tuple[v.Value, ...]:
    """Join lists; unknown elements stay."""
    signature.limit_elements(sum(map(len, lists)))
    return tuple(element for elements in lists for element in elements)


@signature.function("distinct", signature.sequence(signature.Sees.NOTHING))
def distinct(elements: tuple[v.Value, ...]) -> tuple[v.Value, ...]:
    """Remove duplicates, keeping the first of each."""
    unique: dict[object, v.Value] = {}
    for element in unify(elements):
        unique.setdefault(v.canonical(element), element)
    return tuple(unique.values())


@signature.function("flatten", signature.sequence())
def flatten(elements: tuple[v.Value, ...]) -> tuple[v.Value, ...] | Unknown:
    """Replace nested lists by their elements; an unknown element may be a list itself."""
    if v.is_heavy(elements):
        raise v.ResultTooLargeError
    result = tuple(_leaves(elements))
    return next((leaf for leaf in result if isinstance(leaf, Unknown)), result)


def _leaves(elements: tuple[v.Value, ...]) -> Iterator[v.Value]:
    for element in elements:
        if isinstance(element, tuple):
            yield from _leaves(element)
        else:
            yield element


@signature.function("merge", rest=signature.mapping(signature.Sees.ALL, null=True))
def merge(*maps: v.Value) -> dict[str, v.Value] | Unknown:
    """Merge maps, later ones over earlier ones; an unknown or open one hides those before it."""
    result: dict[str, v.Value] = {}
    rest: Unknown | None = None
    for entries in maps:
        if entries is None:
            continue
        if isinstance(entries, v.Due) and entries.doubt is None:
            return entries
        hidden = entries if isinstance(entries, Unknown) else entries.rest if isinstance(entries, v.PartialMap) else None
        if hidden is not None:
            result = {name: v.doubtful(hidden, value, hidden) for name, value in result.items()}
            rest = hidden if rest is None else rest
        result |= {} if isinstance(entries, Unknown) else entries
        signature.limit_elements(len(result))
    return result if rest is None else v.PartialMap(result, rest)


@signature.function("range", signature.NUMBER, signature.NUMBER, signature.NUMBER, required=1)
def range_of(*params: float) -> tuple[v.Value, ...]:
    """Count from a start up or down to, and without, an end."""
    start, end, step = _range_limits(params)
    if step == 0 or (end < start if step > 0 else end > start):
        raise v.EvaluationError("the step must lead from the start to the end")
    result: list[float] = []
    while (len_ := len(result)) <= _MAX_RANGE and (
        (place := start + len_ * step) < end if step > 0 else (place := start + len_ * step) > end
    ):
        result.append(v.integral(place))
    if len(result) > _MAX_RANGE:
        raise v.EvaluationError(f"more than {_MAX_RANGE} elements")
    return tuple(result)


def _range_limits(params: tuple[float, ...]) -> tuple[float, float, float]:
    start, end = (0, params[0]) if len(params) == 1 else params[:2]
    step = params[2] if len(params) > 2 else (-1 if end < start else 1)  # noqa: PLR2004 - the third argument
    return start, end, step


@signature.function("slice", signature.sequence(sets=False), signature.WHOLE, signature.WHOLE)
def slice_of(elements: tuple[v.Value, ...], start: int, end: int) -> tuple[v.Value, ...]:
    """Cut out the elements from a start up to, and without, an end."""
    if not 0 <= start <= end <= len(elements):
        raise v.EvaluationError(f"the start {start} and the end {end} must be in order and within the list's length of {len(elements)}")
    return elements[start:end]


@signature.function("sort", signature.TEXTS)
def sort(elements: tuple[str | None, ...]) -> tuple[str, ...]:
    """Sort strings by code point."""
    known = [element for element in elements if element is not None]
    if len(known) < len(elements):
        raise v.EvaluationError("an element is null")
    return tuple(sorted(known))


@signature.function("sum", signature.sequence(signature.Sees.NOTHING))
def sum_of(elements: tuple[v.Value, ...]) -> v.Value:
    """Add numbers, exactly in decimal as far as 150 digits go."""
    if not elements or None in elements:
        raise v.EvaluationError("an element is null" if elements else "the list is empty")
    numbers = [v.to_number(element) for element in elements]
    if (unknown := v.first_unknown(tuple(numbers))) is not None:
        return unknown
    if all(isinstance(item, int) for item in numbers):
        return sum(numbers)
    from decimal import Context, Decimal

    context = Context(prec=150)
    total = Decimal(0)
    for item in numbers:
        total = context.add(total, Decimal(repr(item)))
    return v.to_number(str(total))


@signature.function("zipmap", signature.TEXTS, signature.sequence(sets=False))
def zip_map(keys: tuple[str | None, ...], values: tuple[v.Value, ...]) -> dict[str, v.Value]:
    """Make a map of keys and of the values at the same places, which may be unknown."""
    if len(keys) != len(values):
        raise v.EvaluationError(f"{len(keys)} keys do not match {len(values)} values")
    result: dict[str, v.Value] = {}
    for key, value in zip(keys, values, strict=True):
        if key is None:
            raise v.EvaluationError("a key is null")
        result[key] = value
    return result
