"""Lays one configuration over another, and moves its globs to another folder. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posturio_iac.config.option_table import OPTIONS, Shape
from posturio_iac.core.record import replace
from posturio_iac.core.text.globs import rebase

if TYPE_CHECKING:
    from collections.abc import Mapping

_BY_NAME = {option.name: option for option in OPTIONS}
_ADDED = (Shape.LIST, Shape.RULES, Shape.FILES, Shape.TABLES, Shape.FREE)
"""Lists that a file extends; its ``select`` replaces the one above."""


def laid_over(values: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``values`` with a file's ``own`` ones over them: lists grow, tables are joined, all else is replaced."""
    return {**values, **{name: _joined(name, values[name], value) if values.get(name) else value for name, value in own.items()}}


def _joined(name: str, value: Any, own: Any) -> Any:
    shape = _BY_NAME[name].shape
    if shape in _ADDED:
        return (*value, *own) if name != "select" else own or value
    if shape == Shape.MAPPING:
        return {**value, **own}
    if shape == Shape.TABLE:
        return {**value, **{key: (*value.get(key, ()), *more) for key, more in own.items()}}
    return own


def with_globs_from(own: Mapping[str, Any], folder: str, outer: str) -> dict[str, Any]:
    """Return values whose globs count from ``outer`` in place of the ``folder`` below it."""

    def moved(*globs: str) -> tuple[str, ...]:
        return rebase(globs, folder, outer)

    return {
        **own,
        "exclude": moved(*own.get("exclude", ())),
        "overrides": tuple(replace(one, paths=moved(*(one.paths or ("**",)))) for one in own["overrides"]),
        "suppressions": tuple(replace(one, path=moved(one.path or "**")[0]) for one in own["suppressions"]),
    }
