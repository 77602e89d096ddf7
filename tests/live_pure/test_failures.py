"""Signs of failure after a key was switched off: new errors of its user, where CloudTrail was asked, and never a proof of none."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from posturio_iac.core.finding import Exit, Report, Severity
from posturio_iac.core.model import Unknown
from posturio_iac.live.connection.errors import AwsError
from posturio_iac.retire.verify.failures import MOST_PAGES, FailureSearch
from posturio_iac.retire.verify.model import FailureSigns, FindingState, MissedKey, Verification, Verified
from tests.support.keys import AS_OF

if TYPE_CHECKING:
    from collections.abc import Iterator

ARN, ID = "arn:aws:iam::123456789012:user/ci", "AKIAIOSFODNN7EXAMPLE"
OFF = AS_OF - timedelta(days=13)
KEY = MissedKey(ID, "ci", ARN, "aws", "eu-west-1", OFF)
RESULT = Verified(
    FindingState.RESOLVED, "iam.unused_access_keys", Severity.MEDIUM, f"{ARN}/{ID}", "123456789012", "ci", None, "it is off", "", "", "f"
)


def event(days: float, error: str | None = "AccessDenied", call: str = "s3:ListBuckets", arn: str | None = ARN, key_id: str = "") -> Any:
    """An event so many days after the key was switched off."""
    service, name = call.split(":")
    detail = {
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "userIdentity": {"arn": arn, **({"accessKeyId": key_id} if key_id else {})},
        **({"errorCode": error} if error else {}),
    }
    return {"EventId": f"{call}{error}{days}", "EventTime": OFF + timedelta(days=days), "CloudTrailEvent": json.dumps(detail)}


class Trails:
    """Answers LookupEvents about the user, by region."""

    def __init__(self, denied: str = "", **events: list[Any]) -> None:
        self.events = {region.replace("_", "-"): told for region, told in events.items()}
        self.denied, self.region = denied, ""
        self.asked: list[tuple[str, str, Any, Any]] = []

    def in_region(self, region: str) -> Trails:
        made = Trails(self.denied)
        made.events, made.region, made.asked = self.events, region, self.asked
        return made

    def pages(self, operation: str, **asked: Any) -> Iterator[dict[str, Any]]:
        (one,) = asked["LookupAttributes"]
        self.asked.append((self.region, one["AttributeKey"], asked["StartTime"], asked["EndTime"]))
        if self.region == self.denied:
            raise AwsError(operation, "AccessDeniedException", "no")
        told = sorted(self.events.get(self.region, ()), key=lambda event: event["EventTime"], reverse=True)
        pages = [told[start : start + 50] for start in range(0, len(told), 50)] or [[]]
        yield from ({"Events": page, **({"NextToken": "t"} if number < len(pages) else {})} for number, page in enumerate(pages, start=1))


def signs(trails: Trails, key: MissedKey = KEY) -> FailureSigns:
    found = FailureSearch(trails, AS_OF).signs(key)  # type: ignore[arg-type]
    assert isinstance(found, FailureSigns), found
    return found


def test_silence_says_from_when_to_when_and_where_and_that_it_is_no_more() -> None:
    trails = Trails()
    found = signs(trails)
    result = RESULT.with_signs(found)
    assert (result.state, found.errors, found.complete) == (FindingState.QUIET, (), True)
    assert result.why == (
        "it is off; no sign of failure in 13 days: CloudTrail shows no new error of user ci from "
        f"{OFF:%Y-%m-%d %H:%M} to {AS_OF:%Y-%m-%d %H:%M} UTC in eu-west-1 and us-east-1; no other region was looked at"
    )
    assert [(region, name) for region, name, *_ in trails.asked] == [
        (region, name) for region in ("eu-west-1", "us-east-1") for name in ("AccessKeyId", "Username")
    ]
    assert {end for *_, end in trails.asked} == {AS_OF}
    assert Verification(OFF, (result,)).exit_code(Report(AS_OF, (), (), (), 0), Severity.LOW) is Exit.CLEAN


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        ([event(2), event(3)], {"s3:ListBuckets AccessDenied": 2}),
        ([event(-3), event(2)], {}),
        ([event(-3, call="ec2:DescribeHosts"), event(2)], {"s3:ListBuckets AccessDenied": 1}),
        ([event(2, error=None)], {}),
        ([event(2, arn=f"{ARN}-other")], {}),
        ([event(2, arn=None)], {"s3:ListBuckets AccessDenied": 1}),
        (
            [event(-1, "InvalidClientTokenId", key_id=ID), event(2, "InvalidClientTokenId", key_id=ID)],
            {"s3:ListBuckets InvalidClientTokenId": 1},
        ),
        ([event(2, error=None, key_id=ID)], {"s3:ListBuckets": 1}),
        ([event(0.01, error=None, key_id=ID)], {}),
        ([{"EventTime": OFF, "CloudTrailEvent": text} for text in ("{", "[]", "{}", '{"userIdentity": 3}')], {}),
    ],
    ids=["new", "usual", "another before", "no error", "another user", "nobody named", "the key itself", "it works", "settling", "damaged"],
)
def test_new_errors_of_the_user_and_calls_with_the_key_are_signs(told: list[Any], counted: dict[str, int]) -> None:
    found = signs(Trails(us_east_1=told))
    result = RESULT.with_signs(found)
    assert dict(found.errors) == counted
    assert result.state is (FindingState.FAILING if counted else FindingState.QUIET)
    assert len(found.event_ids) == sum(counted.values())
    code = Verification(OFF, (result,)).exit_code(Report(AS_OF, (), (), (), 0), None)
    assert code is (Exit.FINDINGS if counted else Exit.CLEAN)


def test_events_that_were_not_all_read_prove_no_silence() -> None:
    many = [event(12 - number / 1000, error=None) for number in range(50 * MOST_PAGES + 1)]
    result = RESULT.with_signs(signs(Trails(eu_west_1=many)))
    assert result.state is FindingState.RESOLVED
    assert "it is not known whether anything fails without it: CloudTrail has more events" in result.why
    enough = RESULT.with_signs(signs(Trails(eu_west_1=[event(-number / 1000, error=None) for number in range(50 * MOST_PAGES + 1)])))
    assert enough.state is FindingState.QUIET, "those beyond are from before it was switched off"


@pytest.mark.parametrize(
    ("trails", "key", "why"),
    [
        (Trails(denied="us-east-1"), KEY, "it is not known whether anything fails without it: cloudtrail:LookupEvents"),
        (Trails(), replace(KEY, since=AS_OF - timedelta(hours=23)), "it is too early for a sign of failure"),
        (Trails(), replace(KEY, partition="aws-iso", region=""), "it is not known in which region CloudTrail shows its events"),
    ],
)
def test_what_was_not_read_is_no_silence(trails: Trails, key: MissedKey, why: str) -> None:
    found = FailureSearch(trails, AS_OF).signs(key)  # type: ignore[arg-type]
    assert isinstance(found, Unknown)
    result = RESULT.with_signs(found)
    assert (result.state, result.failures, why in result.why) == (FindingState.RESOLVED, None, True)


def test_a_key_that_several_findings_are_about_is_asked_for_once() -> None:
    trails = Trails()
    search = FailureSearch(trails, AS_OF)  # type: ignore[arg-type]
    assert search.signs(KEY) is search.signs(replace(KEY))
    assert len(trails.asked) == 4
    search.signs(replace(KEY, key_id=None, region="us-east-1"))
    assert [name for _, name, *_ in trails.asked[4:]] == ["Username"]
