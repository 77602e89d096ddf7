"""The lifecycle of a deployed key after it was found: its owner is asked and answers, it is switched off and later deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.record import dataclass

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class KeyLife:
    """The state of one key in the ledger."""

    asked: datetime | None = None
    """When its owner was asked last."""
    asked_owner: str = ""
    answer_by: datetime | None = None
    """The day, to its end, by which an answer is due."""
    answered: datetime | None = None
    """When the newest answer was read; None while there is none."""
    is_needed: bool | None = None
    """What the owner answered."""
    note: str = ""
    """The owner's note."""
    delete_on: datetime | None = None
    """From when on a key that is switched off may be deleted: its grace is over."""
    switched: datetime | None = None
    """The newest event that switched it on or off."""
    switched_on: datetime | None = None
    """When it was last switched on, by an event, or seen on after it had been off."""
    rests_on_ledger: bool = False
    """Whether only the ledger, and no event, tells since when it has been off."""
    next: str = ""
    """What comes next, in a few words, as the gate decides it."""

    def is_awaited(self, as_of: datetime) -> bool:
        """Whether the owner was asked, has not answered, and still may."""
        return self.answered is None and self.answer_by is not None and as_of.date() <= self.answer_by.date()

    def is_late(self, as_of: datetime) -> bool:
        """Whether the owner has not answered in time."""
        return self.answered is None and self.answer_by is not None and as_of.date() > self.answer_by.date()

    def answer(self) -> str:
        """The owner's answer in words: ``needed (nightly export)``; empty where there is none."""
        if self.is_needed is None:
            return ""
        return f"{'needed' if self.is_needed else 'not needed'}{f' ({self.note})' if self.note else ''}"
