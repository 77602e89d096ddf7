"""Programs on the pages say what the pages say about them, links lead somewhere, and generated documents are those of the code."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest

from posturio_iac.commands import COMMANDS
from posturio_iac.config.load import load
from posturio_iac.core.finding import Exit
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


LINK = re.compile(r"\]\(([^)\s]+)\)|(?:href|src)=\"([^\"]+)\"")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
OURS = re.compile(r"https://github\.com/posturio/posturio-iac(?:/(?:blob|tree)/main/([^#)]*))?(?:#(.*))?$")


def pages() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(name) for name in listed.stdout.splitlines() if not name.startswith(("fixtures/", "tests/")) and (ROOT / name).exists()]


@cache
def text_of(page: Path) -> str:
    """The text without fenced code, in which a hash is no heading and brackets are no link."""
    return re.sub(r"^```.*?^```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@cache
def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of the headings: lower case, without punctuation, hyphens for spaces."""
    found: set[str] = set()
    for heading in HEADING.findall(text_of(page)):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()).strip().replace(" ", "-")
        number = sum(name == plain or re.fullmatch(rf"{re.escape(plain)}-\d+", name) is not None for name in found)
        found.add(f"{plain}-{number}" if number else plain)
    return found


def links() -> list[tuple[Path, str]]:
    return [(page, first or second) for page in pages() for first, second in LINK.findall(text_of(page))]


def test_there_are_pages_with_links() -> None:
    assert len(pages()) > 40
    assert len(links()) > 200


@pytest.mark.parametrize(("page", "link"), [pytest.param(page, link, id=f"{page}:{link}") for page, link in sorted(set(links()))])
def test_a_link_leads_somewhere(page: Path, link: str) -> None:
    if (ours := OURS.match(link)) is not None:
        path, anchor, start = ours[1] or "README.md", ours[2] or "", ROOT
    elif re.match(r"[a-z]+:", link):
        return  # somebody else's
    else:
        path, _, anchor = link.partition("#")
        start = (ROOT / page).parent
    target = (start / unquote(path)).resolve() if path else (ROOT / page)
    assert target.exists(), f"{page} links to {path}, which is not there"
    if anchor:
        assert anchor in anchors(target.relative_to(ROOT)), f"{page} links to {link}, and that page has no such heading"


def test_the_index_leads_to_every_page() -> None:
    linked = {link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text_of(Path("docs/index.md")))}
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"} <= linked


GENERATE: dict[str, Any] = runpy.run_path(str(ROOT / "docs/generate.py"))


def test_generated_documents_are_up_to_date() -> None:
    assert [str(path) for path in GENERATE["drift"]()] == [], "run: python docs/generate.py"


def test_the_picture_of_a_terminal_is_a_picture_of_a_finding() -> None:
    picture = ET.fromstring((ROOT / "docs/images/finding.svg").read_text(encoding="utf-8"))  # noqa: S314 - a file of ours
    rows = ["".join(text.itertext()).replace("\u00a0", " ") for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert rows[0] == "$ posturio-iac scan examples/inert-rotation"
    assert any("iam.inert_access_key_rotation" in row for row in rows)
    assert any(row.startswith("    fix: ") for row in rows)


def test_drift_names_what_is_missing_stale_and_different(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "README.md").write_text("<!-- generated: low checks -->\nold\n<!-- /generated -->\nend\n", encoding="utf-8")
    (tmp_path / "docs/rules").mkdir(parents=True)
    (tmp_path / "docs/fix.md").write_text("fix\n", encoding="utf-8")
    (tmp_path / "docs/security.md").write_text("promises\n", encoding="utf-8")
    (tmp_path / "docs/checkov.md").write_text("<!-- generated: low checks -->\n<!-- /generated -->\n", encoding="utf-8")
    (tmp_path / "posturio_iac/core").mkdir(parents=True)
    (tmp_path / "docs/rules/iam.gone.md").write_text("old", encoding="utf-8")
    (tmp_path / "posturio_iac/frontends/terraform").mkdir(parents=True)
    monkeypatch.setitem(GENERATE["main"].__globals__, "ROOT", tmp_path)
    named = {str(path) for path in GENERATE["drift"]()}
    assert {"README.md", "docs/configuration.md", "docs/rules/README.md", "docs/rules/iam.gone.md"} <= named
    assert GENERATE["main"](["--check"]) == 1
    assert (tmp_path / "docs/rules/iam.gone.md").exists()
    assert GENERATE["main"]([]) == 0
    assert GENERATE["main"](["--check"]) == 0
    assert not (tmp_path / "docs/rules/iam.gone.md").exists()
    assert (tmp_path / "README.md").read_text(encoding="utf-8").startswith("<!-- generated: low checks -->\n```text\n--soft-fail-on CKV")


def test_a_block_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no generated block called nothing"):
        GENERATE["block"]("nothing", {})


def test_the_example_in_the_reference_is_a_valid_file(tmp_path: Path) -> None:
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "posturio-iac.toml").write_text(example, encoding="utf-8")
    config = load(str(tmp_path / "posturio-iac.toml"))
    assert (len(config.overrides), len(config.suppressions)) == (2, 1)


def test_the_page_of_exit_codes_has_each_of_them() -> None:
    text = (ROOT / "docs/exit-codes.md").read_text(encoding="utf-8")
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)] == [code.value for code in Exit]
