"""An account of AWS that is played in this process, so that hundreds of them are looked at in seconds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from posturio_iac.live.connection.calls import AwsError
from posturio_iac.live.model import Account
from tests.support.keys import AS_OF

ACCOUNT = Account("123456789012")
COLUMNS = "user,arn,user_creation_time," + ",".join(
    f"access_key_{slot}_{what}"
    for slot in (1, 2)
    for what in ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
)


MADE = datetime(2020, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Key:
    created: datetime
    used: datetime | None
    status: str
    told: bool
    """True if the report knows when it was used; it says no_information otherwise."""
    off: datetime | None
    rotated: datetime | None = None
    """What the report says for last_rotated, where that is not its creation."""
    before: datetime | None = None
    """When it was used before the last time, which is what a report of earlier tells."""


@dataclass(frozen=True)
class PlayedCredential:
    created: datetime
    status: str
    expires: datetime | None
    off: datetime | None
    service: str = "bedrock.amazonaws.com"


@dataclass(frozen=True)
class Person:
    path: str
    tags: tuple[tuple[str, str], ...]
    keys: tuple[Key, ...]
    reported: bool
    policies: tuple[str, ...] = ()
    credentials: tuple[PlayedCredential, ...] = ()


@dataclass
class Aws:
    people: list[Person]
    denied: frozenset[str] = frozenset()
    root_keys: int = 0
    deleted: frozenset[str] = frozenset()
    left: frozenset[int] = frozenset()
    calls: Counter[str] = field(default_factory=Counter)
    made: datetime = AS_OF
    account: Account = ACCOUNT

    def in_region(self, region: str) -> Aws:
        """The same account, seen from the one region that shows events of IAM."""
        assert region == "us-east-1"
        return self

    def call(self, operation: str, **asked: Any) -> dict[str, Any]:
        self._refuse(operation)
        match operation:
            case "iam:GenerateCredentialReport":
                return {"State": "COMPLETE"}
            case "iam:GetCredentialReport":
                return {"Content": self._report().encode(), "GeneratedTime": self.made}
            case "iam:GetAccountSummary":
                return {"SummaryMap": {"AccountAccessKeysPresent": self.root_keys, "Users": len(self.people) - len(self.left)}}
            case "iam:GetAccessKeyLastUsed":
                number, place = numbers_of(asked["AccessKeyId"])
                self._gone(operation, number, asked["AccessKeyId"])
                used = self.people[number].keys[place].used
                told = {"ServiceName": "s3", "Region": "eu-west-1"} if used else {"ServiceName": "N/A", "Region": "N/A"}
                return {"AccessKeyLastUsed": {**told, **({"LastUsedDate": used} if used else {})}}
        raise AssertionError(operation)

    def pages(self, operation: str, **asked: Any) -> Iterator[dict[str, Any]]:
        self._refuse(operation)
        present = [number for number in range(len(self.people)) if number not in self.left]
        users = [{"UserName": _name(n), "Arn": self._arn(n), "Tags": self._tags(n), "CreateDate": MADE} for n in present]
        match operation:
            case "iam:GetAccountAuthorizationDetails":
                for number, user in zip(present, users, strict=True):
                    names = self.people[number].policies
                    attached = [{"PolicyName": name, "PolicyArn": f"arn:aws:iam::aws:policy/{name}"} for name in names]
                    yield {"UserDetailList": [{**user, "AttachedManagedPolicies": attached}]}
            case "iam:ListUsers":
                yield {"Users": users}
            case "iam:ListUserTags":
                self._gone(operation, int(asked["UserName"][1:]))
                yield {"Tags": self._tags(int(asked["UserName"][1:]))}
            case "iam:ListAccessKeys":
                number = int(asked["UserName"][1:])
                self._gone(operation, number)
                keys = ((id_of(number, place), key) for place, key in enumerate(self.people[number].keys))
                listed = [{"AccessKeyId": i, "Status": k.status, "CreateDate": k.created} for i, k in keys if i not in self.deleted]
                yield {"AccessKeyMetadata": listed}
            case "iam:ListServiceSpecificCredentials":
                assert asked["AllUsers"] is True
                every = ((n, p, one) for n in present for p, one in enumerate(self.people[n].credentials))
                yield {
                    "ServiceSpecificCredentials": [_listed(n, p, one) for n, p, one in every if credential_id_of(n, p) not in self.deleted]
                }
            case "cloudtrail:LookupEvents":
                (name,) = (one["AttributeValue"] for one in asked["LookupAttributes"])
                told = (event for number, who in enumerate(self.people) for event in _events(number, who))
                yield {"Events": [event for event in told if event["EventName"] == name]}
            case _:
                raise AssertionError(operation)

    def _refuse(self, operation: str) -> None:
        self.calls[operation] += 1
        if operation in self.denied:
            raise AwsError(operation, "AccessDenied", "no")

    def _gone(self, operation: str, number: int, key_id: str = "") -> None:
        if number in self.left or key_id in self.deleted:
            raise AwsError(operation, "NoSuchEntity", "it is not there")

    def _arn(self, number: int) -> str:
        return f"arn:aws:iam::{self.account.id}:user{self.people[number].path}{_name(number)}"

    def _tags(self, number: int) -> list[dict[str, str]]:
        return [{"Key": name, "Value": value} for name, value in self.people[number].tags]

    def _report(self) -> str:
        lines = [COLUMNS]
        for number, who in enumerate(self.people):
            cells = [cell for place in (0, 1) for cell in self._cells(who.keys[place] if place < len(who.keys) else None)]
            lines += [",".join([_name(number), self._arn(number), MADE.isoformat(), *cells])] if who.reported else []
        return "\n".join(lines)

    def _cells(self, key: Key | None) -> list[str]:
        if key is None:
            return ["false", "N/A", "N/A", "N/A", "N/A"]
        last = key.used if key.used is None or key.used <= self.made else key.before
        used = "no_information" if not key.told else last.isoformat() if last else "N/A"
        place = ["eu-west-1", "s3"] if key.told and last else ["N/A", "N/A"]
        return ["true" if key.status == "Active" else "false", (key.rotated or key.created).isoformat(), used, *place]


def credential_id_of(number: int, place: int) -> str:
    """The id of an API key of a service, which ends like no access key."""
    return f"ACCA{number:08}{9000 + place:08}"


def _listed(number: int, place: int, one: PlayedCredential) -> dict[str, Any]:
    told = {"UserName": _name(number), "ServiceSpecificCredentialId": credential_id_of(number, place), "ServiceName": one.service}
    return {**told, "Status": one.status, "CreateDate": one.created, **({"ExpirationDate": one.expires} if one.expires else {})}


def _name(number: int) -> str:
    return f"u{number}"


def id_of(number: int, place: int) -> str:
    """The id of a key; the third one of a user ends like the first, and the fourth like the second."""
    return f"AKIA{number:08}{place // 2:04}{place % 2:04}"


def numbers_of(key_id: str) -> tuple[int, int]:
    return int(key_id[4:12]), 2 * int(key_id[12:16]) + int(key_id[16:])


def _events(number: int, who: Person) -> Iterator[dict[str, Any]]:
    for place, key in enumerate(who.keys):
        if key.off is not None:
            detail = {"requestParameters": {"accessKeyId": id_of(number, place), "status": "Inactive"}}
            yield {"EventTime": key.off, "EventName": "UpdateAccessKey", "CloudTrailEvent": json.dumps(detail)}
    for place, one in enumerate(who.credentials):
        if one.off is not None:
            detail = {"requestParameters": {"serviceSpecificCredentialId": credential_id_of(number, place), "status": "Inactive"}}
            yield {"EventTime": one.off, "EventName": "UpdateServiceSpecificCredential", "CloudTrailEvent": json.dumps(detail)}
