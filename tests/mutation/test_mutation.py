"""How mutants find their tests and get into the loaded program; drawing them needs mutmut."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, cast

import pytest

from tests.mutation.execution import runs_at_import
from tests.mutation.selection import Selection

if TYPE_CHECKING:
    from pathlib import Path

    from tests.mutation.mutants import Mutant

CODE = """\
LIMIT = 3
OTHER = LIMIT + 1


def far(days):
    return (
        days
        > LIMIT
    )


def near(days, default=1):
    return not far(days or default)


def apart():
    return OTHER
"""
TESTS = [
    "tests/a/test_a.py::test_far",
    "tests/a/test_a.py::test_near[1]",
    "tests/a/test_a.py::test_near[2]",
    "tests/b/test_b.py::test_apart",
]
LINES = {6: [0, 1, 2], 13: [1, 2], 17: [3], 1: [0], 2: [0], 5: [0]}


class Change(NamedTuple):
    path: str
    line: int
    source: str


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "posturio_iac" / "a").mkdir(parents=True)
    (tmp_path / "posturio_iac" / "a" / "code.py").write_text(CODE)
    told = {"tests": [[test, 0.1] for test in TESTS], "lines": {"posturio_iac/a/code.py": LINES}}
    (tmp_path / "map.json").write_text(json.dumps(told))
    return tmp_path


def change(line: int, source: str = CODE) -> Mutant:
    return cast("Mutant", Change("posturio_iac/a/code.py", line, source))


@pytest.mark.parametrize(
    ("line", "tests"),
    [
        (13, [1, 2]),  # a line of a function: what runs it
        (8, [0, 1, 2]),  # the third line of an expression: what runs the first
        (12, [0, 1, 2]),  # the head of a function: what runs its body, and what stands where its tests do
        (1, [0, 1, 2, 3]),  # a table: what runs those who use it, via another table as well
        (2, [0, 1, 2, 3]),
    ],
)
def test_a_mutant_is_run_by_the_tests_that_can_find_it(root: Path, line: int, tests: list[int]) -> None:
    assert sorted(Selection(root, root / "map.json").of(change(line))) == [TESTS[number] for number in tests]


def test_one_case_of_each_test_comes_first(root: Path) -> None:
    order = Selection(root, root / "map.json").of(change(8))
    assert order == [TESTS[0], TESTS[1], TESTS[2]]


@pytest.mark.parametrize(
    ("old", "new", "at_import"),
    [
        ("LIMIT = 3", "LIMIT = 4", True),
        ("default=1", "default=2", True),
        ("> LIMIT", ">= LIMIT", False),
        ("not far", "far", False),
        ("OTHER = LIMIT + 1", "OTHER = LIMIT - 1", True),
    ],
)
def test_what_runs_at_import_is_told_from_bodies_of_functions(root: Path, old: str, new: str, at_import: bool) -> None:
    assert runs_at_import(root, change(1, CODE.replace(old, new))) is at_import
