"""One line of the ledger: a change of a key, with the times when it was first and last seen. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from posturio_iac.core.dates import parse_date
from posturio_iac.core.text.terminal import harmless_json

if TYPE_CHECKING:
    from datetime import datetime


class DamagedLedgerError(Exception):
    """The text is no ledger of ours."""


class KeyChangeKind(str, Enum):
    """The kind of change."""

    SEEN = "seen"
    """The key, for the first time: account, user, creation, and the end of its id."""
    ACTIVE = "active"
    INACTIVE = "inactive"
    DISABLED = "disabled"
    """Since when it has been off, who switched it off if CloudTrail tells, and from when on it may be deleted."""
    USED = "used"
    """It was used although it had been switched off."""
    FLAGGED = "flagged"
    """A finding, by its rule and fingerprint; ``resolved`` says since when it is gone."""
    ASKED = "asked"
    """Its owner was asked: who, how, and by when an answer is due."""
    ANSWERED = "answered"
    DELETED = "deleted"


@dataclass(slots=True)
class KeyChange:
    """A change of one key, or of a finding whose key an older file does not name."""

    at: datetime
    """When it was first seen."""
    kind: KeyChangeKind
    key: str
    """The key, as `Ledger.name_of` names it; empty where that is not known."""
    last: datetime
    """When it was last seen to be so."""
    detail: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        last = {} if self.last == self.at else {"last": written(self.last)}
        return harmless_json({"at": written(self.at), "change": self.kind.value, "key": self.key, **last, **self.detail})


def change_of(entry: dict[str, Any]) -> KeyChange:
    """Read one line. Raises `DamagedLedgerError`, and KeyError, TypeError or ValueError for a line of another shape."""
    given = dict(entry)
    at = moment(given.pop("at"))
    kind, key = KeyChangeKind(given.pop("change")), str(given.pop("key"))
    last = moment(given.pop("last")) if "last" in given else at
    return KeyChange(at, kind, key, last, given)


def moment(value: object) -> datetime:
    """Read a time. Raises `DamagedLedgerError`."""
    found = parse_date(value) if isinstance(value, str) else None
    if found is None:
        raise DamagedLedgerError
    return found


def written(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")
