"""``posturio-iac live --format jsonl`` alone: each account is written as soon as it is finished, and not kept."""

from __future__ import annotations

from posturio_iac.contract import FindingAges, RunScope
from posturio_iac.contract.lines import account_line, closing_line
from posturio_iac.contract.write import Totals
from posturio_iac.core.finding import Diagnostic, Exit, Report
from posturio_iac.judge.engine import PartwiseJudge, joined
from posturio_iac.live.model import Mask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from posturio_iac.commands.live.run import Run
    from posturio_iac.commands.parser import Arguments
    from posturio_iac.live.survey import AccountTarget

FORMAT = "jsonl"
WHOLE = ("code", "state")


def is_streamed(given: Arguments, targets: Sequence[tuple[str, str]]) -> bool:
    return [name for name, _ in targets] == [FORMAT] and not any(getattr(given, name) for name in WHOLE)


class AccountLines:
    """The lines of a run, made as they are consumed. Of finished accounts only the data of the last line is kept."""

    def __init__(self, run: Run, left_out: tuple[str, ...], exit_code: Callable[[Report, FindingAges], Exit]) -> None:
        self._run, self._left_out, self._exit_code = run, left_out, exit_code
        self._totals, self._accounts, self.names, self._unread = Totals(), list[str](), dict[str, str](), 0
        self._said: list[Diagnostic] = []
        self.code = Exit.CLEAN

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return joined([], self._said, self._run.as_of).diagnostics

    def lines(
        self, targets: Sequence[AccountTarget], notes: Sequence[Diagnostic], describe: Callable[[Exit], Mapping[str, object]]
    ) -> Iterator[str]:
        """Yield a line for each account as soon as it was read, and a last one; ``describe`` says how the run was made."""
        run, rest = self._run, [*notes]
        judging = PartwiseJudge(run.as_of, run.policies)
        for part in run.parts(run.read(targets), judging):
            report = self._shown(part.report)
            self._count(report, part.ages)
            self._unread += part.is_unread
            if part.account is None:
                rest += report.diagnostics
                continue
            self._accounts.append(part.account.id)
            if part.account.name:
                self.names[part.account.id] = part.account.name
            yield account_line(report, part.ages, self._scope().of_account(part.account.id))
            del part, report  # else they stay until the next account is read
        closing = self._shown(joined([], [*rest, *run.finish_ledger(), *judging.closing()], run.as_of))
        self._count(closing, FindingAges())
        yield closing_line(closing, self._totals, self._scope(), describe(self.code))

    def _count(self, report: Report, ages: FindingAges) -> None:
        self._totals.add(report)
        self._said += report.diagnostics
        self.code = max(self.code, self._exit_code(report, ages))

    def _shown(self, report: Report) -> Report:
        if self._run.arguments.given.show_key_ids:
            return report
        return Mask([judged.key.key_id for judged in report.keys if judged.key.key_id]).hide(report)

    def _scope(self) -> RunScope:
        return RunScope(accounts=tuple(sorted(self._accounts)), names=self.names, unread=self._unread, left_out=self._left_out)
