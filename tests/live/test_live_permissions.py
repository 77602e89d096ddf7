"""The documented policy is enough and nothing in it is idle; whatever is taken away is said, and nothing writes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.core.responses import BaseResponse

from posturio_iac.live.connection import session
from tests.support.live.cloud import Capsys, Cloud, enforced, live, retire, rules

POLICY = json.loads((Path(__file__).parent.parent.parent / "docs/live-policy.json").read_text(encoding="utf-8"))
READING = {action for statement in POLICY["Statement"] if statement["Sid"] == "ReadAccessKeys" for action in statement["Action"]}
DETAILS, REPORT, USERS = "iam:GetAccountAuthorizationDetails", "iam:GetCredentialReport", "iam:ListUsers"
FOUND = [("off", "lingering_inactive_access_keys"), ("stale", "unused_access_keys")]
UNUSED = [("stale", "unused_access_keys")]


@pytest.fixture
def allowed(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """An account with a stale, a busy and a disabled key, read by a user who may do what the policy says, without some of it."""
    for name, used, status in (("stale", 60, "Active"), ("busy", 1, "Active"), ("off", 200, "Inactive")):
        cloud.key(name, age=70 if status == "Active" else 300, used=used, status=status)
    cloud.user("auditor", owner="security@example.com")
    key = cloud.backend.create_access_key(user_name="auditor")
    cloud.backend.access_keys[key.access_key_id].create_date = cloud.backend.access_keys[cloud.keys[1]].create_date
    cloud.backend.users["auditor"].create_date = cloud.backend.access_keys[key.access_key_id].create_date
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_access_key)

    def without(*denied: str) -> None:
        statements = [{**statement, "Action": [a for a in statement["Action"] if a not in denied]} for statement in POLICY["Statement"]]
        document = {**POLICY, "Statement": [statement for statement in statements if statement["Action"]]}
        cloud.backend.put_user_policy("auditor", "reading", json.dumps(document))

    cloud.backend.access_keys[key.access_key_id].last_used = cloud.backend.access_keys[cloud.keys[1]].last_used
    with enforced():
        yield without


def test_the_policy_is_enough(allowed: Callable[..., None], capsys: Capsys) -> None:
    allowed()
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert "denied" not in answer.err
    exact = live(capsys, "--exact")
    assert (exact.code, rules(exact)) == (1, UNUSED)
    assert "denied" not in exact.err


@pytest.mark.parametrize(
    ("denied", "code", "found", "said"),
    [
        (("iam:GenerateCredentialReport",), 1, UNUSED, "each user's keys are read one by one instead"),
        ((REPORT,), 1, UNUSED, "each user's keys are read one by one instead"),
        ((DETAILS,), 3, UNUSED, "tags of 2 users off the shortlist were not read"),
        ((DETAILS, REPORT), 1, UNUSED, "tags are read user by user instead"),
        ((DETAILS, USERS), 3, UNUSED, "users missing from the credential report are not known"),
        ((DETAILS, REPORT, USERS), 3, [], "so none of their keys was checked"),
        ((DETAILS, REPORT, "iam:ListUserTags"), 3, UNUSED, "iam:ListUserTags is denied"),
        (("iam:GetAccountSummary",), 3, UNUSED, "it is not known whether the root user has access keys"),
        (("iam:ListAccessKeys",), 3, UNUSED, "iam:ListAccessKeys is denied"),
        (("iam:GetAccessKeyLastUsed",), 3, [], "iam:GetAccessKeyLastUsed is denied"),
        (("iam:ListServiceSpecificCredentials",), 3, UNUSED, "API keys of services were not read, so none was checked"),
        (("cloudtrail:LookupEvents",), 1, UNUSED, "a --ledger records how long keys have been inactive"),
    ],
)
def test_what_is_taken_away_is_said(
    allowed: Callable[..., None], capsys: Capsys, denied: tuple[str, ...], code: int, found: list[tuple[str, str]], said: str
) -> None:
    allowed(*denied)
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (code, found)
    assert said in answer.err
    assert re.search("is denied|failed with 403", answer.err)  # moto refuses in XML, whatever the service speaks


def test_every_action_of_the_policy_is_taken_away_above() -> None:
    (cases,) = (mark.args[1] for mark in test_what_is_taken_away_is_said.pytestmark if mark.name == "parametrize")
    assert {action for denied, *_ in cases for action in denied} == READING


def test_who_asks_needs_no_permission(allowed: Callable[..., None], capsys: Capsys) -> None:
    """AWS answers GetCallerIdentity to everybody, so the policy does not name it."""
    allowed(*READING)
    answer = live(capsys)
    assert answer.code == 3
    assert "sts:GetCallerIdentity" in answer.calls()
    assert "sts:GetCallerIdentity is denied" not in answer.err
    assert (answer.json["keys"], "the users cannot be listed" in answer.err) == ([], True)


@pytest.mark.promise("read only")
def test_nothing_that_reaches_aws_writes(members: list[Cloud], capsys: Capsys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every request is recorded where it arrives, apart from our own count, in every way of running."""
    arrived: Counter[str] = Counter()
    answered = BaseResponse.call_action

    def record(self: BaseResponse) -> Any:
        arrived[f"{self.service_name}:{self._get_action()}"] += 1
        return answered(self)

    monkeypatch.setattr(BaseResponse, "call_action", record)
    members[0].user("off")
    members[0].key("off", age=300, used=200, status="Inactive")
    before = keys_of(members)
    earlier = tmp_path / "earlier.json"
    for argv in (
        ("live", "--output", str(earlier)),
        ("live", "--exact", "--group-by", "owner"),
        ("live", "--organization"),
        ("plan", str(tmp_path / "plan"), "--ledger", str(tmp_path / "ledger.jsonl")),
        ("ask", str(tmp_path / "letters"), "--ledger", str(tmp_path / "ledger.jsonl")),
        ("verify", str(earlier)),
    ):
        step, *words = argv
        answer = live(capsys, *words, json_format="--output" in words) if step == "live" else retire(capsys, step, *words)
        counted = Counter(answer.calls())
        assert arrived == counted, argv
        arrived.clear()
    assert keys_of(members) == before


def keys_of(members: list[Cloud]) -> dict[str, dict[str, Any]]:
    """All that AWS holds of the keys of users; those of sessions come and go."""
    return {
        member.account: {name: dict(vars(key)) for name, key in member.backend.access_keys.items() if name.startswith("AKIA")}
        for member in members
    }


@pytest.mark.promise("read only")
def test_what_may_be_called_reads() -> None:
    """Having a report made is the one of them that makes something; AWS itself counts it among what SecurityAudit may do."""
    reading = ("Get", "List", "Lookup", "Describe", "GenerateCredentialReport", "AssumeRole")
    assert [operation for operation in session.READS if not operation.partition(":")[2].startswith(reading)] == []
    assert READING | {"sts:GetCallerIdentity"} <= session.READS


@pytest.mark.promise("read only")
def test_a_call_that_is_not_on_the_list_is_never_sent(cloud: Cloud) -> None:
    from posturio_iac.live.connection.calls import CallBudget  # noqa: PLC0415 - only here

    cloud.user("ci")
    key_id = cloud.key("ci", age=1)
    budget = CallBudget()
    connection = session.connect(None, budget)
    for operation, parameters in (
        ("iam:UpdateAccessKey", {"UserName": "ci", "AccessKeyId": key_id, "Status": "Inactive"}),
        ("iam:DeleteAccessKey", {"UserName": "ci", "AccessKeyId": key_id}),
        ("iam:CreateAccessKey", {"UserName": "ci"}),
        ("iam:TagUser", {"UserName": "ci", "Tags": []}),
    ):
        with pytest.raises(session.ForbiddenCallError):
            connection.call(operation, **parameters)
    assert budget.counts == {}
    assert [key.status for key in cloud.backend.access_keys.values()] == ["Active"]
