"""The text of a live run: the worst key first, owner by owner, as wide as the terminal is."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.commands.live.output import NAMED, RunCoverage, render
from posturio_iac.commands.live.table import Style, entries
from posturio_iac.contract import FindingAges
from posturio_iac.core.finding import Diagnostic, Finding, JudgedKey, Level, Report, Rule, Severity, Verdict
from posturio_iac.core.model import Privilege, Span
from posturio_iac.core.record import replace
from posturio_iac.core.text.terminal import width
from tests.support import canned
from tests.support.keys import open_question

UNUSED = Rule("iam.unused_access_keys", Severity.MEDIUM, "Access keys that show no recent use")
PLAIN = Style(color=False)

ONE = RunCoverage(1)


def text(report: Report, style: Style = PLAIN, *, by_owner: bool = False, quiet: bool = False, read: RunCoverage = ONE) -> str:
    return render(report, style, by_owner=by_owner, quiet=quiet, read=read, ages=FindingAges())


def report_of(*flagged: tuple[JudgedKey, tuple[Rule, ...]]) -> Report:
    findings: list[Finding] = [canned.of_deployed(rule, judged.key, "x") for judged, rules in flagged for rule in rules]
    return Report(canned.AS_OF, tuple(judged for judged, _ in flagged), tuple(findings), (), 0)


def judged(user: str, *, age: float, used: float | None, **more: Any) -> JudgedKey:
    when = None if used is None else canned.AS_OF - timedelta(days=used)
    return JudgedKey(canned.deployed_key(user, created=canned.AS_OF - timedelta(days=age), last_used=when, **more), Verdict.FLAGGED)


def test_a_key_that_was_made_by_a_clock_ahead_of_ours_is_new() -> None:
    shown = re.sub(r" {2,}", "  ", text(report_of((judged("ci", age=-0.01, used=-0.01), (UNUSED,)))))
    assert "  0 d  today  " in shown


def test_nothing_to_show_is_one_truthful_line() -> None:
    assert text(canned.empty()) == "No access keys\n"
    denied = canned.empty(diagnostics=(Diagnostic(Level.ERROR, "denied"),))
    assert text(denied) == "No access keys were seen; incomplete, 1 error\n"
    assert text(denied, read=RunCoverage(0, 1)) == "No account could be read; incomplete, 1 error\n"
    partly = Report(canned.AS_OF, canned.deployed().keys[4:5], (), denied.diagnostics, 0)
    assert text(partly, read=RunCoverage(1, 2)) == "No findings in 1 key of 1 account; 1 of 3 accounts read; incomplete, 1 error\n"
    fine = Report(canned.AS_OF, canned.deployed().keys[4:5], (), (), 0)
    assert text(fine) == "No findings in 1 key of 1 account\n"
    assert text(fine, quiet=True) == ""


def test_the_worst_come_first_by_severity_privilege_idle_time_and_age() -> None:
    order = [
        (judged("expired", age=10, used=1), (canned.EXPIRED,)),
        (judged("admin", age=60, used=50, privilege=Privilege.ADMIN), (UNUSED,)),
        (judged("idle-long", age=900, used=400), (UNUSED,)),
        (judged("never-long", age=300, used=None), (UNUSED,)),
        (judged("some", age=60, used=60, privilege=Privilege.SOME), (UNUSED,)),
        (judged("busy-old", age=900, used=1), (canned.WITHOUT,)),
        (judged("busy", age=100, used=1), (canned.WITHOUT,)),
        (judged("a-minute-old", age=1 / 1440, used=None), (canned.WITHOUT,)),
        (judged("powerless", age=900, used=None, privilege=Privilege.NONE), (UNUSED,)),
        (judged("low", age=900, used=None, privilege=Privilege.ADMIN), (canned.OWNERLESS,)),
    ]
    order[2:5] = [order[4], order[2], order[3]]
    names = [entry.judged.key.user for entry in entries(report_of(*reversed(order)), FindingAges())]
    assert names == [judged.key.user for judged, _ in order]


def test_columns_appear_when_they_tell_something() -> None:
    one, other = judged("a", age=100, used=None), judged("b", age=100, used=None, account="210987654321", status="Inactive")
    moved = replace(other, key=replace(other.key, span=Span("iam.tf", 3, 1, 3, 9)))
    head = text(report_of((one, (UNUSED,)), (moved, (UNUSED,)))).splitlines()[0].split()
    assert head == ["severity", "account", "user", "key", "status", "age", "last", "used", "owner", "code", "findings"]


def test_keys_that_are_open_for_the_same_reason_are_told_together() -> None:
    keys = tuple(
        replace(judged(f"u{n}", age=9, used=1), verdict=Verdict.UNDETERMINED, open_questions=(open_question("denied"),))
        for n in range(NAMED + 5)
    )
    shown = text(Report(canned.AS_OF, keys, (), (), 0))
    assert shown.count("denied") == 1
    assert shown.count("/****WXYZ") == NAMED
    assert " and 5 more\n" in shown
    assert text(Report(canned.AS_OF, keys, (), (), 0), Style(color=False, verbose=True)).count("/****WXYZ") == NAMED + 5


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 120, 160, 240])
@pytest.mark.parametrize("by_owner", [False, True])
def test_nothing_is_wider_than_the_terminal_or_lost(columns: int, *, by_owner: bool) -> None:
    rules = (UNUSED, canned.WITHOUT, canned.OWNERLESS)
    report = report_of(*((judged(f"team/user-{n}", age=n + 50, used=None, owner=f"t{n % 3}@example.com"), rules) for n in range(200)))
    shown = text(report, Style(color=False, columns=columns), by_owner=by_owner)
    body = shown.rpartition("\n\n")[0]
    assert all(width(line) <= columns for line in body.splitlines())
    assert all(len(re.findall(rf"team/user-{n}\b", shown)) == 1 for n in range(200))
    assert [shown.count(rule.id.partition(".")[2]) for rule in rules] == [200, 200, 200]
    assert ("severity" in shown) == (columns >= 100)


@given(st.sampled_from([canned.deployed(), canned.hostile_deployed()]), st.none() | st.integers(20, 200), st.booleans(), st.booleans())
def test_whatever_is_in_it_no_line_moves_a_terminal_or_commands_a_service(
    report: Report, columns: int | None, verbose: bool, by_owner: bool
) -> None:
    plain = text(report, Style(color=False, verbose=verbose, columns=columns), by_owner=by_owner)
    colored = text(report, Style(color=True, verbose=verbose, columns=columns), by_owner=by_owner)
    assert plain.replace("\n", "").isprintable()
    assert not re.search(r"(?m)^\s*::|##\w*\[", plain)
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored).replace("::", "\\x3a:") == plain.replace("::", "\\x3a:")
