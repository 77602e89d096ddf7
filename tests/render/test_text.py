from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.finding import Diagnostic, Level, Report
from posturio_iac.core.record import replace
from posturio_iac.core.text.terminal import printable
from posturio_iac.render import DEPLOYED, FORMATS
from posturio_iac.render.text import summary
from posturio_iac.render.text.blocks import LIMIT, excerpt
from tests.support import canned
from tests.support.canned import rendered


def test_color_only_adds_escapes() -> None:
    plain, colored = (rendered("text", canned.report(), canned.context(color=color)) for color in (False, True))
    assert "\x1b[" in colored
    assert "".join(part.partition("m")[2] if n else part for n, part in enumerate(colored.split("\x1b["))) == plain


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_on_a_terminal_sentences_are_wrapped_between_words(columns: int) -> None:
    long = "never expires: nothing in this code states an expiry date or a rotation for it. " * 2
    report = replace(canned.report(), findings=tuple(replace(f, message=long, remediation=long) for f in canned.report().findings))
    narrow = rendered("text", report, canned.context(columns=columns, color=True))
    sentences = [line for line in narrow.splitlines() if "ends" in line or "states" in line or "rotation" in line]
    assert max(len(line.replace("\x1b[32m", "").replace("\x1b[0m", "")) for line in sentences) <= columns
    assert " ".join(narrow.split()) == " ".join(rendered("text", report, canned.context(color=True)).split())


def test_a_line_that_cannot_be_read_is_left_out() -> None:
    report = replace(canned.report(), findings=(canned.finding(canned.WITHOUT, "a.b", canned.span("gone.tf", 9), "a.b lives on"),))
    assert "gone.tf:9:1: a.b\n  MEDIUM iam.access_keys_without_lifetime\n    a.b lives on\n    fix: add a date\n" in rendered(
        "text", report, canned.context()
    )


def test_nothing_found_is_one_truthful_line() -> None:
    assert rendered("text", canned.empty(1204), canned.context()) == "No access keys are declared in 1,204 files; 0.08 s\n"
    assert rendered("text", canned.empty(0), canned.context()) == "No access keys are declared: there were no files to search; 0.08 s\n"
    for files, said in ((1, "No access keys are declared in 1 file"), (0, "No access keys were found")):
        found = summary(canned.empty(files, (Diagnostic(Level.ERROR, "unreadable"),)), canned.context())
        assert found == f"{said}; incomplete, 1 error; 0.08 s"


def test_clean_keys_are_counted() -> None:
    report = replace(canned.report(), keys=canned.report().keys[2:3], findings=(), diagnostics=())
    assert summary(report, canned.context()) == "No findings in 1 key of 12 files; 0.08 s"


@given(st.text(st.characters(codec=None)))
def test_printable_text_is_one_line_without_controls(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    assert printable("é" + text).startswith("é")


@given(st.text(max_size=400), st.integers(1, 500), st.integers(0, 500))
def test_an_excerpt_is_two_short_lines(line: str, column: int, more: int) -> None:
    code, carets = excerpt(canned.span("a", 3, column, column + more), line, color=False)
    assert code.startswith("3 |")
    assert carets.startswith("  | ")
    assert "^" in carets
    assert len(code) <= 10 * (LIMIT + 6)


def test_a_long_line_is_cut_around_its_region() -> None:
    line = "x" * 1000 + "KEY" + "y" * 1000
    code, carets = excerpt(canned.span("a", 1, 1001, 1004), line, color=False)
    assert len(code) <= LIMIT + 6
    assert code.index("KEY") == carets.index("^^^")


def test_wide_characters_and_tabs_keep_the_carets_below_their_code() -> None:
    _, carets = excerpt(canned.span("a", 1, 4, 6), "\t鍵 ab", color=False)
    assert carets == "  |        ^^"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("report", [canned.report(), canned.empty()], ids=["full", "empty"])
def test_every_format_is_text_with_an_end(name: str, report: Report) -> None:
    text = rendered(name, report, canned.context())
    assert text.endswith("\n") or (name in (*DEPLOYED, "concise") and not text)
    assert text.encode().decode() == text
