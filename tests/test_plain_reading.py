"""The verdicts of the fast way are those of a plain one that takes none of its shortcuts: it reads every file and parses every folder."""

from __future__ import annotations

import itertools
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from benchmarks.trees import TREES
from posturio_iac.core.finding import Report
from posturio_iac.frontends.terraform.dataflow import origin, secret_flow
from posturio_iac.frontends.terraform.modules import call_graph, folder
from posturio_iac.frontends.terraform.modules.tree import ModuleTree
from posturio_iac.frontends.terraform.syntax import parsing
from posturio_iac.frontends.terraform.syntax.source import SourceText
from posturio_iac.scan import judge_paths
from posturio_iac.search.kinds import SearchTerms

FIXTURES = Path(__file__).parent.parent / "fixtures"
AS_OF = datetime(2026, 11, 27, tzinfo=timezone.utc)
SCALES = {"modules": 10, "monorepo": 48, "units": 20, "registry": 20, "noise": 5, "mixed": 1}


def take_no_shortcut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file matter and be parsed as a whole, every call be looked into, every pin be left open, everything be read."""

    def every_local_call(self: ModuleTree, _instance: Any, block: Any) -> bool:
        return self.source_of(block) is not None

    monkeypatch.setattr(SearchTerms, "are_in", lambda *_: True)
    monkeypatch.setattr(call_graph, "without_keys", lambda *_: set())
    monkeypatch.setattr(ModuleTree, "may_hold_keys", every_local_call)
    monkeypatch.setattr(secret_flow.Secrets, "mentioning", lambda _, _name, folder: secret_flow.holders(folder))
    monkeypatch.setattr(origin, "_says", lambda _: lambda _: True)
    monkeypatch.setattr(SourceText, "may_have_comments", lambda *_: True)
    monkeypatch.setattr(parsing, "OUTLINED_FROM", 1 << 60)
    monkeypatch.setattr(parsing, "plain_file", lambda *_: None)


def verdicts(report: Report) -> list[object]:
    return [*report.keys, *report.findings]


def same_both_ways(monkeypatch: pytest.MonkeyPatch, folders: list[Path]) -> int:
    monkeypatch.setattr(parsing, "OUTLINED_FROM", 0)
    fast = [verdicts(judge_paths([str(one)], as_of=AS_OF, cwd=str(one))) for one in folders]
    take_no_shortcut(monkeypatch)
    plain = [verdicts(judge_paths([str(one)], as_of=AS_OF, cwd=str(one))) for one in folders]
    for one, ours, theirs in zip(folders, fast, plain, strict=True):
        assert ours == theirs, one
    return sum(map(len, fast))


@pytest.mark.parametrize("rule", sorted({path.parent.name for path in itertools.chain(FIXTURES.glob("*/*/"))}))
def test_fixtures_are_judged_alike(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    same_both_ways(monkeypatch, [FIXTURES / rule])


def test_the_plain_way_reads_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Otherwise the tests here would compare a way with itself."""
    TREES["monorepo"](tmp_path, 12)
    parsed: list[str] = []
    load = folder.load

    def watched(root: str, path: str, *rest: Any, **named: Any) -> folder.Module:
        parsed.append(path)
        return load(root, path, *rest, **named)

    monkeypatch.setattr(folder, "load", watched)
    monkeypatch.setattr(parsing, "OUTLINED_FROM", 0)
    judge_paths([str(tmp_path)], as_of=AS_OF, cwd=str(tmp_path))
    fast = len(parsed)
    take_no_shortcut(monkeypatch)
    judge_paths([str(tmp_path)], as_of=AS_OF, cwd=str(tmp_path))
    assert len(parsed) - fast > 5 * fast > 0


@pytest.mark.parametrize(("tree", "scale"), SCALES.items())
def test_made_up_trees_are_judged_alike(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tree: str, scale: int) -> None:
    TREES[tree](tmp_path, scale)
    assert same_both_ways(monkeypatch, [tmp_path]) > 0 or tree == "noise"
