"""One run of the live check: what it asks, whom it lets ask, and what it makes of the answers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.commands.live import code_link
from posturio_iac.commands.live.code_link import Links
from posturio_iac.commands.live.context import with_context, with_creators
from posturio_iac.commands.live.ledger import ledger_of, options_of, rules_of
from posturio_iac.commands.live.owners_file import read_owners
from posturio_iac.commands.progress_line import ProgressLine
from posturio_iac.contract.context import FindingAges
from posturio_iac.core.finding import Level
from posturio_iac.core.record import dataclass, replace
from posturio_iac.errors import UsageError
from posturio_iac.judge.engine import judge
from posturio_iac.judge.policy import Policy
from posturio_iac.live.build import access_keys
from posturio_iac.live.by_kind import PoliciesByKind
from posturio_iac.live.connection.calls import CallBudget
from posturio_iac.live.connection.session import connect
from posturio_iac.live.ledger.life import with_life
from posturio_iac.live.mask import Mask
from posturio_iac.live.ownership import Owner
from posturio_iac.live.planning import disabled
from posturio_iac.live.reading import organization
from posturio_iac.live.request import Request
from posturio_iac.live.survey import AccountOutcome, AccountTarget, Surveyor, once_each, survey
from posturio_iac.metadata.names import Names
from posturio_iac.scan.baselines import Baselines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from posturio_iac.commands.live.arguments import LiveArguments
    from posturio_iac.commands.live.ledger import LedgerFile
    from posturio_iac.config.model import Config
    from posturio_iac.core.finding import Diagnostic, Report
    from posturio_iac.core.model import AccessKey
    from posturio_iac.live.inventory import Inventory
    from posturio_iac.live.model import Account
    from posturio_iac.live.survey import Progress
    from posturio_iac.live.verify.model import Verification


SEVERAL = 2


@dataclass(frozen=True, slots=True)
class Findings:
    """What a run found."""

    report: Report
    """With full key ids."""
    budget: str
    """What it cost, in one line."""
    region: str
    """The region that the credentials are used in."""
    accounts: tuple[str, ...] = ()
    """The accounts that were read, also those without a key."""
    verified: Verification | None = None
    """What became of an earlier result, when the run was asked for that."""
    links: Links = Links()
    """What keys were joined to."""
    unread: int = 0
    """How many accounts could not be read."""
    caller: str = ""
    """ARN of whoever the credentials belong to, where that was asked."""
    ledger: LedgerFile | None = None
    ages: FindingAges = FindingAges()
    """What the ledger tells of them."""

    def with_new_findings(self) -> Report:
        """Return the report with only those findings that the last run did not have; all of them are new to a first run's ledger."""
        new = self.ages.new
        return self.report if new is None else replace(self.report, findings=tuple(f for f in self.report.findings if f.fingerprint in new))

    def masked(self) -> Findings:
        """The same without key ids, those that only a state knows included."""
        verified = self.verified.results if self.verified else ()
        earlier = (result.address.rpartition("/")[2] for result in verified)
        held = self.links.linker.ids if self.links.linker else ()
        mask = Mask([*(judged.key.key_id for judged in self.report.keys if judged.key.key_id), *earlier, *held])
        return replace(self, report=mask.report(self.report), verified=mask.verification(self.verified) if self.verified else None)


class Run:
    """One run. It holds what all its accounts have in common."""

    def __init__(self, arguments: LiveArguments, config: Config, as_of: datetime) -> None:
        """Prepare, without a call.

        Raises:
            UsageError: a wrong state file, or no such folder of code or state of Terraform.

        """
        self.arguments = arguments
        self.profile: str | None = next(iter(arguments.profiles), None)
        """Whose credentials list accounts and assume roles."""
        self.ledger = ledger_of(arguments, as_of, lambda: connect(self.profile, arguments.given.region, CallBudget()))
        self.as_of = self.ledger.as_of if self.ledger else as_of
        if self.ledger is not None and arguments.given.answers:
            self.ledger.answers(arguments.given.answers)
        self.links = code_link.read(arguments, config, self.as_of)
        self.request = _request(arguments, config, self.as_of, self.links)
        if self.ledger is not None:
            self.request = replace(self.request, expected=self.ledger.ledger.expected())
        self.surveyor = Surveyor(self.request, arguments.given.region)
        self._progress = ProgressLine(quiet=bool(arguments.given.quiet), environment=os.environ)

    def read(self, targets: Sequence[AccountTarget]) -> list[AccountOutcome]:
        """Read all targets.

        Raises:
            UsageError: there is nothing to sign calls with, or a wrong profile.
            UnreachableError: a scheduler was named and cannot be reached.

        """
        self._tell_accounts_of_states(targets)
        known = {place: found for place, one in enumerate(targets) if self.ledger and (found := self.ledger.known(one)) is not None}
        if self.ledger is not None and not self.arguments.given.verify:
            self.ledger.begin(options_of(self.arguments))
        asked = [target for place, target in enumerate(targets) if place not in known]
        fresh = iter(self._survey(asked, self._told))
        try:
            outcomes = list(once_each([known[place] if place in known else next(fresh) for place in range(len(targets))]))
        finally:
            self._progress.erase()
        _refuse_without_credentials(outcomes)
        return outcomes

    def _told(self, outcome: AccountOutcome, done: int, total: int) -> None:
        """Keep what was read of an account, and show how far the run is."""
        if self.ledger is not None and not self.arguments.given.verify:
            self.ledger.read(outcome)
        self._progress.show(f"{done} of {total} accounts")

    def _tell_accounts_of_states(self, targets: Sequence[AccountTarget]) -> None:
        """Ask to which account each key of a state belongs, when there are several: users of the same name are in many of them."""
        linker = self.links.linker
        if linker is None or not linker.ids or len(targets) < SEVERAL:
            return
        from posturio_iac.commands.live.absent_keys import accounts_of

        linker.accounts.update(accounts_of(linker.ids, self.surveyor.base(self.profile)))

    def _survey(self, targets: Sequence[AccountTarget], progress: Progress) -> list[AccountOutcome]:
        """Let threads of this process, or the workers of a Dask scheduler, read all targets."""
        if self.arguments.given.dask is None or not targets:
            return survey(self.surveyor, targets, progress)
        from posturio_iac.live.dask_executor import survey_elsewhere

        return survey_elsewhere(self.arguments.given.dask, self.surveyor, targets, progress)

    def findings(self, outcomes: Sequence[AccountOutcome], notes: Sequence[Diagnostic], policies: PoliciesByKind | None = None) -> Findings:
        """Judge what was read, and keep the ledger up to date."""
        inventories = [outcome.inventory for outcome in outcomes if outcome.inventory is not None]
        if self.ledger is not None:
            for inventory in inventories:
                inventory.keys = list(disabled.from_ledger(inventory.keys, self.ledger.ledger, self.as_of))
        keys = [key for inventory in inventories for key in self._built(inventory)]
        said = [*self.links.diagnostics, *notes, *(said for outcome in outcomes for said in outcome.diagnostics)]
        if not self.arguments.given.verify:
            said += self._compared(keys, outcomes)
        report = judge(keys, as_of=self.as_of, diagnostics=said, policy=policies or PoliciesByKind(self.request.policy))
        report = with_creators(report, outcomes, self.surveyor)
        if self.arguments.given.context:
            report = with_context(report, outcomes, self.surveyor)
        accounts = tuple(sorted(inventory.account.id for inventory in inventories))
        region = self.surveyor.base(self.profile).region
        unread = sum(outcome.inventory is None and any(d.level is Level.ERROR for d in outcome.diagnostics) for outcome in outcomes)
        made = Findings(report, self._cost(outcomes), region, accounts, links=self.links, unread=unread, ledger=self.ledger)
        return replace(made, ages=self._aged(report, inventories), caller=self.surveyor.base(self.profile).caller)

    def _aged(self, report: Report, inventories: Sequence[Inventory]) -> FindingAges:
        """Bring the ledger up to date, and return what it tells of the findings."""
        if self.ledger is None:
            return FindingAges()
        rules, whole = rules_of(self.request.policy), not self.arguments.given.verify
        return self.ledger.finish(report, inventories, rules, self.arguments.sla, whole=whole)

    def _built(self, inventory: Inventory) -> tuple[AccessKey, ...]:
        """Return the keys of an account; its own tags are asked for when nothing else names an owner."""
        account, request = inventory.account, self.request

        def built(account: Account) -> tuple[AccessKey, ...]:
            shown = bool(self.arguments.given.show_key_ids)
            keys = access_keys(inventory.keys, account, request.names, request.owners, request.as_of, show_ids=shown)
            keys = request.linker.linked(keys, inventory.stacks) if request.linker is not None else keys
            return with_life(keys, self.ledger.ledger, request.policy, self.as_of) if self.ledger is not None else keys

        keys = built(account)
        if not self.arguments.organization or all(key.owner is not None or key.is_root for key in keys):
            return keys
        return built(replace(account, tags=organization.tags_of(self.surveyor.base(self.profile), account)))

    def _compared(self, keys: Sequence[AccessKey], outcomes: Sequence[AccountOutcome]) -> list[Diagnostic]:
        """Return what code and states say otherwise than AWS."""
        if self.links.linker is None:
            return []
        from posturio_iac.commands.live.absent_keys import compared

        full = [o.inventory.account.id for o in outcomes if o.inventory and not any(said.level is Level.ERROR for said in o.diagnostics)]
        connection = self.surveyor.base(self.profile)
        return list(compared(self.links.linker, keys, full, connection, complete=len(full) == len(outcomes)))

    def _cost(self, outcomes: Sequence[AccountOutcome]) -> str:
        budget = self.surveyor.budget
        for outcome in outcomes:
            for operation, count in outcome.calls.items():
                budget.spend(operation, count)
        return budget.line()


def _request(arguments: LiveArguments, config: Config, as_of: datetime, links: Links) -> Request:
    names = Names.default().with_extra(**config.names) if config.names else Names.default()
    return Request(
        as_of=as_of,
        policy=Policy(config, links.seen_from, not arguments.given.no_suppressions, Baselines().known(config)),
        names=names,
        owners=tuple(Owner(entry["users"], entry["owner"]) for entry in config.owners) + read_owners(arguments.given.owners_file),
        exact=bool(arguments.given.exact),
        workers=arguments.workers,
        linker=links.linker,
    )


def _refuse_without_credentials(outcomes: Sequence[AccountOutcome]) -> None:
    """Make the absence of credentials an error of usage where nothing at all was read."""
    if len(outcomes) == 1 and outcomes[0].no_credentials:
        raise UsageError(outcomes[0].diagnostics[0].message.partition(": ")[2])
