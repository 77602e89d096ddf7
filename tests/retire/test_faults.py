"""Scripts whose calls fail, lie or are killed at every place: no stray act, a log that tells what is so, a way to finish and to go back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from posturio_iac.core.keys.life import KeyLife
from posturio_iac.core.record import replace
from posturio_iac.retire.gate import Action, Decision
from posturio_iac.retire.plan import Step
from posturio_iac.retire.script import RUNNER, SHARED, Validity, runner, script, shared, undo
from tests.retire.test_gate import IDLE, key_of
from tests.support.keys import AS_OF

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs sh")

AWS = """\
import json, os, signal, sys
path = {world!r}
world = json.load(open(path))
words = sys.argv[1:]
value = lambda name: next(w.partition("=")[2] for w in words if w.startswith(name + "="))
world["calls"] += 1
fault = world["fault"] if world["calls"] == world["at"] else ""
acts = words[1].split("-")[0] in ("update", "delete")
if fault == "kill before":
    json.dump(world, open(path, "w"))
    os.kill(os.getppid(), signal.SIGKILL)
if fault in ("fail", "nothing"):
    json.dump(world, open(path, "w"))
    sys.exit("AccessDenied" if fault == "fail" else 0)
if words[1] == "get-caller-identity":
    print("123456789012\\tarn:aws:sts::123456789012:user/me")
elif words[1] == "list-access-keys":
    print(world["status"] + "\\t" + "2025-10-20T12:00:00Z" if world["status"] else "")
elif words[1] == "get-access-key-last-used":
    print("ci\\t2026-08-16T12:00:00Z")
elif words[1] == "lookup-events":
    name = next(w for w in words if "AttributeValue=" in w).partition("AttributeValue=")[2]
    late = world["now"] - 900
    for event in world["events"] if "AttributeKey=EventName" in " ".join(words) else ():
        if event["name"] == name and event["epoch"] <= late:
            print(json.dumps(event))
elif acts:
    world["status"] = value("--status") if words[1].startswith("update") else ""
    name = "UpdateAccessKey" if world["status"] else "DeleteAccessKey"
    event = {{"name": name, "epoch": world["now"], "status": world["status"], "accessKeyId": "AKIAIOSFODNN7EXAMPLE"}}
    world["events"].append({{**event, "userIdentity": {{"arn": "arn:aws:sts::123456789012:user/me"}}}})
json.dump(world, open(path, "w"))
if fault == "kill after":
    os.kill(os.getppid(), signal.SIGKILL)
if fault == "answer lost":
    sys.exit("Connection was closed before we received a valid response")
"""
FAULTS = ("fail", "nothing", "answer lost", "kill before", "kill after")
CALLS = 8
"""How many calls a step makes: who am I, what is there, used, called, switched, the act, and the look after it, which may be repeated."""


class Place:
    """A folder with a plan of one step, and the world that its scripts see."""

    def __init__(self, folder: Path, action: Action) -> None:
        self.folder, self.world = folder, folder / "world.json"
        off = action is Action.DELETE
        key = key_of(replace(IDLE, active=not off, off_since=40 if off else None))
        step = Step(replace(key, life=KeyLife(switched=AS_OF - timedelta(days=40))), (), Decision(action), AS_OF - timedelta(days=45))
        validity = Validity(AS_OF, AS_OF + timedelta(hours=72))
        (folder / SHARED).write_text(shared(SHARED), encoding="utf-8")
        (folder / "plan.sh").write_text(script("123456789012", [step], validity, ""), encoding="utf-8")
        (folder / "undo.sh").write_text(undo("123456789012", [step], validity), encoding="utf-8")
        (folder / "aws.py").write_text(AWS.format(world=str(self.world)), encoding="utf-8")
        self.tell(status="Inactive" if off else "Active", events=[], calls=0, at=0, fault="", now=0)
        for name, text in (("aws", f'exec {sys.executable} -S -E {folder}/aws.py "$@"'), ("sleep", "")):
            (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
            (folder / name).chmod(0o755)

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.world.read_text(encoding="utf-8"))
        return found

    def tell(self, **facts: Any) -> None:
        known = self.told() if self.world.exists() else {}
        self.world.write_text(json.dumps({**known, **facts}), encoding="utf-8")

    def run(self, name: str, now: datetime, *words: str, at: int = 0, fault: str = "") -> subprocess.CompletedProcess[str]:
        self.tell(now=int(now.timestamp()), calls=0, at=at, fault=fault)
        clock = f"case $2 in +%s) echo {int(now.timestamp())} ;; *) echo {now:%Y-%m-%dT%H:%M:%S}Z ;; esac"
        (self.folder / "date").write_text(f"#!/bin/sh\n{clock}\n", encoding="utf-8")
        (self.folder / "date").chmod(0o755)
        environment = {"PATH": f"{self.folder}:/usr/bin:/bin"}
        command = ["sh", str(self.folder / name), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    def outcome(self) -> str:
        """What the last line of the log says that is no note of something left out."""
        path = self.folder / "log.jsonl"
        lines = map(json.loads, path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()
        told = [f"{line['step']} {line['outcome']}" for line in lines if line["outcome"] != "kept"]
        return told[-1] if told else ""


@pytest.mark.parametrize("at", range(1, CALLS + 1))
@pytest.mark.parametrize(
    ("action", "fault"), [*((Action.DISABLE, fault) for fault in FAULTS), *((Action.DELETE, fault) for fault in FAULTS[1::2])]
)
def test_a_plan_that_is_disturbed_at_any_call_can_be_finished_and_undone(tmp_path: Path, action: Action, at: int, fault: str) -> None:
    place = Place(tmp_path, action)
    before, after = ("Active", "Inactive") if action is Action.DISABLE else ("Inactive", "")
    first = place.run("plan.sh", AS_OF, "--yes", at=at, fault=fault)
    status, outcome = place.told()["status"], place.outcome()
    assert status in (before, after)
    if outcome.endswith("done"):
        assert status == after, "what is said to be done is done"
    if outcome.endswith("failed"):
        assert status == before, "what is said to have failed did not happen"
    if first.returncode == 0:
        assert (status, outcome) == (after, f"{action.value} done")
    second = place.run("plan.sh", AS_OF + timedelta(hours=1), "--yes")
    assert (second.returncode, place.told()["status"], place.outcome()) == (0, after, f"{action.value} done"), second.stderr
    if action is Action.DISABLE:
        back = place.run("undo.sh", AS_OF + timedelta(hours=2))
        assert (back.returncode, place.told()["status"]) == (0, "Active"), back.stderr
        third = place.run("plan.sh", AS_OF + timedelta(hours=3), "--yes")
        assert (third.returncode, place.told()["status"]) == (1, "Active"), "what was brought back stays"


@pytest.mark.parametrize("fault", FAULTS[1:4])
@pytest.mark.parametrize("at", range(1, CALLS))
def test_an_undo_that_is_disturbed_at_any_call_is_never_silent(tmp_path: Path, at: int, fault: str) -> None:
    place = Place(tmp_path, Action.DISABLE)
    place.run("plan.sh", AS_OF, "--yes")
    first = place.run("undo.sh", AS_OF + timedelta(hours=1), at=at, fault=fault)
    assert place.told()["status"] == "Active" or first.returncode != 0, "rc 0 means that the key is on"
    second = place.run("undo.sh", AS_OF + timedelta(hours=2))
    assert (second.returncode, place.told()["status"]) == (0, "Active"), second.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_no_linter_complains_of_a_script(tmp_path: Path) -> None:
    Place(tmp_path, Action.DISABLE)
    (tmp_path / RUNNER).write_text(runner(["123456789012"], "aws"), encoding="utf-8")
    files = [str(tmp_path / name) for name in ("plan.sh", "undo.sh", SHARED, RUNNER)]
    done = subprocess.run(["shellcheck", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
