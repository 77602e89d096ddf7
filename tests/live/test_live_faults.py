"""What goes wrong between us and AWS: nothing is lost, nothing is invented, and the exit code is right."""

from __future__ import annotations

import random
import socket
from typing import TYPE_CHECKING, Any

import pytest

from posturio_iac.live.connection import session
from tests.support.live.cloud import Capsys, Cloud, live, refusal, rules, stale_and_busy
from tests.support.live.faulty import proxy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from botocore.awsrequest import AWSResponse

    Deny = Callable[..., None]

UNUSED = [("stale", "unused_access_keys")]
ASKED = ["GenerateCredentialReport", "GetCredentialReport", "GetAccountAuthorizationDetails", "ListAccessKeys", "GetAccessKeyLastUsed"]


def found(answer: Any) -> Any:
    """The result without how the run was asked."""
    return {name: value for name, value in answer.json.items() if name != "run"}


def told(answer: Any) -> Any:
    """The same without what was said about the run."""
    return {name: value for name, value in found(answer).items() if name not in ("diagnostics", "summary")}


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str, int], str | None]], None]:
    """Let a function say, for the n-th call of all (from 1), with which code it is refused; None lets it through."""
    create = session.Connection._create
    sent = [0]

    def refusing(says: Callable[[str, int], str | None]) -> None:
        def answer(*, event_name: str, **_: Any) -> AWSResponse | None:
            service, operation = event_name.split(".")[1:3]
            sent[0] += 1
            code = says(operation, sent[0])
            return None if code is None else refusal(service, code, "Signature expired: now is earlier")

        def created(self: session.Connection, service: str) -> Any:
            client = create(self, service)
            client.meta.events.register_last("before-send", answer)
            return client

        monkeypatch.setattr(session.Connection, "_create", created)

    return refusing


@pytest.mark.parametrize("exact", [(), ("--exact",)])
def test_throttling_of_every_third_call_changes_nothing(cloud: Cloud, refuse: Any, capsys: Capsys, exact: tuple[str, ...]) -> None:
    for number in range(40):
        cloud.key(f"u{number}", age=70, used=60 if number < 20 else 1)
    calm = live(capsys, *exact)
    chance = random.Random(7)  # noqa: S311 - the same faults in every run
    refused = [0]

    def throttle(_operation: str, _number: int) -> str | None:
        hit = chance.random() < 0.3
        refused[0] += hit
        return "Throttling" if hit else None

    refuse(throttle)
    rough = live(capsys, *exact, "--workers", "1")
    assert (rough.code, found(rough)) == (1, found(calm))
    assert sum(rough.calls().values()) == sum(calm.calls().values()) + refused[0]
    assert refused[0] > 10


def test_throttling_without_end_is_said(cloud: Cloud, refuse: Any, capsys: Capsys) -> None:
    stale_and_busy(cloud)
    refuse(lambda operation, _: "Throttling" if operation == "ListAccessKeys" else None)
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (3, UNUSED)
    assert "iam:ListAccessKeys failed with Throttling" in answer.err
    assert "try again later" in answer.err
    assert answer.calls()["iam:ListAccessKeys"] == session.ATTEMPTS


@pytest.mark.parametrize(
    ("operation", "code", "found", "said"),
    [
        ("AssumeRole", 3, 1, "was not read: sts:AssumeRole is denied"),
        ("ListAccounts", 3, 0, "nothing was read: organizations:ListAccounts is denied"),
        ("ListTagsForResource", 1, 5, ""),
        ("ListOrganizationsFeatures", 1, 5, ""),
        ("GetCallerIdentity", 3, 0, "nothing was read: sts:GetCallerIdentity is denied"),
    ],
)
def test_what_an_organization_denies_is_said(
    members: list[Cloud], deny: Deny, capsys: Capsys, operation: str, code: int, found: int, said: str
) -> None:
    assert len(members) == 5
    deny(operation)
    answer = live(capsys, "--organization")
    assert (answer.code, len([f for f in answer.json["findings"] if f["rule"] == "iam.unused_access_keys"])) == (code, found)
    assert said in answer.err


def test_a_report_that_has_expired_is_made_anew(cloud: Cloud, refuse: Any, capsys: Capsys) -> None:
    stale_and_busy(cloud)
    gone = iter(["ReportExpired"])
    refuse(lambda operation, _: next(gone, None) if operation == "GetCredentialReport" else None)
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert (answer.calls()["iam:GenerateCredentialReport"], answer.calls()["iam:GetCredentialReport"]) == (2, 2)
    assert "each user's keys are read" not in answer.err


@pytest.mark.parametrize("code", ["ReportExpired", "ReportNotPresent", "LimitExceeded"])
def test_a_report_that_cannot_be_had_is_replaced(cloud: Cloud, deny: Deny, capsys: Capsys, code: str) -> None:
    stale_and_busy(cloud)
    deny("GetCredentialReport", "GenerateCredentialReport" if code == "LimitExceeded" else "", code=code)
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert "each user's keys are read one by one" in answer.err


@pytest.mark.parametrize("last", range(1, 9))
def test_a_session_that_ends_in_the_middle_loses_no_key_that_was_seen(cloud: Cloud, refuse: Any, capsys: Capsys, last: int) -> None:
    stale_and_busy(cloud)
    whole = live(capsys)
    assert sum(whole.calls().values()) == 8
    refuse(lambda _, number: "ExpiredToken" if number > last else None)
    answer = live(capsys, "--workers", "1")
    assert set(rules(answer)) <= {*UNUSED}
    if last == 8:
        assert told(answer) == told(whole)
        return
    assert answer.code == 3
    assert "the session has ended; log in again" in answer.err
    assert {key["user"] for key in answer.json["keys"]} == ({"stale", "busy"} if last >= 4 else set())


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("SignatureDoesNotMatch", "the clock of this machine"),
        ("RequestExpired", "the clock of this machine"),
        ("InvalidSignatureException", "the clock of this machine"),
        ("InvalidClientTokenId", "AWS does not know these credentials"),
    ],
)
def test_a_clock_that_is_a_day_off_and_unknown_credentials_are_one_sentence(
    cloud: Cloud, refuse: Any, capsys: Capsys, code: str, said: str
) -> None:
    stale_and_busy(cloud)
    refuse(lambda *_: code)
    answer = live(capsys)
    assert (answer.code, answer.json["keys"]) == (3, [])
    (error,) = (said["message"] for said in answer.json["diagnostics"] if said["level"] == "error")
    assert said in error


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda action, n: "drop" if n == 1 and action in ASKED else "pass", id="dropped"),
        pytest.param(lambda action, n: "hold" if n == 1 and action == "ListAccessKeys" else "pass", id="slow"),
        pytest.param(lambda action, n: "cut" if n == 1 and action in ASKED else "pass", id="cut off"),
    ],
)
def test_a_bad_network_changes_nothing(cloud: Cloud, server: str, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, fault: Any) -> None:
    stale_and_busy(cloud)
    calm = live(capsys)
    monkeypatch.setattr(session, "READ_TIMEOUT", 0.5)
    with proxy(server, fault) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        rough = live(capsys)
    assert (rough.code, found(rough)) == (1, found(calm))
    assert sum(rough.calls().values()) > sum(calm.calls().values())


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("drop", "failed with ConnectionClosedError"),
        ("cut", "iam:GetAccessKeyLastUsed failed with"),
        ("page", "a response that is not from AWS"),
    ],
)
def test_a_network_that_stays_bad_is_said(
    cloud: Cloud, server: str, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, fault: str, said: str
) -> None:
    stale_and_busy(cloud)
    with proxy(server, lambda action, _: fault if action == "GetAccessKeyLastUsed" else "pass") as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        answer = live(capsys)
    assert (answer.code, rules(answer)) == (3, [])
    assert {key["user"]: key["verdict"] for key in answer.json["keys"]} == {"stale": "undetermined", "busy": "clean"}
    assert said in answer.err


def test_a_region_that_does_not_exist(cloud: Cloud, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    stale_and_busy(cloud)
    answer = live(capsys, "--region", "not a region")
    assert (answer.code, answer.out) == (2, "")
    assert "not a region" in answer.err
    assert answer.err.count("\n") == 1

    def unknown(*_: object, **__: object) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    answer = live(capsys, "--region", "mars-north-1")
    assert (answer.code, answer.json["keys"]) == (3, [])
    assert "sts.mars-north-1.amazonaws.com" in answer.err
    assert "check the region and the network" in answer.err


def test_a_key_that_is_deleted_while_we_look(cloud: Cloud, deny: Deny, capsys: Capsys) -> None:
    stale_and_busy(cloud)
    deny("GetAccessKeyLastUsed", code="NoSuchEntity")
    answer = live(capsys)
    assert (answer.code, [key["user"] for key in answer.json["keys"]]) == (0, ["busy"])
    assert "of user stale was deleted during the run" in answer.err
    assert not any(key in answer.err for key in cloud.keys)


def test_a_state_file_of_any_other_kind_is_kept(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    stale_and_busy(cloud)
    path = tmp_path / "state.json"
    for content in (
        b"\xff\xfe",
        b"",
        b'{"posturio-iac-state": 1, "inactive": {"x": "soon"}}',
        b"[" * 100_000,
        b'{"version": 1, "keys": []}',
        b"{",
        b"[]",
    ):
        path.write_bytes(content)
        answer = live(capsys, "--ledger", str(path))
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1), content
        assert path.read_bytes() == content
    answer = live(capsys, "--ledger", str(tmp_path))
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
