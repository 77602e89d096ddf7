"""A run that was killed anywhere, in the middle of a line too, and was resumed ends as one that was not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from posturio_iac.commands.live.ledger import LedgerFile
from posturio_iac.config.model import Config
from posturio_iac.core.model import KeyKind
from posturio_iac.judge.engine import PartwiseJudge
from posturio_iac.judge.policy import Policy
from posturio_iac.live.build import access_keys
from posturio_iac.live.inventory import take
from posturio_iac.live.model import Account
from posturio_iac.live.request import Request
from posturio_iac.live.survey import AccountOutcome, AccountTarget, date_disabled
from posturio_iac.metadata.names import Names
from posturio_iac.retire.key_lives import from_ledger
from posturio_iac.retire.ledger_history import Ledger, read_ledger
from posturio_iac.rules import all_rules
from tests.live_pure.test_agreement import DENIABLE, PEOPLE
from tests.live_pure.test_ledger import Kept
from tests.support.keys import AS_OF
from tests.support.played_aws import Aws

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tests.support.played_aws import Person

RULES = dict.fromkeys(KeyKind, frozenset(all_rules()))
ACCOUNTS = st.lists(st.tuples(PEOPLE, st.just(frozenset()) | st.frozensets(st.sampled_from(DENIABLE), max_size=2)), min_size=1, max_size=3)


class Run:
    """A run over accounts that are played, with a ledger in memory."""

    def __init__(self, accounts: Sequence[tuple[list[Person], frozenset[str]]], when: datetime) -> None:
        self.accounts, self.when = accounts, when
        self.targets = [AccountTarget(account=Account(f"{number:012}")) for number in range(len(accounts))]
        self.asked = 0

    def done(self, store: Kept, *, resume: bool = False) -> tuple[str, set[str]]:
        """Do the run, or the rest of it, and return what the ledger held before its end and what was found."""
        text = store.load()
        ledger = read_ledger(text) if text else Ledger()
        book = LedgerFile(store, ledger, self.when, ledger.unfinished if resume else None)
        book.begin("")
        outcomes = [book.known(target) or self._read(book, number) for number, target in enumerate(self.targets)]
        before = store.text
        judging, found = PartwiseJudge(self.when, Policy(Config())), set()
        for inventory in (outcome.inventory for outcome in outcomes):
            assert inventory is not None
            inventory.keys = list(from_ledger(inventory.keys, book.ledger, self.when))
            report = judging.judge(access_keys(inventory.keys, inventory.account, Names.default(), self.when))
            book.saw(report, inventory)
            found |= {finding.fingerprint for finding in report.findings}
        book.finish(RULES, whole=True)
        return before, found

    def _read(self, book: LedgerFile, number: int) -> AccountOutcome:
        self.asked += 1
        (people, denied), target = self.accounts[number], self.targets[number]
        assert target.account is not None
        aws, request = Aws(people, denied, account=target.account), Request(self.when, sleep=lambda _: None)
        inventory = take(aws, target.account, request)  # type: ignore[arg-type]  # it answers like a connection
        date_disabled(aws, inventory, request)  # type: ignore[arg-type]  # the same
        outcome = AccountOutcome(target, inventory, tuple(inventory.diagnostics), {})
        book.read(outcome)
        return outcome


@settings(max_examples=25, deadline=None)
@given(ACCOUNTS, st.booleans(), st.data())
def test_a_run_that_was_killed_anywhere_and_resumed_equals_one_that_was_not(
    accounts: list[tuple[list[Person], frozenset[str]]], earlier: bool, data: st.DataObject
) -> None:
    earlier_run, whole, killed = Kept(), Kept(), Kept()
    if earlier:
        Run(accounts, AS_OF - timedelta(days=20)).done(earlier_run)
    whole.text = earlier_run.text
    run = Run(accounts, AS_OF)
    before, found = run.done(whole)
    begun = before.index('"run": "begun"')
    cut = data.draw(st.integers(before.index("\n", begun) + 1, len(before)))  # what is written first is written in one step
    killed.text = before[:cut]
    rest = Run(accounts, AS_OF)
    assert (rest.done(killed, resume=True)[1], killed.text) == (found, whole.text)
    lines = before[:cut].split("\n")[:-1]  # the last one is cut off, or empty
    assert rest.asked == len(accounts) - sum('"run": "read"' in line for line in lines)
