"""The budget of one root module or template: all of it may be spent, and what is beyond it ends in a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from posturio_iac.core import budget
from posturio_iac.core.budget import Budget, BudgetError
from posturio_iac.core.place import Span

pytestmark = pytest.mark.promise("budget")


def test_steps() -> None:
    left = Budget()
    left.spend(budget.MAX_STEPS)
    with pytest.raises(BudgetError, match="takes more than 2,000,000 steps to read"):
        left.spend()


def test_a_run_has_steps_of_its_own_for_each_and_one_pool_for_all() -> None:
    pool = [budget.MAX_STEPS]
    heavy, last = (Budget(pool=pool) for _ in range(2))
    heavy.spend(budget.MAX_STEPS)
    last.spend(2 * budget.OWN_STEPS)
    with pytest.raises(BudgetError, match="takes, with those before it, more steps to read than so much code should"):
        last.spend()
    Budget(pool=pool).spend(budget.OWN_STEPS)


def test_instances_cost_ten_steps_each_and_say_where_they_end() -> None:
    left, span = Budget(), Span("main.tf", 3, 1, 3, 5)
    for _ in range(budget.MAX_INSTANCES):
        left.add_instance()
    with pytest.raises(BudgetError, match="creates more than 5,000 modules, stacks and keys") as caught:
        left.add_instance(span)
    assert caught.value.span == span
    assert caught.value.located(Span("other.tf", 1, 1, 1, 1)).span == span
    assert BudgetError("none").located(span).span == span
    left.spend(budget.MAX_STEPS - 10 * budget.MAX_INSTANCES)
    with pytest.raises(BudgetError, match="steps to read"):
        left.spend()


def test_characters() -> None:
    left = Budget()
    left.add_text(budget.MAX_CHARACTERS)
    with pytest.raises(BudgetError, match="produces more than 50,000,000 characters of text"):
        left.add_text(1)


def test_renders() -> None:
    left = Budget()
    for _ in range(budget.MAX_RENDERS):
        left.enter_render(1)
        left.leave_render()
    with pytest.raises(BudgetError, match="renders more than 10,000 templates"):
        left.enter_render(1)


def test_depth_of_renders() -> None:
    left = Budget()
    for _ in range(budget.MAX_RENDER_DEPTH):
        left.enter_render(budget.MAX_CHARACTERS // budget.MAX_RENDER_DEPTH)
    with pytest.raises(BudgetError, match="renders templates inside one another, more than 20 deep"):
        left.enter_render(0)
    left.leave_render()
    with pytest.raises(BudgetError, match="characters of text"):
        left.enter_render(1)


def test_time() -> None:
    now = [5.0]
    left = Budget(3, lambda: now[0])
    left.spend(1000)
    now[0] = 8.0
    left.spend(1000)  # the time is just up, and not over
    now[0] = 8.1
    left.spend(1)
    with pytest.raises(BudgetError, match=r"takes more than 3 seconds to read \(--timeout\)"):
        left.spend(499)


@pytest.mark.parametrize("arguments", [(None, lambda: 1e9), (3, None)])
def test_without_a_limit_and_a_clock_time_does_not_end(arguments: tuple[Any, Any]) -> None:
    left = Budget(*arguments)
    left.spend(1000)
