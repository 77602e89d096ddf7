"""Plans that are run, after the world has changed: no key in use is switched off unnamed, and none is deleted that was active lately."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.support.command_line import SCHEMA
from tests.support.live import aws_cli
from tests.support.live.asking import asked
from tests.support.live.cloud import ACCOUNT, Capsys, kept, live, retire
from tests.support.live.fake_aws import FakeAws, read_from

REGIONS = {"us-east-1": "aws", "eu-west-1": "aws", "us-gov-east-1": "aws-us-gov", "cn-northwest-1": "aws-cn"}
GRACE = 14


@pytest.fixture(params=list(REGIONS))
def somewhere(request: pytest.FixtureRequest, cloud: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    assert cloud
    with read_from(monkeypatch, request.param, REGIONS[request.param]) as fake:
        yield fake


@pytest.fixture
def plan(capsys: Capsys, tmp_path: Path) -> Callable[..., Path]:
    """Write a plan, and return its folder."""

    def written(aws: FakeAws, name: str, *argv: str, state: bool = False) -> Path:
        ledger = tmp_path / ("state.jsonl" if state else f"{name}.jsonl")
        asked(ledger, aws)
        answer = retire(capsys, "plan", str(tmp_path / name), "--ledger", str(ledger), *argv)
        assert answer.code in ((0, 3) if aws.denied else (0,)), answer.err
        return tmp_path / name

    return written


def run(aws: FakeAws, folder: Path, *words: str, undo: bool = False) -> Any:
    return aws.run(folder / f"{ACCOUNT}{'-undo' if undo else ''}.sh", folder.parent, *(words or (() if undo else ("--yes",))))


def log(folder: Path) -> list[tuple[str, str, str]]:
    lines = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [(e["step"], e["key_id"], e["outcome"]) for e in map(json.loads, lines) if e["outcome"] != "begun"]


def passed(aws: FakeAws, days: float) -> None:
    """Let time go by."""
    aws.now += timedelta(days=days)


def test_a_key_is_not_deleted_on_the_day_it_was_switched_off(somewhere: FakeAws, plan: Callable[..., Path]) -> None:
    key = somewhere.key("ci", age=400, used=60)
    assert (run(somewhere, plan(somewhere, "a")).returncode, somewhere.status(key)) == (0, "Inactive")
    for minutes in (1, 20):
        passed(somewhere, minutes / 1440)
        second = plan(somewhere, f"b{minutes}", state=True)
        run(somewhere, second)
        assert somewhere.status(key) == "Inactive"
    passed(somewhere, GRACE + 1)
    last = plan(somewhere, "c")
    assert (run(somewhere, last).returncode, somewhere.status(key)) == (0, None)
    assert log(last) == [("delete", key, "done")]
    home = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}[somewhere.partition]
    assert {region for region, action in somewhere.asked if action == "LookupEvents"} == {home, "eu-west-1"}, (
        "where IAM tells, and where it was used"
    )


def expired(aws: FakeAws, used: float | None = 0) -> str:
    aws.user("prod", owner="shop@example.com", expires="2026-01-31")
    return aws.key("prod", age=70, used=used)


def test_a_key_in_use_is_a_comment_until_it_is_named(aws: FakeAws, plan: Callable[..., Path]) -> None:
    key = expired(aws)
    folder = plan(aws, "a")
    text = (folder / f"{ACCOUNT}.sh").read_text(encoding="utf-8")
    assert (
        "#   Owner: shop@example.com, asked on 2026-10-25, no answer in time. Last use: 2026-11-24 12:00 UTC (today), s3 in eu-west-1."
        in text
    )
    assert f"It is in use, so it stays active. Ask its owner; --include-in-use {key} plans to switch it off." in text
    assert (run(aws, folder).returncode, aws.status(key)) == (0, "Active")
    assert (run(aws, plan(aws, "b", "--include-in-use", "prod")).returncode, aws.status(key)) == (0, "Inactive")


CHANGES: dict[str, Callable[[FakeAws, str], object]] = {
    "used": lambda aws, key: aws.use(key),
    "off already": lambda aws, key: aws.switch(key, "Inactive"),
    "another of the same id": lambda aws, key: setattr(aws.held(key), "create_date", aws.now),
    "gone": lambda aws, key: aws.backend.delete_access_key(key, "b"),
    "user gone": lambda aws, key: (aws.backend.delete_access_key(key, "b"), aws.backend.users.pop("b")),
    "no answer": lambda aws, _: aws.denied.add("GetAccessKeyLastUsed"),
    "blank answer": lambda aws, _: aws.denied.add("blank LookupEvents"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_step_looks_again_and_the_others_go_on(aws: FakeAws, plan: Callable[..., Path], change: str) -> None:
    for name in ("a", "b", "c"):
        aws.user(name, owner=f"{name}@example.com")
    keys = [aws.key(name, age=70, used=60) for name in ("a", "b", "c")]
    folder = plan(aws, "plan")
    passed(aws, 1)
    CHANGES[change](aws, keys[1])
    before = aws.status(keys[1])
    done = run(aws, folder)
    others = "Active" if aws.denied else "Inactive"
    assert (done.returncode, [aws.status(key) for key in keys]) == (3 if aws.denied else 1, [others, before, others])
    assert f"kept {keys[1]} of b: " in done.stderr
    assert ("disable", keys[1], "kept") in log(folder)


def test_a_plan_that_is_old_or_of_another_account_does_nothing(aws: FakeAws, plan: Callable[..., Path]) -> None:
    key = aws.key("ci", age=70, used=60)
    folder, short = plan(aws, "a"), plan(aws, "b", "--valid", "2")
    text = (folder / f"{ACCOUNT}.sh").read_text(encoding="utf-8")
    other = folder / "other.sh"
    other.write_text(text.replace(f"account={ACCOUNT}", "account=210987654321"), encoding="utf-8")
    assert "these credentials belong to account" in aws.run(other, folder.parent, "--yes").stderr
    assert "there is no terminal to ask on" in aws.run(folder / f"{ACCOUNT}.sh", folder.parent).stderr
    assert "usage: sh " in run(aws, folder, "--now").stderr
    assert "AKIAIOSFODNN7EXAMPLE is no key of this plan" in run(aws, folder, "--yes", "AKIAIOSFODNN7EXAMPLE").stderr
    passed(aws, 3 / 24)
    assert (run(aws, short).returncode, "was good until 2026-11-24T14:00:00Z" in run(aws, short).stderr) == (2, True)
    passed(aws, 4)
    assert (run(aws, folder).returncode, aws.status(key)) == (2, "Active")
    passed(aws, 90)
    assert "since 2027-02-22T12:00:00Z CloudTrail no longer remembers who changed" in run(aws, folder, undo=True).stderr


def test_scripts_that_run_again_say_that_it_was_done(aws: FakeAws, plan: Callable[..., Path], capsys: Capsys) -> None:
    """A second run hides from nobody what the first one did, and undo never switches on what somebody switched off since."""
    off, gone = aws.key("ci", age=70, used=60), aws.key("ci", age=400, used=100)
    aws.switch(gone, "Inactive", days_ago=30)
    folder = plan(aws, "plan")
    assert run(aws, folder).returncode == 0
    again = run(aws, folder)
    assert (again.returncode, again.stderr) == (0, "")
    assert sorted(again.stdout.splitlines()) == sorted([f"disable {off} of ci: was done before", f"delete {gone} of ci: was done before"])
    answer = retire(capsys, "verify", str(folder))
    assert {result["plan"]["outcome"] for result in answer.results} == {"done"}
    back = run(aws, folder, undo=True)
    assert (back.returncode, aws.status(off), "others did in the last 15 minutes cannot be seen" in back.stderr) == (0, "Active", True)
    third = run(aws, folder)
    assert (third.returncode, aws.status(off)) == (1, "Active")
    assert third.stderr.startswith(f"kept {off} of ci: it was switched on again after this plan had switched it off\n")
    aws.switch(off, "Inactive")
    undone = run(aws, folder, undo=True)
    assert (undone.returncode, undone.stdout, aws.status(off)) == (0, f"enable {off} of ci: was done before\n", "Inactive")
    aws.backend.users.clear()
    last = run(aws, folder)
    said = f"kept {off} of ci: there is no user ci any longer" in last.stderr
    assert (last.returncode, last.stdout, said) == (1, f"delete {gone} of ci: was done before\n", True)


def test_what_a_refusal_hides_is_a_sentence(aws: FakeAws, plan: Callable[..., Path], capsys: Capsys) -> None:
    aws.key("ci", age=70, used=60)
    folder = plan(aws, "plan")

    def told() -> str:
        (result,) = retire(capsys, "verify", str(folder)).results
        return str(result["why"])

    aws.denied.add("ListAccessKeys")
    run(aws, folder)
    assert told().endswith("; the plan did not switch it off on 2026-11-24 12:00 UTC: the keys of its user could not be listed")
    aws.denied.clear()
    run(aws, folder)
    assert told().startswith("switched off by the plan on 2026-11-24 12:00 UTC, run by arn:aws:sts::")
    aws.denied.add("ListAccessKeys")
    assert told().endswith("; it was switched off by the plan on 2026-11-24 12:00 UTC, run by arn:aws:sts::123456789012:user/moto")


def test_a_step_that_was_interrupted_is_settled_by_cloudtrail(aws: FakeAws, plan: Callable[..., Path], capsys: Capsys) -> None:
    """Killed between the act and the log: the log says that it began, and AWS knows the rest, 15 minutes later."""
    key = aws.key("ci", age=70, used=60)
    folder = plan(aws, "plan")
    run(aws, folder)
    path = folder / "log.jsonl"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    answer = retire(capsys, "verify", str(folder))
    (result,) = answer.results
    assert "the plan began to switch it off on 2026-11-24 12:00 UTC, and its log does not show whether it did" in result["why"]
    early = run(aws, folder, undo=True)
    assert (early.returncode, aws.status(key)) == (1, "Inactive")
    assert early.stderr.startswith(f"kept {key} of ci: an earlier run was interrupted, and CloudTrail does not show yet who changed it")
    passed(aws, 1 / 48)
    again = run(aws, folder)
    assert (again.returncode, again.stdout) == (0, f"disable {key} of ci: was done before\n")
    assert (run(aws, folder, undo=True).returncode, aws.status(key)) == (0, "Active")


def test_one_key_of_a_plan_can_be_taken_and_brought_back(aws: FakeAws, plan: Callable[..., Path]) -> None:
    keys = [aws.key("ci", age=70, used=60), aws.key("ci", age=74, used=60)]
    folder = plan(aws, "plan")
    assert (run(aws, folder, "--yes", keys[0]).returncode, [*map(aws.status, keys)]) == (0, ["Inactive", "Active"])
    run(aws, folder)
    assert (run(aws, folder, keys[1], undo=True).returncode, [*map(aws.status, keys)]) == (0, ["Inactive", "Active"])


def test_a_plan_is_private_and_never_overwritten(aws: FakeAws, plan: Callable[..., Path], capsys: Capsys, tmp_path: Path) -> None:
    aws.key("ci", age=70, used=60)
    folder = plan(aws, "a")
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        "plan.json": 0o600,
        "steps.sh": 0o600,
        "run.sh": 0o700,
        f"{ACCOUNT}-policy.json": 0o600,
        f"{ACCOUNT}.sh": 0o700,
        f"{ACCOUNT}-undo.sh": 0o700,
    }
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    written = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    jsonschema.validate(written, SCHEMA)
    assert [step["action"] for step in written["plan"]["steps"]] == ["disable"]
    before = len(aws.asked)
    ledger = ("--ledger", str(tmp_path / "l"))
    answer = retire(capsys, "plan", str(folder), *ledger)
    assert (answer.code, "is never overwritten" in answer.err, len(aws.asked)) == (2, True, before)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert retire(capsys, "plan", str(tmp_path / "file"), *ledger).code == 2
    assert retire(capsys, "plan", str(tmp_path / "none/plan"), *ledger).code == 2


def test_verify_reads_what_the_plan_did(aws: FakeAws, plan: Callable[..., Path], capsys: Capsys) -> None:
    _off, kept, again = (aws.key(name, age=70, used=60) for name in ("off", "kept", "again"))
    folder = plan(aws, "plan")
    aws.denied.add("GetAccessKeyLastUsed")
    run(aws, folder)
    aws.denied.clear()
    aws.backend.delete_access_key(kept, "kept")
    run(aws, folder)
    aws.switch(again, "Active")
    aws.use(again)
    new = aws.key("off", age=-0.01)
    with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write("torn\n")
    answer = retire(capsys, "verify", str(folder))
    results = {result["user"]: result for result in answer.results}
    assert {user: result["state"] for user, result in results.items()} == {"off": "resolved", "kept": "resolved", "again": "still_open"}
    assert results["off"]["why"].startswith("switched off by the plan on 2026-11-24 12:00 UTC, run by arn:aws:sts::")
    assert f"; its user has the new key ****{new[-4:]} of 2026-11-24; " in results["off"]["why"]
    assert results["kept"]["plan"]["outcome"] == "kept"
    assert results["again"]["why"].startswith("it was switched on again, although it was switched off by the plan")
    assert "1 line of " in answer.err


def test_verify_claims_nothing_that_aws_cannot_show(aws: FakeAws, plan: Callable[..., Path], capsys: Capsys) -> None:
    """A request with a key that is off leaves no event, and errors of the user's other calls prove nothing."""
    key = aws.key("ci", age=70, used=60)
    other = aws.key("ci", age=70, used=1)
    folder = plan(aws, "plan")
    run(aws, folder)
    passed(aws, 5)
    aws.called("ci", "s3:HeadObject", "NoSuchKey", days_ago=1, key_id=other)
    aws.called("ci", "s3:ListBuckets", "AccessDenied", days_ago=1)
    answer = retire(capsys, "verify", str(folder))
    jsonschema.validate(answer.json, SCHEMA)
    results = {result["address"][-4:]: result for result in answer.results}
    told = results[key[-4:]]
    assert (told["state"], told["at"], told["by"]) == ("resolved", "2026-11-24T12:00:00Z", f"arn:aws:sts::{ACCOUNT}:user/moto")
    assert "whether anything misses a key that is off cannot be told from AWS" in told["why"]
    assert "no sign of failure" not in answer.out


def test_a_key_that_the_ledger_saw_switched_off_and_that_is_on_again_is_open(aws: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    key = aws.key("ci", age=70, used=60)
    earlier, ledger = kept(capsys, tmp_path), ("--ledger", str(tmp_path / "ledger.jsonl"))
    passed(aws, 1)
    aws.switch(key, "Inactive", days_ago=0.5)
    live(capsys, *ledger)
    passed(aws, 1)
    aws.switch(key, "Active")

    def verified(*argv: str) -> tuple[str, str]:
        (result,) = retire(capsys, "verify", earlier, *argv).results
        return result["state"], result["why"]

    assert verified(*ledger)[1].startswith("it was switched on again"), "one result, and no new finding beside it"
    aws.use(key)
    assert verified() == ("resolved", "no earlier finding holds any longer")
    assert verified(*ledger) == ("still_open", "it was switched on again, although the ledger shows that it was switched off on 2026-11-25")


def test_a_key_that_waited_to_be_deleted_and_is_on_again_is_open(aws: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    key = aws.key("ci", age=70, used=40)
    aws.switch(key, "Inactive", days_ago=30)
    earlier = kept(capsys, tmp_path)
    aws.switch(key, "Active")
    answer = retire(capsys, "verify", earlier)
    (result,) = answer.results
    assert (answer.code, result["state"], result["why"]) == (1, "still_open", "it was switched on again")
    assert result["remediation"].startswith("Ask its owner what needs it")


SERVICES = {"LookupEvents": "cloudtrail", "GetCallerIdentity": "sts"}


def test_the_policy_of_a_plan_allows_what_its_scripts_do_and_nothing_else(aws: FakeAws, plan: Callable[..., Path]) -> None:
    """By ``run.sh``, with a profile."""
    off, gone = aws.key("ci", age=70, used=60), aws.key("ci", age=400, used=100)
    aws.switch(gone, "Inactive", days_ago=30)
    notebook = aws.credential("ci", age=60)
    aws.switch(notebook, "Inactive", days_ago=30)
    folder = plan(aws, "plan")
    (folder.parent / "none").write_text("[profile prod]\naws_access_key_id = testing\naws_secret_access_key = testing\n", encoding="utf-8")
    begun = len(aws.asked)
    for words in (("--yes", f"{ACCOUNT}=prod"), ("--undo", f"{ACCOUNT}=prod")):
        done = aws.run(folder / "run.sh", folder.parent, *words)
        assert (done.returncode, done.stdout.startswith(f"account {ACCOUNT}\n")) == (0, True), done.stderr
    assert [aws.status(key) for key in (off, gone, notebook)] == ["Active", None, None]
    own, rest = json.loads((folder / f"{ACCOUNT}-policy.json").read_text(encoding="utf-8"))["Statement"]
    made = {f"{SERVICES.get(action, 'iam')}:{action}" for _, action in aws.asked[begun:]}
    assert ({*own["Action"], *rest["Action"]}, own["Resource"]) == (made, [f"arn:aws:iam::{ACCOUNT}:user/ci"])
    assert aws.run(folder / "run.sh", folder.parent, "--now").returncode == 2


def test_a_refusal_is_logged_and_verified(aws: FakeAws, plan: Callable[..., Path], capsys: Capsys) -> None:
    key = aws.key("ci", age=70, used=60)
    folder = plan(aws, "plan")
    terminal, inside = pty.openpty()
    with aws_cli.shell(folder.parent / "shims", aws.now, aws.address) as environment:
        os.write(terminal, b"n\n")
        command = ["sh", str(folder / f"{ACCOUNT}.sh")]
        done = subprocess.run(command, stdin=inside, capture_output=True, text=True, env=environment, timeout=240, check=False)
    os.close(terminal)
    os.close(inside)
    assert (done.returncode, aws.status(key)) == (0, "Active")
    assert done.stdout == f"Owner payments@example.com:\n  disable {key} of ci\nDo this? [y/N] left out\n"
    other = plan(aws, "other")
    answer = retire(capsys, "verify", str(folder), str(other))
    (result,) = answer.results
    assert (result["state"], answer.err.count("cannot be read")) == ("still_open", 0), "one key of two plans is one line"
    assert result["why"].endswith("; whoever was asked did not let the plan switch it off on 2026-11-24 12:00 UTC")


def test_what_waits_or_is_needed_is_not_advised_to_be_ended(aws: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    key, ledger = aws.key("ci", age=50, used=48), tmp_path / "ledger.jsonl"
    asked(ledger, aws, days_ago=2)

    def advice() -> str:
        (finding,) = live(capsys, "--ledger", str(ledger)).json["findings"]
        return str(finding["remediation"])

    assert advice() == "Wait. Its owner was asked, and may answer until 2026-12-06."
    (tmp_path / "a.csv").write_text(f"key_id,needed,until\n{key},yes,2026-11-30\n", encoding="utf-8")
    retire(capsys, "ask", "--ledger", str(ledger), "--answers", str(tmp_path / "a.csv"))
    assert advice().startswith("Its owner answered on 2026-11-24: needed until 2026-11-30. So it stays active. Give what needs it a role, ")
    passed(aws, 15)
    assert advice().startswith("Switch it off"), "the day that the owner named has passed"
