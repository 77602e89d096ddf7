"""Who created a key that nobody is known to own, by events: a hint that is shown in the place of an owner, and never counts as one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from posturio_iac.core.model import KeyKind
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.live.model import KeyEvent
from posturio_iac.live.reading.events import Trail as TrailOfKeys
from posturio_iac.live.reading.events import creators, has_creation_event, read_trail
from posturio_iac.retire.plan import owner_of
from tests.support.keys import AS_OF, access_key

KEY = access_key(
    address="arn:aws:iam::123456789012:user/ci/AKIAIOSFODNN7EXAMPLE",
    framework="aws",
    key_id="AKIAIOSFODNN7EXAMPLE",
    created=AS_OF - timedelta(days=20),
    owner=None,
)
ALICE = "arn:aws:iam::123456789012:user/alice"


CREDENTIAL = replace(KEY, key_id="ACCAEXAMPLE123EXAMPLE", kind=KeyKind.SERVICE_CREDENTIAL, service="bedrock.amazonaws.com")


def event(key_id: str, arn: object, **more: object) -> dict[str, Any]:
    head = {"eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey", "userIdentity": {"arn": arn}}
    return {"EventTime": AS_OF, "CloudTrailEvent": json.dumps({**head, "responseElements": {"accessKey": {"accessKeyId": key_id}}, **more})}


class Trail:
    """Answers LookupEvents with one page."""

    def __init__(self, *events: dict[str, Any]) -> None:
        self.events, self.asked = events, {}  # type: tuple[dict[str, Any], ...], dict[str, Any]

    def in_region(self, region: str) -> Trail:
        self.asked["region"] = region
        return self

    def pages(self, operation: str, **asked: Any) -> Iterator[dict[str, Any]]:
        self.asked |= {"operation": operation, **asked}
        yield {"Events": self.events}


def test_the_event_of_the_creation_names_who_did_it() -> None:
    damaged: tuple[dict[str, Any], ...] = ({"CloudTrailEvent": "{"}, {"CloudTrailEvent": "[]"}, event("AKIAIOSFODNN7EXAMPLE", None), {})
    trail = Trail(*damaged, event("AKIAI44QH8DHBEXAMPLE", "arn:other"), event("AKIAIOSFODNN7EXAMPLE", ALICE))
    assert creators(trail, "aws", [KEY], AS_OF) == {"AKIAIOSFODNN7EXAMPLE": ALICE}  # type: ignore[arg-type]
    assert trail.asked["region"] == "us-east-1"
    assert isinstance(KEY.created, datetime)
    assert trail.asked["StartTime"] < KEY.created < trail.asked["EndTime"] <= AS_OF
    failed = Trail(event("AKIAIOSFODNN7EXAMPLE", ALICE, errorCode="LimitExceeded"))
    assert creators(failed, "aws", [KEY], AS_OF) == {}  # type: ignore[arg-type]
    assert creators(failed, "aws-iso", [KEY], AS_OF) == {}  # type: ignore[arg-type]


def test_the_creator_of_an_api_key_is_told_by_an_event_of_its_own() -> None:
    made = {"serviceSpecificCredential": {"serviceSpecificCredentialId": "ACCAEXAMPLE123EXAMPLE"}}
    trail = Trail(event("AKIAIOSFODNN7EXAMPLE", ALICE), event("", "arn:other", responseElements=made))
    assert creators(trail, "aws", [CREDENTIAL], AS_OF) == {"ACCAEXAMPLE123EXAMPLE": "arn:other"}  # type: ignore[arg-type]
    assert trail.asked["LookupAttributes"][0]["AttributeValue"] == "CreateServiceSpecificCredential"
    both = creators(trail, "aws", [KEY, CREDENTIAL], AS_OF)  # type: ignore[arg-type]
    assert both == {"AKIAIOSFODNN7EXAMPLE": ALICE, "ACCAEXAMPLE123EXAMPLE": "arn:other"}
    assert has_creation_event(CREDENTIAL, AS_OF)


def test_it_is_asked_only_where_nobody_is_known_and_events_go_back_so_far() -> None:
    assert has_creation_event(KEY, AS_OF)
    for change in (
        {"owner": "payments@example.com"},
        {"owner": AS_STATED("the tags were not read")},
        {"created": AS_OF - timedelta(days=91)},
        {"created": AS_STATED("no date")},
        {"key_id": None},
        {"is_root": True},
    ):
        assert not has_creation_event(replace(KEY, **change), AS_OF)


def test_a_letter_and_a_plan_name_the_creator_only_where_no_owner_is_known() -> None:
    assert owner_of(replace(KEY, created_by=ALICE)) == f"unknown, created by {ALICE}"
    assert owner_of(replace(KEY, created_by=ALICE, owner="payments@example.com")) == "payments@example.com"
    assert owner_of(KEY) == "unknown"


def test_switches_that_were_refused_or_cannot_be_read_count_for_nothing() -> None:
    asked = {"requestParameters": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "status": "Inactive"}}
    told = [event("", ALICE, **asked), event("", ALICE, errorCode="AccessDenied", **asked), {"EventTime": AS_OF, "CloudTrailEvent": "{"}]
    found = read_trail(Trail(*told), "aws", AS_OF, KeyKind.ACCESS_KEY)  # type: ignore[arg-type]
    assert found == TrailOfKeys({"AKIAIOSFODNN7EXAMPLE": [KeyEvent(AS_OF, ALICE)]})
