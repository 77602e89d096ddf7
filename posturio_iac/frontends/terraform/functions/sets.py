"""Functions of sets."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from posturio_iac.frontends.terraform.functions.signature import Sees, function, given, limit_elements, sequence
from posturio_iac.frontends.terraform.functions.unify import unify
from posturio_iac.frontends.terraform.values import EvaluationError, SetValue, Value, canonical, make_set, type_name

if TYPE_CHECKING:
    from posturio_iac.core.model import Unknown

_AT_LEAST = 2


def _alike(sets: tuple[tuple[Value, ...], ...]) -> list[tuple[Value, ...]]:
    """Convert all elements of all sets to their common type."""
    elements = unify([element for members in sets for element in members])
    result, start = [], 0
    for members in sets:
        result.append(elements[start : start + len(members)])
        start += len(members)
    return result


@function("setunion", sequence("first_set", Sees.NOTHING), rest=sequence("other_sets", Sees.NOTHING))
def union(*sets: tuple[Value, ...]) -> SetValue | Unknown:
    limit_elements(sum(map(len, sets)))
    return make_set(element for members in _alike(sets) for element in members)


@function("setintersection", sequence("first_set", Sees.NOTHING), rest=sequence("other_sets", Sees.NOTHING))
def intersection(*sets: tuple[Value, ...]) -> SetValue | Unknown:
    """Return what is in every set."""
    first, *others = _alike(sets)
    keys = [{canonical(element) for element in members} for members in others]
    return make_set(element for element in first if all(canonical(element) in members for members in keys))


@function("setsubtract", sequence("a", Sees.NOTHING), sequence("b", Sees.NOTHING))
def subtract(minuend: tuple[Value, ...], subtrahend: tuple[Value, ...]) -> SetValue | Unknown:
    """Return what is in the first set and not in the second."""
    first, second = _alike((minuend, subtrahend))
    keys = {canonical(element) for element in second}
    return make_set(element for element in first if canonical(element) not in keys)


@function("setproduct", rest=given("sets", Sees.INSIDE))
def set_product(*sets: Value) -> tuple[Value, ...] | Unknown:
    """All combinations: a list of them when only lists are given, else a set."""
    if len(sets) < _AT_LEAST:
        raise EvaluationError("takes at least 2 arguments")
    total = 1
    for members in sets:
        if not isinstance(members, tuple):
            raise EvaluationError(f"sets: a set or a list is required, not a {type_name(members)}")
        total *= len(members)
    limit_elements(total)
    combinations = tuple(product(*(unify(members) for members in sets)))
    return make_set(combinations) if any(isinstance(members, SetValue) for members in sets) else combinations
