"""JUnit and Markdown as programs of others read them. The nox session ``hosts`` installs these."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml
from markdown_it import MarkdownIt

from posturio_iac.core.text.terminal import printable
from posturio_iac.render import junit, markdown_page
from posturio_iac.render.markdown_page import BREAK, code, plain
from posturio_iac.render.report import markdown_report
from tests.support import canned
from tests.support.report_results import HOSTILE, hostile

READER = MarkdownIt("gfm-like")
assert READER.linkify is not None
READER.linkify.set({"fuzzy_link": False}).add("//", None)  # GitHub makes no links of a.al and //a.al
LINK = "https://github.com/posturio/posturio-iac/blob/main/docs/rules/"
TEXT = st.text(st.one_of(st.characters(codec=None), st.sampled_from("`|*_[]()<>&\\#@~!$:/.- \n"))) | st.sampled_from(canned.HOSTILE)


def shown(source: str) -> str:
    """Return what a reader of rendered Markdown sees on one line."""
    rendered = READER.renderInline(source).replace(BREAK, "")
    assert set(re.findall(r"<[^>]*>", rendered)) <= {"<code>", "</code>"}
    return html.unescape(re.sub(r"</?code>", "", rendered))


@given(TEXT)
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert shown(plain(text)).strip() == printable(text).strip()


@given(TEXT)
def test_a_code_span_is_shown_as_it_is(text: str) -> None:
    assert shown(code(text)) == printable(text)


@given(TEXT)
def test_a_paragraph_stays_one(text: str) -> None:
    kinds = [token.type for token in READER.parse(f"{plain(text)}\n")]
    assert kinds in ([], ["paragraph_open", "inline", "paragraph_close"])


def inline(tokens: list[Any]) -> Iterator[Any]:
    for token in tokens:
        yield from token.children or ()


def test_the_summary_of_a_hostile_report_has_the_rows_and_links_that_it_should() -> None:
    tokens = READER.parse(markdown_page.render(canned.hostile(), canned.context()))
    opened = [token.type for token in tokens]
    assert opened.count("tr_open") == len(canned.HOSTILE) + 1
    assert opened.count("td_open") == 4 * len(canned.HOSTILE)
    assert opened.count("heading_open") == 5
    assert {token.attrGet("href").startswith(LINK) for token in inline(tokens) if token.type == "link_open"} == {True}
    assert {token.content for token in inline(tokens) if token.type == "html_inline"} <= {"<br>", BREAK, "<code>", "</code>"}
    assert not any(token.type in ("html_block", "image", "s_open", "em_open", "strong_open") for token in (*tokens, *inline(tokens)))


def test_a_joined_hostile_report_has_only_our_headings_links_and_cells() -> None:
    evil = READER.parse(markdown_report.page(hostile(*HOSTILE)))
    harmless = READER.parse(markdown_report.page(hostile(*(f"text{n}" for n in range(len(HOSTILE))))))
    for kind in ("table_open", "ordered_list_open", "hr", "fence", "code_block", "blockquote_open"):
        assert [token.type for token in evil].count(kind) == [token.type for token in harmless].count(kind), kind
    headings = [after.content for token, after in pairwise(evil) if token.type == "heading_open"]
    assert all(re.fullmatch(r"[A-Z][A-Za-z, ]+( \([\d,]+\))?", heading) for heading in headings)
    rows = [token.content for token in inline_of(evil, "td_open")]
    assert len(rows) > 20 * len(HOSTILE)
    assert {token.attrGet("href").startswith(LINK) for token in inline(evil) if token.type == "link_open"} <= {True}
    assert {token.content for token in inline(evil) if token.type == "html_inline"} <= {BREAK, "<code>", "</code>"}
    assert not any(token.type in ("html_block", "image", "s_open", "em_open") for token in (*evil, *inline(evil)))


def inline_of(tokens: list[Any], kind: str) -> Iterator[Any]:
    return (after for token, after in pairwise(tokens) if token.type == kind)


def test_junitparser_reads_the_same_counts() -> None:
    for report in (canned.report(), canned.hostile(), canned.repeated(), canned.empty()):
        read: Any = JUnitXml.fromstring(junit.render(report, canned.context()).encode())
        given_ = (read.tests, read.failures, read.errors)
        read.update_statistics()
        assert (read.tests, read.failures, read.errors) == given_
        assert read.errors == sum(d.level == "error" for d in report.diagnostics)
