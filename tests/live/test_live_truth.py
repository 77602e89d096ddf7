"""What AWS does and moto does not: two root keys, odd statuses, activation dates, renamed users, refusals that mean nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.live.connection import session
from posturio_iac.live.connection.calls import AwsError
from tests.support.live.cloud import AS_OF, Capsys, Cloud, ago, at, kept, live, retire, rules

Deny = Callable[..., None]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Answer an operation in place of moto: ``answers("iam:GetAccountSummary", lambda said: …)``."""
    call = session.Connection.call

    def answering(operation: str, change: Callable[[dict[str, Any]], Any]) -> None:
        def called(self: session.Connection, name: str, **parameters: Any) -> Any:
            said = call(self, name, **parameters)
            return change(said) if name == operation else said

        monkeypatch.setattr(session.Connection, "call", called)

    return answering


def test_an_honest_rotation_costs_one_call(cloud: Cloud, capsys: Capsys) -> None:
    cloud.key("rotated", age=20, used=1)
    cloud.backend.users["rotated"].create_date = ago(900)
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (0, [])
    assert (answer.calls()["iam:ListAccessKeys"], answer.calls().get("iam:GetAccessKeyLastUsed")) == (1, None)


def test_a_flagged_key_has_its_id_and_one_name_from_the_first_day_on(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.user("nobody")
    first, second = cloud.key("nobody", age=20, used=1), cloud.key("nobody", age=15, used=1)
    state, names = str(tmp_path / "state.json"), []
    for argv in ((), ("--exact",), at(60)):
        answer = live(capsys, "--ledger", state, *argv)
        of_user = [f for f in answer.json["findings"] if f["rule"].endswith(("ownerless_access_keys", "multiple_active_access_keys"))]
        names.append({(f["address"], f["rule"], f["fingerprint"], f["first_seen"]) for f in of_user})
    assert names[0] == names[1] == names[2]
    assert {address[-4:] for address, *_ in names[0]} == {first[-4:], second[-4:]}
    assert {seen for *_, seen in names[0]} == {AS_OF.isoformat().replace("+00:00", "Z")}
    assert len(names[0]) == 4


def test_what_is_closed_keeps_its_first_observation(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.key("ci", age=70, used=60)
    path = kept(capsys, tmp_path)
    cloud.backend.users["ci"].access_keys[0].status = "Inactive"
    closed = (path, *at(3), "--format")
    findings = [f for line in retire(capsys, "verify", *closed, "asff", json_format=False).out.splitlines() for f in json.loads(line)]
    assert [f["CreatedAt"] for f in findings if f["RecordState"] == "ARCHIVED"] == ["2026-11-24T12:00:00Z"]
    events = map(json.loads, retire(capsys, "verify", *closed, "ocsf", json_format=False).out.splitlines())
    (event,) = (event for event in events if event["activity_name"] == "Close")
    assert event["finding_info"]["created_time"] == event["finding_info"]["first_seen_time"] == AS_OF.timestamp() * 1000


def test_an_open_finding_keeps_its_first_observation(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.key("ci", age=70, used=60)
    state = ("--ledger", str(tmp_path / "state.json"))
    live(capsys, *state)
    (finding,) = json.loads(live(capsys, *state, *at(3), "--format", "asff", json_format=False).out)
    assert (finding["CreatedAt"], finding["FirstObservedAt"], finding["UpdatedAt"]) == (
        "2026-11-24T12:00:00Z",
        "2026-11-24T12:00:00Z",
        "2026-11-27T12:00:00Z",
    )
    event = json.loads(live(capsys, *state, *at(3), "--format", "ocsf", json_format=False).out)
    assert (event["activity_name"], event["type_uid"], event["finding_info"]["created_time"]) == (
        "Update",
        200302,
        AS_OF.timestamp() * 1000,
    )


def test_a_description_names_the_owner_in_the_normal_way_too(cloud: Cloud, capsys: Capsys) -> None:
    for name, tags in (("rep", {}), ("two", {"owner": "platform@example.com"})):
        cloud.user(name, **tags)
        cloud.tag(name, cloud.key(name, age=10, used=1), "reporting job")
    for argv in ((), ("--exact",)):
        answer = live(capsys, *argv)
        assert (answer.code, {key["user"]: key["owner"] for key in answer.json["keys"]}) == (
            0,
            {"rep": "reporting job", "two": "reporting job"},
        )


def test_a_status_that_nobody_knows_is_said(cloud: Cloud, capsys: Capsys) -> None:
    cloud.key("ci", age=70, used=60, status="Bogus")
    answer = live(capsys, "--exact")
    assert (answer.code, answer.json["keys"][0]["verdict"]) == (3, "undetermined")
    assert 'ListAccessKeys gives "Bogus", which this version does not know' in answer.err


def test_an_expired_key_lingers_too(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.key("ci", age=70, used=60, status="Expired")
    argv = ("--exact", "--ledger", str(tmp_path / "state.json"))
    assert rules(live(capsys, *argv)) == []
    assert rules(live(capsys, *argv, *at(20))) == [("ci", "lingering_inactive_access_keys")]


@pytest.mark.parametrize(("hours", "used"), [(3, True), (5, False)])
def test_a_report_that_may_not_be_made_is_read_while_it_is_fresh(
    cloud: Cloud, deny: Deny, answers: Any, capsys: Capsys, hours: int, *, used: bool
) -> None:
    cloud.key("ci", age=70, used=1)
    live(capsys)
    deny("GenerateCredentialReport")
    answers("iam:GetCredentialReport", lambda said: said | {"GeneratedTime": AS_OF - timedelta(hours=hours)})
    answer = live(capsys)
    assert (answer.code, "already existed and was used" in answer.err, "one by one instead" in answer.err) == (0, used, not used)


def test_a_line_with_too_many_fields_hides_no_user(cloud: Cloud, report: Any, capsys: Capsys) -> None:
    for name in ("a", "b"):
        cloud.key(name, age=70, used=60)
    report(lambda text: text.replace("\na,", "\na,x,"))
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (1, [("a", "unused_access_keys"), ("b", "unused_access_keys")])
    assert "1 line of the credential report cannot be split into columns" in answer.err
    assert "was deleted" not in answer.err


@pytest.mark.parametrize(
    "argv", [(), ("--verbose",), ("--exact",), ("--format", "csv"), ("--format", "asff"), ("--format", "ocsf"), ("--format", "json")]
)
def test_no_command_holds_half_an_id(cloud: Cloud, capsys: Capsys, argv: tuple[str, ...]) -> None:
    cloud.user("ci")
    for age in (100, 90):
        cloud.key("ci", age=age, used=60)
    out = live(capsys, *argv, json_format=False).out
    assert not re.search(r"(aws iam|terraform import)[^.;]*\*\*\*\*", out)
    shown = live(capsys, "--show-key-ids", "--verbose", json_format=False).out
    assert f"aws iam update-access-key --user-name ci --access-key-id {cloud.keys[0]} --status Inactive" in shown


def test_users_who_are_missing_from_their_list_are_said(cloud: Cloud, answers: Any, capsys: Capsys) -> None:
    cloud.key("ci", age=10, used=1)
    answers("iam:GetAccountSummary", lambda said: {"SummaryMap": said["SummaryMap"] | {"Users": 3}})
    answer = live(capsys)
    assert (answer.code, "GetAccountSummary counts 3 users, and 1 were listed" in answer.err) == (3, True)


def test_a_page_of_something_in_between_is_quoted_as_text() -> None:
    text = AwsError("iam:ListUsers", "403", "<!DOCTYPE html><html><head><style>a{b:c}</style></head><body><h1>Sign in</h1></body></html>")
    assert str(text) == "iam:ListUsers failed with 403 (Sign in)"


def rename(cloud: Cloud, old: str, new: str) -> None:
    cloud.backend.update_user(old, None, new)
    for key in cloud.backend.users[new].access_keys:
        key.user_name = new


@pytest.mark.parametrize("code", ["AccessDenied", "Throttling"])
@pytest.mark.parametrize("shown", [(), ("--show-key-ids",)])
def test_a_renamed_user_is_one_line_and_its_keys_are_not_called_gone(
    cloud: Cloud, capsys: Capsys, tmp_path: Path, deny: Any, shown: tuple[str, ...], code: str
) -> None:
    cloud.key("ren", age=70, used=60)
    ledger = ("--ledger", str(tmp_path / "ledger.jsonl"))
    path = kept(capsys, tmp_path, *shown, *ledger)
    rename(cloud, "ren", "renamed")
    answer = retire(capsys, "verify", path)
    (result,) = answer.results
    assert (answer.code, result["state"]) == (3, "cannot_tell")
    assert ("its user is called renamed now" if shown else "whether it was renamed or deleted is not known") in result["why"]
    retire(capsys, "verify", path, *ledger)
    assert '"deleted"' not in (tmp_path / "ledger.jsonl").read_text(encoding="utf-8")
    deny("GetAccessKeyLastUsed", code=code)
    (result,) = retire(capsys, "verify", path).results
    assert (result["state"], "Throttling" in result["why"]) == ("cannot_tell", bool(shown) and code == "Throttling")
