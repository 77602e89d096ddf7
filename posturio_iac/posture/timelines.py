"""The life of each key as dates: created, last used, its declared end, disabled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.dates import parse_date
from posturio_iac.core.intervals import parse_interval
from posturio_iac.core.record import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from posturio_iac.contract.records import SavedEvidence, SavedKey
    from posturio_iac.posture.view import KeyRow

COUNTS = ("enforced", "declared")


@dataclass(frozen=True, slots=True)
class KeyTimeline:
    """The dates of one key; None where a date is not known or does not apply."""

    row: KeyRow
    created: datetime | None
    used: datetime | None
    ends: datetime | None
    disabled: datetime | None

    def dates(self) -> list[datetime]:
        return [when for when in (self.created, self.used, self.ends, self.disabled) if when is not None]


def lives(rows: Iterable[KeyRow]) -> Iterator[KeyTimeline]:
    """Yield the lives of the keys of which any date is known, in the same order."""
    for row in rows:
        key = row.key
        life = KeyTimeline(row, key.created, key.last_used, declared_end(key), key.disabled_since)
        if life.dates():
            yield life


def declared_end(key: SavedKey) -> datetime | None:
    """Return when a key ends by its effective lifetimes: the earliest date, intervals counting from its creation."""
    ends = [when for evidence in key.lifetime if evidence.effect in COUNTS and (when := _end(evidence, key)) is not None]
    return min(ends, default=None)


def _end(evidence: SavedEvidence, key: SavedKey) -> datetime | None:
    if evidence.kind == "expiry" and (when := parse_date(evidence.value)) is not None:
        return when
    # An age states no date.
    interval = parse_interval(evidence.value) if evidence.kind in ("expiry", "rotation") and evidence.value else None
    return key.created + interval if interval is not None and key.created is not None else None
