"""Figures about security that docs/security.md shows: how many cases of each promise passed, and how many mutants the tests find.

``POSTURIO_FIGURES=1 pytest -m promise tests/attack …`` writes the first, ``python -m tests.mutation SEED COUNT --record`` the second.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[2] / "docs" / "security-figures.json"


def today() -> str:
    return f"{datetime.now(timezone.utc):%Y-%m-%d}"


def record(name: str, told: dict[str, Any]) -> None:
    known = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    merged = {**known, name: {**known.get(name, {}), **told}}
    FILE.write_text(json.dumps(merged, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def record_passed(passed: list[Any]) -> None:
    counts: dict[str, int] = {}
    for report in passed:
        for promise in (value for name, value in report.user_properties if name == "promise"):
            counts[promise] = counts.get(promise, 0) + 1
    record("promises", {name: {"cases": count, "day": today()} for name, count in counts.items()})
