"""Which tests can find a mutant: those that run its line, or what uses the table that it changes, or that mirror its module."""

from __future__ import annotations

import ast
import json
import re
from functools import cache, cached_property
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.mutation.mutants import Mutant

OF_RECORDS = "tests/core/test_record.py::"
"""Tests of every class of values."""
LONG = 60
"""Characters of what a mutant changes, up to which it is telling and not the line around it."""
OF_CLAUSES = "tests/test_clauses.py::test_a_clause_reads_as_a_part_of_a_sentence"
"""The test that reads each module."""


class _Statement(NamedTuple):
    first: int
    last: int
    names: frozenset[str]


class Selection:
    """The tests of each line, most telling first: those of the package's own folder, then one case of each test, and so on."""

    def __init__(self, root: Path, file: Path) -> None:
        told = json.loads(file.read_text(encoding="utf-8"))
        self.root = root
        self.lines: dict[str, dict[str, list[int]]] = told["lines"]
        self.tests: list[tuple[str, float]] = told["tests"]

    def of(self, mutant: Mutant) -> list[str]:
        """The ids of the tests that run the line, or that run what uses the name on a line which only the import runs."""
        if mutant.line in self._bodies(mutant.path):
            return [*self._reading(mutant), *self._ordered(set(self._near(mutant.path, mutant.line)), mutant.path.split("/")[1])]
        return self.around(mutant)

    def around(self, mutant: Mutant) -> list[str]:
        """The ids of the tests of the whole statement and of what uses its name, and of those that mirror the module."""
        folder = mutant.path.split("/")[1]
        first, of_statement, beside = self._of_field(mutant), self._of_statement(mutant), self._beside(mutant.path)
        telling = self._that_name(mutant, of_statement | beside)
        turns = zip_longest(self._ordered(first, folder), self._ordered(beside, folder), self._ordered(of_statement, folder))
        first_tests = (*self._reading(mutant), *self._ordered(telling, folder))
        return list(dict.fromkeys([*first_tests, *(test for turn in turns for test in turn if test)]))

    def _reading(self, mutant: Mutant) -> list[str]:
        return [test for test, _ in self.tests if test == f"{OF_CLAUSES}[{mutant.path}]"]

    def _beside(self, path: str) -> set[int]:
        """The tests in the folder that mirrors the module's, or the nearest above."""
        above = [parent.as_posix().replace("posturio_iac", "tests", 1) for parent in Path(path).parents][:-2]
        near = next((folder for folder in above if any(test.startswith(f"{folder}/") for test, _ in self.tests)), "none")
        return {number for number, (test, _) in enumerate(self.tests) if test.startswith(f"{near}/")}

    def _that_name(self, mutant: Mutant, tests: set[int]) -> set[int]:
        """The tests whose case holds a word that is changed, or the module's name: ``test_takes[cidrhost-2]``."""
        text = (self.root / mutant.path).read_text(encoding="utf-8").splitlines()[mutant.line - 1]
        changed = getattr(mutant, "before", text)
        words = {Path(mutant.path).stem, *re.findall(r"\w+", changed if len(changed) < LONG else text)}
        if "@dataclass" in text:
            return {number for number, (test, _) in enumerate(self.tests) if test.startswith(OF_RECORDS)}
        return {number for number in tests if words & set(re.findall(r"\w+", self.tests[number][0].partition("[")[2]))}

    def _of_field(self, mutant: Mutant) -> set[int]:
        """The tests of what names the field of a class that a line states."""
        text = (self.root / mutant.path).read_text(encoding="utf-8").splitlines()[mutant.line - 1]
        field = re.match(r"\s+(\w+)\s*[:=]", text)
        used = self._uses(frozenset({field[1]})) if field else []
        return {test for path, line in used if line in self._bodies(path) for test in self._near(path, line)}

    def _near(self, path: str, line: int) -> list[int]:
        """The tests of a line; of an expression on several lines not each counts as run."""
        inside = self._bodies(path)
        while line in inside and not self._at(path, line):
            line -= 1
        return self._at(path, line) if line in inside else []

    @cache  # noqa: B019 - there is one for the whole run
    def _bodies(self, path: str) -> frozenset[int]:
        """The lines in the bodies of functions; the rest is run by the import alone, which is that of the first test."""
        tree = ast.parse((self.root / path).read_text(encoding="utf-8"))
        functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
        return frozenset(line for node in functions for line in range(node.body[0].lineno, (node.end_lineno or 0) + 1))

    def _at(self, path: str, line: int) -> list[int]:
        return self.lines.get(path, {}).get(str(line), [])

    def _of_statement(self, mutant: Mutant) -> set[int]:
        """The tests of the function or class that a line is in, and of what uses it; of a table, of what uses it in turn."""
        found: set[int] = set()
        pending: list[tuple[str, int]] = [(mutant.path, mutant.line)]
        seen: set[tuple[str, int]] = set()
        while pending:
            path, line = pending.pop()
            statement = next((one for one in self._statements(path) if one.first <= line <= one.last), None)
            if statement is None or (path, statement.first) in seen:
                continue
            seen.add((path, statement.first))
            lines = range(statement.first, statement.last + 1)
            found |= {test for at in lines if at in self._bodies(path) for test in self._at(path, at)}
            for user, at in self._uses(statement.names):
                if at in self._bodies(user):
                    found.update(self._near(user, at))
                else:
                    pending.append((user, at))
        return found or {test for at in self._bodies(mutant.path) for test in self._at(mutant.path, at)}

    @cache  # noqa: B019 - there is one for the whole run
    def _statements(self, path: str) -> list[_Statement]:
        found = []
        for node in ast.parse((self.root / path).read_text(encoding="utf-8")).body:
            first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
            targets = getattr(node, "targets", None) or [getattr(node, "target", node)]
            names = {getattr(one, "id", getattr(one, "name", "")) for one in targets} - {"", None}
            if not isinstance(node, (ast.Import, ast.ImportFrom)):
                found.append(_Statement(first, node.end_lineno or first, frozenset(names)))
        return found

    @cache  # noqa: B019 - there is one for the whole run
    def _uses(self, names: frozenset[str]) -> list[tuple[str, int]]:
        return [place for name in names for place in self._words.get(name, ())]

    @cached_property
    def _words(self) -> dict[str, list[tuple[str, int]]]:
        words: dict[str, list[tuple[str, int]]] = {}
        for path in self.lines:
            for line, code in enumerate((self.root / path).read_text(encoding="utf-8").splitlines(), 1):
                for word in set(re.findall(r"\w+", code)):
                    words.setdefault(word, []).append((path, line))
        return words

    def _ordered(self, found: set[int], folder: str) -> list[str]:
        groups: dict[str, list[tuple[float, str]]] = {}
        for number in found:
            test, seconds = self.tests[number]
            groups.setdefault(test.partition("[")[0], []).append((seconds, test))
        ranked = sorted(groups.values(), key=lambda group: (f"/{folder}/" not in group[0][1], sum(one for one, _ in group) / len(group)))
        return [one[1] for turn in zip_longest(*map(sorted, ranked)) for one in turn if one]
