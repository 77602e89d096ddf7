"""The part of a run about one account: its judged keys, without the data that was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.contract.context import FindingAges
from posturio_iac.core.finding import Level
from posturio_iac.core.record import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.core.finding import Report
    from posturio_iac.live.model import Account
    from posturio_iac.live.survey import AccountTarget


@dataclass(frozen=True, slots=True)
class AccountPart:
    """One account of a run."""

    target: AccountTarget
    report: Report
    """The report on this account alone."""
    account: Account | None = None
    """None where it was not read."""
    ages: FindingAges = FindingAges()

    @property
    def has_errors(self) -> bool:
        """True if some data of it was not read, called or decided."""
        return any(said.level is Level.ERROR for said in self.report.diagnostics)

    @property
    def is_unread(self) -> bool:
        """True if it could not be read; an account that another profile led to counts there."""
        return self.account is None and self.has_errors


def ages_of(parts: Sequence[FindingAges]) -> FindingAges:
    """Return what is known of the findings of all accounts."""
    first = {name: when for ages in parts for name, when in ages.first_seen.items()}
    known = [ages.new for ages in parts if ages.new is not None]
    new = frozenset[str]().union(*known) if known else None
    return FindingAges(first, new)


def new_of(report: Report, ages: FindingAges) -> Report:
    """A report with only those findings that the last run did not have; all of them are new to a first run's ledger."""
    if ages.new is None:
        return report
    return replace(report, findings=tuple(finding for finding in report.findings if finding.fingerprint in ages.new))
