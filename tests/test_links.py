"""Links in the documents: the file is there, and so is the heading."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
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
