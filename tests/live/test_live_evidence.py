"""Evidence that is cheap, denied, broken or gone: nothing is lost, and nothing is invented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.live.cloud import Cloud, live

if TYPE_CHECKING:
    from collections.abc import Callable

    Deny = Callable[..., None]


def stale_and_busy(cloud: Cloud) -> None:
    for name, used in (("stale", 60), ("busy", 1)):
        cloud.user(name, owner="payments@example.com")
        cloud.key(name, age=70, used=used)


def rules(answer: Any) -> list[tuple[str, str]]:
    users = {key["address"]: key["user"] for key in answer.json["keys"]}
    return sorted((users[f["address"]], f["rule"].partition(".")[2]) for f in answer.json["findings"])


UNUSED = [("stale", "unused_access_keys")]


def test_exact_asks_about_every_key_and_finds_the_same(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    stale_and_busy(cloud)
    answer = live(capsys, "--exact")
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert answer.calls()["iam:GetAccessKeyLastUsed"] == 2
    assert "iam:GetCredentialReport" not in answer.calls()


@pytest.mark.parametrize("operation", ["GenerateCredentialReport", "GetCredentialReport"])
def test_without_a_report_every_user_is_asked_about(cloud: Cloud, deny: Deny, capsys: pytest.CaptureFixture[str], operation: str) -> None:
    stale_and_busy(cloud)
    deny(operation)
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert "each user's keys are read one by one" in answer.err
    assert "AKIAIOSFODNN7EXAMPLE" not in answer.err + answer.out


def test_a_report_that_never_becomes_ready_is_given_up(cloud: Cloud, deny: Deny, capsys: pytest.CaptureFixture[str]) -> None:
    stale_and_busy(cloud)
    deny("GetCredentialReport", code="ReportInProgress")
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert answer.calls()["iam:GetCredentialReport"] == 10


def test_a_denied_last_use_is_unknown_and_not_never(cloud: Cloud, deny: Deny, capsys: pytest.CaptureFixture[str]) -> None:
    stale_and_busy(cloud)
    deny("GetAccessKeyLastUsed")
    answer = live(capsys)
    assert answer.code == 3
    stale = next(key for key in answer.json["keys"] if key["user"] == "stale")
    assert stale["verdict"] == "undetermined"
    assert "never_used" not in stale
    assert rules(answer) == []


def test_denied_keys_keep_what_the_report_says(cloud: Cloud, deny: Deny, capsys: pytest.CaptureFixture[str]) -> None:
    stale_and_busy(cloud)
    deny("ListAccessKeys")
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (3, UNUSED)
    assert "iam:ListAccessKeys is denied" in answer.err


def test_denied_details_are_replaced_user_by_user_and_said(cloud: Cloud, deny: Deny, capsys: pytest.CaptureFixture[str]) -> None:
    stale_and_busy(cloud)
    deny("GetAccountAuthorizationDetails")
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (3, UNUSED)
    assert answer.calls()["iam:ListUserTags"] == 1
    assert "the tags of 1 user off the shortlist were not read" in answer.err
    exact = live(capsys, "--exact")
    assert (exact.code, rules(exact)) == (1, UNUSED)


def test_nothing_can_be_listed(cloud: Cloud, deny: Deny, capsys: pytest.CaptureFixture[str]) -> None:
    stale_and_busy(cloud)
    deny("GetAccountAuthorizationDetails", "ListUsers", "GenerateCredentialReport")
    answer = live(capsys)
    assert (answer.code, answer.json["keys"]) == (3, [])
    assert "none of their keys was checked" in answer.err


def test_denied_root_is_an_error(cloud: Cloud, deny: Deny, capsys: pytest.CaptureFixture[str]) -> None:
    stale_and_busy(cloud)
    deny("GetAccountSummary")
    assert live(capsys).code == 3


def test_a_user_that_vanishes_is_noted(cloud: Cloud, deny: Deny, capsys: pytest.CaptureFixture[str]) -> None:
    stale_and_busy(cloud)
    deny("ListAccessKeys", code="NoSuchEntity")
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (0, [])
    assert "user stale was deleted during the run" in answer.err


def test_throttled_calls_are_tried_again(cloud: Cloud, deny: Deny, capsys: pytest.CaptureFixture[str]) -> None:
    stale_and_busy(cloud)
    deny("ListAccessKeys", "GetAccessKeyLastUsed", code="Throttling", every=2)
    answer = live(capsys, "--exact", "--workers", "1")
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert answer.calls()["iam:ListAccessKeys"] == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[:-30], "is cut off at line"),
        (lambda text: text.replace("access_key_1_last_used_date", "renamed", 1), "has no column access_key_1_last_used_date"),
        (lambda _: "", "has no column user"),
    ],
)
def test_a_broken_report_is_not_believed(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str], said: str
) -> None:
    stale_and_busy(cloud)
    made = type(cloud.backend).get_credential_report
    monkeypatch.setattr(type(cloud.backend), "get_credential_report", lambda self: change(made(self)))
    answer = live(capsys)
    assert (answer.code, rules(answer)) == (1, UNUSED)
    assert said in answer.err


def test_a_user_who_came_after_the_report_is_asked_about(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stale_and_busy(cloud)
    made = type(cloud.backend).get_credential_report
    monkeypatch.setattr(
        type(cloud.backend), "get_credential_report", lambda self: "\n".join(line for line in made(self).splitlines() if "busy" not in line)
    )
    answer = live(capsys)
    assert {key["user"] for key in answer.json["keys"]} == {"stale", "busy"}


def test_more_than_two_keys_and_an_expired_one(cloud: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.user("many", owner="payments@example.com")
    cloud.key("many", age=70, used=60)
    cloud.key("many", age=70, used=1)
    monkeypatch.setattr("moto.iam.models.LIMIT_KEYS_PER_USER", 3)
    cloud.key("many", age=70, used=60, status="Expired")
    answer = live(capsys)
    assert sorted(key["status"] for key in answer.json["keys"]) == ["Active", "Active", "Expired"]
    assert [f["rule"] for f in answer.json["findings"]].count("iam.unused_access_keys") == 1


KEYS = st.lists(
    st.tuples(
        st.integers(0, 200),
        st.none() | st.integers(0, 200),
        st.sampled_from(["Active", "Active", "Inactive"]),
        st.sampled_from(["", "2026-11-01", "2027-01-01", "365d"]),
    ),
    max_size=4,
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(KEYS)
def test_the_report_and_the_exact_way_agree(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], keys: list[tuple[int, int | None, str, str]]
) -> None:
    cloud.backend.reset()
    for number, (age, used, status, expires) in enumerate(keys):
        user = f"u{number // 2}"
        if number % 2 == 0:
            cloud.user(user, **({"expires": expires} if expires else {}))
        cloud.key(user, age=age, used=None if used is None else min(used, age), status=status)
    cheap, exact = live(capsys), live(capsys, "--exact")
    assert cheap.code == exact.code
    assert rules(cheap) == rules(exact)

    def verdicts(answer: Any) -> list[tuple[str, str]]:
        return sorted((key["user"], key["verdict"]) for key in answer.json["keys"])

    assert verdicts(cheap) == verdicts(exact)


def test_calls_grow_with_the_shortlist_only(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    """At most 5, one per page of users, and 3 per shortlisted user; one per other user with a finding, for the ids."""
    users, second, stale = 100, 40, 2
    for number in range(users):
        name = f"u{number}"
        cloud.user(name, owner="payments@example.com")
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
