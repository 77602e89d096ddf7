"""A plan whose calls fail on their way to AWS: nothing false is said, a second run completes it, and undo goes back.

`tests/retire/test_faults.py` disturbs a script at each of its calls; here it is the AWS CLI that meets what a network does.
"""

from __future__ import annotations

import json
import os
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Patch
from tests.support.live import aws_cli
from tests.support.live.asking import asked
from tests.support.live.cloud import ACCOUNT, Capsys, retire
from tests.support.live.fake_aws import FakeAws
from tests.support.live.faulty import proxy

DISTURBED = (
    # fault, at which call, whether the AWS CLI tries again, as it does unless told otherwise
    ("AccessDenied", "ListAccessKeys", False),
    ("Throttling", "LookupEvents", False),
    ("Throttling", "UpdateAccessKey", True),
    ("ServiceFailure", "GetAccessKeyLastUsed", False),
    ("page", "GetCallerIdentity", False),
    ("cut", "ListAccessKeys", False),
    ("drop", "GetAccessKeyLastUsed", True),
    ("drop", "UpdateAccessKey", False),
    ("lost", "UpdateAccessKey", False),
    ("lost", "UpdateAccessKey", True),
    ("lost", "DeleteAccessKey", False),
    ("stale", "ListAccessKeys", False),
)
AFTER = {"disable": "Inactive", "delete": None, "enable": "Active"}


class Plan:
    """A plan that switches one key off and deletes another, among keys that it leaves alone."""

    def __init__(self, aws: FakeAws, capsys: Capsys, folder: Path) -> None:
        self.aws, self.capsys, self.folder = aws, capsys, folder / "plan"
        idle, old, busy, grace = (aws.key(name, age=400, used=used) for name, used in (("a", 60), ("b", 100), ("c", 0), ("d", 100)))
        for key, days in ((old, 40), (grace, 3)):
            aws.switch(key, "Inactive", days)
        self.steps: dict[str, str | None] = {idle: "Inactive", old: None}
        self.others = {busy: "Active", grace: "Inactive"}
        asked(folder / "ledger.jsonl", aws)
        assert retire(capsys, "plan", str(self.folder), "--ledger", str(folder / "ledger.jsonl")).code == 0

    def run(self, script: str = "", times: int = 1) -> list[int]:
        """Run a script so many times at once: the exit codes. What its log says is so."""
        words = ["sh", str(self.folder / f"{ACCOUNT}{script}.sh"), *([] if script else ["--yes"])]
        with aws_cli.shell(self.folder.parent / "shims", self.aws.now, os.environ["AWS_ENDPOINT_URL"]) as environment:
            pipes: Any = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
            runs = [subprocess.Popen(words, env=environment, **pipes) for _ in range(times)]
            told = [one.communicate(timeout=240)[1] for one in runs]
        assert not any(word in err for err in told for word in ("syntax", "not found", "Traceback")), told
        log = self.folder / "log.jsonl"
        lines = map(json.loads, log.read_text(encoding="utf-8").splitlines() if log.exists() else ())
        for line in {line["key_id"]: line for line in lines if line["outcome"] in ("done", "failed")}.values():
            assert (self.aws.status(line["key_id"]) == AFTER[line["step"]]) == (line["outcome"] == "done"), line
        return [one.returncode for one in runs]

    def statuses(self) -> dict[str, str | None]:
        return {key: self.aws.status(key) for key in (*self.steps, *self.others)}

    def ends_well(self) -> None:
        """Only steps of the plan were taken. A second run completes them, and once they are undone a third one changes nothing."""
        assert {(event.key_id, event.status or None) for event in self.aws.events if event.by == "moto"} <= {*self.steps.items()}
        self.aws.now += timedelta(minutes=30)
        assert (self.run(), self.statuses()) == ([0], {**self.steps, **self.others})
        whys = [one["why"] for one in retire(self.capsys, "verify", str(self.folder)).results]
        assert not [why for why in whys if "did not" in why]
        self.aws.now += timedelta(hours=1)
        undone = {key: status and "Active" for key, status in self.steps.items()} | self.others
        assert (self.run("-undo"), self.statuses()) == ([0], undone)
        self.aws.now += timedelta(hours=1)
        assert (self.run(), self.statuses()) == ([1], undone)


@pytest.fixture
def plan(aws: FakeAws, capsys: Capsys, tmp_path: Path) -> Plan:
    return Plan(aws, capsys, tmp_path)


@pytest.mark.parametrize(("fault", "call", "retries"), DISTURBED)
def test_a_disturbed_plan_can_be_finished_and_undone(plan: Plan, monkeypatch: Patch, fault: str, call: str, *, retries: bool) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5" if retries else "1")
    with (
        proxy(plan.aws.address, lambda action, n: fault if (action, n) == (call, 1) else "pass") as address,
        monkeypatch.context() as patch,
    ):
        patch.setenv("AWS_ENDPOINT_URL", address)  # the AWS CLI is a part of this process
        (code,) = plan.run()
    assert code or plan.statuses() == {**plan.steps, **plan.others}
    plan.ends_well()


def test_two_runs_at_once_take_the_same_steps(plan: Plan) -> None:
    plan.run(times=2)
    plan.ends_well()
