"""Scripts whose calls fail, lie or are killed at every place: no stray act, a log that tells what is so, a way to finish and to go back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from posturio_iac.core.keys.life import KeyLife
from posturio_iac.core.record import replace
from posturio_iac.retire.gate import Action, Decision
from posturio_iac.retire.plan import Step
from posturio_iac.retire.script import RUNNER, SHARED, runner
from tests.retire.test_gate import IDLE, key_of
from tests.support.keys import AS_OF
from tests.support.played_scripts import Played

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs sh")

FAULTS = ("fail", "nothing", "answer lost", "kill before", "kill after")
CALLS, STATUS = 8, ("Active", "Inactive")
"""How many calls a step makes: who am I, what is there, used, called, switched, the act, and the look after it, which may be repeated."""


def played(folder: Path, action: Action, ledger: str = "") -> Played:
    """A plan of one step."""
    off = action is Action.DELETE
    key = key_of(replace(IDLE, active=not off, off_since=40 if off else None))
    step = Step(replace(key, life=KeyLife(switched=AS_OF - timedelta(days=40))), (), Decision(action), AS_OF - timedelta(days=45))
    return Played(folder, [step], ledger, status=STATUS[off], created="2025-10-20T12:00:00Z", used="2026-08-16T12:00:00Z")


def outcome(place: Played) -> str:
    """What the last line of the log says that is no note of something left out."""
    path = place.folder / "log.jsonl"
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()
    told = [f"{line['step']} {line['outcome']}" for line in lines if line["outcome"] != "kept"]
    return told[-1] if told else ""


@pytest.mark.parametrize("at", range(1, CALLS + 1))
@pytest.mark.parametrize(
    ("action", "fault"), [*((Action.DISABLE, fault) for fault in FAULTS), *((Action.DELETE, fault) for fault in FAULTS[1::2])]
)
def test_a_plan_that_is_disturbed_at_any_call_can_be_finished_and_undone(tmp_path: Path, action: Action, at: int, fault: str) -> None:
    place = played(tmp_path, action)
    before, after = ("Active", "Inactive") if action is Action.DISABLE else ("Inactive", "")
    first = place.run("plan.sh", AS_OF, "--yes", at=at, fault=fault)
    status, last = place.told()["status"], outcome(place)
    assert status in (before, after)
    if last.endswith("done"):
        assert status == after, "what is said to be done is done"
    if last.endswith("failed"):
        assert status == before, "what is said to have failed did not happen"
    if first.returncode == 0:
        assert (status, last) == (after, f"{action.value} done")
    second = place.run("plan.sh", AS_OF + timedelta(hours=1), "--yes")
    assert (second.returncode, place.told()["status"], outcome(place)) == (0, after, f"{action.value} done"), second.stderr
    if action is Action.DISABLE:
        back = place.run("undo.sh", AS_OF + timedelta(hours=2))
        assert (back.returncode, place.told()["status"]) == (0, "Active"), back.stderr
        third = place.run("plan.sh", AS_OF + timedelta(hours=3), "--yes")
        assert (third.returncode, place.told()["status"]) == (1, "Active"), "what was brought back stays"


@pytest.mark.parametrize("fault", FAULTS[1:4])
@pytest.mark.parametrize("at", range(1, CALLS))
def test_an_undo_that_is_disturbed_at_any_call_is_never_silent(tmp_path: Path, at: int, fault: str) -> None:
    place = played(tmp_path, Action.DISABLE)
    place.run("plan.sh", AS_OF, "--yes")
    first = place.run("undo.sh", AS_OF + timedelta(hours=1), at=at, fault=fault)
    assert place.told()["status"] == "Active" or first.returncode != 0, "rc 0 means that the key is on"
    second = place.run("undo.sh", AS_OF + timedelta(hours=2))
    assert (second.returncode, place.told()["status"]) == (0, "Active"), second.stderr


def test_a_key_that_the_ledger_does_not_know_is_kept(tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text("{}\n", encoding="utf-8")
    done = played(tmp_path, Action.DISABLE, str(tmp_path / "other.jsonl")).run("plan.sh", AS_OF, "--yes")
    assert (done.returncode, "does not know it, so it is another one" in done.stderr) == (3, True)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_no_linter_complains_of_a_script(tmp_path: Path) -> None:
    played(tmp_path, Action.DISABLE)
    (tmp_path / RUNNER).write_text(runner(["123456789012"], "aws"), encoding="utf-8")
    files = [str(tmp_path / name) for name in ("plan.sh", "undo.sh", SHARED, RUNNER)]
    done = subprocess.run(["shellcheck", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
