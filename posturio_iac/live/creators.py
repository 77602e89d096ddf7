"""The creators of keys without a known owner: from events of their creation in CloudTrail, which keeps them for 90 days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from posturio_iac.core.model import KeyKind
from posturio_iac.live.reading.events import MEMORY, TRAIL_REGIONS, lookup
from posturio_iac.live.reading.switches import MOST_PAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    ids, (name, answer, called) = {key.key_id for key in keys}, EVENTS[kind]
    times = [key.created for key in keys if isinstance(key.created, datetime)]
    span = (min(times) - AROUND, min(max(times) + AROUND, as_of))
    told = lookup(connection, ("EventName", name), span, MOST_PAGES).found
    made = ((event.held("responseElements", answer, called), event) for event in told)
    return {key_id: event.by for key_id, event in made if key_id in ids and event.by and not event.error}
