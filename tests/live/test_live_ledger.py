"""The ledger of a whole run: kept account by account, resumed, in a file and in S3."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.s3.models import s3_backends

from posturio_iac.commands.live.ledger import LedgerFile
from posturio_iac.retire.ledger_history import read_ledger
from tests.support.command_line import Patch
from tests.support.live.cloud import AS_OF, Capsys, Cloud, at, live, retire


def test_only_new_findings_fail_where_that_is_asked(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.key("ci", age=70, used=60)
    argv = ("--ledger", str(tmp_path / "ledger.jsonl"), "--fail-on-new")
    assert live(capsys, *argv).code == 1, "there is no earlier run to compare with"
    second = live(capsys, *argv, *at(2))
    (finding,) = second.json["findings"]
    assert (second.code, finding["new"], finding["first_seen"]) == (0, False, "2026-11-24T12:00:00Z")
    assert "0 new since the last run" in live(capsys, *argv, *at(3), json_format=False).out
    cloud.key("new", age=70, used=60)
    third = live(capsys, *argv, *at(3))
    assert (third.code, [f["new"] for f in third.json["findings"]]) == (1, [False, True])
    (path,) = tmp_path.glob("ledger*")
    assert (path.stat().st_mode & 0o777, "AKIA" in path.read_text(encoding="utf-8")) == (0o600, False)


class KilledError(BaseException):
    """The machine stops."""


@pytest.mark.parametrize("after", [0, 2, 4])
def test_a_run_that_was_killed_and_resumed_equals_one_that_was_not(
    members: list[Cloud], capsys: Capsys, tmp_path: Path, monkeypatch: Patch, after: int
) -> None:
    argv = ("--organization", "--role-name", "Audit", "--ledger")
    whole = live(capsys, *argv, str(tmp_path / "whole.jsonl"))
    read = LedgerFile.read
    done: list[object] = []

    def killed(self: LedgerFile, outcome: Any) -> None:
        if len(done) == after:
            raise KilledError
        done.append(outcome)
        read(self, outcome)

    path = tmp_path / "killed.jsonl"
    with monkeypatch.context() as patch:
        patch.setattr(LedgerFile, "read", killed)
        with pytest.raises(KilledError):
            live(capsys, *argv, str(path))
    capsys.readouterr()
    with path.open("a", encoding="utf-8") as file:
        file.write('{"run": "read", "acc')  # what was being written
    with monkeypatch.context() as patch:
        patch.setattr(LedgerFile, "read", killed)
        with pytest.raises(KilledError):
            live(capsys, *argv, str(path), "--resume")
    capsys.readouterr()
    resumed = live(capsys, *argv, str(path), "--resume", *at(0.01))
    assert resumed.result == whole.result
    assert resumed.json["run"]["roles"] == whole.json["run"]["roles"]
    assert resumed.calls()["iam:GetCredentialReport"] == len(members) - after
    assert path.read_text(encoding="utf-8") == (tmp_path / "whole.jsonl").read_text(encoding="utf-8")
    again = live(capsys, *argv, str(path), "--resume")
    assert (again.code, "has no interrupted run" in again.err) == (2, True)


def test_other_options_and_an_old_run_are_not_resumed(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"posturio-iac-ledger": 1}\n{"at": "2026-11-24T12:00:00Z", "run": "begun", "options": "x"}\n', encoding="utf-8")
    other = live(capsys, "--ledger", str(path), "--resume")
    assert (other.code, "had other options" in other.err, cloud.keys) == (2, True, [])
    late = live(capsys, "--ledger", str(path), "--resume", *at(2))
    assert (late.code, "more than a day ago" in late.err) == (2, True)


def test_a_ledger_in_s3_is_the_only_thing_that_is_written(cloud: Cloud, capsys: Capsys) -> None:
    for backends in s3_backends.values():
        for backend in backends.values():
            backend.reset()
    cloud.key("ci", age=70, used=60)
    client = boto3.client("s3", region_name="us-east-1")
    target = "s3://audit/posture/ledger.jsonl"
    missing = live(capsys, "--ledger", target)
    assert (missing.code, "NoSuchBucket" in missing.err) == (2, True)
    client.create_bucket(Bucket="audit")
    assert live(capsys, "--ledger", target).code == 1
    assert live(capsys, "--ledger", target, "--fail-on-new", *at(1)).code == 0
    listed = client.list_objects_v2(Bucket="audit")["Contents"]
    assert [one["Key"] for one in listed] == ["posture/ledger.jsonl"]
    text = client.get_object(Bucket="audit", Key="posture/ledger.jsonl")["Body"].read().decode()
    assert json.loads(text.splitlines()[0])["posturio-iac-ledger"] == 1
    assert {json.loads(line)["change"] for line in text.splitlines()[1:]} == {"seen", "active", "flagged"}


def broken(text: str) -> dict[str, str]:
    """Ways in which somebody changed a ledger after it was written."""
    head, *lines = text.splitlines(keepends=True)
    answers = [line for line in lines if '"answered"' not in line]
    earlier = "2026-10-01T12:00:00Z"
    return {
        "an earlier day": head + "".join(line.replace("2026-11-24T12:00:00Z", earlier) if '"inactive"' in line else line for line in lines),
        "no answer": head + "".join(answers),
        "cut before the answers": head + "".join(lines[: len(lines) // 2]),
        "cut within a line": text[:-20],
        "no digest": re.sub(r', "digest": "[^"]*"', "", head) + "".join(lines),
        "another head": head.replace("2026-11", "2026-10", 1) + "".join(lines),
    }


@pytest.mark.parametrize("change", [*broken("\n")])
def test_nothing_rests_on_a_ledger_that_is_not_as_it_was_written(cloud: Cloud, capsys: Capsys, tmp_path: Path, change: str) -> None:
    off, idle = cloud.key("off", age=400, used=300, status="Inactive"), cloud.key("idle", age=70, used=60)
    path = tmp_path / "ledger.jsonl"
    argv = ("--ledger", str(path))
    retire(capsys, "ask", str(tmp_path / "letters"), *argv)
    (tmp_path / "a.csv").write_text(f"key_id,needed\n{idle},yes\n", encoding="utf-8")
    retire(capsys, "ask", *argv, "--answers", str(tmp_path / "a.csv"), *at(1))
    whole = path.read_text(encoding="utf-8")
    path.write_text(broken(whole)[change], encoding="utf-8")
    answer = retire(capsys, "plan", str(tmp_path / "plan"), *argv, *at(17))
    assert (answer.code, "the ledger is not as it was written" in answer.err) == (3, True)
    steps = json.loads((tmp_path / "plan/plan.json").read_text(encoding="utf-8"))["plan"]["steps"]
    assert {step["action"] for step in steps} <= {"keep", "wait"}, off
    later = retire(capsys, "plan", str(tmp_path / "later"), *argv, *at(18))
    assert "the ledger is not as it was written" not in later.err, "it was taken over"
    steps = json.loads((tmp_path / "later/plan.json").read_text(encoding="utf-8"))["plan"]["steps"]
    assert {step["action"] for step in steps} <= {"keep", "wait"}


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_ledger_that_everybody_may_write_is_not_believed(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    assert (cloud.account, live(capsys, "--ledger", str(path)).code, path.stat().st_mode & 0o777) == (cloud.account, 0, 0o600)
    path.chmod(0o666)
    answer = live(capsys, "--ledger", str(path))
    assert (answer.code, "may be changed by everybody" in answer.err) == (2, True)


def test_a_ledger_of_other_accounts_is_said(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.key("ci", age=70, used=60)
    path = tmp_path / "ledger.jsonl"
    live(capsys, "--ledger", str(path))
    ledger = read_ledger(path.read_text(encoding="utf-8"))
    for changes in ledger.keys.values():
        for change in changes:
            change.detail.update({"account": "210987654321"} if "account" in change.detail else {})
    path.write_text(ledger.text(AS_OF), encoding="utf-8")
    assert "no key of the ledger is in these accounts; is it the right one?" in live(capsys, "--ledger", str(path)).err


def test_what_another_run_writes_meanwhile_is_not_overwritten(cloud: Cloud, capsys: Capsys, tmp_path: Path, monkeypatch: Patch) -> None:
    cloud.key("ci", age=70, used=60)
    path = tmp_path / "ledger.jsonl"
    live(capsys, "--ledger", str(path))
    other, saw = path.read_text(encoding="utf-8"), LedgerFile.saw
    told = other.replace('"flagged"', '"flagged" ', 1)

    def meanwhile(self: LedgerFile, *given: Any) -> Any:
        path.write_text(told, encoding="utf-8")
        return saw(self, *given)

    monkeypatch.setattr(LedgerFile, "saw", meanwhile)
    answer = live(capsys, "--ledger", str(path))
    assert (answer.code, "another run changed it meanwhile; run again" in answer.err) == (3, True)
    assert path.read_text(encoding="utf-8") == told
    assert [file.name for file in tmp_path.iterdir()] == ["ledger.jsonl"], "no lock is left"
