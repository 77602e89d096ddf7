"""Reads from CloudTrail when keys were switched on and off. Absence of events proves nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from posturio_iac.core.model import NOT_ACTIVE, KeyKind, Unknown
from posturio_iac.core.open_kinds import NO_REGION, SWITCH_UNSEEN, SWITCHED_OFF, USED_AFTER
from posturio_iac.live.connection.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posturio_iac.live.connection.session import Connection
    from posturio_iac.live.model import DeployedKey

TRAIL_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""The one region of a partition whose event history shows the events of IAM (SummitRoute/aws_breaking_changes#51)."""
MEMORY = timedelta(days=90)
"""How far CloudTrail's event history goes back."""
MOST_PAGES = 40
SETTLING = timedelta(hours=1)
"""How long a key may still be used after it was switched off, until every part of IAM knows of it."""
SWITCHES = {
    KeyKind.ACCESS_KEY: ("UpdateAccessKey", "accessKeyId"),
    KeyKind.SERVICE_CREDENTIAL: ("UpdateServiceSpecificCredential", "serviceSpecificCredentialId"),
}
"""The event that switches a key of each kind, and its name for the id."""
UNTOLD = SWITCH_UNSEEN("CloudTrail shows no event for it")


@dataclass(slots=True)
class Trail:
    """When the keys of an account were switched on and off, as far as CloudTrail tells."""

    switches: dict[str, list[tuple[datetime, bool]]] = field(default_factory=dict)
    """Time, and whether the key was active from then on, by key id."""
    actors: dict[tuple[str, datetime], str] = field(default_factory=dict)
    """Who switched, by key id and time."""
    events: dict[tuple[str, datetime], str] = field(default_factory=dict)
    """The ids of these events, likewise."""

    def last_on(self, key_id: str) -> datetime | None:
        return max((when for when, active in self.switches.get(key_id, ()) if active), default=None)

    def off_since(self, key_id: str) -> datetime | None:
        """Return when a key was first switched off after it was last switched on; repetitions do not count."""
        on = self.last_on(key_id)
        return min((when for when, active in self.switches.get(key_id, ()) if not active and (on is None or when >= on)), default=None)


def off(key: DeployedKey) -> bool:
    return isinstance(key.status, str) and key.status in NOT_ACTIVE


def is_undated(key: DeployedKey) -> bool:
    """True if events may tell since when a key has been off."""
    return off(key) and key.key_id is not None and key.disabled_since is None


def read_trail(connection: Connection, partition: str, as_of: datetime, kind: KeyKind) -> Trail | Unknown:
    """Read when keys of a kind were switched on and off, in the region of the partition that knows.

    Pages come newest first, so that events beyond the last page read can only make a key look switched off for less long.

    Raises:
        AwsError: it is denied or fails.

    """
    region = TRAIL_REGIONS.get(partition)
    if region is None:
        return NO_REGION(f"IAM events of the partition {partition}")
    found, (name, called) = Trail(), SWITCHES[kind]
    asked = [{"AttributeKey": "EventName", "AttributeValue": name}]
    pages = connection.in_region(region).pages("cloudtrail:LookupEvents", LookupAttributes=asked, StartTime=as_of - MEMORY, EndTime=as_of)
    for number, page in enumerate(pages, start=1):
        for event in page.get("Events", ()):
            _take(event, called, found)
        if number == MOST_PAGES:
            break
    return found


def _take(event: dict[str, Any], called: str, found: Trail) -> None:
    """Add one event, whose field ``called`` holds the id, unless it failed or is not understood."""
    try:
        detail = json.loads(event.get("CloudTrailEvent", ""))
        asked, when = detail.get("requestParameters") or {}, event.get("EventTime")
        key_id, status = asked.get(called), asked.get("status")
    except (ValueError, RecursionError, AttributeError, TypeError):
        return
    if not detail.get("errorCode") and isinstance(when, datetime) and isinstance(key_id, str) and status in ("Active", "Inactive"):
        moment = when.astimezone(timezone.utc)
        found.switches.setdefault(key_id, []).append((moment, status == "Active"))
        if isinstance(event.get("EventId"), str):
            found.events[key_id, moment] = event["EventId"]
        actor = detail.get("userIdentity")
        if isinstance(actor, dict) and isinstance(actor.get("arn"), str):
            found.actors[key_id, moment] = actor["arn"]


def from_trail(keys: Iterable[DeployedKey], known: Trail | Unknown | AwsError | None) -> tuple[DeployedKey, ...]:
    """The keys with the events that switched them, and the time since when those that are not active are off, where an event tells it."""
    return tuple(
        told if told.status == "Active" or told.user.is_root or told.disabled_since is not None else _dated(told, known)
        for told in (_switched(key, known) for key in keys)
    )


def _switched(key: DeployedKey, known: Trail | Unknown | AwsError | None) -> DeployedKey:
    if not isinstance(known, Trail) or key.key_id is None or not (switches := known.switches.get(key.key_id)):
        return key
    return replace(key, switched_on=known.last_on(key.key_id), switched=max(when for when, _ in switches))


def _dated(key: DeployedKey, known: Trail | Unknown | AwsError | None) -> DeployedKey:
    if isinstance(known, AwsError):
        return replace(key, disabled_since=SWITCH_UNSEEN(str(known)))
    if isinstance(known, Unknown):
        return replace(key, disabled_since=SWITCH_UNSEEN(known))
    key_id = key.key_id
    if known is None or key_id is None or not off(key):
        return replace(key, disabled_since=UNTOLD)
    since = known.off_since(key_id)
    if since is None:
        return replace(key, disabled_since=UNTOLD)
    used = None if key.is_credential else key.last_used
    if isinstance(used, Unknown):
        return replace(key, disabled_since=SWITCHED_OFF(str(since.date()), used))
    if isinstance(used, datetime) and used > since + SETTLING:
        return replace(key, disabled_since=USED_AFTER(str(since.date()), str(used.date())))
    later = max(since, used) if isinstance(used, datetime) else since
    by = known.actors.get((key_id, since))
    event = known.events.get((key_id, since))
    told = f"{SWITCHES[key.kind][0]} in CloudTrail{f', event {event}' if event else ''}"
    return replace(key, disabled_since=later, disabled_by=by, evidence=(*key.evidence, told))
