"""Results are read whole or refused with one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.contract.read import NotAResultError, load
from posturio_iac.contract.write import render
from posturio_iac.core.finding import Report
from posturio_iac.posture.mends import declared_end
from posturio_iac.posture.view import join
from tests.support import canned
from tests.support.report_results import code, declared, deployed, finding, joined, result


def refused(text: str) -> str:
    with pytest.raises(NotAResultError) as error:
        load(text, "x.json")
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("{", "is not valid JSON at line 1, perhaps cut off"),
        (json.dumps(result([deployed("a")]))[:-30], "is not valid JSON"),
        ("[" * 100_000, "is nested too deeply"),
        ("[]", "not a posturio-iac result"),
        ("{}", "not a posturio-iac result"),
        ('"text"', "not a posturio-iac result"),
        ("null", "not a posturio-iac result"),
        ("1e9999", "not a posturio-iac result"),
        ('{"version": "2.1.0", "runs": []}', "not a posturio-iac result"),
        ('{"posturio-iac-state": 1, "inactive": {}}', "not a posturio-iac result"),
        (json.dumps({**result(), "tool": {"name": "other"}}), "not a posturio-iac result"),
        (json.dumps({**result(), "version": 2}), "written by a newer posturio-iac (contract version 2; this one reads 1); update it"),
        (json.dumps({**result(), "version": "1"}), "no known contract version"),
        (json.dumps({**result(), "version": True}), "no known contract version"),
    ],
)
def test_what_is_no_result(text: str, why: str) -> None:
    assert why in refused(text)


def damaged() -> list[tuple[str, Callable[[Any], object]]]:
    return [
        ("as_of", lambda d: d.pop("as_of")),
        ("as_of", lambda d: d.update(as_of="yesterday")),
        ("zone", lambda d: d.update(as_of="2026-11-24T12:00:00")),
        ("number", lambda d: d.update(as_of=5) or d["keys"][0].update(line="x")),
        ("keys", lambda d: d.pop("keys")),
        ("list", lambda d: d.update(keys={})),
        ("list", lambda d: d.update(diagnostics=None)),
        ("address", lambda d: d["keys"][0].pop("address")),
        ("text", lambda d: d["keys"][0].update(address=None)),
        ("verdict", lambda d: d["keys"][0].update(verdict="fine")),
        ("", lambda d: d["keys"].append("key")),
        ("severity", lambda d: d["findings"][0].update(severity="awful")),
        ("text", lambda d: d["findings"][0].update(message=["x"])),
        ("reason", lambda d: d["findings"][0].update(suppressed={})),
        ("", lambda d: d.update(scope="infra")),
        ("", lambda d: d.update(summary=None)),
    ]


@pytest.mark.parametrize(("word", "damage"), damaged())
def test_a_damaged_result_is_refused_whole(word: str, damage: Callable[[Any], object]) -> None:
    key = deployed("a")
    document = json.loads(json.dumps(result([key], [finding(key)])))
    damage(document)
    text = refused(json.dumps(document))
    assert "does not follow the contract" in text
    assert word in text or word in ("number", "verdict", "severity", "as_of")


def test_fields_that_are_not_known_are_passed_over() -> None:
    key = deployed("a", declared_as={"address": "aws_iam_access_key.a", "path": "iam.tf", "line": 7, "more": 1}, new=[1])
    document = {**result([key], [{**finding(key), "new": {}}], [{"level": "note", "message": "m", "new": 1}]), "new": None}
    document["scope"] = {"kind": "aws", "accounts": [], "new": 3}
    read = load(json.dumps(document), "x.json")
    assert read.keys[0].declared_at == "aws_iam_access_key.a (iam.tf:7)"


PLACES = [{"address": "a", "path": "a.tf", "line": 1}, {"address": "b", "path": None, "line": None}]


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({"declared_as": {"address": "a", "path": "a.tf", "line": 7, "link": "exact"}}, "a (a.tf:7)"),
        ({"declared_as": {"address": "a", "path": None, "line": None, "link": "likely"}}, "a, likely"),
        ({"declared_as": {"address": None, "path": "a.tf", "line": 7, "link": "exact"}}, "a.tf:7"),
        ({"declared_as": {"address": None, "path": None, "line": None, "link": "likely", "candidates": PLACES}}, "one of a (a.tf:1), b"),
        ({"managed": False}, "no code declares it"),
        ({"managed": True}, ""),
        ({}, ""),
    ],
)
def test_the_link_to_code_is_shown_as_far_as_it_is_known(more: Any, shown: str) -> None:
    assert load(json.dumps(result([deployed("a", **more)])), "x").keys[0].place == shown


@pytest.mark.parametrize("report", [canned.report, canned.repeated, canned.hostile, canned.empty, canned.deployed, canned.hostile_deployed])
def test_whatever_a_run_writes_can_be_read(report: Callable[[], Report]) -> None:
    made = report()
    read = load(render(made, canned.context()), "x.json")
    assert len(read.keys) == len(made.keys)
    assert len(join([read]).rows) == len(made.keys)
    assert sum(len(row.found) for row in join([read]).rows) == len(made.findings)


KEY_ID = "AKIAIOSFODNN7EXAMPLE"


def test_ids_are_masked_wherever_they_stand() -> None:
    odd = "LOCALKEYWITHOUTPREFIX1"
    keys = [deployed("a", label=KEY_ID, undecided=[f"{KEY_ID} is odd"]), deployed("b", label=odd, owner=f"tag {odd}", evidence=[odd])]
    text = json.dumps(result(keys, [finding(keys[0], message=f"{KEY_ID} of a, beside {odd}")]))
    assert KEY_ID not in repr(load(text, "x"))
    assert odd not in repr(load(text, "x"))
    assert "****MPLE" in repr(load(text, "x"))
    assert KEY_ID in repr(load(text, "x", show_key_ids=True))


@pytest.mark.parametrize("before", ["\n", "\u2014", "\t", '"', "\x7f"])
def test_ids_are_masked_though_an_escape_stands_before_them(before: str) -> None:
    key = deployed("a", owner=f"owner{before}{KEY_ID}")
    assert KEY_ID not in repr(load(json.dumps(result([key])), "x"))
    assert KEY_ID not in repr(load(json.dumps(result([key])).replace("AKIA", "\\u0041KIA"), "x"))


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda e: st.lists(e) | st.dictionaries(st.text(), e))
)
def test_any_json_is_read_or_refused(value: Any) -> None:
    for document in (value, {**result(), "keys": value}, {**result(), "scope": value}, {**result(), "findings": [value]}):
        try:
            load(json.dumps(document), "x.json")
        except NotAResultError as error:
            assert str(error)


def evidence(kind: str, value: str, effect: str = "declared") -> dict[str, Any]:
    return {"kind": kind, "value": value, "effect": effect, "source": "tag", "path": None, "line": None}


@pytest.mark.parametrize(
    ("lifetime", "end"),
    [
        ([evidence("expiry", "2027-01-31")], "2027-02-01"),
        ([evidence("expiry", "2027-01-31"), evidence("expiry", "2026-12-31", "enforced")], "2027-01-01"),
        ([evidence("rotation", "90d")], "2026-11-14"),
        ([evidence("rotation", "90"), evidence("expiry", "soon", "unreadable")], "2026-11-14"),
        ([evidence("expiry", "2027-01-31", "inert")], None),
        ([evidence("rotation", "")], None),
        ([evidence("rotated", "2026-10-01")], None),
        ([], None),
    ],
)
def test_the_declared_end_is_the_first_that_counts(lifetime: Any, end: str | None) -> None:
    (row,) = joined(result([deployed("a", age=100, lifetime=lifetime)])).rows
    found = declared_end(row.key)
    assert (found.date().isoformat() if found else None) == end


def test_an_interval_without_a_creation_date_gives_no_end() -> None:
    (row,) = joined(result([declared("k", lifetime=[evidence("rotation", "90")])], scope=code())).rows
    assert declared_end(row.key) is None
