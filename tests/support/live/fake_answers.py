"""What AWS answers where moto answers otherwise, after AWS's documentation and its public recorded answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import starmap
from typing import Any

from tests.support.keys import AS_OF
from tests.support.live.cloud import ACCOUNT
from tests.support.live.fake_account import CallEvent, Event, FakeAws, FakeCredential

Asked = dict[str, Any]
Answer = dict[str, Any]
Moto = Callable[[], Answer]

LATE = timedelta(minutes=15)
MEMORY = timedelta(days=90)
HOMES = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
"""AWS's notice names us-east-1; the others are its counterparts."""
KEPT = timedelta(hours=4)
CALLER = "moto"  # name of the user whose credentials the tests have, by moto's GetCallerIdentity
COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,"
    "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,"
    "cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)
NO_KEY = ["false", "N/A", "N/A", "N/A", "N/A"]
ROOT_MADE = AS_OF - timedelta(days=2000)


class RefusalError(Exception):
    def __init__(self, code: str, message: str = "no", status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


def denial() -> RefusalError:
    return RefusalError("AccessDenied", "User is not authorized to perform this action", 403)


def _paged(fake: FakeAws, asked: Asked, entries: list[Any]) -> tuple[list[Any], Answer]:
    """One page, and what says whether there are more; the marker is nobody's business but AWS's."""
    start = int(asked.get("Marker", "next-0").removeprefix("next-"))
    end = start + min(int(asked.get("MaxItems", 100)), fake.page)
    more = end < len(entries)
    return entries[start:end], {"IsTruncated": more, **({"Marker": f"next-{end}"} if more else {})}


def _pages_of(*parts: str) -> Callable[[FakeAws, Asked, Moto], Answer]:
    """Cut the answer of moto, which has lists of these names, into pages."""

    def answer(fake: FakeAws, asked: Asked, moto: Moto) -> Answer:
        whole = moto()
        entries, told = _paged(fake, asked, [(part, entry) for part in parts for entry in whole.get(part, ())])
        lists = {part: [entry for name, entry in entries if name == part] for part in parts if part in whole}
        return {**whole, **lists, **told}

    return answer


def _generate_report(fake: FakeAws, _asked: Asked, _moto: Moto) -> Answer:
    if fake.report is not None and fake.now - fake.report[0] < KEPT:
        return {"State": "COMPLETE"}
    fake.report = (fake.now, _report(fake))
    return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}


def _get_report(fake: FakeAws, _asked: Asked, _moto: Moto) -> Answer:
    if fake.report is None:
        raise RefusalError("ReportNotPresent", "No report is present", 410)
    if fake.report_building > 0:
        fake.report_building -= 1
        raise RefusalError("ReportInProgress", "Report generation is still in progress", 404)
    made, text = fake.report
    return {"Content": text.encode(), "ReportFormat": "text/csv", "GeneratedTime": made}


def _report(fake: FakeAws) -> str:
    root = [["true", (ROOT_MADE + timedelta(days=n)).isoformat(), "N/A", "N/A", "N/A"] for n in range(fake.root_keys)]
    users = [(u.name, u.arn, u.create_date, "false", [_cells(fake, key) for key in u.access_keys]) for u in fake.backend.users.values()]
    lines = [_line("<root_account>", f"arn:{fake.partition}:iam::{ACCOUNT}:root", ROOT_MADE, "not_supported", root), *starmap(_line, users)]
    return "\n".join([COLUMNS, *lines])


def _line(name: str, arn: str, made: datetime, password: str, keys: list[list[str]]) -> str:
    cells = [cell for place in (0, 1) for cell in (keys[place] if place < len(keys) else NO_KEY)]
    return ",".join([name, arn, made.isoformat(), password, "N/A", "N/A", "N/A", "false", *cells, "false", "N/A", "false", "N/A"])


def _cells(fake: FakeAws, key: Any) -> list[str]:
    used = key.last_used
    use = [used.timestamp.isoformat(), used.region, used.service] if used else ["N/A", "N/A", "N/A"]
    return ["true" if key.status == "Active" else "false", fake.rotated(key).isoformat(), *use]


def _summary(fake: FakeAws, _asked: Asked, moto: Moto) -> Answer:
    """AccountAccessKeysPresent is a flag: 1 for two keys."""
    return {"SummaryMap": moto()["SummaryMap"] | {"AccountAccessKeysPresent": min(fake.root_keys, 1)}}


def _last_used(fake: FakeAws, asked: Asked, moto: Moto) -> Answer:
    """A key that is not there is denied to everybody."""
    if fake.status(asked["AccessKeyId"]) is None:
        raise denial()
    return moto()


def _list_credentials(fake: FakeAws, asked: Asked, _moto: Moto) -> Answer:
    everybody, name = asked.get("AllUsers") == "true", asked.get("UserName")
    if everybody and name is not None:
        raise RefusalError("ValidationError", "AllUsers and UserName cannot be specified together")
    if name is not None and name not in {user.name for user in fake.backend.users.values()}:
        raise RefusalError("NoSuchEntity", f"The user with name {name} cannot be found.", 404)
    if name is None and not everybody:  # then it is about whoever asks, who has none
        return {"ServiceSpecificCredentials": [], "IsTruncated": False}
    services = {asked["ServiceName"]} if "ServiceName" in asked else {one.service for one in fake.credentials}
    found = [one for one in fake.credentials if one.service in services and name in (None, one.user)]
    entries, told = _paged(fake, asked, found)
    return {"ServiceSpecificCredentials": [_shown(fake, one) for one in entries], **told}


def _shown(fake: FakeAws, one: FakeCredential) -> Answer:
    end = {"ExpirationDate": one.expires} if one.expires else {}
    alias = {"ServiceCredentialAlias": f"{one.user}-at-{ACCOUNT}"} if one.service == "bedrock.amazonaws.com" else {}
    told = {"UserName": one.user, "Status": one.seen(fake.now), "CreateDate": one.created, "ServiceName": one.service, **alias, **end}
    return {**told, "ServiceSpecificCredentialId": one.id}


def _credential(fake: FakeAws, asked: Asked) -> FakeCredential:
    for one in fake.credentials:
        if (one.id, one.user) == (asked["ServiceSpecificCredentialId"], asked.get("UserName")):
            return one
    raise RefusalError("NoSuchEntity", f"Service Specific Credential {asked['ServiceSpecificCredentialId']} does not exist.", 404)


def _update_credential(fake: FakeAws, asked: Asked, _moto: Moto) -> Answer:
    fake.switch(_credential(fake, asked).id, asked["Status"], by=CALLER)
    return {}


def _delete_credential(fake: FakeAws, asked: Asked, _moto: Moto) -> Answer:
    fake.credentials.remove(gone := _credential(fake, asked))
    fake.events.append(Event(fake.now, gone.id, "", "DeleteServiceSpecificCredential", CALLER))
    return {}


def _update_key(fake: FakeAws, asked: Asked, moto: Moto) -> Answer:
    answer = moto()
    fake.switch(asked["AccessKeyId"], asked["Status"], by=CALLER)
    return answer


def _delete_key(fake: FakeAws, asked: Asked, moto: Moto) -> Answer:
    answer = moto()
    fake.events.append(Event(fake.now, asked["AccessKeyId"], "", "DeleteAccessKey", CALLER))
    return answer


def lookup(fake: FakeAws, region: str, asked: Asked) -> Answer:
    """Answer LookupEvents: newest first, late, for 90 days, by the page, and of IAM only in the home region of the partition."""
    limits = (float(asked.get(name, other)) for name, other in (("StartTime", 0), ("EndTime", 1e11)))
    start, end = (datetime.fromtimestamp(limit, tz=AS_OF.tzinfo) for limit in limits)
    (wanted,) = ((one["AttributeKey"], one["AttributeValue"]) for one in asked["LookupAttributes"])
    about: list[Event] = fake.events if region == HOMES[fake.partition] else []
    told: list[Event | CallEvent] = [event for event in about if wanted in (("EventName", event.name), ("Username", event.by))]
    told += [e for e in fake.calls if e.region == region and wanted in (("AccessKeyId", e.key_id), ("Username", e.user))]
    told = [e for e in told if fake.now - MEMORY <= e.at <= fake.now - LATE]
    told = [e for e in told if start <= e.at <= end]
    here = sorted(told, key=lambda e: e.at, reverse=True)
    size = min(asked.get("MaxResults", 50), fake.page)
    first = int(asked.get("NextToken", "0"))
    more = {"NextToken": str(first + size)} if first + size < len(here) else {}
    return {"Events": [_written(fake, event) for event in here[first : first + size]], **more}


def _written(fake: FakeAws, event: Event | CallEvent) -> Answer:
    who, head = f"arn:{fake.partition}:iam::{ACCOUNT}:user/", {"eventSource": "iam.amazonaws.com"}
    detail: dict[str, Any]
    if isinstance(event, CallEvent):
        service, _, name = event.call.partition(":")
        identity = {"type": "IAMUser", "arn": f"{who}{event.user}", "userName": event.user, "accessKeyId": event.key_id}
        head = {"eventSource": f"{service}.amazonaws.com", **({"errorCode": event.error} if event.error else {})}
        detail = {"userIdentity": identity, **({"additionalEventData": {"callWithBearerToken": True}} if event.by_token else {})}
    else:
        name = event.name
        named = "serviceSpecificCredentialId" if name.endswith("Credential") else "accessKeyId"
        about = {"accessKey": {"accessKeyId": event.key_id}}
        detail = {"requestParameters": {named: event.key_id, "status": event.status}}
        detail |= {"userIdentity": {"arn": f"{who.replace(':iam:', ':sts:') if event.by == CALLER else who}{event.by}"}} if event.by else {}
        detail |= {"responseElements": about} if name == "CreateAccessKey" else {}
    number = [id(one) for one in (*fake.events, *fake.calls)].index(id(event))
    told = json.dumps({"eventTime": f"{event.at:%Y-%m-%dT%H:%M:%SZ}", "eventName": name, **head, **detail})
    return {"EventId": f"event-{number}", "EventTime": event.at.timestamp(), "EventName": name, "CloudTrailEvent": told}


ANSWERS: dict[str, Callable[[FakeAws, Asked, Moto], Answer]] = {
    "GenerateCredentialReport": _generate_report,
    "GetCredentialReport": _get_report,
    "GetAccountSummary": _summary,
    "GetAccessKeyLastUsed": _last_used,
    "GetAccountAuthorizationDetails": _pages_of("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"),
    "ListUsers": _pages_of("Users"),
    "ListUserTags": _pages_of("Tags"),
    "ListAccessKeys": _pages_of("AccessKeyMetadata"),
    "ListServiceSpecificCredentials": _list_credentials,
    "UpdateServiceSpecificCredential": _update_credential,
    "DeleteServiceSpecificCredential": _delete_credential,
    "UpdateAccessKey": _update_key,
    "DeleteAccessKey": _delete_key,
}
"""Operations of IAM; the third argument gives moto's answer."""
