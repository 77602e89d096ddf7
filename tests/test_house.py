"""The structure that no linter checks: names that stand for one thing, rules that know nothing of each other."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "posturio_iac"
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
MOST_LINES = 300


def test_each_public_class_has_a_name_of_its_own() -> None:
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for path, tree in TREES.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(path)
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


def imported(tree: ast.Module) -> set[str]:
    return {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


RULES = [path for path in TREES if path.parent.name == "rules" and not path.name.startswith("_")]


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_no_rule_imports_another_one(path: Path) -> None:
    ours = {name for name in imported(TREES[path]) if name.startswith("posturio_iac.rules.")}
    assert {name for name in ours if not name.removeprefix("posturio_iac.rules.").startswith("_")} == set()


@pytest.mark.parametrize("path", TREES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_is_short_or_says_why_not(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES or "Over 300 lines" in (ast.get_docstring(TREES[path]) or "")
