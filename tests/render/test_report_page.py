"""The page and the Markdown: what they say, that pictures are pictures, and that hostile text is text."""

from __future__ import annotations

import base64
import hashlib
import html
import itertools
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.contract.read import NotAResultError, load
from posturio_iac.render.report import charts
from posturio_iac.render.report.html_page import page, shown, soft
from posturio_iac.render.report.markdown_report import page as markdown
from posturio_iac.render.report.view import Posture, join
from tests.support.report_results import HOSTILE, A, accounts, code, declared, deployed, everything, finding, hostile, joined, result

VOID = {"meta", "link", "br", "input", "wbr"}
OPTIONAL = {"tr", "td", "th", "li", "tbody", "p"}


class Page(HTMLParser):
    """Reads a page: its elements with attributes, its text, and whether elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.broken = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.broken = tag == "wbr"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag and self.open[-1] in OPTIONAL:
            self.open.pop()
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            if self.broken:
                self.texts[-1] += data
            else:
                self.texts.append(data)
        self.broken = False

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.mark.parametrize(
    "view", [joined(result(scope=accounts(A))), joined(result([deployed("a")])), everything()], ids=["none", "one", "all"]
)
def test_the_page_is_well_formed_and_its_parts_are_named(view: Posture) -> None:
    found = Page(text := page(view))
    assert (found.open, text[-8:]) == ([], "</html>\n")
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in found.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids)
        if tag == "a":
            assert (attributes["href"] or "").startswith(("#", "https://github.com/posturio/"))
            assert not (attributes["href"] or "").startswith("#") or (attributes["href"] or "")[1:] in ids
        assert not {name for name in attributes if name.startswith("on") or name == "style"}
    headings = [int(tag[1]) for tag, _ in found.elements if re.fullmatch("h[1-6]", tag)]
    assert [at for at, level in enumerate(headings) if level == 1] == [0]
    assert all(after - before <= 1 for before, after in itertools.pairwise(headings))


def test_the_policy_allows_our_style_and_script_and_nothing_else() -> None:
    text = page(everything())
    (policy,) = (a["content"] for tag, a in Page(text).elements if a.get("http-equiv") == "Content-Security-Policy")
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in (policy or "")
    assert (policy or "").startswith("default-src 'none'; ")
    assert "unsafe" not in (policy or "")
    assert not re.findall(r"(?:src|srcset|action|data|poster)=\"(?!data:,)", re.sub(r"<meta.*?>", "", text))


def pictures(text: str) -> list[ET.Element]:
    return [ET.fromstring(svg) for svg in re.findall(r"<svg xmlns=.*?</svg>", text, re.DOTALL)]  # noqa: S314 - our own output


def test_pictures_are_svg_with_a_title_a_description_and_marked_axes() -> None:
    made = [one for one in pictures(page(everything())) if one.get("class") != "names"]
    assert len(made) == 2
    name = "{http://www.w3.org/2000/svg}"
    for picture in made:
        assert picture.get("role") == "img"
        title, description = picture[0], picture[1]
        assert (title.tag, description.tag) == (f"{name}title", f"{name}desc")
        assert all((title.text, description.text))
        assert picture.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
        assert [text.text for text in picture.iter(f"{name}text") if "axis" in (text.get("class") or "")]
        width, height = (float(picture.get(side) or 0) for side in ("width", "height"))
        for text in picture.iter(f"{name}text"):
            assert -1 <= float(text.get("x") or 0) <= width
            assert 0 <= float(text.get("y") or 0) <= height


def test_a_year_of_daily_results_is_drawn_with_labels_that_do_not_touch() -> None:
    view = joined(*(result([deployed("a")], days=n) for n in range(365)))
    assert len(view.trend) == 365
    for picture in pictures(page(view))[:1]:
        dates = sorted(float(t.get("x") or 0) for t in picture.iter("{http://www.w3.org/2000/svg}text") if re.match("20", t.text or ""))
        assert len(dates) == 5
        assert all(after - before >= 66 for before, after in itertools.pairwise(dates))
        assert dates[-1] <= 560 - 33


def test_a_trend_is_cut_where_no_score_is_known() -> None:
    points = [(0.0, 9.0), (1.0, 8.0), (2.0, None), (3.0, 7.0), (4.0, None), (5.0, 6.0), (6.0, 5.0)]
    assert list(charts._curves(points)) == ["M0 9L1 8", "M5 6L6 5"]


def test_findings_beyond_the_limit_are_counted_and_every_key_is_there() -> None:
    keys = [deployed(f"u{n:04}", label=f"****{n:04}") for n in range(1100)]
    text = Page(page(joined(result(keys, [finding(key) for key in keys])))).text
    assert "Keys 1,100" in text
    assert text.count("mend it.") == 1001, "in full for as many as the table tells, and in the task"
    assert all(f"u{n:04}/" in text for n in range(1100))
    short = markdown(joined(result(keys, [finding(key) for key in keys])))
    assert "… and 900 more." in short


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_text(text: str) -> None:
    view = hostile(text)
    made = page(view)
    found = Page(made)
    made.encode()
    harmless = Page(page(hostile("harmless")))
    kinds = {tag for tag, _ in harmless.elements}
    assert {tag for tag, _ in found.elements} <= kinds
    assert [tag for tag, _ in found.elements].count("script") == 1
    assert {name for _, attributes in found.elements for name in attributes} <= {name for _, a in harmless.elements for name in a}
    assert all(line.isprintable() for line in made.split("\n"))
    assert "49{%" not in made
    written = markdown(view)
    assert all(line.isprintable() for line in written.split("\n"))
    assert len(written) < 100_000
    assert len(made) < 300_000
    outside = re.sub(r"(?ms)^ *(`{3,})sh\n.*?^ *\1$", "", written)
    assert set(re.findall(r"<[^>]*>?", re.sub(r"`[^`\n]*`", "", outside))) <= {"<!-- -->", "<code>", "</code>"}


@given(st.text())
def test_where_a_table_may_break_changes_no_text(text: str) -> None:
    made = soft(text)
    assert html.unescape(re.sub("<[^>]*>", "", str(made))) == shown(text)
    assert set(re.findall("<[^>]*>", str(made))) <= {"<wbr>", '<span class="nb">', "</span>"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("modules/a_b/main.tf:49", ["modules/", "a_", "b/", "main.", "tf:49"]),
        ("privesc-sageMakerCreate", ["privesc-", "sage", "Maker", "Create"]),
        ("created on 2026-11-24", ["created on 2026-11-24"]),
        ("accounts", ["accounts"]),
        ("x" * 50, ["x" * 40, "x" * 10]),
    ],
)
def test_names_break_between_their_parts(text: str, parts: list[str]) -> None:
    assert [re.sub("<[^>]*>", "", part) for part in str(soft(text)).split("<wbr>")] == parts


def test_a_result_whose_links_are_no_addresses_of_the_web_is_refused() -> None:
    scope = code() | {"source_url": "javascript:pwned=1//{path}"}
    with pytest.raises(NotAResultError, match=r"^does not follow the contract \(source_url is not a web address\); it may have been"):
        joined(result([declared("k")], scope=scope))


def test_damaged_replacements_are_refused() -> None:
    key = declared("aws_iam_access_key.ci")
    with pytest.raises(NotAResultError, match=r"^does not follow the contract \(text was expected, not int\)"):
        joined(result([key], [finding(key, "ownerless", instead=[{"text": 1}])]))


@pytest.mark.parametrize(("name", "then"), [("command", ""), ("otherwise", None)])
def test_a_command_with_a_hidden_id_is_not_offered(name: str, then: str | None) -> None:
    key = deployed("ci", label="AKIAIOSFODNN7EXAMPLE", key_id="AKIAIOSFODNN7EXAMPLE")
    command = "aws iam update-access-key --user-name ci --access-key-id AKIAIOSFODNN7EXAMPLE --status Inactive"
    nowhere = dict.fromkeys(("address", "path", "line"))
    remedy = {"kind": "run_command", **nowhere, "summary": "switch it off", name: command, "then": then}
    document = result([key], [finding(key, remediation=f"Switch it off: {command}.", remedy=remedy)], scope=accounts(A))
    hidden = page(join([load(json.dumps(document), "a.json")]))
    assert "AKIAIOSFODNN7EXAMPLE" not in hidden
    assert "data-copy>" not in hidden
    assert f"<code data-copy>{command}</code>" in page(join([load(json.dumps(document), "a.json", show_key_ids=True)]))


def test_a_page_about_4000_keys_of_code_stays_small() -> None:
    keys = [declared(f"module.m{n % 40}.aws_iam_access_key.k{n}", f"modules/m{n % 40}/main.tf") for n in range(4000)]
    found = [finding(key, rule) for key in keys for rule in ("unused", "ownerless")]
    text = page(joined(result(keys, found, scope=code())))
    assert len(text) < 3_000_000
    assert "4,000 keys : " in Page(text).text
