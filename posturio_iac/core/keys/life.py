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
    answered: datetime | None = None
    """When the answer to that was read; None while there is none."""
    is_needed: bool | None = None
    """What the owner answered."""
    note: str = ""
    """The owner's note."""
    delete_on: datetime | None = None
    """From when on a key that is switched off may be deleted: its grace is over."""

    def is_late(self, as_of: datetime) -> bool:
        return self.asked is not None and self.answered is None and self.answer_by is not None and self.answer_by < as_of

    def answer(self) -> str:
        """The owner's answer in words: ``needed (nightly export)``; empty where there is none."""
        if self.is_needed is None:
            return ""
        return f"{'needed' if self.is_needed else 'not needed'}{f' ({self.note})' if self.note else ''}"

    def next_step(self, as_of: datetime) -> str:
        """The next step and its date in a few words; empty where nothing is due."""
        if self.delete_on is not None and self.delete_on >= as_of:
            return f"to be deleted after {self.delete_on.date()}"
        if self.delete_on is not None:
            return f"may be deleted since {self.delete_on.date()}"
        if self.is_needed is not None:
            return self.answer()
        if self.answer_by is None:
            return ""
        return f"answer late since {self.answer_by.date()}" if self.is_late(as_of) else f"answer by {self.answer_by.date()}"
