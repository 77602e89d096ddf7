"""The sessions of nox: each test in a host is named by one, and ``all`` runs each that checks something."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
NOXFILE = (ROOT / "noxfile.py").read_text(encoding="utf-8")


def test_every_test_in_a_host_is_run_by_a_session() -> None:
    assert set(re.findall(r'"(test_\w+)"', NOXFILE)) == {path.stem for path in (ROOT / "tests/hosts").glob("test_*.py")}


def test_all_runs_whatever_checks_something() -> None:
    sessions = set(re.findall(r"^@nox\.session.*\n(?:@.*\n)*def (\w+)\(", NOXFILE, re.MULTILINE))
    (usual,) = re.findall(r"^USUAL = (.*)$", NOXFILE, re.MULTILINE)
    (rest,) = re.findall(r"^    rest = (.*)\n +together\(session, \(\*USUAL, \*rest, .*compat", NOXFILE, re.MULTILINE)
    run = set(re.findall(r'"(\w+)"', usual + rest))
    assert "hosts" in run
    assert sessions - run == {"everything", "change", "compat", "bench", "mutation"}
