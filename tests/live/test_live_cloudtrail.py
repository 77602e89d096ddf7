"""Since when keys are off, as CloudTrail tells it; moto does not know its events, so botocore's stubber answers."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from posturio_iac.live.connection import session
from posturio_iac.live.reading import events
from tests.support.live.cloud import AS_OF, Cloud, ago, live


def event(key_id: str, status: str, days: float, **more: Any) -> dict[str, Any]:
    detail = {"requestParameters": {"userName": "ci", "accessKeyId": key_id, "status": status}, **more}
    name = f"{status}-{days}"
    return {"EventId": name, "EventTime": ago(days), "EventName": "UpdateAccessKey", "CloudTrailEvent": json.dumps(detail)}


@pytest.fixture
def trail(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let CloudTrail answer with these pages of events."""
    create = session.Connection._create

    def answering(*pages: list[dict[str, Any]]) -> None:
        def created(self: session.Connection, service: str) -> Any:
            client = create(self, service)
            if service == "cloudtrail":
                stub = Stubber(client)
                for number, events in enumerate(pages, start=1):
                    more = {"NextToken": f"t{number}"} if number < len(pages) else {}
                    sent = {"LookupAttributes": ANY, "StartTime": AS_OF - timedelta(days=90), "EndTime": AS_OF}
                    asked = sent | ({"NextToken": f"t{number - 1}"} if number > 1 else {})
                    stub.add_response("lookup_events", {"Events": events, **more}, asked)
                stub.activate()
            return client

        monkeypatch.setattr(session.Connection, "_create", created)

    return answering


def test_events_date_a_key_and_silence_proves_nothing(cloud: Cloud, trail: Any, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.user("ci", owner="payments@example.com")
    recent, old = cloud.key("ci", age=300, status="Inactive"), cloud.key("ci", age=300, status="Inactive")
    trail(
        [event(recent, "Inactive", 40), event(recent, "Active", 30), event(old, "Inactive", 3, errorCode="AccessDenied")],
        [event(recent, "Inactive", 5), {"EventTime": ago(1), "CloudTrailEvent": "{"}],
    )
    answer = live(capsys)
    since = {
        key["key_id"]: datetime.fromisoformat(key["disabled_since"].replace("Z", "+00:00"))
        for key in answer.json["keys"]
        if "disabled_since" in key
    }
    assert since == {f"****{recent[-4:]}": ago(5)}
    (told,) = (key["evidence"] for key in answer.json["keys"] if "disabled_since" in key)
    assert told[-1] == "UpdateAccessKey in CloudTrail, event Inactive-5"
    assert {key["key_id"][-4:]: key["verdict"] for key in answer.json["keys"]} == {recent[-4:]: "clean", old[-4:]: "undetermined"}


def test_a_young_key_without_events_stays_unknown(cloud: Cloud, trail: Any, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.user("ci", owner="payments@example.com")
    cloud.key("ci", age=50, status="Inactive")
    trail([])
    answer = live(capsys)
    assert answer.json["keys"][0]["verdict"] == "undetermined"
    assert events.NO_EVENT.reason in answer.json["keys"][0]["undecided"][0]
