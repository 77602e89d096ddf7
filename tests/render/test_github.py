from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from posturio_iac.core.finding import Diagnostic, Level, Report
from posturio_iac.core.model import Span
from posturio_iac.core.record import replace
from posturio_iac.core.text.terminal import TEXT_SHARP, inert, printable
from posturio_iac.render.github import render
from tests.support import canned


def unescape(text: str, *, in_property: bool) -> str:
    escapes = {"%25": "%", "%0D": "\r", "%0A": "\n"} | ({"%3A": ":", "%2C": ","} if in_property else {})
    return re.sub("%[0-9A-F]{2}", lambda found: escapes[found[0]], text)


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Read commands as the runner does: a line that starts with ``::``, the head up to the next ``::``, properties between commas."""
    found = []
    for line in text.splitlines():
        if line.lstrip().startswith("::"):
            head, _, data = line.lstrip()[2:].partition("::")
            kind, _, properties = head.partition(" ")
            pairs = (pair.split("=", 1) for pair in properties.split(",") if pair)
            found.append((kind, {name: unescape(value, in_property=True) for name, value in pairs}, unescape(data, in_property=False)))
    return found


def annotated(report: Report, **more: object) -> list[tuple[str, dict[str, str], str]]:
    return commands(render(report, canned.context(**more)))


@pytest.mark.parametrize(
    ("more", "kinds"),
    [
        ({"fail_on": "low"}, ["error", "error", "error"]),
        ({"fail_on": "high"}, ["error", "warning", "notice"]),
        ({"fail_on": "never"}, ["warning", "warning", "notice"]),
        ({"fail_on": "low", "exit_code": 0}, ["warning", "warning", "notice"]),
        ({"fail_on": "medium", "exit_code": 1}, ["error", "error", "notice"]),
    ],
)
def test_an_annotation_is_an_error_where_the_finding_fails_the_job(more: dict[str, object], kinds: list[str]) -> None:
    made = [kind for kind, given, _ in annotated(canned.report(), **more) if given["title"].startswith("iam.")]
    assert made == kinds


def test_the_last_line_sums_up() -> None:
    assert render(canned.report(), canned.context()).splitlines()[-1].startswith("3 findings (1 high, 1 medium, 1 low) in 2 of the 5 keys")
    assert render(canned.empty(), canned.context()) == "No access keys are declared in 12 files; 0.08 s\n"
    assert render(canned.empty(), canned.context(quiet=True)) == "\n"


def test_quiet_leaves_out_what_is_undetermined() -> None:
    assert "undetermined" not in render(canned.report(), canned.context(quiet=True))


def test_a_region_of_several_lines_has_no_columns() -> None:
    finding = canned.finding(canned.WITHOUT, "a", Span("a.tf", 3, 5, 9, 2), "a")
    (_, given, _), *_ = annotated(replace(canned.empty(), findings=(finding,)))
    assert {name: given[name] for name in given if name != "title"} == {"file": "a.tf", "line": "3", "endLine": "9"}


def test_warnings_are_annotations_and_notes_are_not() -> None:
    said = (Diagnostic(Level.WARNING, "odd", "a.tf"), Diagnostic(Level.NOTE, "fine"))
    assert annotated(canned.empty(diagnostics=said)) == [("warning", {"file": "a.tf", "title": "posturio-iac"}, "odd")]


def test_hostile_text_starts_no_command_of_its_own() -> None:
    report = canned.hostile()
    text = render(report, canned.context())
    made = commands(text)
    assert len(made) == len(text.splitlines()) - 1 == 4 * len(canned.HOSTILE)
    assert {kind for kind, _, _ in made} == {"error", "warning", "notice"}
    assert all(named["file"].replace("\n", "").isprintable() and data.replace("\nFix: ", "").isprintable() for _, named, data in made)
    for (_, named, data), hostile in zip(made[len(canned.HOSTILE) :], canned.HOSTILE, strict=False):
        assert named["file"] == inert("\n".join(map(printable, hostile.split("\n"))), TEXT_SHARP)
        assert data.startswith(inert(printable(hostile), TEXT_SHARP))


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
@example("", "\0")
def test_whatever_is_written_comes_back(path: str, message: str) -> None:
    report = canned.empty(diagnostics=(Diagnostic(Level.ERROR, message, path),))
    ((kind, named, data),) = annotated(report)
    assert (kind, data) == ("error", inert(printable(message), TEXT_SHARP))
    assert named["file"] == inert("\n".join(map(printable, path.split("\n"))), TEXT_SHARP)
