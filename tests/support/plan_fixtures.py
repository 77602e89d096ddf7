"""The plans in ``fixtures/plan/`` and what the tool says about them, without their code and with it.

``python -m tests.support.plan_fixtures --update`` writes the golden files anew; read what it changed like code.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.support.fixture_tools import FIXTURES, scan, summary

PLANS = FIXTURES / "plan"
PLAN, CODE = "plan.json", "code"


def cases() -> tuple[str, ...]:
    return tuple(sorted(p.name for p in PLANS.iterdir() if p.is_dir()))


def golden(case: str) -> Path:
    return PLANS / f"{case}.out"


def said(case: str) -> str:
    with tempfile.TemporaryDirectory(prefix="plan-") as place:
        folder = Path(shutil.copytree(PLANS / case, Path(place) / case))
        texts = ["==> the plan alone\n" + summary(*scan(folder / PLAN))]
        if (folder / CODE).is_dir():
            texts.append("==> with its code\n" + summary(*scan(folder / PLAN, "--source", str(folder / CODE))))
    return "\n".join(texts)


if __name__ == "__main__":
    for name in cases():
        if "--update" in sys.argv:
            golden(name).write_text(said(name), encoding="utf-8", newline="\n")
        else:
            sys.stdout.write(f"{name}\n{said(name)}\n")
