"""What CloudTrail's events tell: who uses a key, folded into one verdict, and who created a key that nobody is known to own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from posturio_iac.core.keys.life import KeyUse, UseKind
from posturio_iac.core.model import AccessKey, KeyKind, Unknown
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.live.connection.calls import AwsError
from posturio_iac.live.context import MOST_PAGES, is_worth_asking, regions_of, use_of
from posturio_iac.live.model import KeyEvent
from posturio_iac.live.reading.events import Trail, creators, has_creation_event, read_trail
from posturio_iac.retire.gate import Action, Decision
from posturio_iac.retire.plan import Step
from tests.support.keys import AS_OF, access_key


def deployed(**changes: Any) -> AccessKey:
    known: dict[str, Any] = {"last_used": AS_OF - timedelta(days=3), "used_for": ("s3", "eu-west-1"), "key_id": "AKIAIOSFODNN7EXAMPLE"}
    return access_key(address="arn:aws:iam::123456789012:user/ci/AKIAIOSFODNN7EXAMPLE", framework="aws", **(known | changes))


def event(call: str = "s3:ListBuckets", agent: str = "Boto3/1.42 md/Botocore", error: str | None = None, **more: object) -> dict[str, Any]:
    service, name = call.split(":")
    detail = {
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "userAgent": agent,
        "sourceIPAddress": "203.0.113.7",
        "userIdentity": {"arn": "arn:aws:iam::123456789012:user/ci"},
        **({"errorCode": error} if error else {}),
        **more,
    }
    return {"EventId": f"e-{call}", "EventTime": AS_OF, "CloudTrailEvent": json.dumps(detail)}


@dataclass
class Trails:
    """Answers LookupEvents by region."""

    regions: dict[str, list[dict[str, Any]]]
    denied: bool = False
    asked: list[tuple[str, Any]] = field(default_factory=list)
    region: str = ""

    def in_region(self, region: str) -> Trails:
        self.region = region
        return self

    def pages(self, operation: str, **asked: Any) -> Iterator[dict[str, Any]]:
        self.asked.append((self.region, asked))
        if self.denied:
            raise AwsError(operation, "AccessDeniedException", "no")
        pages = self.regions.get(self.region, [{"Events": []}])
        yield from ({**page, **({"NextToken": "t"} if number < len(pages) else {})} for number, page in enumerate(pages, start=1))


def used(*events: dict[str, Any], elsewhere: tuple[dict[str, Any], ...] = ()) -> KeyUse:
    trails = Trails({"eu-west-1": [{"Events": list(events)}], "us-east-1": [{"Events": list(elsewhere)}]})
    found = use_of(trails, deployed(), AS_OF)  # type: ignore[arg-type]  # it answers alike
    assert isinstance(found, KeyUse)
    assert [region for region, _ in trails.asked] == ["eu-west-1", "us-east-1"]
    assert trails.asked[0][1]["LookupAttributes"] == [{"AttributeKey": "AccessKeyId", "AttributeValue": "AKIAIOSFODNN7EXAMPLE"}]
    return found


CONSOLE = "[S3Console/0.4, aws-internal/3]"


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), UseKind.NONE),
        ((event(),), UseKind.WORKLOAD),
        ((event(agent="aws-cli/2.31 md/awscrt exec-env/AWS_ECS_FARGATE"),), UseKind.WORKLOAD),
        ((event(agent="aws-cli/2.31 md/awscrt os/macos#24"), event(agent=CONSOLE), event()), UseKind.PERSON),
        ((event(agent="aws-cli/2.31 md/awscrt os/linux#6.1"),), UseKind.WORKLOAD),
        ((event("sts:GetCallerIdentity"), event("iam:ListUsers", error="AccessDenied"), event(error="AccessDenied")), UseKind.DENIED),
        (
            (event(), *(event(call, error="AccessDenied") for call in ("iam:ListUsers", "ec2:DescribeInstances", "s3:ListBuckets"))),
            UseKind.DENIED,
        ),
        ((event("sts:GetCallerIdentity"), event("sts:GetCallerIdentity", error="AccessDenied")), UseKind.IDENTITY),
        ((event(error="AccessDenied"), event("ec2:RunInstances", error="Client.UnauthorizedOperation")), UseKind.DENIED),
        ((event(error="AccessDenied"), event()), UseKind.WORKLOAD),
        ((event(error="NoSuchBucket"),), UseKind.WORKLOAD),
        (({"CloudTrailEvent": "{"}, {"CloudTrailEvent": "[]"}, {}), UseKind.NONE),
    ],
)
def test_events_are_folded_into_one_verdict(events: tuple[dict[str, Any], ...], expected: UseKind) -> None:
    assert used(*events).kind is expected
    assert used(elsewhere=events).kind is expected


def test_what_was_seen_is_counted_the_most_frequent_first() -> None:
    found = used(event(), event("s3:GetBucketAcl", error="AccessDenied"), event())
    assert found.calls == (("s3:ListBuckets", 2), ("s3:GetBucketAcl", 1))
    assert (found.errors, found.addresses, found.event_ids[0]) == ((("AccessDenied", 1),), (("203.0.113.7", 3),), "e-s3:ListBuckets")
    assert found.text() == (
        "workload, by 3 events of CloudTrail in eu-west-1 and us-east-1: mostly s3:ListBuckets, from 203.0.113.7, "
        "with Boto3/1.42 md/Botocore"
    )


def test_a_denied_lookup_is_unknown_and_many_pages_are_not_all_read() -> None:
    denied = use_of(Trails({}, denied=True), deployed(), AS_OF)  # type: ignore[arg-type]  # it answers alike
    assert isinstance(denied, Unknown)
    assert "cloudtrail:LookupEvents is denied" in denied.reason
    trails = Trails({"eu-west-1": [{"Events": [event()]}] * (MOST_PAGES + 1)})
    many = use_of(trails, deployed(), AS_OF)  # type: ignore[arg-type]  # it answers alike
    assert isinstance(many, KeyUse)
    assert (many.events, many.complete) == (MOST_PAGES, False)


def test_only_keys_that_cloudtrail_can_know_of_are_asked_about() -> None:
    assert is_worth_asking(deployed(), AS_OF)
    for changes in ({"last_used": None}, {"last_used": AS_OF - timedelta(days=91)}, {"last_used": AS_STATED("denied")}, {"key_id": None}):
        assert not is_worth_asking(deployed(**changes), AS_OF)
    assert regions_of(deployed(used_for=("iam", "us-east-1"))) == ("us-east-1",)
    assert regions_of(deployed(used_for=("s3", "evil.example.com/"))) == ("us-east-1",)


def test_an_api_key_for_bedrock_is_asked_about_by_its_user_and_the_mark_of_its_calls() -> None:
    key = deployed(
        kind=KeyKind.SERVICE_CREDENTIAL, service="bedrock.amazonaws.com", user="ci", last_used=AS_STATED("not told"), used_for=None
    )
    assert is_worth_asking(key, AS_OF)
    assert not is_worth_asking(replace(key, service="codecommit.amazonaws.com"), AS_OF)
    by_token = event("bedrock:Converse", additionalEventData={"callWithBearerToken": True})
    others = (event("s3:ListBuckets"), event("bedrock:Converse", additionalEventData=None))
    trails = Trails({"eu-west-1": [{"Events": [by_token, *others]}]}, region="eu-west-1")
    found = use_of(trails, key, AS_OF)  # type: ignore[arg-type]  # it answers alike
    assert isinstance(found, KeyUse)
    assert (found.kind, found.events, found.regions) == (UseKind.WORKLOAD, 1, ("eu-west-1", "us-east-1"))
    (region, asked), *_ = trails.asked
    assert (region, asked["LookupAttributes"]) == ("eu-west-1", [{"AttributeKey": "Username", "AttributeValue": "ci"}])
    busy = Trails({"eu-west-1": [{"Events": list(others)}] * (MOST_PAGES + 1)}, region="eu-west-1")
    unknown = use_of(busy, key, AS_OF)  # type: ignore[arg-type]  # it answers alike
    assert isinstance(unknown, Unknown)
    assert "not all were read" in unknown.reason


KEY = access_key(
    address="arn:aws:iam::123456789012:user/ci/AKIAIOSFODNN7EXAMPLE",
    framework="aws",
    key_id="AKIAIOSFODNN7EXAMPLE",
    created=AS_OF - timedelta(days=20),
    owner=None,
)
ALICE = "arn:aws:iam::123456789012:user/alice"


CREDENTIAL = replace(KEY, key_id="ACCAEXAMPLE123EXAMPLE", kind=KeyKind.SERVICE_CREDENTIAL, service="bedrock.amazonaws.com")


def made(key_id: str, arn: object, **more: object) -> dict[str, Any]:
    head = {"eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey", "userIdentity": {"arn": arn}}
    return {"EventTime": AS_OF, "CloudTrailEvent": json.dumps({**head, "responseElements": {"accessKey": {"accessKeyId": key_id}}, **more})}


def at_home(*events: dict[str, Any]) -> Trails:
    """Where events of IAM are shown."""
    return Trails({"us-east-1": [{"Events": list(events)}]})


def test_the_event_of_the_creation_names_who_did_it() -> None:
    damaged: tuple[dict[str, Any], ...] = ({"CloudTrailEvent": "{"}, {"CloudTrailEvent": "[]"}, made("AKIAIOSFODNN7EXAMPLE", None), {})
    trail = at_home(*damaged, made("AKIAI44QH8DHBEXAMPLE", "arn:other"), made("AKIAIOSFODNN7EXAMPLE", ALICE))
    assert creators(trail, "aws", [KEY], AS_OF) == {"AKIAIOSFODNN7EXAMPLE": ALICE}  # type: ignore[arg-type]
    ((region, asked),) = trail.asked
    assert isinstance(KEY.created, datetime)
    assert asked["StartTime"] < KEY.created < asked["EndTime"] <= AS_OF
    assert region == "us-east-1"
    failed = at_home(made("AKIAIOSFODNN7EXAMPLE", ALICE, errorCode="LimitExceeded"))
    assert creators(failed, "aws", [KEY], AS_OF) == {}  # type: ignore[arg-type]
    assert creators(failed, "aws-iso", [KEY], AS_OF) == {}  # type: ignore[arg-type]


def test_the_creator_of_an_api_key_is_told_by_an_event_of_its_own() -> None:
    told = {"serviceSpecificCredential": {"serviceSpecificCredentialId": "ACCAEXAMPLE123EXAMPLE"}}
    trail = at_home(made("AKIAIOSFODNN7EXAMPLE", ALICE), made("", "arn:other", responseElements=told))
    assert creators(trail, "aws", [CREDENTIAL], AS_OF) == {"ACCAEXAMPLE123EXAMPLE": "arn:other"}  # type: ignore[arg-type]
    assert trail.asked[0][1]["LookupAttributes"][0]["AttributeValue"] == "CreateServiceSpecificCredential"
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
    keys = KEY, replace(KEY, created_by=ALICE), replace(KEY, created_by=ALICE, owner="payments@example.com")
    owners = [Step(key, (), Decision(Action.KEEP), AS_OF).owner for key in keys]
    assert owners == ["no owner", f"no owner, created by {ALICE}", "payments@example.com"]


def test_switches_that_were_refused_or_cannot_be_read_count_for_nothing() -> None:
    asked = {"requestParameters": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "status": "Inactive"}}
    told = [made("", ALICE, **asked), made("", ALICE, errorCode="AccessDenied", **asked), {"EventTime": AS_OF, "CloudTrailEvent": "{"}]
    found = read_trail(at_home(*told), "aws", AS_OF, KeyKind.ACCESS_KEY)  # type: ignore[arg-type]
    assert found == Trail({"AKIAIOSFODNN7EXAMPLE": [KeyEvent(AS_OF, ALICE)]})
