"""Programs on the pages say what the pages say about them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.command_line import MISSING, run
from tests.support.readme import ROOT, blocks

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs/exceptions.md"
PROGRAMS = [(text, "main.tf") for text in blocks("hcl", PAGE)] + [(text, "template.yaml") for text in blocks("yaml", PAGE)]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("program", "name"), PROGRAMS)
def test_an_exception_on_the_page_suppresses_what_is_missing(
    here: Path, capsys: pytest.CaptureFixture[str], program: str, name: str
) -> None:
    (here / name).write_text(program, encoding="utf-8")
    code, out, err = run(capsys, "scan", "--format", "json", "--as-of", "2026-11-25")
    result = json.loads(out)
    assert (code, [said for said in result["diagnostics"] if said["level"] != "note"]) == (0, []), err
    suppressed = [found for found in result["findings"] if found.get("suppressed")]
    assert MISSING in {found["rule"] for found in suppressed}
    (here / name).write_text("\n".join(line.partition("posturio:")[0].rstrip() for line in program.splitlines()), encoding="utf-8")
    if name.endswith(".tf"):
        assert run(capsys, "scan", "--as-of", "2026-11-25")[0] == 1, "without the comment it is a finding"


def test_there_are_programs() -> None:
    assert [name for _, name in PROGRAMS] == ["main.tf", "main.tf", "template.yaml"]


def test_the_end_on_the_page_makes_the_key_clean(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (comment,) = blocks("text", PAGE)
    (here / "main.tf").write_text(f'{comment}resource "aws_iam_access_key" "k" {{\n  user = "joe"\n}}\n', encoding="utf-8")
    out = run(capsys, "scan", "--verbose", "--as-of", "2026-11-25")[1]
    assert "Clean:" in out
    assert "expiry 2027-01-31" in out
