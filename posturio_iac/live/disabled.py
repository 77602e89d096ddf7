"""Since when keys have been switched off: CloudTrail tells for 90 days, our own state file for as long as it is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from posturio_iac.core.dates import parse_date
from posturio_iac.core.model import Unknown
from posturio_iac.live.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posturio_iac.live.model import DeployedKey
    from posturio_iac.live.session import Connection

MEMORY = timedelta(days=90)
"""For how long CloudTrail's event history goes back."""
MOST_PAGES = 40
UNTOLD = Unknown("IAM does not tell when a key was switched off")


@dataclass(slots=True)
class History:
    """What CloudTrail tells about an account."""

    switched_off: dict[str, datetime] = field(default_factory=dict)
    """The last time that a key was switched off, by key id."""
    complete_since: datetime | None = None
    """From when on no event is missing; None when that is not known."""


def off(key: DeployedKey) -> bool:
    """Whether a key is known to be switched off."""
    return key.status == "Inactive"


def history(connection: Connection, as_of: datetime) -> History:
    """Read from CloudTrail when keys were switched off.

    Raises:
        AwsError: it is denied or fails.

    """
    found = History()
    asked = [{"AttributeKey": "EventName", "AttributeValue": "UpdateAccessKey"}]
    pages = connection.pages("cloudtrail:LookupEvents", LookupAttributes=asked, StartTime=as_of - MEMORY, EndTime=as_of)
    for number, page in enumerate(pages, start=1):
        for event in page.get("Events", ()):
            _take(event, found)
        if number == MOST_PAGES:
            return found
    found.complete_since = as_of - MEMORY
    return found


def _take(event: dict[str, Any], found: History) -> None:
    """Add one event, unless it failed or is not understood."""
    try:
        detail = json.loads(event.get("CloudTrailEvent", ""))
    except (ValueError, RecursionError):
        return
    asked, when = detail.get("requestParameters") or {}, event.get("EventTime")
    if detail.get("errorCode") or not isinstance(when, datetime):
        return
    if asked.get("status") == "Inactive" and isinstance(asked.get("accessKeyId"), str):
        moment = when.astimezone(timezone.utc)
        known = found.switched_off.get(asked["accessKeyId"])
        found.switched_off[asked["accessKeyId"]] = moment if known is None else max(known, moment)


def from_trail(keys: Iterable[DeployedKey], known: History | AwsError | None) -> tuple[DeployedKey, ...]:
    """Return the keys with the day since when those that are not active are off, as far as CloudTrail tells.

    One that was off before its memory begins has been off at least since then.
    """
    return tuple(key if key.status == "Active" or key.user.is_root else _dated(key, known) for key in keys)


def _dated(key: DeployedKey, known: History | AwsError | None) -> DeployedKey:
    if isinstance(known, AwsError):
        return replace(key, disabled_since=Unknown(f"{UNTOLD.reason}, and {known}"))
    if known is None or not off(key):
        return replace(key, disabled_since=UNTOLD)
    when = known.switched_off.get(key.key_id or "")
    if when is not None:
        return replace(key, disabled_since=when, evidence=(*key.evidence, "UpdateAccessKey in CloudTrail"))
    since = known.complete_since
    if key.key_id and since is not None and isinstance(key.created, datetime) and key.created < since:
        return replace(key, disabled_since=since, evidence=(*key.evidence, "no UpdateAccessKey in 90 days of CloudTrail: off for longer"))
    return replace(key, disabled_since=UNTOLD)


def read_state(text: str) -> dict[str, datetime] | None:
    """Return since when keys were first seen inactive, by `name_of` them; None when ``text`` is no state of ours."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("posturio-iac-state") != 1 or not isinstance(document.get("inactive"), dict):
        return None
    moments = {name: parse_date(when) if isinstance(when, str) else None for name, when in document["inactive"].items()}
    return {name: when for name, when in moments.items() if when} if all(moments.values()) else None


def write_state(seen: dict[str, datetime]) -> str:
    """Return the text of a state file."""
    inactive = {name: when.isoformat().replace("+00:00", "Z") for name, when in sorted(seen.items())}
    return json.dumps({"posturio-iac-state": 1, "inactive": inactive}, indent=1) + "\n"


def name_of(key: DeployedKey) -> str:
    """What a state file calls a key: it holds no ids."""
    from hashlib import sha256

    return sha256(f"{key.user.arn}/{key.key_id}".encode()).hexdigest()[:32]


def from_state(keys: Iterable[DeployedKey], state: dict[str, datetime], as_of: datetime) -> tuple[DeployedKey, ...]:
    """Return the keys with what ``state`` remembers of them where nothing else tells, and keep ``state`` up to date."""
    return tuple(key if key.key_id is None else _remembered(key, state, as_of) for key in keys)


def _remembered(key: DeployedKey, state: dict[str, datetime], as_of: datetime) -> DeployedKey:
    name = name_of(key)
    if not off(key):
        if key.status == "Active":
            state.pop(name, None)
        return key
    first = min(state.get(name, as_of), as_of)
    state[name] = first
    if isinstance(key.disabled_since, datetime):
        return key
    return replace(key, disabled_since=first, evidence=(*key.evidence, f"first seen inactive by our state file on {first.date()}"))
