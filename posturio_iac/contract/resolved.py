"""Findings of an earlier result that are resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.keys.ids import partition_of
from posturio_iac.core.record import NamedTuple
from posturio_iac.rules import all_rules

if TYPE_CHECKING:
    from datetime import datetime

    from posturio_iac.core.finding import Severity


class ResolvedFinding(NamedTuple):
    """A finding of an earlier result that is resolved."""

    rule: str
    severity: Severity
    address: str
    account: str
    user: str
    fingerprint: str
    """The fingerprint of the earlier finding."""
    why: str
    """What became of it: a clause without a full stop."""
    first_seen: datetime | None = None

    def clause(self) -> str:
        return f"is resolved: {self.why}"

    def title(self) -> str:
        known = all_rules().get(self.rule)
        return known.rule.title if known else self.rule

    def partition(self) -> str:
        return partition_of(self.address)
