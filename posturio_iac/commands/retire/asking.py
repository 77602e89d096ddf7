"""``posturio-iac retire ask``: records answers, writes a letter to each owner who has not answered, and notes that they were asked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from posturio_iac.commands.live.ledger import ledger_of
from posturio_iac.commands.output import to_stdout
from posturio_iac.commands.retire.private_folder import check_new, write_folder
from posturio_iac.core.text.terminal import printable
from posturio_iac.judge.policy import Policy
from posturio_iac.live.connection.calls import CallBudget
from posturio_iac.live.connection.session import connect
from posturio_iac.render.nothing_found import count
from posturio_iac.retire.letters import Asking, letters
from posturio_iac.retire.plan import steps

if TYPE_CHECKING:
    from posturio_iac.commands.retire.command import RetireTask


def take(task: RetireTask) -> int:
    """Take the step and return the exit code. Raises `UsageError` and `OutputError`."""
    arguments, given = task.arguments, task.arguments.given
    if not arguments.path:
        return _record(task)
    check_new("retire ask", arguments.path)
    found = task.look()
    report, grace = found.report, timedelta(days=task.config.grace_days)
    asking = Asking(report.as_of, grace, given.ask_ownerless or "", given.reply_to or "", again=bool(given.again))
    wanted = [step for step in steps(report, Policy(task.config), ()) if asking.is_asked(step)]
    made = [step for step in wanted if asking.recipient(step)]
    owners = len({asking.recipient(step) for step in made})
    lines = [f"{count(len(made), 'key')} of {count(owners, 'owner')}: letters in {printable(arguments.path)}"]
    if left := len(wanted) - len(made):
        lines.append(f"{count(left, 'key')} that nobody is known to own: nobody was asked; --ask-ownerless names who is")
    if made:
        write_folder(letters(made, asking), arguments.path, "the letters")
        if found.ledger is not None:
            found.ledger.asked([(step.key, asking.recipient(step), asking.answer_by(step)) for step in made], "letter")
    else:
        lines[0] = "nobody is to be asked, so no letter was written"
    return task.close(found, lines)


def _record(task: RetireTask) -> int:
    """Record answers alone, which needs nothing of AWS unless the ledger is there."""
    arguments = task.arguments
    profile = next(iter(arguments.profiles), None)
    ledger = ledger_of(arguments, task.now(), lambda: connect(profile, None, CallBudget()))
    recorded = 0
    if ledger is not None:
        recorded = sum(map(ledger.answers, arguments.answers))
        ledger.store.replace(ledger.text())
    to_stdout(f"{count(recorded, 'answer')} recorded\n")
    return 0
