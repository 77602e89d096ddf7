"""What became of earlier findings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Exit, Level

if TYPE_CHECKING:
    from datetime import datetime

    from posturio_iac.core.finding import Report, Severity
    from posturio_iac.live.planning.plan_log import Entry


class FindingState(str, Enum):
    """What became of a finding."""

    OPEN = "still_open"
    UNTOLD = "cannot_tell"
    NEW = "new"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Verified:
    """One finding and what became of it."""

    state: FindingState
    rule: str
    severity: Severity
    address: str
    account: str
    user: str
    owner: str | None
    why: str
    """Why the state is what it is: a clause without a full stop."""
    message: str
    remediation: str
    fingerprint: str
    """That of the earlier finding; of a new one, its own."""
    status: str | None = None
    """Of the key now; None when it is gone or not known."""
    first_seen: datetime | None = None
    """When the finding was first seen, as far as that is known."""
    plan: Entry | None = None
    """What the log of a plan tells about the key."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of all findings of an earlier result."""

    earlier: str
    """The time of the earlier result, as it stands there."""
    results: tuple[Verified, ...]
    """The open ones first, then those that nobody can tell, the new ones and the resolved ones."""

    def count(self, state: FindingState) -> int:
        """How many findings are in a state."""
        return sum(result.state is state for result in self.results)

    def exit_code(self, report: Report, fail_on: Severity | None) -> Exit:
        """Return 0 only when every earlier finding is resolved; 3 when one cannot be told or something failed, else 1.

        New findings count from ``fail_on`` on, as in any run.
        """
        if self.count(FindingState.UNTOLD) or any(said.level is Level.ERROR for said in report.diagnostics):
            return Exit.INCOMPLETE
        new = (result.severity for result in self.results if result.state is FindingState.NEW)
        if self.count(FindingState.OPEN) or (fail_on is not None and any(severity >= fail_on for severity in new)):
            return Exit.FINDINGS
        return Exit.CLEAN
