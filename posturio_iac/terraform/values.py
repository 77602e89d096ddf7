"""The values that Terraform expressions have, as far as code alone fixes them.

A value is ``None`` (null), ``bool``, ``int`` or ``float`` (integral numbers are ``int``), ``str``, ``tuple`` (list and tuple),
`SetValue`, ``dict`` with string keys (map and object) or `Unknown`. Collections may hold unknown elements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posturio_iac.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

Value = Any
"""One of the types named above; a recursive type that mypy cannot help with."""


class SetValue(tuple[Value, ...]):
    """A set: unique elements in Terraform's order (strings sorted). Build it with `make_set`."""

    __slots__ = ()


class OpenMap(dict[str, Value]):
    """A map of which some entries are known, while others may be there as well.

    ``rest`` says where the others come from. An entry that the others could override is `Unknown` itself.
    """

    def __init__(self, entries: dict[str, Value], rest: Unknown) -> None:
        """Hold ``entries``, and ``rest`` for what else may be there."""
        super().__init__(entries)
        self.rest = rest


class ResourceValue(OpenMap):
    """One instance of a resource: its attributes are evaluated when they are asked for.

    To functions it is a map of which nothing is known.
    """

    def __init__(self, address: str, get_attribute: Callable[[str], Value]) -> None:
        """Stand for the resource at ``address``."""
        super().__init__({}, Unknown(f"{address} is known only after apply"))
        self.address = address
        self.get_attribute = get_attribute

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        """Compare identity: two resources are never known to be equal."""
        return self is other


class EvaluationError(Exception):
    """The expression is wrong: Terraform itself would refuse it. ``try`` and ``can`` catch it."""


def first_unknown(value: Value) -> Unknown | None:
    """Return the first unknown value in ``value``, however deep, or None when all of it is known."""
    match value:
        case Unknown():
            return value
        case OpenMap():
            return value.rest
        case dict():
            candidates = value.values()
        case tuple():
            candidates = value
        case _:
            return None
    for element in candidates:
        if (unknown := first_unknown(element)) is not None:
            return unknown
    return None
