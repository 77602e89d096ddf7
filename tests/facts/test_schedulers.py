"""Resources that change by themselves: which arguments drive each, and how many turns pass between two changes of an attribute."""

from __future__ import annotations

import pytest

from posturio_iac.facts.schedulers import COMPUTED_ONCE, HOLDERS, ROTATING, ROTATION_ARGUMENTS, SCHEDULERS, Scheduler

CLOCK_UNITS = {"days": "d", "hours": "h", "minutes": "min", "months": "mo", "years": "y"}


@pytest.mark.parametrize(
    ("kind", "scheduler"),
    [
        ("toggles_leapfrog", Scheduler("trigger", (("alpha_timestamp", 2), ("beta_timestamp", 2)), None, True, ())),
        ("toggles_rotary", Scheduler("trigger", (("counters", 2), ("outputs", 2)), "n", True, ())),
        (
            "rotating_blue_green",
            Scheduler(
                None,
                (("blue_uuid", 2), ("green_uuid", 2)),
                None,
                False,
                (("rotate_after_days", "d"), ("rotate_after_hours", "h"), ("rotate_after_minutes", "min")),
            ),
        ),
        ("flipflop", Scheduler("value", (("a", 2), ("b", 2)), None, False, ())),
        ("flipflop_tri", Scheduler("value", (("a", 3), ("b", 3), ("c", 3)), None, False, ())),
    ],
)
def test_each_scheduler_turns_by_its_documentation(kind: str, scheduler: Scheduler) -> None:
    assert SCHEDULERS[kind] == scheduler


def test_resources_of_time_and_holders_of_triggers() -> None:
    assert ROTATING == "time_rotating"
    assert tuple((f"rotation_{name}", unit) for name, unit in CLOCK_UNITS.items()) == ROTATION_ARGUMENTS
    assert sorted(COMPUTED_ONCE) == ["time_offset", "time_sleep", "time_static"]
    kinds = "random_id random_integer random_password random_pet random_string random_uuid"
    assert sorted(HOLDERS) == ["null_resource", *kinds.split(), "terraform_data"]
