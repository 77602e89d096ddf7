"""Plans that are disturbed at every call: nothing is touched that should not be, nothing is left half done, nothing false is said.

The scripts run with the AWS CLI against moto, behind a proxy that fails. ``POSTURIO_DISTURBED=all`` runs all, which takes most of an hour.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from docs.live_story import key as make_key
from posturio_iac.contract.write import moment as written
from posturio_iac.retire.ledger_history import Ledger, digest_of, read_ledger
from posturio_iac.retire.ledger_lines import KeyChangeKind
from posturio_iac.retire.letters import OwnerAnswer, note_answers
from tests.support.live import aws_cli
from tests.support.live.cloud import ACCOUNT, AS_OF, Capsys, retire
from tests.support.live.fake_aws import FakeAws, read_from
from tests.support.live.faulty import proxy

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs sh")

HOUR, GRACE = timedelta(hours=1), timedelta(days=14)
KINDS = {
    # age, last use, switched off and on (days ago), asked (days ago), answer
    "idle": (70, 60, (), 30, None),
    "spare": (70, 50, (), 30, False),
    "off": (400, 100, (40,), 30, None),
    "kept": (70, 60, (), 30, True),
    "restore": (400, 100, (40,), 30, True),
    "awaited": (70, 60, (), 2, None),
    "grace": (400, 100, (3,), 30, None),
    "busy": (70, 0, (), 30, None),
    "again": (400, 100, (20, 3), 30, None),
    "unasked": (400, 100, (40,), None, None),
}
STEPS = {"idle": "Inactive", "spare": "Inactive", "off": None}
"""What the plan does: the status afterwards; None is deleted."""
FAULTS = ("AccessDenied", "Throttling", "ServiceFailure", "page", "cut", "drop", "lost", "stale", "kill before", "kill after")
CALLS = {"plan": 20, "undo": 9}


class Run(NamedTuple):
    """One way to disturb a plan."""

    script: str = "plan"
    """Whose run is disturbed."""
    fault: str = ""
    at: int = 0
    """At which call, from 1."""
    retries: bool = False
    """Whether the AWS CLI tries again, as it does unless told otherwise."""
    change: str = ""
    whose: str = ""
    """What happens to which key between the plan and its script."""
    delay: timedelta = timedelta()
    together: bool = False
    """Whether a second run starts at the same time."""


def id_of(name: str) -> str:
    return f"AKIAIOSFODNN7{name.upper():X<7}"


def arn_of(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:user/{name}"


CHANGES: dict[str, Callable[[FakeAws, str, Path], object]] = {
    "used": lambda aws, name, _: aws.use(id_of(name)),
    "called": lambda aws, name, _: aws.called(name, "s3:GetObject", "", days_ago=0.02, key_id=id_of(name)),
    "switched": lambda aws, name, _: aws.switch(id_of(name), "Active" if name == "off" else "Inactive", days_ago=0.02),
    "switched twice": lambda aws, name, _: aws.on_and_off(id_of(name)),
    "deleted": lambda aws, name, _: aws.backend.delete_access_key(id_of(name), name),
    "made anew": lambda aws, name, _: setattr(aws.held(id_of(name)), "create_date", aws.now),
    "needed": lambda _, name, ledger: answered(ledger, name),
}
UNSEEN = {("used", "off"), ("called", "off"), ("switched twice", "idle"), ("switched twice", "spare")}
"""A key that is off cannot be used."""
DISTURBED = [
    *(Run(fault=fault, at=at) for fault in FAULTS for at in range(1, CALLS["plan"] + 1)),
    *(Run(fault=fault, at=at, retries=True) for fault in ("drop", "lost", "Throttling") for at in range(1, CALLS["plan"] + 1)),
    *(Run("undo", fault, at) for fault in FAULTS for at in range(1, CALLS["undo"] + 1)),
    *(
        Run(change=change, whose=whose, delay=HOUR * hours)
        for change in CHANGES
        for whose in STEPS
        for hours in (1, 24, 71, 73, 720)
        if (change, whose) not in UNSEEN
    ),
    *(Run(together=True, delay=HOUR * hours) for hours in range(20)),
    *(Run(delay=HOUR * hours) for hours in (0, 24, 71, 73, 720)),
]
CHOSEN = DISTURBED if os.environ.get("POSTURIO_DISTURBED") == "all" else DISTURBED[7::89]


def world(aws: FakeAws) -> None:
    for name, (age, used, switches, _, _) in KINDS.items():
        aws.user(name, owner=f"{name}@example.com", **({"expires": "2026-10-01"} if name == "busy" else {}))
        make_key(aws, name, id_of(name), age, used)
        for number, days in enumerate(switches):
            aws.switch(id_of(name), "Active" if number % 2 else "Inactive", days_ago=days)


def answered(ledger: Path, name: str) -> None:
    known = read_ledger(ledger.read_text(encoding="utf-8"))
    note_answers(known, [OwnerAnswer(2, id_of(name), True, "")], AS_OF)
    ledger.write_text(known.text(AS_OF), encoding="utf-8")


@pytest.fixture
def account(cloud: object, server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    assert cloud
    with read_from(server, monkeypatch, "us-east-1") as aws:
        world(aws)
        yield aws


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a plan, which the first test makes."""
    return tmp_path_factory.mktemp("planned")


def plan(planned: Path, folder: Path, capsys: Capsys) -> Path:
    """A copy of the plan of this world, and of its ledger; the folder of the plan."""
    if not (planned / "plan").exists():
        ledger = Ledger()
        for name, (_, _, _, asked, answer) in KINDS.items():
            if asked is not None:
                when = AS_OF - timedelta(days=asked)
                detail = {"owner": f"{name}@example.com", "answer_by": written(when + GRACE)}
                ledger.note(digest_of(arn_of(name), id_of(name)), KeyChangeKind.ASKED, when, detail)
            if answer is not None:
                ledger.note(digest_of(arn_of(name), id_of(name)), KeyChangeKind.ANSWERED, AS_OF - timedelta(days=20), {"needed": answer})
        (planned / "ledger.jsonl").write_text(ledger.text(AS_OF), encoding="utf-8")
        made = retire(capsys, "plan", str(planned / "plan"), "--ledger", str(planned / "ledger.jsonl"))
        assert made.code == 0, made.err
        steps = json.loads((planned / "plan/plan.json").read_text(encoding="utf-8"))["plan"]["steps"]
        due = {step["address"].split("/")[1] for step in steps if step["action"] in ("disable", "delete")}
        assert due == {*STEPS}, made.out
    shutil.copytree(planned, folder, dirs_exist_ok=True)
    return folder / "plan"


class Played:
    """Scripts that are run, and what they did."""

    def __init__(self, aws: FakeAws, folder: Path) -> None:
        self.aws, self.folder = aws, folder
        self.processes: list[subprocess.Popen[str]] = []

    def run(self, script: str, fault: str = "", at: int = 0, *, together: bool = False) -> list[int]:
        """Run a script, and return its exit code, or those of two at once."""
        count = 0

        def happens(action: str, _number: int) -> str:
            nonlocal count
            count += bool(action)
            if count != at:
                return "pass"
            if fault.startswith("kill"):
                os.killpg(self.processes[0].pid, signal.SIGKILL)
                return "drop" if fault == "kill before" else "lost"
            return fault

        path = self.folder / f"{ACCOUNT}{'-undo' if script == 'undo' else ''}.sh"
        words = ["sh", str(path), *(["--yes"] if script == "plan" else [])]
        with proxy(self.aws.address, happens) as address, aws_cli.shell(self.folder / "shims", self.aws.now, address) as environment:
            environment |= {"LEDGER": str(self.folder.parent / "ledger.jsonl")}
            os.environ["AWS_ENDPOINT_URL"] = address  # the AWS CLI is a part of this process
            self.processes = [
                subprocess.Popen(
                    words,
                    env=environment,
                    text=True,
                    start_new_session=True,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
                for _ in range(1 + together)
            ]
            told = [one.communicate(timeout=240) for one in self.processes]
            os.environ["AWS_ENDPOINT_URL"] = self.aws.address
        assert not any(word in err for _, err in told for word in ("syntax", "not found", "Traceback")), told
        return [one.returncode for one in self.processes]

    def statuses(self) -> dict[str, str | None]:
        return {name: self.aws.status(id_of(name)) for name in KINDS}

    def acts(self) -> list[tuple[str, str | None]]:
        """What the scripts did, as CloudTrail has it."""
        names = {id_of(name): name for name in KINDS}
        return [(names[e.key_id], e.status or None) for e in self.aws.events if e.by == "moto"]

    def outcomes(self) -> dict[str, str]:
        """What the log says last of each key, but for steps that were left out."""
        path = self.folder / "log.jsonl"
        lines = map(json.loads, path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()
        return {line["user"]: f"{line['step']} {line['outcome']}" for line in lines if line["outcome"] not in ("kept", "refused")}

    def tells_the_truth(self) -> None:
        after = {"disable": "Inactive", "delete": None, "enable": "Active"}
        for name, outcome in self.outcomes().items():
            step, _, how = outcome.partition(" ")
            if how == "done":
                assert self.aws.status(id_of(name)) == after[step], f"{name}: {outcome}"
            if how == "failed":
                assert self.aws.status(id_of(name)) != after[step], f"{name}: {outcome}"


@pytest.mark.parametrize("disturbed", CHOSEN, ids=lambda run: "-".join(str(word) for word in run if word))
def test_a_disturbed_plan_touches_nothing_that_it_should_not_and_can_be_finished(
    account: FakeAws, planned: Path, tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, disturbed: Run
) -> None:
    played = Played(account, plan(planned, tmp_path, capsys))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5" if disturbed.retries else "1")
    account.now = AS_OF + disturbed.delay
    if disturbed.change:
        CHANGES[disturbed.change](account, disturbed.whose, tmp_path / "ledger.jsonl")
    before, is_late = played.statuses(), disturbed.delay > 72 * HOUR
    due = {name: status for name, status in STEPS.items() if not is_late and name != disturbed.whose}
    fault = (disturbed.fault, disturbed.at) if disturbed.script == "plan" else ("", 0)
    codes = played.run("plan", *fault, together=disturbed.together)
    assert set(played.acts()) <= {*due.items()}, "only what the plan may do, and nothing that changed since"
    played.tells_the_truth()
    if 0 in codes and not disturbed.together:
        assert {name: account.status(id_of(name)) for name in STEPS if name != disturbed.whose} == due
    account.now += HOUR / 2
    again = played.run("plan")
    everything = {**before, **due}
    assert played.statuses() == everything, "a second run completes the plan"
    assert again == [2 if is_late or account.now > AS_OF + 72 * HOUR else 1 if disturbed.whose else 0]
    played.tells_the_truth()
    if DISTURBED.index(disturbed) % 4 and disturbed.script == "plan":
        return  # the rest does not depend on how the plan was disturbed
    verified = retire(capsys, "verify", str(played.folder)).results
    assert not [one["why"] for one in verified if one["user"] in due and "did not" in one["why"]]
    account.now += HOUR
    if disturbed.script == "undo":
        (code,) = played.run("undo", disturbed.fault, disturbed.at)
        assert code or all(account.status(id_of(name)) == "Active" for name in ("idle", "spare")), "rc 0 means that the keys are on"
        played.tells_the_truth()
        account.now += HOUR
    assert played.run("undo") == [0]
    back = {name: "Active" for name, status in due.items() if status == "Inactive"}
    assert played.statuses() == {**everything, **back}
    played.tells_the_truth()
    if account.now < AS_OF + 70 * HOUR and not disturbed.whose:
        account.now += HOUR
        assert (played.run("plan"), played.statuses()) == ([1], {**everything, **back}), "what was brought back stays"
