"""Plans that are run, after the world has changed: no key in use is switched off unnamed, and none is deleted that was active lately."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests.support.live import aws_cli
from tests.support.live.asking import asked
from tests.support.live.cloud import ACCOUNT, AS_OF, live, retire
from tests.support.live.fake_aws import FakeAws, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Capsys = pytest.CaptureFixture[str]

REGIONS = {"us-east-1": "aws", "eu-west-1": "aws", "us-gov-east-1": "aws-us-gov", "cn-northwest-1": "aws-cn"}
GRACE = 14
SCHEMA = Path(__file__).parent.parent.parent / "docs/schema/report-1.json"


@pytest.fixture(params=list(REGIONS))
def aws(request: pytest.FixtureRequest, cloud: object, server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    yield from _account(cloud, server, monkeypatch, request.param)


@pytest.fixture
def far(cloud: object, server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """An account that is read from a region that shows no events of IAM."""
    yield from _account(cloud, server, monkeypatch, "eu-west-1")


def _account(cloud: object, server: str, monkeypatch: pytest.MonkeyPatch, region: str) -> Iterator[FakeAws]:
    assert cloud
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    with serving(server, REGIONS[region]) as fake:
        monkeypatch.setenv("AWS_ENDPOINT_URL", fake.address)
        yield fake


@pytest.fixture
def plan(capsys: Capsys, tmp_path: Path) -> Callable[..., Path]:
    """Write a plan, and return its folder."""

    def written(aws: FakeAws, name: str, *argv: str, state: bool = False) -> Path:
        ledger = tmp_path / ("state.jsonl" if state else f"{name}.jsonl")
        asked(ledger, aws)
        answer = retire(capsys, "plan", str(tmp_path / name), "--ledger", str(ledger), "--as-of", aws.now.isoformat(), *argv)
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


def test_a_key_is_not_deleted_on_the_day_it_was_switched_off(aws: FakeAws, plan: Callable[..., Path]) -> None:
    aws.user("ci", owner="payments@example.com")
    key = aws.key("ci", age=400, used=60)
    first = plan(aws, "a")
    assert (run(aws, first).returncode, aws.status(key)) == (0, "Inactive")
    for minutes in (1, 20):
        passed(aws, minutes / 1440)
        second = plan(aws, f"b{minutes}", state=True)
        run(aws, second)
        assert aws.status(key) == "Inactive"
    passed(aws, GRACE + 1)
    last = plan(aws, "c")
    assert (run(aws, last).returncode, aws.status(key)) == (0, None)
    assert log(last) == [("delete", key, "done")]
    home = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}[aws.partition]
    assert {region for region, action in aws.asked if action == "LookupEvents"} == {home, "eu-west-1"}, (
        "where IAM tells, and where it was used"
    )


def test_silence_of_the_trail_proves_nothing(far: FakeAws, plan: Callable[..., Path], capsys: Capsys) -> None:
    far.user("ci", owner="payments@example.com")
    key = far.key("ci", age=400, used=60, status="Inactive")
    assert run(far, plan(far, "a")).returncode in (0, 2)
    assert live(capsys, "--as-of", far.now.isoformat()).json["keys"][0]["verdict"] == "undetermined"
    assert far.status(key) == "Inactive"


def test_two_observations_prove_what_the_trail_does_not_tell(far: FakeAws, plan: Callable[..., Path]) -> None:
    far.user("ci", owner="payments@example.com")
    key = far.key("ci", age=400, used=100, status="Inactive")
    plan(far, "a", state=True)
    passed(far, GRACE - 1)
    assert (run(far, plan(far, "b", state=True)).returncode, far.status(key)) == (0, "Inactive")
    passed(far, 2)
    assert (run(far, plan(far, "c", state=True)).returncode, far.status(key)) == (0, None)


@pytest.mark.parametrize("denied", [(), ("LookupEvents",)])
def test_a_second_time_off_starts_the_grace_anew(far: FakeAws, plan: Callable[..., Path], denied: tuple[str, ...]) -> None:
    """Seen inactive, switched on between two runs, used, and off again: the first observation is void."""
    far.user("ci", owner="payments@example.com")
    key = far.key("ci", age=400, used=100, status="Inactive")
    far.denied.update(denied)
    plan(far, "a", state=True)
    passed(far, 20)
    far.use(key, days_ago=1)
    far.switch(key, "Active", days_ago=1.1)
    far.switch(key, "Inactive", days_ago=0.9)
    folder = plan(far, "b", state=True)
    if (folder / f"{ACCOUNT}.sh").exists():
        run(far, folder)
    assert far.status(key) == "Inactive"


def test_the_first_switch_off_after_the_last_switch_on_counts(far: FakeAws, plan: Callable[..., Path]) -> None:
    far.user("ci", owner="payments@example.com")
    repeated, again = far.key("ci", age=400, used=100), far.key("ci", age=300, used=100)
    for days in (40, 20, 1):
        far.switch(repeated, "Inactive", days_ago=days)
    for days, status in ((40, "Inactive"), (10, "Active"), (5, "Inactive")):
        far.switch(again, status, days_ago=days)
    run(far, plan(far, "a"))
    assert (far.status(repeated), far.status(again)) == (None, "Inactive")


def expired(aws: FakeAws, used: float | None = 0) -> str:
    aws.user("prod", owner="shop@example.com", expires="2026-01-31")
    return aws.key("prod", age=70, used=used)


def test_a_key_in_use_is_a_comment_until_it_is_named(far: FakeAws, plan: Callable[..., Path]) -> None:
    key = expired(far)
    folder = plan(far, "a")
    text = (folder / f"{ACCOUNT}.sh").read_text(encoding="utf-8")
    assert (
        "#   Owner: shop@example.com, asked on 2026-10-25, no answer in time. Last use: 2026-11-24 12:00 UTC (today), s3 in eu-west-1."
        in text
    )
    assert f"It is in use, so it stays active. Ask its owner; --include-in-use {key} plans to switch it off." in text
    assert (run(far, folder).returncode, far.status(key)) == (0, "Active")
    assert (run(far, plan(far, "b", "--include-in-use", "prod")).returncode, far.status(key)) == (0, "Inactive")


def test_naming_a_key_that_is_not_there_is_refused(far: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    expired(far)
    ledger = ("--ledger", str(tmp_path / "l"))
    answer = retire(capsys, "plan", str(tmp_path / "a"), *ledger, "--include-in-use", "nobody")
    assert (answer.code, "--include-in-use nobody matches no flagged key" in answer.err) == (2, True)
    assert not (tmp_path / "a").exists()


CHANGES: dict[str, Callable[[FakeAws, str], object]] = {
    "used": lambda aws, key: aws.use(key),
    "off already": lambda aws, key: aws.switch(key, "Inactive"),
    "another of the same id": lambda aws, key: setattr(aws.held(key), "create_date", aws.now),
    "gone": lambda aws, key: aws.backend.delete_access_key(key, "b"),
    "no answer": lambda aws, _: aws.denied.add("GetAccessKeyLastUsed"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_step_looks_again_and_the_others_go_on(far: FakeAws, plan: Callable[..., Path], change: str) -> None:
    for name in ("a", "b", "c"):
        far.user(name, owner=f"{name}@example.com")
    keys = [far.key(name, age=70, used=60) for name in ("a", "b", "c")]
    folder = plan(far, "plan")
    passed(far, 1)
    CHANGES[change](far, keys[1])
    before = far.status(keys[1])
    done = run(far, folder)
    others = "Active" if change == "no answer" else "Inactive"
    assert (done.returncode, [far.status(key) for key in keys]) == (
        3 if far.denied else 1,
        [others, before, others],
    )
    assert f"kept {keys[1]} of b: " in done.stderr
    assert ("disable", keys[1], "kept") in log(folder)


def test_a_delete_looks_again(far: FakeAws, plan: Callable[..., Path]) -> None:
    """Switched on after the plan, used or not, and off again: only the trail knows, and without it nothing is deleted."""
    far.user("ci", owner="payments@example.com")
    quiet, used = far.key("ci", age=400, used=100), far.key("ci", age=300, used=100)
    for key in (quiet, used):
        far.switch(key, "Inactive", days_ago=30)
    folder = plan(far, "a")
    far.denied.add("LookupEvents")
    assert (run(far, folder).returncode, far.status(quiet)) == (3, "Inactive")
    far.denied.clear()
    passed(far, 1)
    far.use(used)
    far.switch(quiet, "Active", days_ago=0.5)
    far.switch(quiet, "Inactive", days_ago=0.4)
    assert (run(far, folder).returncode, far.status(quiet), far.status(used)) == (1, "Inactive", "Inactive")
    assert {outcome for _, _, outcome in log(folder)} == {"kept"}


def test_a_plan_that_is_old_or_of_another_account_does_nothing(far: FakeAws, plan: Callable[..., Path]) -> None:
    far.user("ci", owner="payments@example.com")
    key = far.key("ci", age=70, used=60)
    folder, short = plan(far, "a"), plan(far, "b", "--valid", "2")
    text = (folder / f"{ACCOUNT}.sh").read_text(encoding="utf-8")
    other = folder / "other.sh"
    other.write_text(text.replace(f"account={ACCOUNT}", "account=210987654321"), encoding="utf-8")
    assert "these credentials belong to account" in far.run(other, folder.parent, "--yes").stderr
    assert "there is no terminal to ask on" in far.run(folder / f"{ACCOUNT}.sh", folder.parent).stderr
    assert "usage: sh " in run(far, folder, "--now").stderr
    assert "AKIAIOSFODNN7EXAMPLE is no key of this plan" in run(far, folder, "--yes", "AKIAIOSFODNN7EXAMPLE").stderr
    passed(far, 3 / 24)
    assert (run(far, short).returncode, "was good until 2026-11-24T14:00:00Z" in run(far, short).stderr) == (2, True)
    passed(far, 4)
    assert (run(far, folder).returncode, far.status(key)) == (2, "Active")


def test_what_a_plan_switched_off_is_switched_on_again(far: FakeAws, plan: Callable[..., Path]) -> None:
    for name in ("a", "b"):
        far.user(name, owner="payments@example.com")
    done, left = far.key("a", age=70, used=60), far.key("b", age=70, used=60)
    folder = plan(far, "plan")
    far.use(left)
    run(far, folder)
    far.switch(left, "Inactive")
    passed(far, 10)
    assert (run(far, folder, undo=True).returncode, far.status(done), far.status(left)) == (0, "Active", "Inactive")


def test_scripts_that_run_again_say_that_it_was_done(far: FakeAws, plan: Callable[..., Path], capsys: Capsys) -> None:
    """A second run hides from nobody what the first one did, and undo never switches on what somebody switched off since."""
    far.user("ci", owner="payments@example.com")
    off, gone = far.key("ci", age=70, used=60), far.key("ci", age=400, used=100)
    far.switch(gone, "Inactive", days_ago=30)
    folder = plan(far, "plan")
    assert run(far, folder).returncode == 0
    again = run(far, folder)
    assert (again.returncode, again.stderr) == (0, "")
    assert sorted(again.stdout.splitlines()) == sorted([f"disable {off} of ci: was done before", f"delete {gone} of ci: was done before"])
    answer = retire(capsys, "verify", str(folder), "--as-of", far.now.isoformat())
    told = {result["plan"]["outcome"] for result in answer.json["verification"]["results"]}
    assert told == {"done"}
    assert (run(far, folder, undo=True).returncode, far.status(off)) == (0, "Active")
    third = run(far, folder)
    assert (third.returncode, far.status(off)) == (1, "Active")
    assert third.stderr.startswith(f"kept {off} of ci: it was switched on again after this plan had switched it off\n")
    far.switch(off, "Inactive")
    undone = run(far, folder, undo=True)
    assert (undone.returncode, undone.stdout, far.status(off)) == (0, f"enable {off} of ci: was done before\n", "Inactive")


def test_what_a_refusal_hides_is_a_sentence(far: FakeAws, plan: Callable[..., Path], capsys: Capsys) -> None:
    far.user("ci", owner="payments@example.com")
    far.key("ci", age=70, used=60)
    folder = plan(far, "plan")

    def told() -> str:
        (result,) = retire(capsys, "verify", str(folder), "--as-of", far.now.isoformat()).json["verification"]["results"]
        return str(result["why"])

    far.denied.add("ListAccessKeys")
    run(far, folder)
    assert told().endswith("; the plan did not switch it off on 2026-11-24 12:00 UTC: the keys of its user could not be listed")
    far.denied.clear()
    run(far, folder)
    assert told().startswith("switched off on 2026-11-24 by arn:aws:sts::")
    far.denied.add("ListAccessKeys")
    assert told().endswith("; it was switched off by the plan on 2026-11-24 12:00 UTC, run by arn:aws:sts::123456789012:user/moto")


def test_a_step_that_was_interrupted_is_settled_by_cloudtrail(far: FakeAws, plan: Callable[..., Path], capsys: Capsys) -> None:
    """Killed between the act and the log: the log says that it began, and AWS knows the rest, 15 minutes later."""
    far.user("ci", owner="payments@example.com")
    key = far.key("ci", age=70, used=60)
    folder = plan(far, "plan")
    run(far, folder)
    path = folder / "log.jsonl"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    answer = retire(capsys, "verify", str(folder), "--as-of", far.now.isoformat())
    (result,) = answer.json["verification"]["results"]
    assert "the plan began to switch it off on 2026-11-24 12:00 UTC, and its log does not show whether it did" in result["why"]
    early = run(far, folder, undo=True)
    assert (early.returncode, far.status(key)) == (1, "Inactive")
    assert early.stderr.startswith(f"kept {key} of ci: an earlier run was interrupted, and CloudTrail does not show yet who changed it")
    passed(far, 1 / 48)
    again = run(far, folder)
    assert (again.returncode, again.stdout) == (0, f"disable {key} of ci: was done before\n")
    assert (run(far, folder, undo=True).returncode, far.status(key)) == (0, "Active")


def test_what_somebody_else_switched_off_stays_off(far: FakeAws, plan: Callable[..., Path]) -> None:
    """The plan switches off, the owner on, incident response off: an old undo changes nothing. Nor does it after a step of others alone."""
    for name in ("a", "b"):
        far.user(name, owner="payments@example.com")
    key, other = far.key("a", age=70, used=60), far.key("b", age=70, used=60)
    folder = plan(far, "plan")
    run(far, folder)
    passed(far, 2)
    far.switch(key, "Active", days_ago=1, by="owner")
    far.switch(key, "Inactive", days_ago=0.5, by="response")
    far.switch(other, "Inactive", days_ago=0.5, by="response")
    undone = run(far, folder, undo=True)
    assert (undone.returncode, far.status(key), far.status(other)) == (1, "Inactive", "Inactive")
    assert f"kept {key} of a: it was switched on since, and somebody switched it off again" in undone.stderr
    assert f"kept {other} of b: somebody else changed it since" in undone.stderr


def test_one_key_of_a_plan_can_be_taken_and_brought_back(far: FakeAws, plan: Callable[..., Path]) -> None:
    far.user("ci", owner="payments@example.com")
    keys = [far.key("ci", age=70, used=60), far.key("ci", age=74, used=60)]
    folder = plan(far, "plan")
    assert (run(far, folder, "--yes", keys[0]).returncode, [*map(far.status, keys)]) == (0, ["Inactive", "Active"])
    run(far, folder)
    assert (run(far, folder, keys[1], undo=True).returncode, [*map(far.status, keys)]) == (0, ["Inactive", "Active"])


def test_a_plan_is_private_and_never_overwritten(far: FakeAws, plan: Callable[..., Path], capsys: Capsys, tmp_path: Path) -> None:
    far.user("ci", owner="payments@example.com")
    far.key("ci", age=70, used=60)
    folder = plan(far, "a")
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
    jsonschema.validate(written, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [step["action"] for step in written["plan"]["steps"]] == ["disable"]
    before = len(far.asked)
    ledger = ("--ledger", str(tmp_path / "l"))
    answer = retire(capsys, "plan", str(folder), *ledger)
    assert (answer.code, "is never overwritten" in answer.err, len(far.asked)) == (2, True, before)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert retire(capsys, "plan", str(tmp_path / "file"), *ledger).code == 2
    assert retire(capsys, "plan", str(tmp_path / "none/plan"), *ledger).code == 2
    assert "retire plan needs --ledger" in retire(capsys, "plan", str(tmp_path / "new")).err


def test_no_name_breaks_out_of_its_line(far: FakeAws, plan: Callable[..., Path]) -> None:
    for number, owner in enumerate(("pay'ments; touch /tmp/x\n$(id)`id`", "a\u202egnp.exe", "c\\", 'd"\u2028e')):
        far.user(f"u{number}", owner=owner)
        far.key(f"u{number}", age=70, used=60)
    folder = plan(far, "a")
    text = (folder / f"{ACCOUNT}.sh").read_text(encoding="utf-8")
    assert all(character.isprintable() or character == "\n" for character in text)
    assert not [line for line in text.splitlines() if line.startswith(("touch", "$(id)"))]
    done = run(far, folder)
    assert (done.returncode, [outcome for _, _, outcome in log(folder)]) == (0, ["done"] * 4)


def test_verify_reads_what_the_plan_did(far: FakeAws, plan: Callable[..., Path], capsys: Capsys) -> None:
    for name in ("off", "kept", "again"):
        far.user(name, owner="payments@example.com")
    _off, kept, again = (far.key(name, age=70, used=60) for name in ("off", "kept", "again"))
    folder = plan(far, "plan")
    far.denied.add("GetAccessKeyLastUsed")
    run(far, folder)
    far.denied.clear()
    far.backend.delete_access_key(kept, "kept")
    run(far, folder)
    far.switch(again, "Active")
    far.use(again)
    new = far.key("off", age=-0.01)
    with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write("torn\n")
    answer = retire(capsys, "verify", str(folder), "--as-of", far.now.isoformat())
    results = {result["user"]: result for result in answer.json["verification"]["results"]}
    assert {user: result["state"] for user, result in results.items()} == {"off": "resolved", "kept": "resolved", "again": "still_open"}
    assert results["off"]["why"].startswith("switched off on 2026-11-24 by arn:aws:sts::")
    assert f"; its user has the new key ****{new[-4:]} of 2026-11-24; " in results["off"]["why"]
    assert results["kept"]["plan"]["outcome"] == "kept"
    assert results["again"]["why"].startswith("it was switched on again, although it was switched off by the plan")
    assert "1 line of " in answer.err


def test_the_time_of_a_plan_is_now(far: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    from posturio_iac.cli import main  # noqa: PLC0415 - `live` sets the clock

    assert far.now == AS_OF
    ledger = ("--as-of", "2030-01-01", "--ledger", str(tmp_path / "s"))
    for argv, said in ((("live", *ledger), "leave out --as-of"), (("retire", "plan", "a", *ledger), "there is no option --as-of")):
        assert main([*argv, "--no-config"]) == 2
        assert said in capsys.readouterr().err


def test_verify_claims_nothing_that_aws_cannot_show(far: FakeAws, plan: Callable[..., Path], capsys: Capsys) -> None:
    """A request with a key that is off leaves no event, and errors of the user's other calls prove nothing."""
    far.user("ci", owner="payments@example.com")
    key = far.key("ci", age=70, used=60)
    other = far.key("ci", age=70, used=1)
    folder = plan(far, "plan")
    run(far, folder)
    passed(far, 5)
    far.called("ci", "s3:HeadObject", "NoSuchKey", days_ago=1, key_id=other)
    far.called("ci", "s3:ListBuckets", "AccessDenied", days_ago=1)
    answer = retire(capsys, "verify", str(folder), "--as-of", far.now.isoformat())
    jsonschema.validate(answer.json, json.loads(SCHEMA.read_text(encoding="utf-8")))
    results = {result["address"][-4:]: result for result in answer.json["verification"]["results"]}
    told = results[key[-4:]]
    assert (told["state"], told["at"], told["by"]) == ("resolved", "2026-11-24T12:00:00Z", f"arn:aws:sts::{ACCOUNT}:user/moto")
    assert "whether anything misses a key that is off cannot be told from AWS" in told["why"]
    assert "no sign of failure" not in answer.out


def test_a_key_that_the_ledger_saw_switched_off_and_that_is_on_again_is_open(far: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    far.user("ci", owner="payments@example.com")
    key = far.key("ci", age=70, used=60)
    earlier, ledger = tmp_path / "earlier.json", ("--ledger", str(tmp_path / "ledger.jsonl"))
    earlier.write_text(live(capsys, "--as-of", far.now.isoformat()).out, encoding="utf-8")
    passed(far, 1)
    far.switch(key, "Inactive", days_ago=0.5)
    live(capsys, *ledger, "--as-of", far.now.isoformat())
    passed(far, 1)
    far.switch(key, "Active")

    def verified(*argv: str) -> tuple[str, str]:
        (result,) = retire(capsys, "verify", str(earlier), *argv, "--as-of", far.now.isoformat()).json["verification"]["results"]
        return result["state"], result["why"]

    assert verified(*ledger)[1].startswith("it was switched on again"), "one result, and no new finding beside it"
    far.use(key)
    assert verified() == ("resolved", "no earlier finding holds any longer")
    assert verified(*ledger) == (
        "still_open",
        "it was switched on again, although the ledger shows that it was switched off on 2026-11-25",
    )


def test_a_key_that_waited_to_be_deleted_and_is_on_again_is_open(far: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    far.user("ci", owner="payments@example.com")
    key = far.key("ci", age=70, used=40)
    far.switch(key, "Inactive", days_ago=30)
    earlier = tmp_path / "earlier.json"
    earlier.write_text(live(capsys, "--as-of", far.now.isoformat()).out, encoding="utf-8")
    far.switch(key, "Active")
    answer = retire(capsys, "verify", str(earlier), "--as-of", far.now.isoformat())
    (result,) = answer.json["verification"]["results"]
    assert (answer.code, result["state"], result["why"]) == (1, "still_open", "it was switched on again")
    assert result["remediation"].startswith("Ask its owner what needs it")


SERVICES = {"LookupEvents": "cloudtrail", "GetCallerIdentity": "sts"}


def test_the_policy_of_a_plan_allows_what_its_scripts_do_and_nothing_else(far: FakeAws, plan: Callable[..., Path]) -> None:
    """By ``run.sh``, with a profile."""
    far.user("ci", owner="payments@example.com")
    off, gone = far.key("ci", age=70, used=60), far.key("ci", age=400, used=100)
    far.switch(gone, "Inactive", days_ago=30)
    notebook = far.credential("ci", age=60)
    far.switch(notebook, "Inactive", days_ago=30)
    folder = plan(far, "plan")
    (folder.parent / "none").write_text("[profile prod]\naws_access_key_id = testing\naws_secret_access_key = testing\n", encoding="utf-8")
    begun = len(far.asked)
    for words in (("--yes", f"{ACCOUNT}=prod"), ("--undo", f"{ACCOUNT}=prod")):
        done = far.run(folder / "run.sh", folder.parent, *words)
        assert (done.returncode, done.stdout.startswith(f"account {ACCOUNT}\n")) == (0, True), done.stderr
    assert [far.status(key) for key in (off, gone, notebook)] == ["Active", None, None]
    own, rest = json.loads((folder / f"{ACCOUNT}-policy.json").read_text(encoding="utf-8"))["Statement"]
    made = {f"{SERVICES.get(action, 'iam')}:{action}" for _, action in far.asked[begun:]}
    assert ({*own["Action"], *rest["Action"]}, own["Resource"]) == (made, [f"arn:aws:iam::{ACCOUNT}:user/ci"])
    assert far.run(folder / "run.sh", folder.parent, "--now").returncode == 2


def test_a_refusal_is_logged_and_verified(far: FakeAws, plan: Callable[..., Path], capsys: Capsys) -> None:
    far.user("ci", owner="payments@example.com")
    key = far.key("ci", age=70, used=60)
    folder = plan(far, "plan")
    terminal, inside = pty.openpty()
    with aws_cli.shell(folder.parent / "shims", far.now, far.address) as environment:
        os.write(terminal, b"n\n")
        command = ["sh", str(folder / f"{ACCOUNT}.sh")]
        done = subprocess.run(command, stdin=inside, capture_output=True, text=True, env=environment, timeout=240, check=False)
    os.close(terminal)
    os.close(inside)
    assert (done.returncode, far.status(key)) == (0, "Active")
    assert done.stdout == f"Owner payments@example.com:\n  disable {key} of ci\nDo this? [y/N] left out\n"
    other = plan(far, "other")
    answer = retire(capsys, "verify", str(folder), str(other), "--as-of", far.now.isoformat())
    (result,) = answer.json["verification"]["results"]
    assert (result["state"], answer.err.count("cannot be read")) == ("still_open", 0), "one key of two plans is one line"
    assert result["why"].endswith("; whoever was asked did not let the plan switch it off on 2026-11-24 12:00 UTC")


def test_what_waits_or_is_needed_is_not_advised_to_be_ended(far: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    far.user("ci", owner="payments@example.com")
    key, ledger = far.key("ci", age=50, used=48), tmp_path / "ledger.jsonl"
    asked(ledger, far, days_ago=2)

    def advice() -> str:
        (finding,) = live(capsys, "--ledger", str(ledger), "--as-of", far.now.isoformat()).json["findings"]
        return str(finding["remediation"])

    assert advice() == "Wait. Its owner was asked, and may answer until 2026-12-06."
    (tmp_path / "a.csv").write_text(f"key_id,needed,until\n{key},yes,2026-11-30\n", encoding="utf-8")
    retire(capsys, "ask", "--ledger", str(ledger), "--answers", str(tmp_path / "a.csv"), "--as-of", far.now.isoformat())
    assert advice().startswith("Its owner answered on 2026-11-24: needed until 2026-11-30. So it stays active. Give what needs it a role, ")
    passed(far, 15)
    assert advice().startswith("Switch it off"), "the day that the owner named has passed"
