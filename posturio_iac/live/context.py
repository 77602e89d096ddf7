"""Who uses a key: its events in CloudTrail, in the region of its last use and in the home region of IAM, folded into one verdict."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from posturio_iac.core.keys.ids import partition_of
from posturio_iac.core.keys.use import KeyUse, UseKind
from posturio_iac.core.model import KeyKind, Unknown
from posturio_iac.core.open_kinds import NO_REGION, NOT_KNOWN, TOO_MANY_EVENTS
from posturio_iac.live.connection.errors import AwsError
from posturio_iac.live.reading.switches import MEMORY, TRAIL_REGIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posturio_iac.core.model import AccessKey
    from posturio_iac.live.connection.session import Connection

BEDROCK = "bedrock.amazonaws.com"
"""Its events tell calls with an API key by ``callWithBearerToken``, and the user, but not which of the keys it was.
https://aws.amazon.com/blogs/security/securing-amazon-bedrock-api-keys-best-practices-for-implementation-and-management/"""
MOST_PAGES = 4
"""Pages of 50 events, in each region: enough to tell who it is, within two seconds of the rate that AWS allows."""
SHOWN = 5
IDENTITY = "sts:GetCallerIdentity"
DENIED = re.compile(r"AccessDenied|Unauthorized|Forbidden|AuthFailure|InvalidClientTokenId|SignatureDoesNotMatch", re.IGNORECASE)
PERSON = re.compile(
    r"console|signin\.amazonaws|Mozilla/|S3 ?Browser|Cyberduck|CloudBerry|WinSCP|exec-env/CloudShell|aws-toolkit"
    r"|^aws-cli/(?!.*exec-env/)",
    re.IGNORECASE,
)
"""User agents of people: the console, browsers, desktop clients, and the command line unless it is known to run elsewhere."""


@dataclass(slots=True)
class _Tally:
    """The counts so far."""

    by_token: bool = False
    """True if only calls with an API key count, which are those of all API keys of the user."""
    events: int = 0
    complete: bool = True
    persons: int = 0
    principals: Counter[str] = field(default_factory=Counter)
    addresses: Counter[str] = field(default_factory=Counter)
    agents: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    denied: int = 0
    ids: list[str] = field(default_factory=list)


def is_worth_asking(key: AccessKey, as_of: datetime) -> bool:
    """True if CloudTrail can know of the key: it was used as long ago as its history goes back, or is an API key for Amazon Bedrock."""
    if key.kind is KeyKind.SERVICE_CREDENTIAL:
        return key.service == BEDROCK and isinstance(key.user, str)
    return key.key_id is not None and isinstance(key.last_used, datetime) and as_of - key.last_used <= MEMORY


def use_of(connection: Connection, key: AccessKey, as_of: datetime) -> KeyUse | Unknown:
    """Return who uses a key, or why that is not known."""
    is_credential = key.kind is KeyKind.SERVICE_CREDENTIAL
    regions = regions_for(partition_of(key.address), connection.region) if is_credential else regions_of(key)
    if not regions:
        return NO_REGION("its events")
    name, value = ("Username", key.user) if is_credential else ("AccessKeyId", key.key_id)
    asked, tally = [{"AttributeKey": name, "AttributeValue": value}], _Tally(by_token=is_credential)
    try:
        for region in regions:
            _read(connection.in_region(region), asked, as_of, tally)
    except AwsError as error:
        return NOT_KNOWN("who uses the key", str(error))
    if tally.by_token and not tally.events and not tally.complete:
        return TOO_MANY_EVENTS(str(key.user))
    return _folded(tally, regions, as_of - MEMORY)


def regions_of(key: AccessKey) -> tuple[str, ...]:
    """The region of the last use and the home region of IAM, each once."""
    return regions_for(partition_of(key.address), key.used_for[1] if key.used_for else "")


def regions_for(partition: str, used: str) -> tuple[str, ...]:
    """The region of a use, where it is one, and the home region of IAM, each once."""
    home = TRAIL_REGIONS.get(partition)
    known = re.fullmatch(r"[a-z]{2}(?:-[a-z]+)+-\d", used)
    return tuple(dict.fromkeys(region for region in (used if known else "", home) if region))


def _read(connection: Connection, asked: list[Any], as_of: datetime, tally: _Tally) -> None:
    pages = connection.pages("cloudtrail:LookupEvents", LookupAttributes=asked, StartTime=as_of - MEMORY, EndTime=as_of)
    for number, page in enumerate(pages, start=1):
        for event in page.get("Events", ()):
            _take(event, tally)
        if number == MOST_PAGES and page.get("NextToken"):
            tally.complete = False
            return


def _take(event: Mapping[str, Any], tally: _Tally) -> None:
    """Count one event, if it is understood."""
    try:
        detail = json.loads(event.get("CloudTrailEvent", ""))
        source, name = str(detail["eventSource"]).partition(".")[0], str(detail["eventName"])
    except (ValueError, RecursionError, LookupError, TypeError):
        return
    more = detail.get("additionalEventData")
    if tally.by_token and not (isinstance(more, dict) and more.get("callWithBearerToken") is True):
        return
    tally.events += 1
    identity, error, agent = detail.get("userIdentity"), detail.get("errorCode"), detail.get("userAgent")
    tally.calls[f"{source}:{name}"] += 1
    _count(tally.principals, identity.get("arn") if isinstance(identity, dict) else None)
    _count(tally.addresses, detail.get("sourceIPAddress"))
    _count(tally.agents, agent)
    _count(tally.errors, error)
    tally.denied += isinstance(error, str) and DENIED.search(error) is not None
    tally.persons += isinstance(agent, str) and PERSON.search(agent) is not None
    if isinstance(event.get("EventId"), str):
        tally.ids.append(event["EventId"])


def _count(counter: Counter[str], value: object) -> None:
    if isinstance(value, str) and value:
        counter[value] += 1


def _folded(tally: _Tally, regions: tuple[str, ...], since: datetime) -> KeyUse:
    return KeyUse(
        _kind(tally),
        since.astimezone(timezone.utc),
        regions,
        tally.events,
        tally.complete,
        _most(tally.principals),
        _most(tally.addresses),
        _most(tally.agents),
        _most(tally.calls),
        _most(tally.errors),
        tuple(tally.ids[:SHOWN]),
    )


def _kind(tally: _Tally) -> UseKind:
    if not tally.events:
        return UseKind.NONE
    if set(tally.calls) == {IDENTITY}:
        return UseKind.IDENTITY
    if tally.denied == tally.events:
        return UseKind.DENIED
    return UseKind.PERSON if tally.persons * 2 > tally.events else UseKind.WORKLOAD


def _most(counter: Counter[str]) -> tuple[tuple[str, int], ...]:
    ordered: Iterable[tuple[str, int]] = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(ordered)[:SHOWN]
