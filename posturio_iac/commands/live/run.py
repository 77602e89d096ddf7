"""One run of the live check: its request, its workers, and its report."""

from __future__ import annotations

import csv
import os
from contextlib import closing

from posturio_iac.commands.live import code_link
from posturio_iac.commands.live.ledger import LedgerFile, ledger_of, options_of, rules_of
from posturio_iac.commands.live.run_record import AccountPart, RunRecord, ages_of
from posturio_iac.commands.output import ProgressLine
from posturio_iac.contract import FindingAges, ResolvedFinding, RunScope
from posturio_iac.core.finding import Diagnostic, Level, Report
from posturio_iac.core.record import dataclass, replace
from posturio_iac.core.text.textfile import UnreadableError, decoded, read_named
from posturio_iac.errors import UsageError
from posturio_iac.judge.engine import PartwiseJudge, joined
from posturio_iac.judge.policy import Policy
from posturio_iac.live.build import access_keys
from posturio_iac.live.connection.calls import CallBudget, as_finished
from posturio_iac.live.connection.session import connect
from posturio_iac.live.context import with_context, with_creators
from posturio_iac.live.model import Account, Mask
from posturio_iac.live.reading import organization
from posturio_iac.live.request import PoliciesByKind, Request
from posturio_iac.live.survey import AccountOutcome, AccountTarget, Surveyor, once_each, survey
from posturio_iac.retire.gate import with_next
from posturio_iac.retire.key_lives import from_ledger, with_life
from posturio_iac.scan.configuration import known_by
from posturio_iac.scan.reading import names_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from posturio_iac.commands.live.arguments import LiveArguments
    from posturio_iac.commands.live.code_link import Links
    from posturio_iac.config import Config
    from posturio_iac.core.model import AccessKey
    from posturio_iac.live.inventory import Inventory

COLUMNS = ("users", "owner")


def read_owners(path: str | None) -> tuple[tuple[str, str], ...]:
    """The owners of a CSV file; none where none is named. Raises `UsageError`."""
    if path is None:
        return ()
    try:
        rows = list(csv.DictReader(decoded(read_named(path)).splitlines(keepends=True), strict=True))
    except (UnreadableError, csv.Error) as error:
        raise UsageError(f"--owners-file {path}: {error}") from None
    found = []
    for number, row in enumerate(rows, start=2):
        users, owner = ((row.get(name) or "").strip() for name in COLUMNS)
        if not users or not owner:
            raise UsageError(f"--owners-file {path}, line {number}: every line needs users, such as /payments/*, and an owner")
        found.append((users if users.startswith("/") else f"/{users}", owner))
    return tuple(found)


SEVERAL = 2
WORKERS = 32  # threads that mostly wait: what one account feels is bounded by the rate of calls, not by their number


@dataclass(frozen=True, slots=True)
class Findings:
    """The result of a run."""

    report: Report
    budget: str
    region: str
    record: RunRecord
    accounts: tuple[str, ...]
    names: Mapping[str, str]
    links: Links
    unread: int
    ledger: LedgerFile | None
    ages: FindingAges
    mended: tuple[ResolvedFinding, ...] = ()

    def scope(self, left_out: tuple[str, ...], source_url: str = "") -> RunScope:
        return RunScope(accounts=self.accounts, names=self.names, unread=self.unread, left_out=left_out, source_url=source_url)

    def masked(self) -> Findings:
        """The same without key ids, those that only a state knows included."""
        held = self.links.linker.ids if self.links.linker else ()
        mask = Mask([*(judged.key.key_id for judged in self.report.keys if judged.key.key_id), *held])
        return replace(self, report=mask.hide(self.report))


class Run:
    """One run. It holds the data that all its accounts share."""

    def __init__(self, arguments: LiveArguments, config: Config, as_of: datetime) -> None:
        self.arguments = arguments
        self.profile: str | None = next(iter(arguments.profiles), None)
        """Whose credentials list accounts and assume roles."""
        self.ledger = ledger_of(arguments, as_of, lambda: connect(self.profile, CallBudget()))
        self.as_of = self.ledger.as_of if self.ledger else as_of
        if self.ledger is not None:
            for path in arguments.answers:
                self.ledger.answers(path)
        self.links = code_link.read(arguments, config, self.as_of)
        self.request = _request(arguments, config, self.as_of, self.links)
        if self.ledger is not None:
            level = Level.ERROR if arguments.needs_trail else Level.WARNING
            self.request = replace(self.request, expected=self.ledger.ledger.expected(), switches=level)
        self.surveyor = Surveyor(self.request)
        self.record = RunRecord(config, self.surveyor, self.ledger)
        self._progress = ProgressLine(quiet=bool(arguments.given.quiet), environment=os.environ)

    def read(self, targets: Sequence[AccountTarget]) -> Iterator[AccountOutcome]:
        """Yield the outcomes as they come. Raises `UsageError` (nothing to sign calls with, a wrong profile) and `UnreachableError`."""
        linker = self.links.linker
        if linker is not None and linker.ids and len(targets) >= SEVERAL:  # Users of the same name are in many accounts.
            linker.accounts.update(code_link.accounts_of(linker.ids, self.surveyor.base(self.profile)))
        if self.ledger is not None and not self.arguments.asks_by_key:
            self.ledger.begin(options_of(self.arguments))
        with closing(self._outcomes(targets)) as outcomes:
            for outcome in once_each(outcomes):
                if outcome.unsigned and len(targets) == 1:
                    raise UsageError(outcome.unsigned)
                self._progress.erase()
                yield outcome

    def _outcomes(self, targets: Sequence[AccountTarget]) -> Generator[AccountOutcome, None, None]:
        asked = []
        for target in targets:
            if self.ledger is not None and (known := self.ledger.known(target)) is not None:
                yield known
            else:
                asked.append(target)
        if self.arguments.given.dask is None or not asked:
            made = survey(self.surveyor, asked, self._told)
        else:
            from posturio_iac.live.dask_executor import survey_elsewhere

            made = survey_elsewhere(self.arguments.given.dask, self.surveyor, asked, self._told)
        with closing(made) as outcomes:
            yield from outcomes

    def _told(self, outcome: AccountOutcome, done: int, total: int) -> None:
        if self.ledger is not None and not self.arguments.asks_by_key:
            self.ledger.read(outcome)
        self._progress.show(f"{done} of {total} accounts")

    def parts(self, outcomes: Iterable[AccountOutcome], judging: PartwiseJudge) -> Iterator[AccountPart]:
        return as_finished(self.request.workers, self._asked_about, (self._judged(outcome, judging) for outcome in outcomes))

    def _asked_about(self, part: AccountPart) -> AccountPart:
        report = with_creators(part.report, lambda: self.surveyor.connected(part.target))
        if self.ledger is not None:
            self.ledger.remember_creators(judged.key for judged in report.keys)
        if self.arguments.given.context:
            report = with_context(report, lambda: self.surveyor.connected(part.target))
        return replace(part, report=report)

    def _judged(self, outcome: AccountOutcome, judging: PartwiseJudge) -> AccountPart:
        inventory = outcome.inventory
        self.record.saw(outcome)
        for operation, count in outcome.calls.items():
            self.surveyor.budget.spend(operation, count)
        if inventory is None:
            return AccountPart(outcome.target, judging.judge((), outcome.diagnostics))
        if self.ledger is not None:
            self.ledger.follow(inventory)
            inventory.keys = list(from_ledger(inventory.keys, self.ledger.ledger, self.as_of))
        report = judging.judge(self._built(inventory), outcome.diagnostics)
        report = with_next(report, self.policies)
        ages = self.ledger.saw(report, inventory) if self.ledger is not None else FindingAges()
        return AccountPart(outcome.target, report, inventory.account, ages)

    def findings(self, outcomes: Iterable[AccountOutcome], notes: Sequence[Diagnostic], policies: PoliciesByKind | None = None) -> Findings:
        """Judge the data that was read, and keep the ledger up to date."""
        judging = PartwiseJudge(self.as_of, policies or self.policies)
        parts = list(self.parts(outcomes, judging))
        said = [*self.links.diagnostics, *notes]
        if not self.arguments.asks_by_key:
            said += self._compared(parts)
        said += self.finish_ledger()
        report = joined([part.report for part in parts], [*said, *judging.closing()], self.as_of)
        return Findings(
            report,
            self.surveyor.budget.line(),
            self.region,
            self.record,
            tuple(sorted(part.account.id for part in parts if part.account)),
            links=self.links,
            unread=sum(part.is_unread for part in parts),
            names={part.account.id: part.account.name for part in parts if part.account and part.account.name},
            ledger=self.ledger,
            ages=ages_of([part.ages for part in parts]),
        )

    @property
    def policies(self) -> PoliciesByKind:
        return PoliciesByKind(self.request.policy)

    @property
    def region(self) -> str:
        return self.surveyor.base(self.profile).region

    def finish_ledger(self) -> list[Diagnostic]:
        """Write the ledger with all observations, and say what is wrong with it. Raises `OutputError`."""
        if self.ledger is None:
            return []
        self.ledger.ledger.by = next(iter(self.surveyor.callers), "")
        self.ledger.finish(rules_of(self.policies), whole=not self.arguments.asks_by_key)
        return self.ledger.notes()

    def _built(self, inventory: Inventory) -> tuple[AccessKey, ...]:
        account, request = inventory.account, self.request

        def built(account: Account) -> tuple[AccessKey, ...]:
            shown = bool(self.arguments.given.show_key_ids)
            keys = access_keys(inventory.keys, account, request.names, request.as_of, show_ids=shown)
            keys = request.linker.linked(keys, inventory.stacks) if request.linker is not None else keys
            return with_life(keys, inventory.keys, self.ledger.ledger, request.policy, self.as_of) if self.ledger is not None else keys

        keys = built(account)
        if not self.arguments.organization or all(key.owner is not None or key.is_root for key in keys):
            return keys
        return built(replace(account, tags=organization.tags_of(self.surveyor.base(self.profile), account)))

    def _compared(self, parts: Sequence[AccountPart]) -> list[Diagnostic]:
        if self.links.linker is None:
            return []
        full = [part.account.id for part in parts if part.account and not part.has_errors]
        keys = [judged.key for part in parts for judged in part.report.keys]
        connection = self.surveyor.base(self.profile)
        return list(code_link.compared(self.links.linker, keys, full, connection, complete=len(full) == len(parts)))


def _request(arguments: LiveArguments, config: Config, as_of: datetime, links: Links) -> Request:
    return Request(
        as_of=as_of,
        policy=Policy(config, links.seen_from, baseline=known_by(config)),
        names=names_of(config).with_extra(users=read_owners(arguments.given.owners_file)),
        exact=bool(arguments.given.exact),
        workers=WORKERS,
        linker=links.linker,
    )
