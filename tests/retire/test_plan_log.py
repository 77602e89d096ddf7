"""What became of each key, as the scripts of a plan wrote it down."""

from __future__ import annotations

import json

from posturio_iac.retire.plan import read_log


def line(step: str, outcome: str, minute: int) -> str:
    return json.dumps(
        {"at": f"2026-11-24T10:{minute:02}:00Z", "step": step, "outcome": outcome, "why": "", "key_id": "AKIAIOSFODNN7EXAMPLE"}
    )


def test_a_key_that_was_switched_on_again_is_not_off() -> None:
    found, lost = read_log("\n".join([line("disable", "done", 1), line("enable", "done", 2)]))
    assert ([(entry.step, entry.text()) for entry in found.values()], lost) == (
        [("enable", "switched on again by the plan on 2026-11-24 10:02 UTC")],
        0,
    )


def test_a_line_that_cannot_be_read_is_counted() -> None:
    found, lost = read_log("\n".join([line("disable", "done", 1), line("dance", "done", 2), "{"]))
    assert ([entry.step for entry in found.values()], lost) == (["disable"], 2)
