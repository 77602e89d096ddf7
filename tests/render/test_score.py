"""The score of joined results: monotone, never good about what is not known; the ends that hold, and what to mend first."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.contract.read import load
from posturio_iac.contract.records import cost
from posturio_iac.contract.write import render
from posturio_iac.core.finding import DEMERITS, Diagnostic, JudgedKey, Level, Report, Severity, Verdict
from posturio_iac.render.report.html_page import page as html
from posturio_iac.render.report.markdown_report import page as markdown
from posturio_iac.render.report.mends import tasks
from posturio_iac.render.report.parts import shown
from posturio_iac.render.report.view import Posture, join
from posturio_iac.render.report.wording import verdict
from posturio_iac.rules import all_rules
from tests.support import canned
from tests.support.keys import AS_OF, access_key, open_question
from tests.support.report_results import A, B, C, accounts, at, code, declared, deployed, error, finding, joined, result

RULES = ("unused", "expired", "ownerless", "root")
SUPPRESSED = {"reason": "known", "until": None, "source": "comment"}
OPEN = {"undecided": ["the tags were not read"]}


@st.composite
def documents(draw: st.DrawFn) -> list[Any]:
    """Results of up to three accounts and times, with keys that have anything wrong, nothing, or something open."""
    made = []
    for days in draw(st.lists(st.sampled_from([0, 0.1, 3, 9]), min_size=1, max_size=3, unique=True)):
        keys, findings = [], []
        for number in range(draw(st.integers(0, 5))):
            key = deployed(f"u{number}", account=draw(st.sampled_from([A, B, C])), age=500)
            rules = draw(st.lists(st.sampled_from(RULES), max_size=3, unique=True))
            findings += [finding(key, rule, **draw(st.sampled_from([{}, {}, {"suppressed": SUPPRESSED}]))) for rule in rules]
            if draw(st.booleans()):
                key |= OPEN | ({"verdict": "undetermined"} if key["verdict"] == "clean" else {})
                key |= draw(st.sampled_from([{}, {"demerit": 0.25}, {"demerit": 1.0}]))
            keys.append(key)
        said = draw(st.sampled_from([(), (), (error(account=A),), ({"level": "note", "message": "hm"},)]))
        made.append(result(keys, findings, said, days=days, scope=accounts(*draw(st.sampled_from([(), (A, B, C)])))))
    return made


def value(view: Posture) -> float:
    return -1.0 if view.score is None else view.score


@given(documents(), st.data())
def test_mending_anything_never_lowers_the_score(made: list[Any], data: st.DataObject) -> None:
    before = joined(*made)
    after = copy.deepcopy(made)
    place = data.draw(st.integers(0, len(after) - 1))
    document = after[place]
    match data.draw(st.sampled_from(["key", "finding", "open", "error"])):
        case "key" if document["keys"]:
            gone = document["keys"].pop(data.draw(st.integers(0, len(document["keys"]) - 1)))
            document["findings"] = [f for f in document["findings"] if f["address"] != gone["address"]]
            document["scope"] = accounts(A, B, C)
        case "finding" if document["findings"]:
            document["findings"].pop(data.draw(st.integers(0, len(document["findings"]) - 1)))
        case "open" if document["keys"]:
            key = document["keys"][data.draw(st.integers(0, len(document["keys"]) - 1))]
            key.pop("undecided", None)
            key.pop("demerit", None)
            key["verdict"] = "clean" if key["verdict"] == "undetermined" else key["verdict"]
        case _ if place == max(range(len(after)), key=lambda n: (after[n]["as_of"], n)):
            document["diagnostics"] = []
    assert value(joined(*after)) >= value(before)


@given(documents(), st.randoms())
def test_the_order_of_files_does_not_matter(made: list[Any], chance: Random) -> None:
    times = {document["as_of"]: document for document in made}
    ordered = list(times.values())
    shuffled = ordered.copy()
    chance.shuffle(shuffled)
    one, other = joined(*ordered), joined(*shuffled)
    assert one.score == other.score
    assert [row.key for row in one.rows] == [row.key for row in other.rows]
    assert [(p.when, p.score, p.units) for p in one.trend] == [(p.when, p.score, p.units) for p in other.trend]
    assert {w: sorted(str(c.key) for c in cs) for w, cs in one.changed.items()} == {
        w: sorted(str(c.key) for c in cs) for w, cs in other.changed.items()
    }


@given(documents(), st.integers(1, 50))
def test_good_keys_more_change_nothing(made: list[Any], number: int) -> None:
    for document in made:
        document["scope"] = accounts(A, B, C)
    more = copy.deepcopy(made)
    for document in more:
        document["keys"] += [deployed(f"good{n}", account=B, age=3) for n in range(number)]
    assert value(joined(*more)) == value(joined(*made))


@given(documents())
def test_what_is_undetermined_or_unreadable_is_never_good(made: list[Any]) -> None:
    view = joined(*made)
    current = [said for _, said in view.diagnostics if said.level is Level.ERROR]
    assert (view.score is None) == bool(current)
    for row in view.rows:
        if row.key.undecided or row.key.verdict is Verdict.UNDETERMINED:
            assert row.key.demerit >= DEMERITS[Severity.LOW]
        assert row.key.demerit >= max((DEMERITS[f.severity] for f in row.found), default=0.0)
    assert joined(*made, unread=(Diagnostic(Level.ERROR, "cut off"),)).score is None


judged = st.builds(
    lambda worst, open_, suspected: JudgedKey(
        access_key(address=f"arn:aws:iam::{A}:user/u/****AAAA", framework="aws"),
        Verdict.UNDETERMINED if open_ and worst is None else Verdict.CLEAN,
        (open_question("var.x"),) if open_ else (),
        worst,
        suspected if open_ else None,
    ),
    st.sampled_from([None, *Severity]),
    st.booleans(),
    st.sampled_from([None, *Severity]),
)


@given(st.lists(judged, max_size=6), st.booleans())
def test_a_result_has_the_same_score_whether_computed_by_its_run_or_from_its_json(keys: list[JudgedKey], broken: bool) -> None:
    said = (Diagnostic(Level.ERROR, "unread"),) if broken else ()
    report = Report(AS_OF, tuple(keys), (), said, 1)
    text = render(report, canned.context())
    view = join([load(text, "one.json")])
    expected = report.score()
    assert json.loads(text)["summary"]["score"] == expected
    assert (None if view.score is None else round(view.score)) == expected


def test_what_a_key_costs_is_never_less_than_its_findings_say() -> None:
    key = {"verdict": "flagged", "demerit": 0.25}
    assert cost(key, ["high", "low"]) == 2
    assert cost({"verdict": "clean"}, []) == 0
    assert cost({"verdict": "undetermined"}, []) == 1
    assert cost({"verdict": "undetermined", "demerit": 0.25}, []) == 0.25
    assert cost({"verdict": "clean", "demerit": -5}, []) == 0
    assert cost({"verdict": "clean", "demerit": float("nan")}, []) == 3
    assert cost({"verdict": "clean", "demerit": 1e9}, []) == 3
    assert cost({"verdict": "clean", "demerit": True}, []) == 0


def test_the_verdict_sums_up_what_is_left() -> None:
    key = deployed("u")
    assert verdict(joined(result([key]))) == "Nothing is known to be wrong."
    kept = result([key | {"verdict": "suppressed"}], [finding(key, "unused", suppressed=SUPPRESSED)])
    assert verdict(joined(kept)) == "Nothing else is wrong: 1 key suppressed by decision."


def test_small_scores_have_a_decimal() -> None:
    assert [shown(x) for x in (None, 100.0, 90.9, 10.0, 9.96, 0.5)] == ["unknown", "100", "91", "10", "10.0", "0.5"]


END = [{"kind": "expiry", "value": "2027-01-01", "effect": "declared", "source": "tag", "path": None, "line": None}]
MOVING = {"reason": "known", "until": None, "source": "baseline"}


@pytest.mark.parametrize(
    ("good", "all_of_them", "percent"), [(1, 3, 33), (1, 400, 1), (399, 400, 99), (0, 2, 0), (2, 2, 100), (0, 0, None)]
)
def test_nothing_is_rounded_to_none_or_to_all(good: int, all_of_them: int, percent: int | None) -> None:
    keys = [deployed(f"u{n}", lifetime=END if n < good else []) for n in range(all_of_them)]
    view = joined(result(keys))
    assert view.ends.percent == percent
    shown = "no keys" if percent is None else f"{percent} %"
    assert f"<strong>{shown}</strong>" in html(view)
    assert percent is None or f"**{shown} of keys have an end that holds.**" in markdown(view)


@pytest.mark.parametrize("rule", [name for name, one in all_rules().items() if one.rule.denies_end])
@pytest.mark.parametrize("more", [{}, {"suppressed": MOVING}])
def test_an_end_that_a_finding_doubts_is_none(rule: str, more: dict[str, Any]) -> None:
    key = deployed("u", lifetime=END)
    found = finding(key, **more) | {"rule": rule}
    assert joined(result([key], [found])).ends.holding == 0
    assert joined(result([key], [])).ends.holding == 1


def test_inactive_keys_and_inert_ends_do_not_count() -> None:
    inert = [END[0] | {"effect": "inert"}]
    made = joined(result([deployed("a", status="Inactive", lifetime=END), deployed("b", lifetime=inert)]))
    assert (made.ends.keys, made.ends.holding) == (1, 0)


TAG = {"kind": "add_tag", "address": "aws_iam_user.ci", "path": "main.tf", "line": 1, "summary": "add this tag to the user"}


def in_code(number: int) -> dict[str, Any]:
    return declared(f"aws_iam_access_key.k{number}")


def mended(key: dict[str, Any], rule: str = "expired", code: str = 'expires = "2027-01-31"', **more: Any) -> dict[str, Any]:
    return finding(key, rule, remediation=f"Add {code} to the user of {key['address']}.", remedy=TAG | {"code": code}, **more)


def test_equal_mends_are_one_task() -> None:
    keys = [in_code(n) for n in range(41)]
    view = joined(result(keys, [mended(key) for key in keys], scope=code("iam-vulnerable")))
    (task,) = tasks(view.rows)
    assert len(task.rows) == len(task.findings) == 41
    assert task.unit.name == "iam-vulnerable"


def test_other_days_are_one_task_other_rules_and_other_places_are_others() -> None:
    keys = [in_code(n) for n in range(4)]
    found = [mended(keys[0]), mended(keys[1]), mended(keys[2], code='expires = "2026-12-31"'), mended(keys[3], "ownerless")]
    elsewhere = in_code(5)
    view = joined(result(keys, found, scope=code("a")), result([elsewhere], [mended(elsewhere)], scope=code("b")))
    assert [(len(task.rows), task.findings[0].rule, task.unit.name) for task in tasks(view.rows)] == [
        (3, "iam.expired", "a"),
        (1, "iam.expired", "b"),
        (1, "iam.ownerless", "a"),
    ]


def test_results_without_outlines_are_grouped_by_their_words() -> None:
    keys = [deployed(f"u{n}") for n in range(3)]
    view = joined(result(keys, [finding(keys[0]), finding(keys[1]), finding(keys[2], remediation="ask joe.")], scope=accounts(A)))
    assert [len(task.rows) for task in tasks(view.rows)] == [2, 1]


def test_the_worst_comes_first_then_what_was_idle_longest_then_what_is_many() -> None:
    idle, busy, bad = deployed("idle", last_used=at(400)), deployed("busy", last_used=at(1)), deployed("bad", last_used=at(0))
    many = [in_code(n) for n in range(3)]
    odd = declared("aws_iam_access_key.odd", verdict="undetermined", undecided=["var.x has no value"])
    live = result([busy, idle, bad], [finding(busy), finding(idle, remediation="stop it."), finding(bad, "expired")], scope=accounts(A))
    view = joined(live, result([*many, odd], [mended(key, "unused") for key in many], scope=code()))
    assert [task.rows[0].key.user if task.rows[0].key.deployed else task.rows[0].key.address for task in tasks(view.rows)] == [
        "bad",
        "idle",
        "busy",
        "aws_iam_access_key.k0",
        "aws_iam_access_key.odd",
    ]


def test_the_end_of_an_unused_key_mends_all_else() -> None:
    key = deployed("u", never_used=True)
    found = [finding(key, "ownerless"), finding(key, rule="root", severity="medium", message="m")]
    found.append(finding(key, severity="medium") | {"rule": "iam.unused_access_keys", "fingerprint": "f" * 32})
    (task,) = tasks(joined(result([key], found, scope=accounts(A))).rows)
    assert task.findings[0].rule == "iam.unused_access_keys"
    assert task.further == {"iam.root": 1, "iam.ownerless": 1}


SHAPES = st.tuples(
    st.sampled_from(["unused", "expired", "ownerless", "root", "undetermined", "clean", "suppressed"]),
    st.sampled_from(["one", "another"]),
    st.integers(0, 500),
)


@given(st.lists(SHAPES, max_size=12))
def test_each_key_that_needs_work_is_in_one_task(shapes: list[tuple[str, str, int]]) -> None:
    keys, found = [], []
    for number, (what, words, idle) in enumerate(shapes):
        key = deployed(f"u{number}", last_used=at(idle))
        keys.append(key)
        if what == "undetermined":
            key |= {"verdict": what, "undecided": [words]}
        elif what == "suppressed":
            found.append(finding(key, suppressed={"reason": words, "until": None, "source": "comment"}))
        elif what != "clean":
            found.append(finding(key, what, remediation=words))
    view = joined(result(keys, found, scope=accounts(A)))
    made = tasks(view.rows)
    wanted = sorted(f"u{n}" for n, (what, *_) in enumerate(shapes) if what not in ("clean", "suppressed"))
    assert sorted(row.key.user or "" for task in made for row in task.rows) == wanted
    assert [task.order for task in made] == sorted(task.order for task in made)
