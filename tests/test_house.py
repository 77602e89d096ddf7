"""The structure that no linter checks: names that stand for one thing, rules that know nothing of each other."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "posturio_iac"
MOST_LINES = 300
pytestmark = pytest.mark.xdist_group("house")


@cache
def trees() -> dict[Path, ast.Module]:
    """Return the modules of the package; to parse them takes two seconds."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def test_each_public_class_has_a_name_of_its_own() -> None:
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for path, tree in trees().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(path)
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


def imported(tree: ast.Module) -> set[str]:
    return {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("path", [p for p in sorted((PACKAGE / "rules").glob("*.py")) if p.name[0] != "_"], ids=lambda path: path.stem)
def test_no_rule_imports_another_one(path: Path) -> None:
    ours = {name for name in imported(trees()[path]) if name.startswith("posturio_iac.rules.")}
    assert {name for name in ours if not name.removeprefix("posturio_iac.rules.").startswith("_")} == set()


def test_a_module_is_short_or_says_why_not() -> None:
    long = {path: tree for path, tree in trees().items() if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES}
    assert [path for path, tree in long.items() if "Over 300 lines" not in (ast.get_docstring(tree) or "")] == []
