"""Our named tuples are those of the standard library, for less."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from posturio_iac.core.record import NamedTuple

MANY = 200
"""More than a class makes before its constructor is compiled."""


class Point(NamedTuple):
    """A place."""

    x: int
    y: int = 2
    names: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """Both together."""
        return self.x + self.y


@pytest.mark.parametrize("many", [1, MANY])
def test_named_tuples_are_made_and_compared_like_those_of_the_standard_library(many: int) -> None:
    """Before and after the constructor is compiled."""
    *_, point = (Point(1, names=("a",)) for _ in range(many))
    assert (*point,) == (1, 2, ("a",))
    assert point._replace(y=5).total == 6
    assert repr(point) == "Point(x=1, y=2, names=('a',))"
    assert hash(point) == hash((1, 2, ("a",)))
    assert pickle.loads(pickle.dumps(point)) == point  # noqa: S301 - our own
    assert type(copy.deepcopy(point)) is Point
    match point:
        case Point(x, y):
            assert (x, y) == (1, 2)


@pytest.mark.parametrize("given", [{}, {"x": 1, "z": 2}, {"y": 2}])
def test_named_tuples_refuse_arguments_that_are_missing_or_unknown(given: dict[str, Any]) -> None:
    """As any function does."""
    for _ in range(MANY):
        with pytest.raises(TypeError):
            Point(**given)
