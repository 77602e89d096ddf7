"""What moves beside the score, and why it cannot be bought."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.posture.progress import WITHOUT_END, DebtChange
from posturio_iac.render.report.markdown_report import page
from posturio_iac.render.report.wording import progress as text
from posturio_iac.rules import all_rules
from tests.support.report_results import A, accounts, declared, deployed, finding, joined, result

END = [{"kind": "expiry", "value": "2027-01-01", "effect": "declared", "source": "tag", "path": None, "line": None}]
SUPPRESSED = {"reason": "known", "until": None, "source": "baseline"}


def bad(*users: str, **more: Any) -> tuple[list[Any], list[Any]]:
    keys = [deployed(user, demerit=1.0) for user in users]
    return keys, [finding(key, **more) for key in keys]


def debt(before: Any, now: Any, days: float = 30, **more: Any) -> DebtChange | None:
    return joined(result(*before, days=days, **more), result(*now, **more)).progress.debt


def test_each_rule_about_ends_is_a_rule() -> None:
    assert set(all_rules()) >= WITHOUT_END


def test_halving_the_debt_is_seen_however_large_it_is() -> None:
    for number in (2, 400):
        users = [f"u{n}" for n in range(number)]
        change = debt(bad(*users), bad(*users[: number // 2]))
        assert change is not None
        assert (change.before, change.closed, change.added, change.less) == (number, number / 2, 0, 0.5)


def test_the_sentence_says_both() -> None:
    keys, found = bad("a", "b")
    made = joined(result(*bad("a", "b", "c"), days=30), result([*keys, deployed("fine", lifetime=END)], found))
    said = "1 of 3 usable keys (33 %) have an end that holds. In 30 days 1 of 3 demerits were closed and 0 are new: 33 % less."
    assert text(made) == said
    assert said in page(made)


@pytest.mark.parametrize("rule", sorted(WITHOUT_END))
@pytest.mark.parametrize("more", [{}, {"suppressed": SUPPRESSED}])
def test_an_end_that_a_finding_doubts_is_none(rule: str, more: dict[str, Any]) -> None:
    key = deployed("u", lifetime=END)
    found = finding(key, **more) | {"rule": rule}
    assert joined(result([key], [found])).progress.with_end == 0
    assert joined(result([key], [])).progress.with_end == 1


def test_inactive_keys_and_inert_ends_do_not_count() -> None:
    inert = [END[0] | {"effect": "inert"}]
    made = joined(result([deployed("a", status="Inactive", lifetime=END), deployed("b", lifetime=inert)]))
    assert (made.progress.keys, made.progress.with_end) == (1, 0)


def test_a_suppression_closes_nothing() -> None:
    change = debt(bad("a", "b"), bad("a", "b", suppressed=SUPPRESSED))
    assert change is not None
    assert (change.closed, change.added) == (0, 0)


def test_a_renamed_key_leaves_the_debt_as_it_is() -> None:
    def at(name: str, days: float) -> Any:
        key = declared(f"aws_iam_access_key.{name}", demerit=1.0)
        return result([key], [finding(key)], days=days)

    change = joined(at("old", 30), at("new", 0)).progress.debt
    assert change is not None
    assert (change.closed, change.added, change.less) == (1, 1, 0)


def test_rules_that_were_left_out_close_nothing() -> None:
    before = result(*bad("a"), days=30, scope=accounts(A))
    now = result([deployed("a")], [], scope=accounts(A) | {"left_out": ["iam.unused_access_keys"]})
    assert joined(before, now).progress.debt is None


def test_what_could_not_be_seen_is_not_gone() -> None:
    denied = {"level": "error", "message": "denied", "account": A}
    made = joined(result(*bad("a", "b"), days=30, scope=accounts(A)), result([], [], [denied], scope=accounts(A)))
    assert made.progress.debt is not None
    assert made.progress.debt.closed == 0


def test_results_of_the_last_month_compare_with_the_oldest_and_older_ones_with_30_days_ago() -> None:
    users = [["a", "b", "c", "d"], ["a", "b", "c"], ["a", "b"], ["a"]]

    def over(*days: float) -> DebtChange | None:
        return joined(*(result(*bad(*users[number]), days=day) for number, day in enumerate(days))).progress.debt

    assert over(90, 40, 10, 0) == DebtChange(40, 3.0, 2.0, 0.0)
    assert over(20, 10, 5, 0) == DebtChange(20, 4.0, 3.0, 0.0)
    assert joined(result(*bad("a"))).progress.debt is None


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.lists(st.sampled_from("abcdef"), unique=True), st.integers(0, 5))
def test_good_keys_change_nothing_of_the_debt(before: list[str], now: list[str], good: int) -> None:
    keys, found = bad(*now)
    change = debt(bad(*before), (keys, found), scope=accounts(A))
    more = debt(bad(*before), ([*keys, *(deployed(f"good{n}", lifetime=END) for n in range(good))], found), scope=accounts(A))
    assert change == more
    assert change is not None
    assert change.now == len(now)
