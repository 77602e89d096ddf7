"""The public benchmark: how a tool is scored, and how repositories are brought."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.command_line import Capture, Patch
from tests.support.repository import Repository

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks" / "real_code"))
run: ModuleType = __import__("run")
sys.path.pop(0)

TWO_KEYS = """resource "aws_iam_access_key" "ended" {
  # posturio: expires=2030-01-01 owner=ci
  user = "a"
}
resource "aws_iam_access_key" "endless" {
  user = "b"
}
"""


def label(line: int, ends: str = "no", kind: str = "terraform", commit: str = "c" * 40) -> object:
    return run.Label("owner/name", commit, "main.tf", line, kind, ends, "")


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, str]:
    origin = Repository(tmp_path / "origin" / "owner" / "name")
    origin.write("main.tf", TWO_KEYS)
    return tmp_path, origin.commit()


@pytest.mark.parametrize("output", ["json", "sarif"])
def test_a_tool_is_scored_on_what_was_brought(repository: tuple[Path, str], monkeypatch: Patch, capsys: Capture, output: str) -> None:
    top, commit = repository
    rows = {"labels.tsv": [label(1, "yes", commit=commit), label(5, commit=commit)], "decoys.tsv": [label(3, "", "absent", commit)]}
    monkeypatch.setattr(run, "labels", rows.get)
    assert run.bring(top / "brought", (top / "origin").as_uri() + "/{owner}/{name}") == 0
    command = [sys.executable, "-m", "posturio_iac", "scan", "--format", output, "--as-of", "2029-12-01", "."]
    assert run.score(top / "brought", command, "iam", "without_lifetime", seconds=60, show=False) == 0
    found = {"json": "found 2 of 2", "sarif": "found 1 of 2"}[output]  # SARIF has results, and no key that is fine
    assert found in capsys.readouterr().out


def test_a_tool_that_prints_nothing_or_something_else_has_failed(repository: tuple[Path, str], monkeypatch: Patch, capsys: Capture) -> None:
    top, commit = repository
    monkeypatch.setattr(run, "labels", {"labels.tsv": [label(1, commit=commit)], "decoys.tsv": []}.get)
    (top / f"owner+name@{commit[:8]}").mkdir()
    assert run.score(top, [sys.executable, "-c", "print(1)"], "", "", seconds=60, show=False) == 1
    assert "1 of 1 repositories failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("ends", "rule", "is_open", "outcome"),
    [
        ("no", "without_lifetime", False, "right"),
        ("no", "", False, "wrong"),
        ("no", "", True, "open"),
        ("yes", "", False, "right"),
        ("yes", "without_lifetime", False, "wrong"),
        ("unknown", "", False, None),
    ],
)
def test_a_lifetime_is_right_wrong_or_open(ends: str, rule: str, is_open: bool, outcome: str | None) -> None:
    results = [run.Result("main.tf", 1, 4, "", is_open), run.Result("main.tf", 1, 4, rule)]
    assert run.judge(label(1, ends), results, "lifetime") == {"declaration", "found", *([outcome] if outcome else [])}
    assert run.judge(label(1, ends), [], "lifetime") == {"declaration", "missed"}
    assert run.judge(label(1, "", "absent"), results, "lifetime") == {"trap", "false"}


def test_places_of_sarif_are_relative_to_the_repository() -> None:
    place = {"artifactLocation": {"uri": "file:///top/a%20b.tf"}, "region": {"startLine": 3}}
    sarif = {"runs": [{"results": [{"ruleId": "x", "locations": [{"physicalLocation": place}]}]}]}
    assert list(run.read(json.dumps(sarif), Path("/top"))) == [run.Result("a b.tf", 3, 3, "x")]


def test_the_labels_are_those_that_the_page_counts() -> None:
    rows = run.labels("labels.tsv")
    kinds = Counter(row.kind in run.DECLARATIONS for row in rows)
    page = (ROOT / "docs" / "real-code.md").read_text(encoding="utf-8")
    assert f"{kinds[True]} declarations in {len({row.repo for row in rows})} public repositories" in page
    assert f"{kinds[False] + len(run.labels('decoys.tsv'))} traps" in page
