from __future__ import annotations

from collections import Counter
from typing import Any
from xml.etree import ElementTree as ET

from posturio_iac.core.finding import Report, Verdict
from posturio_iac.core.record import replace
from posturio_iac.render.junit import render
from tests.support import canned
from tests.support.keys import open_question

REQUIRED = {"testsuites": (), "testsuite": ("name", "tests", "failures", "errors"), "testcase": ("name",)}
ALLOWED = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package", "file", "log", "url"},
    "testcase": {"name", "classname", "time", "group"},
    **{name: {"type", "message"} for name in ("failure", "error", "skipped")},
    "system-out": set(),
}
INSIDE = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase", "testsuite", "properties", "system-out", "system-err"},
    "testcase": {"failure", "error", "skipped", "system-out", "system-err"},
}
"""What Jenkins' schema of JUnit files (junit-10.xsd) demands and allows, as far as we use it."""


def parsed(report: Report, **more: object) -> Any:
    root = ET.fromstring(render(report, canned.context(**more)).encode())  # noqa: S314 - our own output
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(REQUIRED.get(element.tag, ())) <= set(element.attrib) <= ALLOWED[element.tag], element.tag
        assert {child.tag for child in element} <= INSIDE.get(element.tag, set())
    for suite in root:
        counts = Counter(child.tag for case in suite for child in case)
        assert [suite.get(n) for n in ("tests", "failures", "errors", "skipped")] == [
            str(n) for n in (len(suite), counts["failure"], counts["error"], counts["skipped"])
        ]
    for name in ("tests", "failures", "errors"):
        assert root.get(name) == str(sum(int(suite.get(name, "")) for suite in root))
    return root


def test_what_fails_the_run_fails_the_case() -> None:
    counts = [len(list(parsed(canned.report(), fail_on=level).iter("failure"))) for level in ("low", "medium", "high", "critical", "never")]
    assert counts == [3, 2, 1, 0, 0]


def test_several_findings_of_one_rule_are_one_case() -> None:
    here = canned.span("a.tf")
    found = tuple(canned.finding(canned.WITHOUT, "a", here, message) for message in ("a b", "a c"))
    report = replace(canned.report(), findings=found, keys=(), diagnostics=())
    (failure,) = parsed(report).iter("failure")
    assert failure.text.count("fix:") == 2


def test_a_flagged_key_that_is_also_open_has_both_cases() -> None:
    judged = replace(canned.report().keys[0], verdict=Verdict.UNDETERMINED, open_questions=(open_question("var.x"),))
    report = replace(canned.report(), keys=(judged,), findings=canned.report().findings[:1], diagnostics=())
    assert [[child.tag for child in case] for case in parsed(report).iter("testcase")] == [["failure"], ["skipped"]]


def test_hostile_text_is_one_well_formed_document() -> None:
    root = parsed(canned.hostile())
    assert all(not set(text) & set("\x1b\u202e\x85") for element in root.iter() for text in (element.text or "", *element.attrib.values()))
    assert len(list(root.iter("error"))) == len(canned.HOSTILE)
