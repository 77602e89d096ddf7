"""The table of docs/security.md: what is promised, by which tests it is held, and their last figures.

Tests say what they hold by ``@pytest.mark.promise("name")``, or by ``pytestmark`` for all of a module. They are read and not run; figures
come from ``docs/security-figures.json``, which `tests.support.figures` writes, and the words from ``docs/promises.toml``.
"""  # noqa: INP001 - used by a script

from __future__ import annotations

import ast
import json
import sys
from typing import TYPE_CHECKING, Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIGURES, PROMISES = "docs/security-figures.json", "docs/promises.toml"


def table(root: Path) -> str:
    """The table. Raises `ValueError` for a promise that no test holds, and for one that is not in the list."""
    promised = tomllib.loads((root / PROMISES).read_text(encoding="utf-8"))
    holders: dict[str, list[str]] = {name: [] for name in promised}
    for path in sorted((root / "tests").rglob("test_*.py")):
        for name, test in _of_file(path.read_text(encoding="utf-8"), path.relative_to(root).as_posix()):
            if name not in holders:
                raise ValueError(f"{test} holds a promise that {PROMISES} does not have: {name}")
            holders[name].append(test)
    if forgotten := [name for name, tests in holders.items() if not tests]:
        raise ValueError(f"no test holds these promises of {PROMISES}: {', '.join(forgotten)}")
    figures = json.loads((root / FIGURES).read_text(encoding="utf-8"))["promises"]
    rows = (
        f"| {told['text']} | {told.get('bound', '')} | {_tests(holders[name])} | {_figure(figures.get(name))} |\n"
        for name, told in promised.items()
    )
    return "| promise | bound | held by | last figure |\n| --- | --- | --- | --- |\n" + "".join(rows)


def _of_file(text: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the promises of one file of tests, each with the test that holds it."""
    if "mark.promise(" not in text:
        return
    for statement in ast.parse(text).body:
        match statement:
            case ast.Assign([ast.Name("pytestmark")], value):
                yield from ((mark, name) for mark in _marks(value.elts if isinstance(value, ast.List) else [value]))
            case ast.FunctionDef() | ast.ClassDef():
                yield from ((mark, f"{name}::{statement.name}") for mark in _marks(statement.decorator_list))


def _marks(found: list[ast.expr]) -> Iterator[str]:
    for mark in found:
        match mark:
            case ast.Call(ast.Attribute(_, "promise"), [ast.Constant(str() as name)]):
                yield name


def _tests(tests: list[str]) -> str:
    """The tests of a promise; several of one file are told by the file."""
    by_file: dict[str, list[str]] = {}
    for test in tests:
        file, _, name = test.partition("::")
        by_file.setdefault(file, []).append(name)
    return ", ".join(f"`{names[0] or file}`" if len(names) == 1 else f"`{file}`" for file, names in by_file.items())


def _figure(figure: dict[str, Any] | None) -> str:
    return f"{figure['cases']:,} case{'' if figure['cases'] == 1 else 's'} passed, {figure['day']}" if figure else ""


def mutation(root: Path) -> str:
    """The figures of the last sample of mutants."""
    told = json.loads((root / FIGURES).read_text(encoding="utf-8"))["mutation"]
    run, left = sum(told["outcomes"].values()), told["outcomes"].get("survived", 0)
    outcomes = ", ".join(f"{count:,} {how}" for how, count in sorted(told["outcomes"].items()))
    without = f"; without {', '.join(map(str, told['equivalent']))}, which change nothing" if told.get("equivalent") else ""
    return f"The last sample: {told['day']}, seed {told['seed']}{without}: {run:,} mutants, {(run - left) / run:.1%} found ({outcomes}).\n"
