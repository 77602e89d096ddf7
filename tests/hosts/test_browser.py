"""The page in a real Chromium: quiet, accessible, usable by keyboard, printable, quick, and deaf to hostile text.

The nox session `browser` installs what drives it; the browser is the machine's own, named by the variable CHROMIUM.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect, sync_playwright
from pypdf import PdfReader

from benchmarks.report import result
from posturio_iac.contract.read import result as read
from posturio_iac.render.report.html_page import page as render
from posturio_iac.render.report.view import Posture, join
from tests.support.command_line import ROOT
from tests.support.report_results import HOSTILE, A, accounts, code, declared, deployed, everything, finding, hostile, joined
from tests.support.report_results import result as small

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Dialog, Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def made(keys: int) -> Posture:
    return join([read(result(keys), "live.json")])


VIEWS: dict[str, Callable[[], Posture]] = {
    "0 keys": lambda: joined(small(scope=accounts(A))),
    "1 key": lambda: joined(small([deployed("a")])),
    "50 keys": lambda: made(50),
    "everything": everything,
}
WIDTHS = {"light": 1280, "dark": 400}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Page:
    """Shows one report after the other where nothing is asked of a context: the start of a process is most of what a page takes."""
    return browser.new_context().new_page()


class Opened:
    def __init__(self, page: Page, path: Path) -> None:
        self.context, self.page = page.context, page
        self.noise: list[str] = []
        self.page.on("console", lambda message: self.noise.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.noise.append(f"error: {error}"))
        self.page.on("dialog", self.dialog)
        self.page.on("request", lambda request: self.request(request.url, path))
        self.failed: list[str] = []
        self.page.on("requestfailed", lambda request: self.failed.append(f"{request.url}: {request.failure}"))
        self.page.goto(path.as_uri(), wait_until="load")

    def request(self, url: str, path: Path) -> None:
        if url not in (path.as_uri(), "data:,"):
            self.noise.append(f"request: {url}")

    def dialog(self, dialog: Dialog) -> None:
        self.noise.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def open_page(browser: Browser, tab: Page, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    opened: list[Opened] = []

    def opener(view: Posture, **context: Any) -> Opened:
        path = tmp_path / f"{len(opened)}.html"
        path.write_text(render(view), encoding="utf-8")
        page = browser.new_context(**context).new_page() if context or opened else tab
        opened.append(Opened(page, path))
        return opened[-1]

    tab.set_viewport_size({"width": 1280, "height": 720})
    tab.emulate_media(color_scheme="light", media="null")
    yield opener
    noise = [said for each in opened for said in each.noise]
    for each in opened:
        if each.page is not tab:
            each.context.close()
    tab.goto("about:blank")
    assert noise == []


OPEN = "document.querySelectorAll('details').forEach((details) => { details.open = true })"
ALIKE = """() => document.querySelectorAll('tbody').forEach((body) => {
    const seen = {}, kinds = (row) => [...row.cells].flatMap((cell) => [cell, ...cell.querySelectorAll('*')].map((part) =>
        [row.hidden, row.className, cell.cellIndex, part.parentNode.localName, part.localName, part.className, !part.textContent]));
    for (const row of [...body.rows]) {
        const counts = [...new Set(kinds(row).map(String))].map((kind) => seen[kind] = (seen[kind] || 0) + 1);
        if (Math.min(...counts) > 2) row.remove();
    }
})"""
"""Removes rows of which two before had each part, apart from its text: most of the seconds that axe takes are for them."""


def violations(page: Page) -> Any:
    page.evaluate(OPEN)
    return Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}).response


@pytest.mark.parametrize("name", [*VIEWS, "210 keys"])
def test_axe_finds_nothing(open_page: Callable[..., Opened], name: str) -> None:
    page = open_page(VIEWS[name]() if name in VIEWS else made(210)).page
    page.evaluate(ALIKE)
    for scheme in WIDTHS if name in VIEWS else ("dark",):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": WIDTHS[scheme], "height": 900})
        found = violations(page)
        assert [(v["id"], [node["html"][:120] for node in v["nodes"][:3]]) for v in found["violations"]] == []
        assert len(found["passes"]) > 20
        assert not [rule for rule in found["incomplete"] if rule["impact"] == "critical"]


def test_axe_would_find_something(open_page: Callable[..., Opened]) -> None:
    page = open_page(made(1)).page
    page.evaluate("document.querySelector('.meta').id = 'keys'; document.querySelector('h2').innerHTML = ''")
    assert {"empty-heading"} <= {violation["id"] for violation in violations(page)["violations"]}


@pytest.mark.parametrize("name", VIEWS)
def test_it_looks_like_a_report(open_page: Callable[..., Opened], name: str) -> None:
    page = open_page(VIEWS[name]()).page
    for width, dark in ((1280, False), (800, False), (390, False), (390, True)):
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page itself does not scroll sideways"
        right = "(part) => Math.floor(part.getBoundingClientRect().right)"
        ends = page.evaluate(f"[...document.querySelectorAll('.latest, .latest svg:last-of-type')].map({right})")
        assert all(end <= edge for edge, end in zip(ends[::2], ends[1::2], strict=True)), "a picture opens at its newest end"
        image = Image.open(BytesIO(page.screenshot())).convert("L")
        histogram = image.histogram()
        ground = sum(histogram[:64] if dark else histogram[192:]) / (image.width * image.height)
        ink = sum(histogram[128:] if dark else histogram[:128]) / (image.width * image.height)
        assert ground > 0.75
        assert 0.005 < ink < 0.25
    page.evaluate(OPEN)
    script = "[...document.querySelectorAll('.scroll')].filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.ariaLabel)"
    for width in (1200, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(script) == [], "every table fits"


def test_every_picture_shows_something_and_no_label_lies_on_another(open_page: Callable[..., Opened]) -> None:
    page = open_page(made(50)).page
    overlaps = """() => [...document.querySelectorAll('main svg[role=img]')].flatMap((svg) => {
        const boxes = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
        return boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
            .filter(([, q]) => p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 3 && q.top < p.bottom - 3)
            .map(([b]) => `${svg.id} ${a} / ${b}`));
    })"""
    assert page.evaluate(overlaps) == []
    boxes = page.evaluate("[...document.querySelectorAll('main svg[role=img]')].map((svg) => svg.getBBox().height)")
    assert len(boxes) == 1, "the timeline"
    assert all(height > 20 for height in boxes)


def column(page: Page, table: str, number: int) -> list[str]:
    script = "([id, n]) => [...document.querySelectorAll(`#${id} tbody tr:not([hidden])`)].map((row) => row.cells[n].textContent.trim())"
    texts: list[str] = page.evaluate(script, [table, number])
    return texts


def test_tables_are_sorted_by_keyboard(open_page: Callable[..., Opened]) -> None:
    page = open_page(made(50)).page
    button = page.locator("#keys").get_by_role("button", name="Age, days", exact=True)
    head = page.locator("#keys-table thead th").nth(4)
    assert head.get_attribute("aria-sort") == "none"
    button.focus()
    for order, sign in (("descending", -1), ("ascending", 1)):
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == order
        ages = [int(text) for text in column(page, "keys-table", 4)]
        assert ages == sorted(ages, key=lambda age: sign * age)
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    page.locator("#keys").get_by_role("button", name="Mark", exact=True).press("Enter")
    assert head.get_attribute("aria-sort") == "none"
    marks = list(dict.fromkeys(column(page, "keys-table", 0)))
    assert marks == [mark for mark in ("critical", "high", "medium", "low", "undetermined", "suppressed", "clean") if mark in marks]
    page.locator("#keys").get_by_role("button", name="Owner", exact=True).press("Enter")
    owners = column(page, "keys-table", 7)
    assert [owner for owner in owners if owner] == sorted(owner for owner in owners if owner)
    assert owners[-1] == "" or "" not in owners


def test_tables_are_filtered_and_say_how_much_is_left(open_page: Callable[..., Opened]) -> None:
    page = open_page(made(50)).page
    tools = page.locator("#keys .tools")
    tools.get_by_label("Status", exact=True).select_option("Inactive")
    assert set(column(page, "keys-table", 3)) == {"Inactive"}
    tools.get_by_label("Status", exact=True).select_option("")
    tools.get_by_label("Filter by text").fill("CI- active")
    expect(page.locator("#keys output")).to_contain_text(" of 50 rows")
    assert all("ci-" in key for key in column(page, "keys-table", 1))
    assert page.locator("#keys output").text_content() == f"{len(column(page, 'keys-table', 1))} of 50 rows"


def test_everything_can_be_reached_by_tab_and_focus_is_seen(open_page: Callable[..., Opened]) -> None:
    page = open_page(made(5)).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    reached = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        tag = page.evaluate("document.activeElement.tagName")
        reached.add(tag)
        if tag == "BODY":
            break
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", page.evaluate("document.activeElement.outerHTML")
    assert {"SUMMARY", "BUTTON", "DIV", "A"} <= reached


def test_no_word_is_broken(open_page: Callable[..., Opened]) -> None:
    address = "module.privesc-paths.aws_iam_access_key.privesc-sageMakerCreateProcessingJobPassRole-user"
    keys = [declared(f"{address}{n}", "modules/free-resources/privesc-paths/privesc-sageMakerCreateProcessingJob.tf") for n in range(3)]
    for width in (1200, 390):
        page = open_page(joined(small(keys, [finding(key) for key in keys], scope=code())), viewport={"width": width, "height": 900}).page
        broken = page.evaluate("""() => [...document.querySelectorAll('td, tbody th')].flatMap((cell) => {
            const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), found = [];
            while (walker.nextNode()) {
                for (const word of walker.currentNode.textContent.matchAll(/[A-Za-z]{4,}/g)) {
                    const range = document.createRange();
                    range.setStart(walker.currentNode, word.index);
                    range.setEnd(walker.currentNode, word.index + word[0].length);
                    if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1) found.push(word[0]);
                }
            }
            return found;
        })""")
        assert broken == []


def test_commands_are_copied_as_they_are(open_page: Callable[..., Opened]) -> None:
    key = deployed("ci o'brien", age=30)
    command = "aws iam tag-user --user-name 'ci o'\"'\"'brien' --tags Key=owner,Value=team@example.com"
    remedy = {"kind": "tag_user", "address": None, "path": None, "line": None, "summary": "tag the user", "command": command}
    remedy |= {"then": ""}
    view = joined(small([key], [finding(key, "ownerless", remediation=f"Tag the user: {command}.", remedy=remedy)], scope=accounts(A)))
    opened = open_page(view, permissions=["clipboard-read", "clipboard-write"])
    button = opened.page.locator("#first .copy")
    button.press("Enter")
    expect(button).to_have_text("Copied")
    assert opened.page.evaluate("navigator.clipboard.readText()") == command


def test_without_scripts_everything_can_be_read(open_page: Callable[..., Opened]) -> None:
    view = made(250)
    page = open_page(view, java_script_enabled=False).page
    assert page.locator("#keys-table tbody tr").count() == 250
    assert page.locator("#keys-table tbody tr").last.is_visible()
    assert page.locator("button").count() == 0


def test_printing_gives_a_complete_document(open_page: Callable[..., Opened], tmp_path: Path) -> None:
    page = open_page(made(50), color_scheme="dark").page
    page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True, print_background=True)
    document = PdfReader(tmp_path / "report.pdf")
    text = " ".join(normalize("NFKC", " ".join(each.extract_text() for each in document.pages)).split())
    assert 5 < len(document.pages) < 40
    for said in ("IAM access key posture", "What to do first", "d adds up one demerit", "What could not be checked", "report rests on"):
        assert said in text
    assert "Filter by text" not in text
    assert "Show all" not in text
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("scripts", [True, False])
def test_hostile_text_runs_nothing_and_asks_for_nothing(open_page: Callable[..., Opened], scripts: bool) -> None:
    opened = open_page(hostile(*HOSTILE), java_script_enabled=scripts)
    page = opened.page
    if scripts:
        assert page.evaluate("typeof pwned") == "undefined"
        page.locator("#keys .tools input").fill("<img src=x onerror=pwned=1>")
        page.get_by_role("button", name="Key", exact=True).last.click()
        assert page.evaluate("document.querySelectorAll('script, img, iframe, object, embed, form, base').length") == 1
        assert page.evaluate("typeof pwned") == "undefined"
    assert page.locator("h1").text_content() == "IAM access key posture"


def test_the_policy_stops_a_script_that_somebody_adds(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "changed.html"
    added = "<script>pwned = 1</script><img src=https://example.com/x.png></main>"
    path.write_text(render(made(1)).replace("</main>", added), encoding="utf-8")
    opened = Opened(browser.new_page(), path)
    assert opened.page.evaluate("typeof pwned") == "undefined"
    assert sum("Content Security Policy" in said for said in opened.noise) == 2
    assert opened.failed == ["https://example.com/x.png: csp"]
    opened.context.close()


def test_a_long_table_shows_its_first_rows_and_finds_the_others(browser: Browser, tmp_path: Path) -> None:
    source, path = tmp_path / "live.json", tmp_path / "report.html"
    source.write_text(json.dumps(result(1000)), encoding="utf-8")
    command = [sys.executable, "-m", "posturio_iac", "report", str(source), "--output", str(path), "--quiet"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    opened = Opened(browser.new_page(), path)
    page = opened.page
    assert len(column(page, "keys-table", 0)) == 200
    assert page.locator("#keys output").text_content() == "1,000 rows, 200 shown"
    page.locator("#keys").get_by_role("button", name="Show 200 more").press("Enter")
    assert len(column(page, "keys-table", 0)) == 400
    assert page.evaluate("document.activeElement.tagName") == "TR"
    page.locator("#keys").get_by_role("button", name="Age, days", exact=True).click()
    ages = [int(age) for age in column(page, "keys-table", 4)]
    assert ages == sorted(ages, reverse=True)
    page.locator("#keys .tools input").fill("ci-00")
    expect(page.locator("#keys output")).to_contain_text(" of 1,000 rows", timeout=60_000)
    page.locator("#keys .tools input").fill("")
    page.locator("#keys").get_by_role("button", name="Show all 1,000").click()
    assert len(column(page, "keys-table", 0)) == 1000
    assert page.locator("#keys .more button").count() == 0
    assert opened.noise == []
    opened.context.close()
