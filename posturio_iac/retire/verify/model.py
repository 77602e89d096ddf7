"""The outcome of a verification."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Exit, Level
from posturio_iac.core.model import KeyKind, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from posturio_iac.core.finding import Report, Severity
    from posturio_iac.core.keys.ids import KeyIdMask
    from posturio_iac.core.model import Attr
    from posturio_iac.retire.plan_log import Entry

SHOWN = 5
"""How many kinds of errors are named."""


class FindingState(str, Enum):
    """The outcome of an earlier finding."""

    OPEN = "still_open"
    UNTOLD = "cannot_tell"
    FAILING = "failing"
    """The key is switched off or gone, and there are new errors of its user since."""
    NEW = "new"
    QUIET = "no_sign_of_failure"
    """The key is switched off or gone, and CloudTrail shows no new error of its user since, where it was asked. That is no proof."""
    RESOLVED = "resolved"


DONE = (FindingState.QUIET, FindingState.RESOLVED)
"""States of findings that are gone, where nothing is known to need the key."""


@dataclass(frozen=True, slots=True)
class MissedKey:
    """A key that is switched off or gone, and that something may still need."""

    key_id: str | None
    """None where only its last characters are known."""
    user: str
    user_arn: str
    partition: str
    region: str
    """Where it was used last; empty when not known."""
    since: datetime
    """Since when it has been off for certain, or when it was on for the last time that is known."""


@dataclass(frozen=True, slots=True)
class FailureSigns:
    """Failures in CloudTrail since a key was switched off."""

    since: datetime
    until: datetime
    """From when to when events were read."""
    regions: tuple[str, ...]
    """The regions whose events were read; no others."""
    complete: bool
    """True if all events were read, and not only the newest ones."""
    errors: tuple[tuple[str, int], ...] = ()
    """Calls with their error codes, and how many events there are of each: new errors of the user, and calls with the key itself."""
    event_ids: tuple[str, ...] = ()
    """Of the newest of them."""

    def text(self, user: str) -> str:
        """Describe the failures: a clause without a full stop."""
        where = f"in {' and '.join(self.regions)}; no other region was looked at"
        span = f"from {self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M} UTC"
        if self.errors:
            shown = ", ".join(f"{name} ({number})" for name, number in self.errors[:SHOWN])
            more = f" and {len(self.errors) - SHOWN} more" if len(self.errors) > SHOWN else ""
            return f"since then calls of user {user} have failed: CloudTrail shows {shown}{more} {span} {where}"
        if not self.complete:
            return f"it is not known whether anything fails without it: CloudTrail has more events {span} {where} than were read"
        days = (self.until - self.since).days
        none = f"CloudTrail shows no new error of user {user} {span} {where}"
        return f"no sign of failure in {days} day{'' if days == 1 else 's'}: {none}"


@dataclass(frozen=True, slots=True)
class Verified:
    """One finding and its outcome."""

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
    """The fingerprint of the earlier finding; of a new finding, its own."""
    status: str | None = None
    """The status of the key now; None when it is gone or not known."""
    kind: KeyKind = KeyKind.ACCESS_KEY
    first_seen: datetime | None = None
    """When the finding was first seen, as far as that is known."""
    plan: Entry | None = None
    """The entry about the key in the log of a plan."""
    missed: MissedKey | None = None
    """The key, where it is switched off or gone, so that something may miss it."""
    failures: FailureSigns | None = None
    """Failures in CloudTrail; None where it was not asked or did not answer."""

    def masked(self, mask: KeyIdMask) -> Verified:
        """Return the same with masked key ids, in every text."""
        return replace(
            self,
            address=mask.text(self.address),
            owner=mask.text(self.owner) if self.owner else None,
            why=mask.text(self.why),
            message=mask.text(self.message),
            remediation=mask.text(self.remediation),
        )

    def with_signs(self, signs: Attr[FailureSigns]) -> Verified:
        """The result with failures from CloudTrail."""
        if isinstance(signs, Unknown):
            return replace(self, why=f"{self.why}; {signs.reason}")
        quiet = FindingState.QUIET if signs.complete else self.state
        state = FindingState.FAILING if signs.errors else quiet
        return replace(self, failures=signs, state=state, why=f"{self.why}; {signs.text(self.user)}")


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of all findings of an earlier result."""

    earlier: datetime
    """The time of the earlier result."""
    results: tuple[Verified, ...]
    """By state, in the order of `FindingState`."""

    def masked(self, mask: KeyIdMask) -> Verification:
        return replace(self, results=tuple(result.masked(mask) for result in self.results))

    @staticmethod
    def ordered(results: Iterable[Verified]) -> tuple[Verified, ...]:
        order = {state: place for place, state in enumerate(FindingState)}
        return tuple(sorted(results, key=lambda result: (order[result.state], -result.severity.rank, result.address, result.rule)))

    def count(self, state: FindingState) -> int:
        return sum(result.state is state for result in self.results)

    def exit_code(self, report: Report, fail_on: Severity | None) -> Exit:
        """Return 0 only when every earlier finding is gone and nothing needs its key; 3 for an unknown outcome or a failed call; else 1.

        New findings count from ``fail_on`` on, as in any run.
        """
        if self.count(FindingState.UNTOLD) or any(said.level is Level.ERROR for said in report.diagnostics):
            return Exit.INCOMPLETE
        new = (result.severity for result in self.results if result.state is FindingState.NEW)
        if self.count(FindingState.OPEN) or self.count(FindingState.FAILING):
            return Exit.FINDINGS
        if fail_on is not None and any(severity >= fail_on for severity in new):
            return Exit.FINDINGS
        return Exit.CLEAN
