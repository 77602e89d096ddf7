"""Reads events of CloudTrail: the one place that knows their shape. An event that is not understood is passed over."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from posturio_iac.core.model import NOT_ACTIVE, AccessKey, KeyKind, Unknown
from posturio_iac.core.record import NamedTuple, replace
from posturio_iac.core.unknown import NO_REGION, SWITCH_UNSEEN, SWITCHED_OFF, USED_AFTER
from posturio_iac.live.connection.calls import AwsError
from posturio_iac.live.model import DeployedKey, KeyEvent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from posturio_iac.live.connection.session import Connection

TRAIL_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""The one region of a partition whose event history shows the events of IAM (SummitRoute/aws_breaking_changes#51)."""
MEMORY = timedelta(days=90)


class TrailEvent(NamedTuple):
    """One event."""

    at: datetime
    name: str
    id: str
    by: str  # the ARN of whoever made the call; empty where it is not told
    key_id: str  # the access key that signed it, likewise
    error: str
    detail: Mapping[str, Any]

    def held(self, *names: str) -> Any:
        """A field of the event by its path; None where it is not there."""
        value: Any = self.detail
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value


class Events(NamedTuple):
    """The events of one question."""

    found: tuple[TrailEvent, ...]
    complete: bool


def lookup(connection: Connection, attribute: tuple[str, str], span: tuple[datetime, datetime], most_pages: int) -> Events:
    """Read the events with an attribute, the newest first, in the region of the connection. Raises `AwsError`."""
    asked = [{"AttributeKey": attribute[0], "AttributeValue": attribute[1]}]
    pages = connection.pages("cloudtrail:LookupEvents", LookupAttributes=asked, StartTime=span[0], EndTime=span[1])
    found: list[TrailEvent] = []
    for number, page in enumerate(pages, start=1):
        found += filter(None, map(_event, page.get("Events", ())))
        if number == most_pages:
            return Events(tuple(found), not page.get("NextToken"))
    return Events(tuple(found), complete=True)


def _event(told: Mapping[str, Any]) -> TrailEvent | None:
    try:
        detail, when = json.loads(told.get("CloudTrailEvent", "")), told.get("EventTime")
        source, name = str(detail.get("eventSource", "")).partition(".")[0], str(detail.get("eventName", ""))
        who = detail.get("userIdentity")
        who = who if isinstance(who, dict) else {}
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return None
    if not isinstance(when, datetime):
        return None
    by, key_id, error, number = who.get("arn"), who.get("accessKeyId"), detail.get("errorCode"), told.get("EventId")
    number, by, key_id, error = (text if isinstance(text, str) else "" for text in (number, by, key_id, error))
    return TrailEvent(when.astimezone(timezone.utc), f"{source}:{name}", number, by, key_id, error, detail)


MOST_PAGES = 40
SETTLING = timedelta(hours=1)  # how long a key may still be used after it was switched off, until every part of IAM knows of it
SWITCHES = {
    KeyKind.ACCESS_KEY: ("UpdateAccessKey", "accessKeyId"),
    KeyKind.SERVICE_CREDENTIAL: ("UpdateServiceSpecificCredential", "serviceSpecificCredentialId"),
}
NO_EVENT = SWITCH_UNSEEN("CloudTrail shows no event for it")


@dataclass(slots=True)
class Trail:
    """When the keys of an account were switched on and off, as far as CloudTrail tells."""

    switches: dict[str, list[KeyEvent]] = field(default_factory=dict)

    def last_on(self, key_id: str) -> datetime | None:
        return max((event.at for event in self.switches.get(key_id, ()) if event.active), default=None)

    def off_since(self, key_id: str) -> KeyEvent | None:
        """The event that first switched a key off after it was last switched on; repetitions do not count."""
        on = self.last_on(key_id)
        off_then = (event for event in self.switches.get(key_id, ()) if not event.active and (on is None or event.at >= on))
        return min(off_then, key=lambda event: event.at, default=None)


def off(key: DeployedKey) -> bool:
    return isinstance(key.status, str) and key.status in NOT_ACTIVE


def is_undated(key: DeployedKey) -> bool:
    return off(key) and key.key_id is not None and key.disabled_since is None


def read_trail(connection: Connection, partition: str, as_of: datetime, kind: KeyKind) -> Trail | Unknown:
    """When keys were switched; events beyond the last page can only make a key look off for less long. Raises `AwsError`."""
    region = TRAIL_REGIONS.get(partition)
    if region is None:
        return NO_REGION(f"IAM events of the partition {partition}")
    found, (name, called) = Trail(), SWITCHES[kind]
    for event in lookup(connection.in_region(region), ("EventName", name), (as_of - MEMORY, as_of), MOST_PAGES).found:
        key_id, status = event.held("requestParameters", called), event.held("requestParameters", "status")
        if not event.error and isinstance(key_id, str) and status in ("Active", "Inactive"):
            found.switches.setdefault(key_id, []).append(KeyEvent(event.at, event.by, event.id, status == "Active"))
    return found


def read_deletions(connection: Connection, partition: str, as_of: datetime) -> dict[str, KeyEvent]:
    """The events that deleted keys of any kind, by key id. Raises `AwsError`."""
    region, found = TRAIL_REGIONS.get(partition), dict[str, KeyEvent]()
    for name, called in SWITCHES.values() if region is not None else ():
        asked = ("EventName", name.replace("Update", "Delete"))
        for event in lookup(connection.in_region(str(region)), asked, (as_of - MEMORY, as_of), MOST_PAGES).found:
            key_id = event.held("requestParameters", called)
            if not event.error and isinstance(key_id, str):
                found[key_id] = KeyEvent(event.at, event.by, event.id)
    return found


def from_trail(key: DeployedKey, known: Trail | Unknown | AwsError | None) -> DeployedKey:
    """The key with the events that switched it, and the time since when it is off if it is not active, where an event tells it."""
    told = _switched(key, known)
    return told if told.status == "Active" or told.user.is_root or told.disabled_since is not None else _dated(told, known)


def _switched(key: DeployedKey, known: Trail | Unknown | AwsError | None) -> DeployedKey:
    if not isinstance(known, Trail) or key.key_id is None or not (switches := known.switches.get(key.key_id)):
        return key
    return replace(key, switched_on=known.last_on(key.key_id), switched=max(event.at for event in switches))


def _dated(key: DeployedKey, known: Trail | Unknown | AwsError | None) -> DeployedKey:
    if isinstance(known, AwsError):
        return replace(key, disabled_since=SWITCH_UNSEEN(str(known)))
    if isinstance(known, Unknown):
        return replace(key, disabled_since=SWITCH_UNSEEN(known))
    event = known.off_since(key.key_id) if known is not None and key.key_id is not None and off(key) else None
    if event is None:
        return replace(key, disabled_since=NO_EVENT)
    since, used = event.at, None if key.is_credential else key.last_used
    if isinstance(used, Unknown):
        return replace(key, disabled_since=SWITCHED_OFF(str(since.date()), used))
    if isinstance(used, datetime) and used > since + SETTLING:
        return replace(key, disabled_since=USED_AFTER(str(since.date()), str(used.date())))
    later = max(since, used) if isinstance(used, datetime) else since
    told = f"{SWITCHES[key.kind][0]} in CloudTrail{f', event {event.id}' if event.id else ''}"
    return replace(key, disabled_since=later, switched_off=event, evidence=(*key.evidence, told))


AROUND = timedelta(minutes=5)  # how far apart the time of an event and that of the key may be
CREATIONS = {
    KeyKind.ACCESS_KEY: ("CreateAccessKey", "accessKey", "accessKeyId"),
    KeyKind.SERVICE_CREDENTIAL: ("CreateServiceSpecificCredential", "serviceSpecificCredential", "serviceSpecificCredentialId"),
}


def has_creation_event(key: AccessKey, as_of: datetime) -> bool:
    """True if nobody is known to own a key, and CloudTrail can still tell who created it."""
    nameless = key.owner is None and key.is_root is not True and key.key_id is not None
    nameless = nameless and key.created_by is None  # the ledger may know it already
    return nameless and isinstance(key.created, datetime) and as_of - key.created <= MEMORY


def creators(connection: Connection, partition: str, keys: Sequence[AccessKey], as_of: datetime) -> dict[str, str]:
    """The ARN of the creator of each of these keys, by their ids, as far as events tell. Raises `AwsError`."""
    found: dict[str, str] = {}
    for kind, (name, answer, called) in CREATIONS.items():
        ids = {key.key_id for key in keys if key.kind is kind}
        times = [key.created for key in keys if key.kind is kind and isinstance(key.created, datetime)]
        if times and (region := TRAIL_REGIONS.get(partition)) is not None:
            span = (min(times) - AROUND, min(max(times) + AROUND, as_of))
            told = lookup(connection.in_region(region), ("EventName", name), span, MOST_PAGES).found
            made = ((event.held("responseElements", answer, called), event) for event in told)
            found |= {key_id: event.by for key_id, event in made if key_id in ids and event.by and not event.error}
    return found
