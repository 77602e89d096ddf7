"""Accounts are taken as they are finished and let go; idle threads help, in order, and never wait for what has not begun."""

from __future__ import annotations

import threading
import weakref
from concurrent.futures import Executor, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.live.connection.calls import as_finished, together
from posturio_iac.live.inventory import Inventory
from posturio_iac.live.model import Account
from posturio_iac.live.survey import AHEAD, AccountOutcome, AccountTarget, once_each, survey

WORKERS = 4


class Watched(Inventory):
    """Can be referred to weakly, which slots alone do not allow."""

    __slots__ = ("__weakref__",)


class Reading:
    """Reads accounts out of nothing, and knows which of them anybody still holds."""

    def __init__(self) -> None:
        self.request, self.budget = SimpleNamespace(workers=WORKERS), SimpleNamespace(close=lambda: None)
        self.held: list[weakref.ref[Watched]] = []
        self.begun = 0
        self._lock = threading.Lock()

    def read(self, target: AccountTarget, _: Executor) -> AccountOutcome:
        assert target.account is not None
        made = Watched(target.account)
        with self._lock:
            self.held.append(weakref.ref(made))
            self.begun += 1
        return AccountOutcome(target, made, (), {})

    def alive(self) -> int:
        """Count without a collection: what is let go is not left to one."""
        return sum(one() is not None for one in self.held)


def targets(number: int) -> list[AccountTarget]:
    return [AccountTarget(None, Account(f"{place:012}")) for place in range(number)]


def test_what_was_read_of_a_finished_account_is_let_go_and_few_wait_for_a_slow_reader() -> None:
    reading: Any = Reading()
    outcomes, seen = survey(reading, targets(60)), set[str]()
    for number, outcome in enumerate(once_each(outcomes), start=1):
        assert outcome.inventory is not None
        seen.add(outcome.inventory.account.id)
        assert reading.begun <= number + AHEAD * WORKERS
        del outcome
        assert reading.alive() <= AHEAD * WORKERS + 1, "those that wait, and the last one"
    assert (len(seen), reading.alive()) == (60, 0)


def test_an_account_that_two_profiles_lead_to_counts_once_whichever_is_read_first() -> None:
    account = Account("111122223333")
    outcomes = [AccountOutcome(AccountTarget(profile), Inventory(account), (), {}) for profile in ("b", None)]
    expected = Diagnostic(Level.NOTE, "b and the default profile lead to the same account, 111122223333, which is counted once")
    for order in (outcomes, outcomes[::-1]):
        first, second = once_each(order)
        assert first.inventory is not None
        assert (second.inventory, second.diagnostics) == (None, (expected,))


def test_who_stops_reading_ends_the_threads() -> None:
    reading: Any = Reading()
    outcomes = survey(reading, targets(60))
    next(outcomes)
    outcomes.close()
    assert reading.begun <= AHEAD * WORKERS


SOON = 30  # seconds after which a barrier says that nobody came; nothing waits as long when all is well


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


def test_items_are_under_way_at_the_same_time() -> None:
    meeting = threading.Barrier(2)
    assert len(list(as_finished(2, lambda _: meeting.wait(SOON), range(4)))) == 4
