"""What to do first: equal mends are one task, the order is by risk and last use, and no key is forgotten."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.posture.mends import tasks
from tests.support.report_results import A, accounts, at, code, declared, deployed, finding, joined, result

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
