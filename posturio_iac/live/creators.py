"""The creators of keys without a known owner: from events of their creation in CloudTrail, which keeps them for 90 days."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from posturio_iac.core.model import KeyKind
from posturio_iac.live.reading.switches import MEMORY, MOST_PAGES, TRAIL_REGIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posturio_iac.core.model import AccessKey
    from posturio_iac.live.connection.session import Connection

AROUND = timedelta(minutes=5)
"""How far apart the time of an event and that of the key may be."""
EVENTS = {
    KeyKind.ACCESS_KEY: ("CreateAccessKey", "accessKey", "accessKeyId"),
    KeyKind.SERVICE_CREDENTIAL: ("CreateServiceSpecificCredential", "serviceSpecificCredential", "serviceSpecificCredentialId"),
}
"""The event of each kind of key, and where its answer has the id."""


def is_worth_asking(key: AccessKey, as_of: datetime) -> bool:
    """True if nobody is known to own a key, and CloudTrail can still tell who created it."""
    nameless = key.owner is None and key.is_root is not True and key.key_id is not None
    nameless = nameless and key.created_by is None  # the ledger may know it already
    return nameless and isinstance(key.created, datetime) and as_of - key.created <= MEMORY


def creators(connection: Connection, partition: str, keys: Sequence[AccessKey], as_of: datetime) -> dict[str, str]:
    """The ARN of the creator of each of these keys, by their ids, as far as events tell. Raises `AwsError`."""
    region = TRAIL_REGIONS.get(partition)
    if region is None:
        return {}
    found: dict[str, str] = {}
    for kind in EVENTS:
        if some := [key for key in keys if key.kind is kind]:
            found |= _found(connection.in_region(region), kind, some, as_of)
    return found


def _found(connection: Connection, kind: KeyKind, keys: Sequence[AccessKey], as_of: datetime) -> dict[str, str]:
    ids = {key.key_id for key in keys}
    times = [key.created for key in keys if isinstance(key.created, datetime)]
    asked = [{"AttributeKey": "EventName", "AttributeValue": EVENTS[kind][0]}]
    span = {"StartTime": min(times) - AROUND, "EndTime": min(max(times) + AROUND, as_of)}
    found: dict[str, str] = {}
    pages = connection.pages("cloudtrail:LookupEvents", LookupAttributes=asked, **span)
    for number, page in enumerate(pages, start=1):
        told = (_told(event, kind) for event in page.get("Events", ()))
        found |= {key_id: arn for key_id, arn in filter(None, told) if key_id in ids}
        if number == MOST_PAGES or len(found) == len(ids):
            break
    return found


def _told(event: Mapping[str, Any], kind: KeyKind) -> tuple[str, str] | None:
    """The id of the key and the ARN of its creator; nothing for an event that failed or is not understood."""
    _, answer, name = EVENTS[kind]
    try:
        detail = json.loads(event.get("CloudTrailEvent", ""))
        key_id, arn = detail["responseElements"][answer][name], detail["userIdentity"]["arn"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return None
    return (key_id, arn) if isinstance(key_id, str) and isinstance(arn, str) and arn and not detail.get("errorCode") else None
