"""The structure that no linter checks: names that stand for one thing, rules that know nothing of each other."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from posturio_iac.core import open_kinds
from posturio_iac.core.unknown import ABOUT, OpenKind

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


def called(tree: ast.Module, name: str) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name]


KINDS = {name: kind for name, kind in vars(open_kinds).items() if isinstance(kind, OpenKind)}
CALLS = [node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]


def test_one_module_writes_the_sentences_of_unknown_values() -> None:
    homes = {PACKAGE / "core/unknown.py", PACKAGE / "core/open_kinds.py"}
    others = [ast.walk(tree) for path, tree in TREES.items() if path not in homes]
    called = {node.func.id for nodes in others for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert called & {"Unknown", "OpenKind"} == set()


def test_a_kind_of_unknown_value_has_a_name_of_its_own_and_is_used() -> None:
    names = [kind.name for kind in (*KINDS.values(), ABOUT)]
    assert len(set(names)) == len(names)
    used = {node.id for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert set(KINDS) - used == set()


def test_a_kind_of_unknown_value_gets_as_many_arguments_as_its_sentence_has_places() -> None:
    calls = [(node.func.id, len(node.args)) for node in CALLS if isinstance(node.func, ast.Name) and node.func.id in KINDS]
    assert [(name, given) for name, given in calls if given != KINDS[name].template.count("{}")] == []
