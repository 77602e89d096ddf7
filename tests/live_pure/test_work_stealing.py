"""Work that idle threads help with: in order, never waiting for what has not begun."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from posturio_iac.live.connection.calls import CallBudget, together

SOON = 30
"""Seconds after which a barrier says that nobody came; nothing waits as long when all is well."""


def test_without_a_pool_it_is_a_loop() -> None:
    assert together(None, str, [1, 2, 3]) == ["1", "2", "3"]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_a_thread_of_the_pool_may_ask_and_the_order_stays(threads: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        outer = [pool.submit(together, pool, str, range(start, start + 20)) for start in range(0, 200, 20)]
        assert [future.result(SOON) for future in outer] == [[str(n) for n in range(start, start + 20)] for start in range(0, 200, 20)]


def test_idle_threads_help() -> None:
    meeting = threading.Barrier(3)
    with ThreadPoolExecutor(3) as pool:
        met = pool.submit(together, pool, lambda _: meeting.wait(SOON), range(3)).result(SOON)
    assert sorted(met) == [0, 1, 2]


def test_what_fails_is_raised_and_the_rest_is_not_begun() -> None:
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        raise LookupError(item)

    with ThreadPoolExecutor(1) as pool, pytest.raises(LookupError):
        pool.submit(together, pool, work, range(9)).result(SOON)
    assert begun == [8]


def test_a_budget_that_is_closed_ends_threads() -> None:
    budget = CallBudget()
    budget.spend("iam:ListUsers", 2)
    budget.close()
    with pytest.raises(KeyboardInterrupt):
        budget.spend("iam:ListUsers")
    assert budget.counts == {"iam:ListUsers": 2}
