"""Resources that change by themselves on a schedule. A new scheduler is one entry here, with its source."""

from __future__ import annotations

from posturio_iac.core.record import dataclass


@dataclass(frozen=True, slots=True)
class Scheduler:
    """How a resource turns time, or another trigger, into changes."""

    trigger: str | None  # the argument whose change makes the next turn; None when the resource keeps time itself
    outputs: tuple[tuple[str, int], ...]
    """Attributes and how many turns pass between two changes of each; any other attribute changes at every turn."""
    turns_argument: str | None = None  # the argument that says how many outputs take turns
    every_apply: bool = False  # without a trigger it turns at each apply
    intervals: tuple[tuple[str, str], ...] = ()
    """Arguments that hold the interval, each with the unit that `parse_interval` counts a bare number in."""
    stays: tuple[str, ...] = ("id",)  # attributes that no turn changes
    in_refresh: bool = False  # it turns when it is read, so that no plan has an action for it: only what compares its values notices


SCHEDULERS = {
    # https://registry.terraform.io/providers/reinoudk/toggles/latest/docs/resources/leapfrog
    "toggles_leapfrog": Scheduler("trigger", (("alpha_timestamp", 2), ("beta_timestamp", 2)), every_apply=True),
    # https://registry.terraform.io/providers/reinoudk/toggles/latest/docs/resources/rotary
    "toggles_rotary": Scheduler("trigger", (("counters", 2), ("outputs", 2)), turns_argument="n", every_apply=True),
    # https://registry.terraform.io/providers/Apollorion/rotating/latest/docs/resources/blue_green
    "rotating_blue_green": Scheduler(
        None,
        (("blue_uuid", 2), ("green_uuid", 2)),
        intervals=(("rotate_after_days", "d"), ("rotate_after_hours", "h"), ("rotate_after_minutes", "min")),
        in_refresh=True,  # blueGreenRead in https://github.com/Apollorion/terraform-provider-rotating/blob/main/rotating_blue_green.go
    ),
    # https://registry.terraform.io/providers/nbraun1/flipflop and its forks: the example "IAM access key rotation"
    "flipflop": Scheduler("value", (("a", 2), ("b", 2))),
    "flipflop_tri": Scheduler("value", (("a", 3), ("b", 3), ("c", 3))),
}

ROTATING = "time_rotating"  # https://registry.terraform.io/providers/hashicorp/time/latest/docs/resources/rotating

ROTATION_ARGUMENTS = (
    ("rotation_days", "d"),
    ("rotation_hours", "h"),
    ("rotation_minutes", "min"),
    ("rotation_months", "mo"),
    ("rotation_years", "y"),
)
"""In the order in which the provider reads them: each starts from the base time again, so that the last one that is set counts.

Read in ``setRotationValues`` of https://github.com/hashicorp/terraform-provider-time/blob/main/internal/provider/resource_time_rotating.go
"""

COMPUTED_ONCE = frozenset({"time_static", "time_offset", "time_sleep"})
"""These compute a time when they are created and never again, unless an argument of theirs changes."""

HOLDERS = frozenset(
    {"null_resource", "terraform_data"} | {f"random_{kind}" for kind in ("id", "integer", "password", "pet", "string", "uuid")}
)
"""Resources that exist to hold a trigger; a constant in them is a counter that people change by hand."""

FORCING = {"terraform_data": ("triggers_replace",), "time_offset": ("triggers", "base_rfc3339"), "time_sleep": ("triggers",)}
"""The arguments whose change replaces such a resource; of the others among these two kinds, any argument does."""

SET_BY_PEOPLE = frozenset({"triggers", *(name for name, _ in ROTATION_ARGUMENTS)})  # of a time_rotating; they stay when it is due
UNSET = {"triggers", "keepers", "tags", "input", "output", "triggers_replace", "prefix", "separator", "length", "seed"}
UNSET |= {f"{start}{kind}" for start in ("", "min_", "override_") for kind in ("lower", "upper", "number", "numeric", "special")}
UNSET |= {f"offset_{unit}s" for unit in ("second", "minute", "hour", "day", "month", "year")} | {"create_duration", "destroy_duration"}
"""Attributes of holders that no provider computes: where they are not set, they stand still."""
