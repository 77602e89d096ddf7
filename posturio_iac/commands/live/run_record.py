"""How a live run was made, for its JSON result and for its evidence: by whom, when, with which options, roles, limits and files."""

from __future__ import annotations

import hashlib

from posturio_iac.contract import FindingAges
from posturio_iac.contract.write import moment
from posturio_iac.core.finding import Exit, Report
from posturio_iac.core.keys import MASK, KeyIdMask
from posturio_iac.core.record import dataclass, replace
from posturio_iac.judge.policy import Policy
from posturio_iac.rules import all_rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from posturio_iac.commands.live.ledger import LedgerFile
    from posturio_iac.config import Config
    from posturio_iac.live.model import Account
    from posturio_iac.live.survey import AccountOutcome, AccountTarget, Surveyor

LIMITS = ("max_lifetime_days", "unused_days", "grace_days", "warn_days", "require", "fail_on", "strict")
SECRET = "--external-id"  # noqa: S105 - the name of an option


class RunRecord:
    """Notes how a run is made while it goes on."""

    def __init__(self, config: Config, surveyor: Surveyor, ledger: LedgerFile | None) -> None:
        self._config, self._surveyor, self._ledger = config, surveyor, ledger
        self._roles: set[str] = set()
        self._reports: dict[str, tuple[datetime, str]] = {}

    def saw(self, outcome: AccountOutcome) -> None:
        """Note by which role an account was read, and of when its credential report is."""
        if outcome.target.role is not None:
            self._roles.add(outcome.target.role)
        if outcome.inventory is not None and outcome.inventory.reported is not None:
            self._reports[outcome.inventory.account.id] = outcome.inventory.reported, outcome.inventory.report_digest

    def document(self, times: tuple[datetime, datetime], argv: Sequence[str], code: int) -> dict[str, Any]:
        """Return it as the JSON contract has it; ``times`` are those of its beginning and its end."""
        config, callers = self._config, self._surveyor.callers
        told = self._ledger.text() if self._ledger is not None else None
        return {
            "started": moment(times[0]),
            "finished": moment(times[1]),
            "caller": callers[0] if callers else None,
            **({"callers": list(callers)} if len(callers) > 1 else {}),
            "roles": sorted(self._roles),
            "options": _options(argv),
            "policy": {
                "rules": sorted(Policy(config).selected(all_rules())),
                "severities": dict(config.severity),
                "limits": {name: getattr(config, name) for name in LIMITS},
                "overrides": len(config.overrides),
                "suppressions": len(config.suppressions),
                "baselines_sha256": [found for path in config.baseline if (found := _digest_of(path)) is not None],
            },
            "config_sha256": _digest_of(config.path) if config.path is not None else None,
            "ledger_sha256": digest(told.encode()) if told is not None else None,
            "credential_reports": {account: moment(when) for account, (when, _) in sorted(self._reports.items())},
            "credential_reports_sha256": {account: told for account, (_, told) in sorted(self._reports.items())},
            "calls": dict(sorted(self._surveyor.budget.counts.items())),
            "exit_code": code,
        }


def _options(argv: Sequence[str]) -> list[str]:
    shown = [f"{SECRET}={MASK}" if word.startswith(f"{SECRET}=") else word for word in argv]
    mask = KeyIdMask(())
    return [MASK if number and shown[number - 1] == SECRET else mask.text(word) for number, word in enumerate(shown)]


def _digest_of(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return digest(file.read())
    except OSError:
        return None


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class AccountPart:
    """One account of a run."""

    target: AccountTarget
    report: Report
    account: Account | None = None
    ages: FindingAges = FindingAges()

    @property
    def has_errors(self) -> bool:
        return self.report.exit_code(None) is Exit.INCOMPLETE

    @property
    def is_unread(self) -> bool:
        return self.account is None and self.has_errors


def ages_of(parts: Sequence[FindingAges]) -> FindingAges:
    """What is known of the findings of all accounts."""
    first = {name: when for ages in parts for name, when in ages.first_seen.items()}
    known = [ages.new for ages in parts if ages.new is not None]
    return FindingAges(first, frozenset[str]().union(*known) if known else None)


def new_of(report: Report, ages: FindingAges) -> Report:
    """A report with only those findings that the last run did not have; all of them are new to a first run's ledger."""
    if ages.new is None:
        return report
    return replace(report, findings=tuple(finding for finding in report.findings if finding.fingerprint in ages.new))
