"""API keys of services: found, judged, planned, switched off, deleted and verified like access keys, with what AWS tells of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.live.asking import asked
from tests.support.live.cloud import ACCOUNT, Capsys, each_client, live, retire, rules
from tests.support.live.fake_aws import FakeAws


def test_each_is_judged_by_what_aws_tells(aws: FakeAws, capsys: Capsys) -> None:
    aws.credential("endless", age=10)
    aws.credential("century", age=10, ends=36590)
    aws.credential("short", age=10, ends=50)
    aws.credential("soon", age=40, ends=5)
    aws.credential("expired", age=100, ends=-20)
    aws.switch(aws.credential("off", age=60, ends=30), "Inactive", days_ago=20)
    for service in ("logs.amazonaws.com", "bedrock.amazonaws.com", "bedrock.amazonaws.com"):
        aws.credential("two", age=40, ends=20, service=service)
    aws.credential("old", age=400, service="codecommit.amazonaws.com")
    aws.user("nobody")
    aws.credential("nobody", age=10, ends=20)
    answer = live(capsys)
    assert rules(answer) == [
        ("century", "overlong_access_key_lifetimes"),
        ("endless", "access_keys_without_lifetime"),
        ("expired", "lingering_inactive_access_keys"),
        ("nobody", "ownerless_access_keys"),
        ("off", "lingering_inactive_access_keys"),
        ("old", "overdue_access_key_rotations"),
        ("soon", "expiring_access_keys"),
        ("two", "multiple_active_access_keys"),
        ("two", "multiple_active_access_keys"),
    ]
    verdicts = {key["user"]: key["verdict"] for key in answer.json["keys"]}
    assert (answer.code, verdicts["short"]) == (1, "clean")


def step_of(aws: FakeAws, capsys: Capsys, tmp_path: Path, name: str, *argv: str) -> Any:
    """Look with the ledger, write a plan and run its script, if there is one: the exit code of the script, or None."""
    folder = tmp_path / name
    asked(tmp_path / "ledger.jsonl", aws)
    answer = retire(capsys, "plan", str(folder), "--ledger", str(tmp_path / "ledger.jsonl"), *argv)
    assert answer.code == 0, answer.err
    script = folder / f"{ACCOUNT}.sh"
    return aws.run(script, tmp_path, "--yes").returncode if script.exists() else None


def test_the_life_of_an_api_key_from_first_sight_to_deletion(aws: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    """Found, its owner asked, switched off by name, on again, off for good, past the grace, deleted, verified; the ledger tells it all."""
    key = aws.credential("notebook", age=30)
    ledger = ("--ledger", str(tmp_path / "ledger.jsonl"))
    assert live(capsys, *ledger, "--output", str(tmp_path / "before.json")).code == 1
    assert retire(capsys, "ask", str(tmp_path / "letters"), *ledger).code == 0
    (letter,) = (tmp_path / "letters").glob("*.txt")
    text = letter.read_text(encoding="utf-8")
    assert "API key for bedrock.amazonaws.com" in text
    assert "last used: not reported by AWS" in text
    command = f"aws iam update-service-specific-credential --user-name notebook --service-specific-credential-id {key} --status Inactive"
    assert command in text

    aws.now += timedelta(days=15)
    assert (step_of(aws, capsys, tmp_path, "unnamed"), aws.status(key)) == (0, "Active"), "nobody knows whether it is in use"
    assert "AWS does not report when an API key of a service was used, so it stays active." in (
        tmp_path / f"unnamed/{ACCOUNT}.sh"
    ).read_text(encoding="utf-8")
    assert (step_of(aws, capsys, tmp_path, "off", "--include-in-use", key), aws.status(key)) == (0, "Inactive")

    aws.now += timedelta(days=2)
    assert (aws.run(tmp_path / f"off/{ACCOUNT}-undo.sh", tmp_path).returncode, aws.status(key)) == (0, "Active")
    aws.now += timedelta(hours=1)
    assert (step_of(aws, capsys, tmp_path, "again", "--include-in-use", "notebook"), aws.status(key)) == (0, "Inactive")
    aws.now += timedelta(days=13)
    assert (step_of(aws, capsys, tmp_path, "early"), aws.status(key)) == (0, "Inactive"), "off for 13 days, not for 15"
    aws.now += timedelta(days=2)
    answer = live(capsys, *ledger)
    assert (rules(answer), answer.json["keys"][0]["kind"]) == ([("notebook", "lingering_inactive_access_keys")], "service_credential")
    assert (step_of(aws, capsys, tmp_path, "gone"), aws.status(key)) == (0, None)

    aws.now += timedelta(days=1)
    for earlier in ("before.json", "again", "gone"):
        verified = retire(capsys, "verify", str(tmp_path / earlier))
        assert (verified.code, [r["state"] for r in verified.results]) == (0, ["resolved"])
    live(capsys, *ledger)
    lines = map(json.loads, (tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()[1:])
    told = [(line["change"], line.get("service") or line.get("rule", "")) for line in lines]
    assert [change for change, _ in told if change != "flagged"] == ["active", "asked", "seen", "disabled", "inactive", "deleted"]
    assert ("seen", "bedrock.amazonaws.com") in told
    assert [what.partition(".")[2] for change, what in told if change == "flagged"] == [
        "access_keys_without_lifetime",
        "lingering_inactive_access_keys",
    ]


def test_what_aws_has_ended_is_deleted_after_the_grace(aws: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    """AWS itself says since when it has been off, and nobody can switch it on again, so no events are asked for."""
    fresh, old = aws.credential("notebook", age=100, ends=-10), aws.credential("notebook", age=400, ends=-200)
    assert (step_of(aws, capsys, tmp_path, "plan"), aws.status(fresh), aws.status(old)) == (0, "Expired", None)


CHANGES: dict[str, Callable[[FakeAws, str], object]] = {
    "switched on and off": FakeAws.on_and_off,
    "on": lambda aws, key: aws.switch(key, "Active"),
    "another of the same id": lambda aws, key: setattr(aws.held(key), "created", aws.now),
    "gone": lambda aws, key: aws.credentials.remove(aws.held(key)),
    "not listed": lambda aws, _: aws.denied.add("ListServiceSpecificCredentials"),
    "no events": lambda aws, _: aws.denied.add("LookupEvents"),
    "a blank answer": lambda aws, _: aws.denied.add("blank LookupEvents"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_delete_looks_again(aws: FakeAws, capsys: Capsys, tmp_path: Path, change: str) -> None:
    key = aws.credential("notebook", age=60)
    aws.switch(key, "Inactive", days_ago=20)
    asked(tmp_path / "ledger.jsonl", aws)
    retire(capsys, "plan", str(tmp_path / "plan"), "--ledger", str(tmp_path / "ledger.jsonl"))
    aws.now += timedelta(days=1)
    CHANGES[change](aws, key)
    before = aws.status(key)
    done = aws.run(tmp_path / f"plan/{ACCOUNT}.sh", tmp_path, "--yes")
    code = 3 if aws.denied else 1
    assert (done.returncode, aws.status(key), f"kept {key} of notebook: " in done.stderr) == (code, before, True)


def test_a_ledger_and_events_together_prove_what_neither_does(aws: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    """Switched off before CloudTrail remembers. Its use tells nothing, so that nothing switched it on has to be read, not believed."""
    key = aws.credential("notebook", age=400, status="Inactive")
    alone = live(capsys)
    assert (rules(alone), alone.json["keys"][0]["verdict"]) == ([], "undetermined")
    assert step_of(aws, capsys, tmp_path, "a") == 0
    aws.now += timedelta(days=15)
    aws.denied.add("LookupEvents")
    denied = retire(capsys, "plan", str(tmp_path / "b"), "--ledger", str(tmp_path / "ledger.jsonl"))
    assert (denied.code, "cloudtrail:LookupEvents is denied" in denied.err, aws.status(key)) == (3, True, "Inactive")
    aws.denied.clear()
    assert (step_of(aws, capsys, tmp_path, "c"), aws.status(key)) == (0, None)


def states(verified: Any) -> dict[str, str]:
    return {result["rule"]: result["state"] for result in verified.results}


def test_who_may_not_list_them_is_told_once_and_the_rest_goes_on(aws: FakeAws, capsys: Capsys, tmp_path: Path) -> None:
    aws.key("ci", age=70, used=60)
    key = aws.credential("ci", age=10)
    ledger = ("--ledger", str(tmp_path / "ledger.jsonl"))
    before = live(capsys, *ledger, "--output", str(tmp_path / "before.json"))
    assert before.code == 1
    aws.denied.add("ListServiceSpecificCredentials")
    answer = live(capsys, *ledger)
    assert (answer.code, rules(answer)) == (3, [("ci", "unused_access_keys")])
    assert answer.err.count("API keys of services were not read, so none was checked") == 1
    assert '"deleted"' not in (tmp_path / "ledger.jsonl").read_text(encoding="utf-8")
    verified = retire(capsys, "verify", str(tmp_path / "before.json"))
    assert (verified.code, states(verified)["iam.access_keys_without_lifetime"]) == (3, "cannot_tell")
    aws.denied.clear()
    aws.credentials.remove(aws.held(key))
    verified = retire(capsys, "verify", str(tmp_path / "before.json"))
    assert states(verified) == {"iam.access_keys_without_lifetime": "resolved", "iam.unused_access_keys": "still_open"}


def test_who_uses_an_api_key_for_bedrock_is_asked_by_its_user(aws: FakeAws, capsys: Capsys) -> None:
    """CloudTrail names the user and that it was an API key; other calls of the user are not those of the key."""
    for name in ("app", "shell", "idle", "logs"):
        aws.credential(name, age=10, service=f"{'logs' if name == 'logs' else 'bedrock'}.amazonaws.com")
    for days in (1, 2):
        aws.called("app", "bedrock:InvokeModel", days_ago=days, by_token=True)
    aws.called("app", "bedrock:InvokeModel", "AccessDenied", days_ago=3, by_token=True, region="us-east-1")
    aws.called("app", "s3:ListBuckets", days_ago=1)
    aws.called("shell", "bedrock:ListFoundationModels", "AccessDeniedException", days_ago=1, by_token=True)
    aws.called("idle", "bedrock:InvokeModel", days_ago=1)
    answer = live(capsys, "--context")
    told = {key["user"]: key.get("context") for key in answer.json["keys"]}
    assert {user: context and (context["verdict"], context["events"]) for user, context in told.items()} == {
        "app": ("workload", 3),
        "shell": ("only_denied_calls", 1),
        "idle": ("no_events", 0),
        "logs": None,
    }
    assert told["app"]["calls"] == [{"name": "bedrock:InvokeModel", "events": 3}]
    assert told["app"]["regions"] == ["eu-west-1", "us-east-1"]
    assert {region for region, action in aws.asked if action == "LookupEvents"} == {"eu-west-1", "us-east-1"}
    aws.denied.add("LookupEvents")
    (shown,) = {json.dumps(key["context"]) for key in live(capsys, "--context").json["keys"] if "context" in key}
    assert "cloudtrail:LookupEvents is denied" in shown


def test_an_older_boto3_is_named(aws: FakeAws, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows the call, and not that it can be about all users."""
    aws.user("ci", owner="payments@example.com")

    def without_everybody(client: Any) -> None:
        if client.meta.service_model.service_name == "iam":
            del client.meta.service_model.operation_model("ListServiceSpecificCredentials").input_shape.members["AllUsers"]

    each_client(monkeypatch, without_everybody)
    answer = live(capsys)
    assert (answer.code, "this boto3 is too old for that; update it" in answer.err) == (3, True)


def test_formats_name_the_kind(aws: FakeAws, capsys: Capsys) -> None:
    aws.credential("ci", age=10)
    (asff,) = json.loads(live(capsys, "--format", "asff", json_format=False).out)
    assert asff["Resources"][0]["Type"] == "Other"
    assert asff["ProductFields"]["posturio-iac/service"] == "bedrock.amazonaws.com"
    (event,) = map(json.loads, live(capsys, "--format", "ocsf", json_format=False).out.splitlines())
    assert event["resources"][0]["type"] == "AwsIamServiceSpecificCredential"
    assert re.search(r"\*{4}\w{4} \(bedrock\) +10 d +not reported ", live(capsys, json_format=False).out)
