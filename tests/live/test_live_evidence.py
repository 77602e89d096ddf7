"""Evidence that is cheap, denied, broken or gone: nothing is lost, and nothing is invented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.live.cloud import Capsys, Cloud, live, rules, stale_and_busy

if TYPE_CHECKING:
    from collections.abc import Callable

    Deny = Callable[..., None]


UNUSED = [("stale", "unused_access_keys")]


def test_exact_asks_about_every_key_and_finds_the_same(cloud: Cloud, capsys: Capsys) -> None:
    stale_and_busy(cloud)
    answer = live(capsys, "--exact")
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert answer.calls()["iam:GetAccessKeyLastUsed"] == 2
    assert "iam:GetCredentialReport" not in answer.calls()


@pytest.mark.parametrize("operation", ["GenerateCredentialReport", "GetCredentialReport"])
def test_without_a_report_every_user_is_asked_about(cloud: Cloud, deny: Deny, capsys: Capsys, operation: str) -> None:
    stale_and_busy(cloud)
    deny(operation)
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert "each user's keys are read one by one" in answer.err
    assert "AKIAIOSFODNN7EXAMPLE" not in answer.err + answer.out


def test_a_report_that_never_becomes_ready_is_given_up(cloud: Cloud, deny: Deny, capsys: Capsys) -> None:
    stale_and_busy(cloud)
    deny("GetCredentialReport", code="ReportInProgress")
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert answer.calls()["iam:GetCredentialReport"] == 10


def test_a_user_that_vanishes_is_noted(cloud: Cloud, deny: Deny, capsys: Capsys) -> None:
    stale_and_busy(cloud)
    deny("ListAccessKeys", code="NoSuchEntity")
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (0, [])
    assert "user stale was deleted during the run" in answer.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[:-30], "is cut off at line"),
        (lambda text: text.replace("access_key_1_last_used_date", "renamed", 1), "has no column access_key_1_last_used_date"),
        (lambda _: "", "has no column user"),
    ],
)
def test_a_broken_report_is_not_believed(
    cloud: Cloud, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str], said: str
) -> None:
    stale_and_busy(cloud)
    made = type(cloud.backend).get_credential_report
    monkeypatch.setattr(type(cloud.backend), "get_credential_report", lambda self: change(made(self)))
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert said in answer.err


def test_a_user_who_came_after_the_report_is_asked_about(cloud: Cloud, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    stale_and_busy(cloud)
    made = type(cloud.backend).get_credential_report
    monkeypatch.setattr(
        type(cloud.backend), "get_credential_report", lambda self: "\n".join(line for line in made(self).splitlines() if "busy" not in line)
    )
    answer = live(capsys)
    assert {key["user"] for key in answer.json["keys"]} == {"stale", "busy"}


def test_more_than_two_keys_and_an_expired_one(cloud: Cloud, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
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
