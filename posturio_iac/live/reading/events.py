"""Reads events of CloudTrail: the one place that knows their shape. An event that is not understood is passed over."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from posturio_iac.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posturio_iac.live.connection.session import Connection

TRAIL_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""The one region of a partition whose event history shows the events of IAM (SummitRoute/aws_breaking_changes#51)."""
MEMORY = timedelta(days=90)
"""How far CloudTrail's event history goes back."""
LATE = timedelta(minutes=15)
"""How late it shows an event."""


class TrailEvent(NamedTuple):
    """One event."""

    at: datetime
    name: str
    """Service and call, such as ``iam:UpdateAccessKey``."""
    id: str
    by: str
    """The ARN of whoever made the call; empty where it is not told."""
    key_id: str
    """The access key that signed it, likewise."""
    error: str
    """The error code; empty for a call that succeeded."""
    detail: Mapping[str, Any]
    """The whole event."""

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
    """False if there are more than were read; the newest come first."""


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
