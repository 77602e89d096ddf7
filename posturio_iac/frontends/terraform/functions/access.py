"""Functions that pick something out of collections, tell their size, or combine sets."""

from __future__ import annotations

from itertools import product

from posturio_iac.core.model import Unknown
from posturio_iac.core.unknown import NOT_FIXED
from posturio_iac.frontends.terraform import values as v
from posturio_iac.frontends.terraform.functions import signature
from posturio_iac.frontends.terraform.operators import unify

signature.function("values", signature.mapping())(
    lambda held: held.rest if isinstance(held, v.PartialMap) else tuple(held[key] for key in sorted(held))
)


@signature.function("coalesce", rest=signature.anything(signature.Sees.ALL))
def coalesce(*values: v.Value) -> v.Value:
    """The first value that is neither null nor an empty string; an unknown one before it may be that first one."""
    for value in unify(values):
        if value is not None and value != "":
            return value
    raise v.EvaluationError("no argument is known to be neither null nor an empty string")


@signature.function("coalescelist", rest=signature.sequence(signature.Sees.ALL, sets=False, null=True))
def coalesce_list(*lists: v.Value) -> v.Value:
    """The first list that is not empty; an unknown one before it may be that first one."""
    for elements in lists:
        if isinstance(elements, Unknown) or elements:
            return elements
    raise v.EvaluationError("all lists are empty or null")


@signature.function("contains", signature.sequence(), signature.anything(signature.Sees.ALL))
def contains(elements: tuple[v.Value, ...], value: v.Value) -> bool | Unknown:
    """True if a list holds a value; unknown elements leave it open until one is found."""
    found = tuple(v.equal(element, value) for element in elements)
    return any(one is True for one in found) or v.first_unknown(found) or False


@signature.function("element", signature.sequence(sets=False), signature.WHOLE)
def element_at(elements: tuple[v.Value, ...], index: int) -> v.Value:
    """The element at an index, which wraps around."""
    if not elements:
        raise v.EvaluationError("the list is empty")
    return elements[index % len(elements)]


@signature.function("index", signature.sequence(sets=False), signature.given())
def index_of(elements: tuple[v.Value, ...], value: v.Value) -> int | Unknown:
    """The place of the first equal element."""
    for place, element in enumerate(elements):
        match v.equal(element, value):
            case True:
                return place
            case Unknown() as unknown:
                return unknown
    raise v.EvaluationError("the list does not hold the value")


@signature.function("keys", signature.mapping())
def keys(entries: dict[str, v.Value]) -> tuple[str, ...] | Unknown:
    """The keys in their order; those of a resource are its type's."""
    if isinstance(entries, v.ResourceValue):
        return NOT_FIXED(f"keys({entries.address})")
    return entries.rest if isinstance(entries, v.PartialMap) else tuple(sorted(entries))


@signature.function("length", signature.given(signature.Sees.INSIDE))
def length(value: v.Value) -> int | Unknown:
    """Count elements, or the characters of a string."""
    match value:
        case str():
            return len(signature.characters(value))
        case v.PartialMap():
            return value.rest
        case tuple() | dict():
            return len(value)
        case _:
            raise v.EvaluationError(f"a string or a collection is required, not a {v.type_name(value)}")


@signature.function("lookup", signature.mapping(signature.Sees.ALL), signature.TEXT, signature.anything(signature.Sees.ALL), required=2)
def lookup(entries: v.Value, key: str, *default: v.Value) -> v.Value:
    """The entry of a key, or the default when there is none."""
    if isinstance(entries, Unknown) or key in entries:
        return entries if isinstance(entries, Unknown) else entries[key]
    if isinstance(entries, v.PartialMap):
        return entries.rest
    if default:
        return v.to_text(default[0]) if isinstance(entries, v.TextMap) else default[0]
    raise v.EvaluationError(f'there is no key "{key}" and no default')


@signature.function("one", signature.sequence())
def one(elements: tuple[v.Value, ...]) -> v.Value:
    """The only element, or null when there is none."""
    if len(elements) > 1:
        raise v.EvaluationError(f"the list must hold at most one element, and holds {len(elements)}")
    return elements[0] if elements else None


_AT_LEAST = 2


def _alike(sets: tuple[tuple[v.Value, ...], ...]) -> list[tuple[v.Value, ...]]:
    elements = unify([element for members in sets for element in members])
    result, start = [], 0
    for members in sets:
        result.append(elements[start : start + len(members)])
        start += len(members)
    return result


@signature.function("setunion", signature.sequence(signature.Sees.NOTHING), rest=signature.sequence(signature.Sees.NOTHING))
def union(*sets: tuple[v.Value, ...]) -> v.SetValue | Unknown:
    signature.limit_elements(sum(map(len, sets)))
    return v.make_set(element for members in _alike(sets) for element in members)


@signature.function("setintersection", signature.sequence(signature.Sees.NOTHING), rest=signature.sequence(signature.Sees.NOTHING))
def intersection(*sets: tuple[v.Value, ...]) -> v.SetValue | Unknown:
    """What is in every set."""
    first, *others = _alike(sets)
    keys = [{v.canonical(element) for element in members} for members in others]
    return v.make_set(element for element in first if all(v.canonical(element) in members for members in keys))


@signature.function("setsubtract", signature.sequence(signature.Sees.NOTHING), signature.sequence(signature.Sees.NOTHING))
def subtract(minuend: tuple[v.Value, ...], subtrahend: tuple[v.Value, ...]) -> v.SetValue | Unknown:
    """What is in the first set and not in the second."""
    first, second = _alike((minuend, subtrahend))
    keys = {v.canonical(element) for element in second}
    return v.make_set(element for element in first if v.canonical(element) not in keys)


@signature.function("setproduct", rest=signature.given(signature.Sees.INSIDE))
def set_product(*sets: v.Value) -> tuple[v.Value, ...] | Unknown:
    """All combinations: a list of them when only lists are given, else a set."""
    if len(sets) < _AT_LEAST:
        raise v.EvaluationError("takes at least 2 arguments")
    total = 1
    for members in sets:
        if not isinstance(members, tuple):
            raise v.EvaluationError(f"a set or a list is required, not a {v.type_name(members)}")
        total *= len(members)
    signature.limit_elements(total)
    combinations = tuple(product(*(unify(members) for members in sets)))
    return v.make_set(combinations) if any(isinstance(members, v.SetValue) for members in sets) else combinations
