"""What goes wrong between us and AWS: nothing is lost, nothing is invented, and the exit code is right."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions
from botocore.retries.standard import ThrottledRetryableChecker
from moto.core.utils import get_service_model

from posturio_iac.live.connection import session
from posturio_iac.live.connection.calls import HINTS
from tests.support.command_line import Patch
from tests.support.live.cloud import Capsys, Cloud, live, rules, stale_and_busy
from tests.support.live.faulty import proxy

Deny = Callable[..., None]

UNUSED = [("stale", "unused_access_keys")]
ASKED = ["GenerateCredentialReport", "GetCredentialReport", "GetAccountAuthorizationDetails", "ListAccessKeys", "GetAccessKeyLastUsed"]


def found(answer: Any) -> Any:
    """The result without how the run was asked."""
    return {name: value for name, value in answer.json.items() if name != "run"}


def told(answer: Any) -> Any:
    """The same without what was said about the run."""
    return {name: value for name, value in found(answer).items() if name not in ("diagnostics", "summary")}


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


def test_hints_are_about_codes_that_aws_and_its_client_give() -> None:
    """Those that no model lists are common errors of IAM and CloudTrail, and of AWS's signatures."""
    unlisted = {"ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed"}
    unlisted |= {"UnrecognizedClientException", "InvalidSignatureException"}
    known = {shape.error_code for name in ("iam", "sts") for shape in get_service_model(name).error_shapes}
    assert {*HINTS} - known - {*vars(exceptions)} - {*ThrottledRetryableChecker._THROTTLED_ERROR_CODES} == unlisted


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


@pytest.mark.parametrize(
    ("operation", "code", "calls"),
    [
        ("GenerateCredentialReport", "AccessDenied", 1),
        ("GenerateCredentialReport", "LimitExceeded", 1),
        ("GetCredentialReport", "AccessDenied", 1),
        ("GetCredentialReport", "ReportExpired", 10),
        ("GetCredentialReport", "ReportInProgress", 10),
        ("GetCredentialReport", "ReportNotPresent", 10),
    ],
)
def test_a_report_that_cannot_be_had_is_replaced(cloud: Cloud, deny: Deny, capsys: Capsys, operation: str, code: str, calls: int) -> None:
    stale_and_busy(cloud)
    deny(operation, code=code)
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert "each user's keys are read one by one" in answer.err
    assert "AKIAIOSFODNN7EXAMPLE" not in answer.err + answer.out
    assert answer.calls()["iam:GetCredentialReport"] == calls


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
def test_a_bad_network_changes_nothing(cloud: Cloud, server: str, capsys: Capsys, monkeypatch: Patch, fault: Any) -> None:
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
def test_a_network_that_stays_bad_is_said(cloud: Cloud, server: str, capsys: Capsys, monkeypatch: Patch, fault: str, said: str) -> None:
    stale_and_busy(cloud)
    with proxy(server, lambda action, _: fault if action == "GetAccessKeyLastUsed" else "pass") as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        answer = live(capsys)
    assert (answer.code, rules(answer)) == (3, [])
    assert {key["user"]: key["verdict"] for key in answer.json["keys"]} == {"stale": "undetermined", "busy": "clean"}
    assert said in answer.err


def test_a_region_that_does_not_exist(cloud: Cloud, capsys: Capsys, monkeypatch: Patch) -> None:
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
    assert "check the region, the network, and AWS_ENDPOINT_URL" in answer.err


@pytest.mark.parametrize("address", ["nonsense", "http://localhost:99999"])
def test_an_endpoint_that_is_no_address_is_named(cloud: Cloud, capsys: Capsys, monkeypatch: Patch, address: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    answer = live(capsys)
    assert (answer.code, answer.err.count("\n"), answer.err.count("AWS_ENDPOINT_URL"), cloud.keys) == (2, 1, 1, [])


@pytest.mark.parametrize(
    ("operation", "said"),
    [("ListAccessKeys", "user stale was deleted or renamed"), ("GetAccessKeyLastUsed", "of user stale was deleted or renamed")],
)
def test_what_is_deleted_while_we_look_is_noted(cloud: Cloud, deny: Deny, capsys: Capsys, operation: str, said: str) -> None:
    stale_and_busy(cloud)
    deny(operation, code="NoSuchEntity")
    answer = live(capsys)
    assert (answer.code, [key["user"] for key in answer.json["keys"]]) == (0, ["busy"])
    assert f"{said} during the run" in answer.err
    assert not any(key in answer.err for key in cloud.keys)


def test_exact_asks_about_every_key_and_finds_the_same(cloud: Cloud, capsys: Capsys) -> None:
    stale_and_busy(cloud)
    answer = live(capsys, "--exact")
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert answer.calls()["iam:GetAccessKeyLastUsed"] == 2
    assert "iam:GetCredentialReport" not in answer.calls()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[:-30], "is cut off at line"),
        (lambda text: text.replace("access_key_1_last_used_date", "renamed", 1), "has no column access_key_1_last_used_date"),
        (lambda _: "", "has no column user"),
    ],
)
def test_a_broken_report_is_not_believed(cloud: Cloud, report: Any, capsys: Capsys, change: Callable[[str], str], said: str) -> None:
    stale_and_busy(cloud)
    report(change)
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert said in answer.err


def test_a_user_who_came_after_the_report_is_asked_about(cloud: Cloud, report: Any, capsys: Capsys) -> None:
    stale_and_busy(cloud)
    report(lambda text: "\n".join(line for line in text.splitlines() if "busy" not in line))
    answer = live(capsys)
    assert {key["user"] for key in answer.json["keys"]} == {"stale", "busy"}


def test_more_than_two_keys_and_an_expired_one(cloud: Cloud, capsys: Capsys, monkeypatch: Patch) -> None:
    cloud.key("many", age=70, used=60)
    cloud.key("many", age=70, used=1)
    monkeypatch.setattr("moto.iam.models.LIMIT_KEYS_PER_USER", 3)
    cloud.key("many", age=70, used=60, status="Expired")
    answer = live(capsys)
    assert sorted(key["status"] for key in answer.json["keys"]) == ["Active", "Active", "Expired"]
    assert [f["rule"] for f in answer.json["findings"]].count("iam.unused_access_keys") == 1


def test_calls_grow_with_the_shortlist_only(cloud: Cloud, capsys: Capsys) -> None:
    """At most 5, one per page of users, and 3 per shortlisted user; one per other user with a finding, for the ids."""
    users, second, stale = 100, 40, 2
    for number in range(users):
        name = f"u{number}"
        cloud.key(name, age=70, used=60 if number < stale else 1)
        if stale <= number < stale + second:
            cloud.key(name, age=60, used=1)
    answer = live(capsys)
    assert len(answer.json["keys"]) == users + second
    assert [f["rule"] for f in answer.json["findings"]].count("iam.unused_access_keys") == stale
    calls = answer.calls()
    pages = calls["iam:GetAccountAuthorizationDetails"]
    assert sum(calls.values()) <= 5 + pages + 3 * stale + second
    assert pages <= 1 + users // 1000
    naive = 1 + 2 * users + users + second  # ListUsers; tags and keys of each user; the last use of each key
    assert sum(calls.values()) - second < naive / 20
    assert rules(live(capsys, "--exact")) == rules(answer)


def test_a_state_file_of_any_other_kind_is_kept(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    stale_and_busy(cloud)
    path = tmp_path / "state.json"
    old = b'{"posturio-iac-state": 1, "inactive": {"x": "soon"}}'
    for content in (b"\xff\xfe", b"", old, b"[" * 100_000, b'{"version": 1, "keys": []}', b"{", b"[]"):
        path.write_bytes(content)
        answer = live(capsys, "--ledger", str(path))
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1), content
        assert path.read_bytes() == content
    answer = live(capsys, "--ledger", str(tmp_path))
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
