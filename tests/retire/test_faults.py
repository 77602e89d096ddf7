"""Scripts whose calls fail, lie or are killed at every place: no stray act, a log that tells what is so, a way to finish and to go back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from posturio_iac.core.keys.life import KeyLife
from posturio_iac.core.record import replace
from posturio_iac.retire.gate import Action, Decision
from posturio_iac.retire.ledger_history import Ledger, UnfinishedRun, digest_of, read_ledger
from posturio_iac.retire.ledger_lines import DamagedLedgerError, KeyChangeKind
from posturio_iac.retire.plan import Step
from posturio_iac.retire.script import RUNNER, SHARED, runner
from tests.retire.test_gate import IDLE, key_of
from tests.support.command_line import executable
from tests.support.keys import AS_OF
from tests.support.played_scripts import KEY, Played, written

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
    if fault in ("fail", "nothing") and at < (6 if action is Action.DISABLE else 5):
        assert (status, first.returncode > 0) == (before, True), "no answer lets nothing happen"
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


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ("-3 Active owner, 0 Inactive me", ""),
        ("-3 Inactive me", ""),  # the clock of this machine is fast
        ("-3 Inactive me, -2 Active owner, -1 Inactive other", "it was switched on since, and somebody switched it off again"),
        ("0 Inactive me, 1 Active owner, 2 Inactive me", "it was switched on since, and somebody switched it off again"),
        ("0 Inactive me, 1 Inactive other", "somebody else changed it since"),
        ("0 Inactive other", "somebody else changed it since"),
    ],
)
def test_undo_looks_at_what_was_done_since(tmp_path: Path, events: str, why: str) -> None:
    """What CloudTrail shows the day after, in minutes after the step by the clock of this machine."""
    place = played(tmp_path, Action.DISABLE)
    place.run("plan.sh", AS_OF, "--yes")
    told = place.told()
    line, told["events"] = told["events"], ""
    for minutes, switched, who in map(str.split, events.split(",")):
        at = written(AS_OF + timedelta(minutes=int(minutes)))
        told["events"] += line.replace(written(AS_OF), at).replace("Inactive", switched).replace("/me", f"/{who}")
    place.tell(**told)
    done = place.run("undo.sh", AS_OF + timedelta(days=1))
    assert (place.told()["status"], done.returncode) == (("Inactive", 1) if why else ("Active", 0))
    assert why in done.stderr


NEEDED, BROKEN = "its owner has answered that it is needed", "is not as it was written"
CHANGED: dict[str, tuple[Callable[[str], str], int, str]] = {
    "as it was": (str, 1, NEEDED),
    "a run goes on": (lambda text: f"{text}{UnfinishedRun(AS_OF, 'x').first_line()}\n{{", 1, NEEDED),
    "taken over": (lambda _: Ledger(hold=AS_OF + timedelta(days=9)).text(AS_OF), 1, "and its owner may answer until 2026-12-03"),
    "of others": (lambda _: Ledger().text(AS_OF), 3, "does not know it, so it is another one"),
    "no answer": (lambda text: text.partition("\n")[0] + "\n", 3, BROKEN),
    "cut": (lambda text: text[:-20], 3, BROKEN),
    "typed": (lambda text: text.replace("true", '"yes"'), 3, BROKEN),
    "joined": (lambda text: f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> theirs\n", 3, BROKEN),
    "empty": (lambda _: "", 3, BROKEN),
}


@pytest.mark.parametrize("change", CHANGED)
def test_a_script_believes_a_ledger_only_as_it_was_written(tmp_path: Path, change: str) -> None:
    """By the digest that the ledger itself is read by."""
    path, ledger = tmp_path / "ledger.jsonl", Ledger()
    place = played(tmp_path, Action.DISABLE, str(path))
    ledger.note(digest_of("arn:aws:iam::123456789012:user/ci", KEY), KeyChangeKind.ANSWERED, AS_OF, {"needed": True})
    changed, code, said = CHANGED[change]
    path.write_text(changed(ledger.text(AS_OF)), encoding="utf-8")
    with suppress(DamagedLedgerError):
        assert read_ledger(path.read_text(encoding="utf-8")).is_whole == (said != BROKEN)
    done = place.run("plan.sh", AS_OF, "--yes")
    assert (done.returncode, said in done.stderr, place.told()["status"]) == (code, True, "Active"), done.stderr
    for tool in ("sha256sum", "shasum", "openssl"):
        executable(tmp_path / tool, "exit 1")
        assert place.run("plan.sh", AS_OF, "--yes").returncode == (3 if tool == "openssl" else code), f"without {tool}"


def test_a_profile_is_used_whatever_the_environment_holds(tmp_path: Path) -> None:
    (tmp_path / RUNNER).write_text(runner(["123456789012"], "aws"), encoding="utf-8")
    (tmp_path / "123456789012.sh").write_text("env | grep ^AWS_ | sort", encoding="utf-8")
    executable(tmp_path / "aws", "exit 1")
    others = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "ROLE_ARN", "WEB_IDENTITY_TOKEN_FILE", "PROFILE", "DEFAULT_PROFILE")
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", **{f"AWS_{name}": "other" for name in others}}
    done = subprocess.run(["sh", tmp_path / RUNNER, "--yes", "123456789012=prod"], env=env, capture_output=True, text=True, check=False)
    assert done.stdout == "account 123456789012\nAWS_PAGER=\nAWS_PROFILE=prod\n"


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_no_linter_complains_of_a_script(tmp_path: Path) -> None:
    played(tmp_path, Action.DISABLE)
    (tmp_path / RUNNER).write_text(runner(["123456789012"], "aws"), encoding="utf-8")
    files = [str(tmp_path / name) for name in ("plan.sh", "undo.sh", SHARED, RUNNER)]
    done = subprocess.run(["shellcheck", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
