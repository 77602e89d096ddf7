"""API keys of services: found, judged, planned, switched off, deleted and verified like access keys, with what AWS tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.live.cloud import live
from tests.support.live.fake_aws import FakeAws, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def aws(cloud: object, server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """An account that is read from a region that shows no events of IAM."""
    assert cloud
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with serving(server, "aws") as fake:
        monkeypatch.setenv("AWS_ENDPOINT_URL", fake.address)
        yield fake


def look(capsys: Capsys, aws: FakeAws, *argv: str, **more: Any) -> Any:
    return live(capsys, "--as-of", aws.now.isoformat(), *argv, **more)


def rules(answer: Any) -> list[tuple[str, str]]:
    users = {key["address"]: key["user"] for key in answer.json["keys"]}
    return sorted((users[f["address"]], f["rule"].partition(".")[2]) for f in answer.json["findings"])


def test_each_is_judged_by_what_aws_tells(aws: FakeAws, capsys: Capsys) -> None:
    for name in ("endless", "century", "short", "expired", "off", "two", "old"):
        aws.user(name, owner="ml@example.com")
    aws.credential("endless", age=10)
    aws.credential("century", age=10, ends=36590)
    aws.credential("short", age=10, ends=50)
    aws.credential("expired", age=100, ends=-20)
    aws.switch(aws.credential("off", age=60, ends=30), "Inactive", days_ago=20)
    for service in ("logs.amazonaws.com", "bedrock.amazonaws.com", "bedrock.amazonaws.com"):
        aws.credential("two", age=40, ends=20, service=service)
    aws.credential("old", age=400, service="codecommit.amazonaws.com")
    aws.user("nobody")
    aws.credential("nobody", age=10, ends=20)
    answer = look(capsys, aws)
    assert rules(answer) == [
        ("century", "overlong_access_key_lifetimes"),
        ("endless", "access_keys_without_lifetime"),
        ("expired", "lingering_inactive_access_keys"),
        ("nobody", "ownerless_access_keys"),
        ("off", "lingering_inactive_access_keys"),
        ("old", "overdue_access_key_rotations"),
        ("two", "multiple_active_access_keys"),
        ("two", "multiple_active_access_keys"),
    ]
    verdicts = {key["user"]: key["verdict"] for key in answer.json["keys"]}
    assert (answer.code, verdicts["short"]) == (1, "clean")
