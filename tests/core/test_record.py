"""Our named tuples and enumerations are those of the standard library, for less."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest

from posturio_iac.core.record import Enum, NamedTuple

MANY = 200  # more than a class makes before its constructor is compiled


class Point(NamedTuple):
    """A place."""

    x: int
    y: int = 2
    names: tuple[str, ...] = ()

    @property
    def total(self) -> int:
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


class Size(str, Enum):
    """Words."""

    SMALL = "small"
    LARGE = "large"

    @property
    def initial(self) -> str:
        return self.value[0]


def test_enumerations_are_like_those_of_the_standard_library() -> None:
    assert [*Size] == [Size("small"), Size["LARGE"]] == ["small", "large"]
    assert (str(Size.SMALL), f"{Size.SMALL}", repr(Size.SMALL)) == ("Size.SMALL", "Size.SMALL", "<Size.SMALL: 'small'>")
    assert (Size.SMALL.name, Size.SMALL.value, Size.SMALL.initial, len(Size)) == ("SMALL", "small", "s", 2)
    assert copy.deepcopy(Size.LARGE) is pickle.loads(pickle.dumps(Size.LARGE)) is Size.LARGE  # noqa: S301 - our own
    with pytest.raises(ValueError, match=r"^'huge' is no Size$"):
        Size("huge")


PACKAGES = ["core", "core.metadata", "facts", "judge", "rules", "frontends.terraform.functions"]


def records(package: str) -> Iterator[type]:
    """Yield the classes of a package that have fields and are no tuples."""
    home = import_module(f"posturio_iac.{package}")
    for module in (import_module(info.name) for info in walk_packages(home.__path__, f"{home.__name__}.")):
        for one in vars(module).values():
            if isinstance(one, type) and one.__module__ == module.__name__ and "__match_args__" in vars(one) and not issubclass(one, tuple):
                yield one


@pytest.mark.parametrize("package", PACKAGES)
def test_a_record_of_what_is_judged_never_changes(package: str) -> None:
    found = list(records(package))
    assert found
    for record in found:
        one: Any = object.__new__(record)
        assert not hasattr(one, "__dict__")
        for name in record.__match_args__:  # type: ignore[attr-defined]
            with pytest.raises(AttributeError):
                setattr(one, name, None)
