from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import replace
from posturio_iac.render import markdown_page
from posturio_iac.render.markdown_page import BREAK, code, plain, render
from tests.support import canned
from tests.support.keys import open_question


def test_nothing_found_is_one_sentence() -> None:
    assert render(canned.empty(), canned.context()) == "## IAM access keys\n\nNo access keys are declared in 12 files; 0.08 s\n"


def test_what_is_open_beside_a_finding_is_listed_with_its_rules() -> None:
    one, rule = canned.repeated(("dev",)), "iam.ownerless_access_keys"
    keys = tuple(replace(judged, open_questions=(open_question("local.tags is open"),), open_rules=(rule,)) for judged in one.keys)
    (row,) = render(replace(one, keys=keys), canned.context()).partition("### Undetermined\n\n")[2].splitlines()
    assert row == f"- `module.ci.aws_iam_access_key.this` (`modules/user/main.tf:1`) for `{rule}`: local.tags is open"


def test_what_stands_in_no_file_has_no_place() -> None:
    report = replace(canned.empty(), findings=(canned.finding(canned.WITHOUT, "arn:aws:iam::1:user/ci", None, "unused"),))
    assert render(report, canned.context()).splitlines()[-1].endswith(" |  |")
    report = canned.empty(diagnostics=(Diagnostic(Level.ERROR, "cannot be read", "a.tf"),))
    assert "\n- `a.tf`: cannot be read\n" in render(report, canned.context())


def test_a_long_report_says_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown_page, "LIMIT", 500)
    text = render(canned.report(), canned.context())
    assert "\n\n… and 1 more row.\n\n### Undetermined\n\n… and 1 more row.\n" in text
    assert text.index("### Incomplete") < text.index("| HIGH |") < text.index("… and 1 more row.")


def test_the_longest_report_fits_into_a_comment() -> None:
    report = canned.report()
    long = replace(report, findings=report.findings * 2000, diagnostics=report.diagnostics * 2000)
    assert 60_000 < len(render(long, canned.context())) < 65_536
    many = tuple(replace(f, address=f"aws_iam_access_key.k{n}") for n, f in enumerate(report.findings[:3] * 1000))
    assert 60_000 < len(render(replace(report, findings=many), canned.context())) < 65_536


def test_hostile_text_stays_text() -> None:
    text = render(canned.hostile(), canned.context())
    rows = [line for line in text.splitlines() if line.startswith("| MEDIUM")]
    assert len(rows) == len(canned.HOSTILE)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}
    assert set(re.findall(r"<[^>]*>", text.replace(BREAK, ""))) <= {
        "<br>",
        "<code>",
        "</code>",
        "<script>",
        "</script>",
        "<img src=x onerror=alert(1)>",
    }
    outside = re.sub(r"`[^`\n]*`|<code>[^<\n]*</code>", "", text)
    assert "<script" not in outside
    assert "<img" not in outside
    assert "@acme" not in outside
    assert "](https://evil" not in outside
    assert all(line.isprintable() for line in text.split("\n"))


@given(st.text(st.characters(codec=None)))
def test_a_code_span_is_one_line_that_ends_where_it_should(text: str) -> None:
    span = code(text)
    assert span.isprintable()
    assert re.fullmatch(r"`[^`|]+`|<code>(?:[^<>&`|\\*_\[\]]|&#\d+;)*</code>", span)


@given(st.text(st.characters(codec=None)))
def test_plain_text_has_no_markup_of_its_own(text: str) -> None:
    shown = plain(text)
    assert shown.isprintable()
    outside = re.sub(r"(?<!\\)`[^`\n]*`|<code>[^<\n]*</code>", "", shown)
    assert not re.search(r"<(?!!-- -->)", outside)
    assert not re.search(r"(?<!\\)(?:\\\\)*(?:[`*\[\]|~$])", outside.replace("\\\\", ""))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("aws_iam_user.ci_1", "aws_iam_user.ci_1"),
        ("_x_ *y* `z`", r"\_x\_ \*y\* \`z\`"),
        ("a | b", r"a \| b"),
        ("# no heading", r"\# no heading"),
        ("1. no item", r"1\. no item"),
        ("- no item", r"\- no item"),
        ("a & b < c", "a &amp; b &lt; c"),
        ("@acme #12", f"`@acme` #{BREAK}12"),
        ("https://a.example", f"https{BREAK}://a.example"),
    ],
)
def test_escapes_are_few(text: str, shown: str) -> None:
    assert plain(text) == shown
