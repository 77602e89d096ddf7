"""The outcome of a verification: one line a key, with its earlier findings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Exit, Level
from posturio_iac.retire.verify.baseline import KeyState

if TYPE_CHECKING:
    from datetime import datetime

    from posturio_iac.core.finding import Report, Severity
    from posturio_iac.core.keys.ids import KeyIdMask
    from posturio_iac.core.model import KeyKind
    from posturio_iac.retire.plan_log import Entry
    from posturio_iac.retire.verify.baseline import EarlierFinding


@dataclass(frozen=True, slots=True)
class VerifiedKey:
    """One key of an earlier result, and what became of it."""

    state: KeyState
    address: str
    account: str
    user: str
    owner: str | None
    kind: KeyKind
    status: str | None
    """The status of the key now; None when it is gone or not known."""
    findings: tuple[EarlierFinding, ...]
    """Its earlier findings, the worst first."""
    why: str
    """What became of it, with the day and by whom where that is known: a clause without a full stop."""
    remediation: str = ""
    """What to do about a key that is still open: sentences, or empty."""
    at: datetime | None = None
    """When it was switched off or deleted."""
    by: str = ""
    """The ARN of whoever did it."""
    event: str = ""
    """The id of the event that shows it."""
    plan: Entry | None = None
    """The entry about the key in the log of a plan."""

    @property
    def severity(self) -> Severity:
        """That of its worst finding."""
        return max(finding.severity for finding in self.findings)

    def masked(self, mask: KeyIdMask) -> VerifiedKey:
        """Return the same with masked key ids, in every text."""
        text = mask.text
        findings = tuple(replace(f, message=text(f.message), remediation=text(f.remediation)) for f in self.findings)
        owner = text(self.owner) if self.owner else None
        why, fix, by = text(self.why), text(self.remediation), text(self.by)
        return replace(self, address=text(self.address), owner=owner, findings=findings, why=why, remediation=fix, by=by)


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome for all keys of an earlier result that something was found about."""

    earlier: datetime
    """The time of the earlier result."""
    keys: tuple[VerifiedKey, ...]
    """By state, in the order of `KeyState`, and in each the worst first."""

    def masked(self, mask: KeyIdMask) -> Verification:
        return replace(self, keys=tuple(key.masked(mask) for key in self.keys))

    def count(self, state: KeyState) -> int:
        """How many keys are in a state."""
        return sum(key.state is state for key in self.keys)

    def exit_code(self, report: Report) -> Exit:
        """Return 0 only when every earlier finding is gone; 3 for an unknown outcome or a failed call; else 1."""
        if self.count(KeyState.UNTOLD) or any(said.level is Level.ERROR for said in report.diagnostics):
            return Exit.INCOMPLETE
        return Exit.FINDINGS if self.count(KeyState.OPEN) else Exit.CLEAN
