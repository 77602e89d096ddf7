"""Terraform's search for a common type: what a list, a set or a map does to the elements it is made of."""

from __future__ import annotations

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform.functions.signature import ResultTooLargeError
from posturio_iac.frontends.terraform.values import EvaluationError, PartialMap, SetValue, Value, is_heavy, to_text, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_PRIMITIVES = frozenset({"string", "number", "bool"})


def unify(values: Sequence[Value]) -> tuple[Value, ...]:
    """Convert ``values`` to their common type.

    A string among numbers or booleans makes all of them strings, and so inside nested collections; null and unknown values fit
    any type and stay. Raise EvaluationError when there is no common type, `ResultTooLargeError` for huge values.
    """
    if is_heavy(tuple(values)):
        raise ResultTooLargeError
    return _unify(values)


def _unify(values: Sequence[Value]) -> tuple[Value, ...]:
    types = {type_name(value) for value in values} - {"null", "unknown"}
    if types <= _PRIMITIVES and (len(types) <= 1 or "string" in types):
        return tuple(values) if len(types) <= 1 else tuple(to_text(value) for value in values)
    if types == {"map"}:
        return _unify_maps(values)
    if types <= {"list", "set"}:
        return _unify_lists(values)
    raise EvaluationError(f"all elements must have the same type, not {' and '.join(sorted(types))}")


def _unify_lists(values: Sequence[Value]) -> tuple[Value, ...]:
    """Unify lists place by place when they have the same length, else all their elements."""
    lists = [value for value in values if isinstance(value, tuple)]
    if len({len(elements) for elements in lists}) == 1 and not any(isinstance(elements, SetValue) for elements in lists):
        rows = list(zip(*(_unify(column) for column in zip(*lists, strict=True)), strict=True)) or lists
        return _put_back(values, rows)
    elements = _unify([element for elements in lists for element in elements])
    rows, start = [], 0
    for source in lists:
        rows.append(type(source)(elements[start : start + len(source)]))
        start += len(source)
    return _put_back(values, rows)


def _unify_maps(values: Sequence[Value]) -> tuple[Value, ...]:
    """Unify maps entry by entry when they have the same keys, else all their entries; open maps stay as they are."""
    maps = [value for value in values if isinstance(value, dict)]
    if any(isinstance(entries, PartialMap) for entries in maps):
        return tuple(values)
    if len({frozenset(entries) for entries in maps}) == 1:
        columns = {key: _unify([entries[key] for entries in maps]) for key in maps[0]}
        return _put_back(values, [{key: columns[key][row] for key in entries} for row, entries in enumerate(maps)])
    pool = iter(_unify([element for entries in maps for element in entries.values()]))
    return _put_back(values, [{key: next(pool) for key in entries} for entries in maps])


def _put_back(values: Sequence[Value], converted: Sequence[Value]) -> tuple[Value, ...]:
    """Replace the known values, in their order, by the converted ones; null and unknown ones keep their places."""
    pool = iter(converted)
    return tuple(value if value is None or isinstance(value, Unknown) else next(pool) for value in values)
