"""AWS as it is and moto is not: pages, reports of hours ago, refusals that mean nothing, sessions that end; plans are run in between."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.support.command_line import Patch
from tests.support.live.asking import asked
from tests.support.live.cloud import ACCOUNT, Capsys, kept, live, retire, rules
from tests.support.live.fake_aws import FakeAws


def taken(capsys: Capsys, aws: FakeAws, step: str, path: Path, **more: Any) -> Any:
    """Take a step of the process, whose owners were all asked a month ago."""
    ledger = path.parent / "ledger.jsonl"
    asked(ledger, aws)
    return retire(capsys, step, str(path), "--ledger", str(ledger), **more)


def planned(path: Path) -> list[tuple[str, str]]:
    """Key and action of each step of a plan."""
    steps = json.loads((path / "plan.json").read_text(encoding="utf-8"))["plan"]["steps"]
    return [(step["address"].rpartition("/")[2], step["action"]) for step in steps]


def run(aws: FakeAws, folder: Path, *, installed: bool = False) -> Any:
    return aws.run(folder / f"{ACCOUNT}.sh", folder.parent, "--yes", installed=installed)


def test_the_installed_aws_cli_runs_a_plan(aws: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    """Elsewhere it is a part of this process, which is quicker: here it is what a user has."""
    key = aws.key("ci", age=400, used=60)
    taken(capsys, aws, "plan", tmp_path / "plan")
    assert (run(aws, tmp_path / "plan", installed=True).returncode, aws.status(key)) == (0, "Inactive")


def test_pages_of_one_entry_change_nothing(aws: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        aws.user(name, owner=f"{name}@example.com")
        aws.key(name, age=70, used=60)
    second = aws.key("b", age=70, used=60)
    aws.switch(second, "Inactive", days_ago=40)
    aws.switch(aws.key("c", age=300, used=100), "Inactive", days_ago=30)
    whole = live(capsys)
    aws.page = 1
    for argv in ((), ("--exact",)):
        assert rules(live(capsys, *argv)) == rules(whole)
    answer = taken(capsys, aws, "plan", tmp_path / "plan")
    assert (answer.code, [action for _, action in planned(tmp_path / "plan")].count("keep"), len(whole.json["keys"])) == (0, 0, 5)
    assert answer.calls()["iam:ListAccessKeys"] == 5
    assert (run(aws, tmp_path / "plan").returncode, aws.status(second)) == (0, None)


def test_a_report_of_almost_four_hours_ago_harms_nothing(aws: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    """Used, switched on and switched off since AWS made its report, which it gives out again."""
    used, off, idle = (aws.key(name, age=70, used=60) for name in ("used", "off", "idle"))
    on = aws.key("on", age=70, used=60, status="Inactive")
    aws.switch(on, "Inactive", days_ago=40)
    live(capsys)
    aws.now += timedelta(hours=3, minutes=50)
    aws.use(used)
    aws.switch(on, "Active", days_ago=0.1)
    aws.use(on)
    aws.switch(off, "Inactive", days_ago=0.1)
    answer = taken(capsys, aws, "plan", tmp_path / "plan")
    assert (answer.code, ("disable" in dict(planned(tmp_path / "plan")).values())) == (0, True)
    assert rules(live(capsys, "--exact")) == [("idle", "unused_access_keys")]
    run(aws, tmp_path / "plan")
    assert [aws.status(key) for key in (used, on, off, idle)] == ["Active", "Active", "Inactive", "Inactive"]
    assert [action for _, action in aws.asked].count("GenerateCredentialReport") == 2


def test_last_rotated_is_when_a_key_was_last_switched_on(aws: FakeAws, capsys: Capsys) -> None:
    for name, used in (("again", 1), ("unused", None)):
        key = aws.key(name, age=400, used=used)
        aws.switch(key, "Inactive", days_ago=21)
        aws.switch(key, "Active", days_ago=20)
    found = [("again", "overdue_access_key_rotations"), ("unused", "overdue_access_key_rotations"), ("unused", "unused_access_keys")]
    assert rules(live(capsys)) == rules(live(capsys, "--exact")) == found


def test_root_keys_are_counted_by_the_report_and_the_summary_alone_says_whether_there_is_one(
    aws: FakeAws, capsys: Capsys, tmp_path: Path
) -> None:
    aws.root_keys = 2
    for argv in ((), ("--exact",)):
        assert rules(live(capsys, *argv)) == [("root", "root_access_keys")] * 2
    path = kept(capsys, tmp_path)

    def verified(left: int, *denied: str) -> Any:
        aws.root_keys, aws.report, aws.denied = left, None, {*denied}
        return retire(capsys, "verify", path)

    assert [sorted(result["state"] for result in verified(left).results) for left in (2, 1, 0)] == [
        ["still_open", "still_open"],
        ["resolved", "still_open"],
        ["resolved", "resolved"],
    ]
    none = verified(0)
    assert (none.code, none.calls()) == (0, {"sts:GetCallerIdentity": 1, "iam:GetAccountSummary": 1})
    answer = verified(1, "GenerateCredentialReport", "GetCredentialReport")
    assert (answer.code, [result["state"] for result in answer.results]) == (3, ["still_open", "cannot_tell"])
    assert "does not distinguish one root key from two" in answer.err


def test_the_report_takes_a_moment(aws: FakeAws, capsys: Capsys) -> None:
    aws.key("ci", age=70, used=60)
    aws.report_building = 3
    answer = live(capsys)
    assert (rules(answer), answer.calls()["iam:GetCredentialReport"]) == ([("ci", "unused_access_keys")], 4)


def test_a_refusal_about_a_key_that_went_meanwhile_is_no_error(aws: FakeAws, capsys: Capsys) -> None:
    key = aws.key("ci", age=70, used=60)
    aws.meanwhile["ListAccessKeys"] = lambda: aws.backend.delete_access_key(key, "ci")
    answer = live(capsys)
    assert (answer.code, answer.json["keys"]) == (0, [])
    assert "of user ci was deleted or renamed during the run" in answer.err


def test_a_key_that_goes_between_the_look_and_the_step_stops_no_other(aws: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    gone, left = aws.key("a", age=70, used=60), aws.key("b", age=70, used=60)
    taken(capsys, aws, "plan", tmp_path / "plan")
    aws.meanwhile["GetAccessKeyLastUsed"] = lambda: aws.backend.delete_access_key(gone, "a")
    done = run(aws, tmp_path / "plan")
    assert (done.returncode, aws.status(left)) == (1, "Inactive")
    assert f"disable {gone} of a: failed: " in done.stderr
    assert "the key is still Gone" in done.stderr
    aws.meanwhile["ListAccessKeys"] = lambda: None
    verified = taken(capsys, aws, "verify", tmp_path / "plan")
    assert [result["state"] for result in verified.results] == ["resolved", "resolved"]


def test_throttled_calls_are_made_again_by_the_run_and_by_the_script(aws: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    stale, old = aws.key("ci", age=70, used=60), aws.key("ci", age=300, used=100)
    aws.switch(old, "Inactive", days_ago=40)
    calm = live(capsys)
    often = {"GetAccessKeyLastUsed": 3, "LookupEvents": 2, "ListAccessKeys": 1, "GetCredentialReport": 2}
    aws.throttled.update(often)
    rough = taken(capsys, aws, "plan", tmp_path / "plan")
    assert (rough.code, len(calm.json["keys"]), len(planned(tmp_path / "plan"))) == (0, 2, 2)
    assert not any(aws.throttled.values())
    aws.throttled.update({"GetAccessKeyLastUsed": 2, "LookupEvents": 2, "UpdateAccessKey": 2})
    assert run(aws, tmp_path / "plan").returncode == 0
    assert (aws.status(stale), aws.status(old)) == ("Inactive", None)


def test_a_region_that_the_account_has_not_enabled(aws: FakeAws, capsys: Capsys) -> None:
    aws.user("ci", owner="payments@example.com", expires="2026-01-31")
    aws.key("ci", age=70, used=1)
    aws.disabled_regions.add("eu-west-1")
    answer = live(capsys)
    assert (answer.code, answer.json["keys"]) == (3, [])
    assert "AWS does not know these credentials" in answer.err
    used_there = live(capsys, "--region", "us-east-1", "--context")
    (key,) = used_there.json["keys"]
    assert key["context"]["verdict"] is None, "no answer is not no event"
    assert "cloudtrail:LookupEvents failed with UnrecognizedClientException" in json.dumps(key["context"])


def test_a_single_sign_on_that_has_ended_is_one_sentence(aws: FakeAws, capsys: Capsys, tmp_path: Path, monkeypatch: Patch) -> None:
    """The token that `aws sso login` left looks good, and AWS says that it is not."""
    start = "https://example.awsapps.com/start"
    text = f"sso_start_url = {start}\nsso_region = eu-west-1\nsso_account_id = {ACCOUNT}\nsso_role_name = Audit\nregion = eu-west-1\n"
    (tmp_path / "config").write_text(f"[profile audit]\n{text}", encoding="utf-8")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setattr("botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR", str(tmp_path))  # it looks for the home when it is loaded
    none = live(capsys, "--profile", "audit")
    assert (none.code, "there is no SSO session; run aws sso login" in none.err) == (3, True)
    token = {"startUrl": start, "region": "eu-west-1", "accessToken": "x", "expiresAt": "2999-01-01T00:00:00Z"}
    name = hashlib.sha1(start.encode(), usedforsecurity=False).hexdigest()
    (tmp_path / f"{name}.json").write_text(json.dumps(token), encoding="utf-8")
    ended = live(capsys, "--profile", "audit")
    assert (ended.code, "the SSO session has ended; run aws sso login" in ended.err) == (3, True)
    assert ("", "GetRoleCredentials") in aws.asked
