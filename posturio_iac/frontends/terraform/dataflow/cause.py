"""Causes of change: a schedule, a date, a person, or nothing at all."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from posturio_iac.core.record import dataclass

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from posturio_iac.core.evidence.reason import Reason
    from posturio_iac.core.evidence.remedy import IntervalSetting, Remedy
    from posturio_iac.core.model import Span


class ChangeKind(Enum):
    """The kind of a cause."""

    SCHEDULE = "schedule"
    """At an interval, by itself."""
    ONCE = "once"
    """On one date, by itself."""
    APPLY = "apply"
    """At every apply, or at the first one in a new month or day."""
    DATE = "date"
    """When people change a date in the code."""
    HAND = "hand"
    """When people change a value in the code."""
    UNKNOWN = "unknown"
    """When a value changes that the code does not fix."""
    NEVER = "never"
    """Never: it only looks like a schedule."""


@dataclass(frozen=True, slots=True)
class ChangeCause:
    """One thing that changes a resource."""

    sort: ChangeKind
    what: str
    """For a reader: ``time_rotating.key``, ``var.rotated``."""
    span: Span
    interval: timedelta | None = None
    at: datetime | None = None
    reason: Reason | None = None
    """Why it never happens, or why it is open how often it does."""
    remedy: Remedy | None = None
    """The change that would let it happen."""
    value: str = ""
    setting: IntervalSetting | None = None
    """What sets the interval."""
    turns: int = 1
    """How many outputs take turns."""
    through: tuple[str, ...] = ()
    """Addresses of the schedulers on the way to it."""
    direct: bool = False
    """The reference goes straight to a ``time_rotating``, which Terraform plans as a creation."""

    @property
    def shown(self) -> str:
        """It and the way to it, for a reader: ``toggles_leapfrog.turn and time_rotating.key``."""
        return " and ".join((*self.through, self.what))
