"""Programs on the pages say what the pages say about them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from posturio_iac.commands import COMMANDS
from tests.support.command_line import MISSING, Capture, Patch, run
from tests.support.readme import ROOT, blocks

OPTION = r"(?<![\w-])--[a-z][a-z-]+"
FOREIGN = (
    *("--ignore-checks", "--non-zero-exit-code", "--include-checks", "--append-rules", "--config-file"),
    *("--skip-check", "--skip-path", "--skip-framework", "--platform", "--yes"),
)
"""Options of other programs, and of the scripts of a plan, that stand alone on a page."""
PAGE = ROOT / "docs/exceptions.md"
PROGRAMS = [(text, "main.tf") for text in blocks("hcl", PAGE)] + [(text, "template.yaml") for text in blocks("yaml", PAGE)]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: Patch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("program", "name"), PROGRAMS)
def test_an_exception_on_the_page_suppresses_what_is_missing(here: Path, capsys: Capture, program: str, name: str) -> None:
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


def test_the_end_on_the_page_makes_the_key_clean(here: Path, capsys: Capture) -> None:
    (comment,) = blocks("text", PAGE)
    (here / "main.tf").write_text(f'{comment}resource "aws_iam_access_key" "k" {{\n  user = "joe"\n}}\n', encoding="utf-8")
    out = run(capsys, "scan", "--verbose", "--as-of", "2026-11-25")[1]
    assert "Clean:" in out
    assert "expiry 2027-01-31" in out


def test_an_editor_reads_a_line_of_the_concise_format_by_the_patterns_of_the_page(here: Path, capsys: Capture) -> None:
    page = ROOT / "docs/editors.md"
    (task,) = json.loads(blocks("json", page)[0])["tasks"]
    pattern = task["problemMatcher"]["pattern"]
    (here / "main.tf").write_text('resource "aws_iam_access_key" "k" {\n  user = "joe"\n}\n', encoding="utf-8")
    for arguments in (task["args"], ["hook", "--format", "concise", "main.tf"]):
        lines = run(capsys, *arguments)[1].splitlines()
        found = [re.fullmatch(pattern["regexp"], line) for line in lines]
        read = [
            (match[pattern["file"]], match[pattern["line"]], match[pattern["column"]], match[pattern["code"]]) for match in found if match
        ]
        assert ("main.tf", "1", "1", MISSING) in read, lines
        lua = re.search(r'from_pattern\("(.*?)"', page.read_text(encoding="utf-8"))
        assert lua is not None
        translated = lua[1].replace("%d", r"\d").replace("%u", "[A-Z]").replace("[%w_.]", r"[\w.]")
        assert any(re.fullmatch(translated, line) for line in lines)


def test_a_rule_of_ones_own_is_a_filter_over_the_result(here: Path, capsys: Capture) -> None:
    (here / "main.tf").write_text('resource "aws_iam_access_key" "k" {\n  user = "joe"\n}\n', encoding="utf-8")
    scan, jq = (line for line in blocks("sh", ROOT / "docs/own-rules.md")[0].splitlines())
    code, out, _ = run(capsys, *scan.partition(" >")[0].split()[1:])
    users = [key["user"] for key in json.loads(out)["keys"]]
    assert (code, [user for user in users if user is not None and not user.startswith("svc-")]) == (0, ["joe"])
    assert 'startswith("svc-")' in jq


def test_a_page_names_no_command_or_option_that_help_does_not_know(capsys: Capture) -> None:
    known = {name: set(re.findall(OPTION, run(capsys, name, "--help")[1])) for name in COMMANDS}
    everywhere = set().union(*known.values(), FOREIGN)
    wrong = []
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for code in re.findall(r"```.*?```|`[^`]+`", page.read_text(encoding="utf-8").replace("\\\n", " "), re.DOTALL):
            for name, rest in re.findall(r"(?m)(?:^|[`$|&(] ?)posturio-iac ([a-z-]+)([^`|;&#>\n]*)", code):
                wrong += [(page.name, f"{name} {option}") for option in re.findall(OPTION, rest) if option not in known.get(name, ())]
                wrong += [] if name in COMMANDS else [(page.name, name)]
            wrong += [(page.name, option) for option in re.findall(r"^`(--[a-z-]+)", code) if option not in everywhere]
    assert not wrong
