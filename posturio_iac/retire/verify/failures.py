"""Signs that something still needs a key that is gone or switched off: new errors of its user in CloudTrail, and calls with the key.

No event is no proof. CloudTrail's history keeps no calls for data, and AWS documents events of requests that were authenticated, which one
signed with a disabled key is not. So the result always states what was looked at, and where.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from posturio_iac.core.open_kinds import NO_REGION, NOT_KNOWN, NOT_YET
from posturio_iac.live.connection.errors import AwsError
from posturio_iac.live.context import regions_for
from posturio_iac.live.reading.switches import MEMORY, SETTLING
from posturio_iac.retire.verify.model import FailureSigns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from posturio_iac.core.model import Attr
    from posturio_iac.live.connection.session import Connection
    from posturio_iac.retire.verify.model import MissedKey

MOST_PAGES = 10
"""The most pages, of 50 events each, of one query in one region."""
BEFORE = timedelta(days=14)
"""How long before it was switched off an error may have come already, and so is not new."""
TOO_EARLY = timedelta(days=1)
"""Before that, a job that needs the key may not have run once."""
SHOWN = 5


@dataclass(slots=True)
class _Seen:
    """The counts of events about one key."""

    usual: set[str] = field(default_factory=set)
    """Errors from before it was switched off."""
    errors: dict[str, list[str]] = field(default_factory=dict)
    """Ids of events since then, by call and error code."""
    tried: dict[str, list[str]] = field(default_factory=dict)
    """The same of calls with the key itself."""
    ids: set[str] = field(default_factory=set)
    complete: bool = True


class FailureSearch:
    """Looks for failures in one account. Each region has one connection, which keeps to the rate that AWS allows."""

    def __init__(self, connection: Connection, as_of: datetime) -> None:
        """Look with a connection to the account, at the time ``as_of``."""
        self._connection, self._as_of = connection, as_of
        self._regions: dict[str, Connection] = {}
        self._known: dict[MissedKey, Attr[FailureSigns]] = {}

    def signs(self, key: MissedKey) -> Attr[FailureSigns]:
        """Return what CloudTrail shows since the key was switched off, or why that is not known: a clause without a full stop."""
        if key not in self._known:
            self._known[key] = self._look(key)
        return self._known[key]

    def _look(self, key: MissedKey) -> Attr[FailureSigns]:
        if self._as_of - key.since < TOO_EARLY:
            return NOT_YET()
        regions = regions_for(key.partition, key.region)
        if not regions:
            return NOT_KNOWN("whether anything fails without it", NO_REGION("its events"))
        since, seen = max(key.since, self._as_of - MEMORY), _Seen()
        try:
            for region in regions:
                for name, value in (("AccessKeyId", key.key_id), ("Username", key.user)):
                    if value is not None:
                        self._read(region, {"AttributeKey": name, "AttributeValue": value}, key, since, seen)
        except AwsError as error:
            return NOT_KNOWN("whether anything fails without it", str(error))
        return _folded(seen, since, self._as_of, regions)

    def _read(self, region: str, asked: dict[str, str], key: MissedKey, since: datetime, seen: _Seen) -> None:
        connection = self._regions.setdefault(region, self._connection.in_region(region))
        pages = connection.pages("cloudtrail:LookupEvents", LookupAttributes=[asked], StartTime=since - BEFORE, EndTime=self._as_of)
        for number, page in enumerate(pages, start=1):
            oldest = since
            for event in page.get("Events", ()):
                when = event.get("EventTime")
                if isinstance(when, datetime):
                    oldest = min(oldest, when)
                    _take(event, when.astimezone(timezone.utc), key, since, seen)
            if number == MOST_PAGES and page.get("NextToken"):
                seen.complete = seen.complete and oldest < since
                return


def _take(event: Mapping[str, Any], when: datetime, key: MissedKey, since: datetime, seen: _Seen) -> None:
    """Count one event, unless it is another user's, was counted already or is not understood."""
    try:
        detail = json.loads(event.get("CloudTrailEvent", ""))
        identity = detail.get("userIdentity") or {}
        arn, key_id, code = identity.get("arn"), identity.get("accessKeyId"), detail.get("errorCode")
        name = f"{str(detail['eventSource']).partition('.')[0]}:{detail['eventName']}"
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return
    number = str(event.get("EventId", ""))
    if (isinstance(arn, str) and arn != key.user_arn) or (number and number in seen.ids):
        return
    seen.ids.add(number)
    error = f"{name} {code}" if isinstance(code, str) and code else ""
    if when < since:
        seen.usual |= {error}
    elif key_id is not None and key_id == key.key_id:
        if error or when > since + SETTLING:
            seen.tried.setdefault(error or name, []).append(number)
    elif error:
        seen.errors.setdefault(error, []).append(number)


def _folded(seen: _Seen, since: datetime, until: datetime, regions: tuple[str, ...]) -> FailureSigns:
    counted = {name: ids for name, ids in seen.errors.items() if name not in seen.usual}
    for name, ids in seen.tried.items():
        counted[name] = [*counted.get(name, ()), *ids]
    ordered = sorted(counted.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    events = tuple(_ids(ordered))[:SHOWN]
    return FailureSigns(since, until, regions, seen.complete, tuple((name, len(ids)) for name, ids in ordered), events)


def _ids(ordered: list[tuple[str, list[str]]]) -> Iterator[str]:
    return (one for _, ids in ordered for one in ids if one)
