"""``posturio-iac retire plan``: writes the folder of a plan; and finds its files for ``verify`` and ``evidence``."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from posturio_iac.commands.retire.private_folder import check_new, write_folder
from posturio_iac.contract import write
from posturio_iac.contract.context import RenderContext
from posturio_iac.core.keys.ids import KeyIdMask
from posturio_iac.core.text.terminal import harmless_json, printable
from posturio_iac.errors import UsageError
from posturio_iac.judge.policy import Policy
from posturio_iac.render.nothing_found import count
from posturio_iac.retire.gate import Action
from posturio_iac.retire.plan import NamesNothingError, by_account, steps
from posturio_iac.retire.script import LOG, RUNNER, SHARED, Validity, permissions, runner, script, shared, undo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.commands.live.run import Findings
    from posturio_iac.commands.retire.command import RetireTask
    from posturio_iac.retire.plan import Step

DOCUMENT = "plan.json"
TITLES = {Action.DISABLE: "switch off", Action.DELETE: "delete", Action.WAIT: "wait", Action.KEEP: "keep"}


def take(task: RetireTask) -> int:
    """Write the folder, which has ids in full, so only its owner may read it; return the exit code.

    Raises:
        UsageError: a key was named that is not flagged.
        OutputError: it cannot be written.

    """
    arguments, path = task.arguments, task.arguments.path
    check_new("retire plan", path)
    found = task.look()
    as_of = found.report.as_of
    try:
        made = steps(found.report, Policy(task.config), arguments.include_in_use)
    except NamesNothingError as error:
        raise UsageError(str(error)) from None
    validity, ledger = Validity(as_of, as_of + timedelta(hours=arguments.valid)), str(arguments.given.ledger)
    ledger = ledger if ledger.startswith("s3:") else os.path.abspath(ledger)
    files = {DOCUMENT: _document(found, made, validity)}
    accounts = list(by_account(made))
    for account, theirs in accounts:
        files[f"{account}.sh"] = script(account, theirs, validity, ledger)
        files[f"{account}-undo.sh"] = undo(account, theirs, validity)
        files[f"{account}-policy.json"] = permissions(theirs, ledger)
    if accounts:
        files |= {SHARED: shared(SHARED), RUNNER: runner([account for account, _ in accounts], made[0].key.address.split(":")[1])}
    write_folder(files, path, "the plan")
    lines = [*_lines(made, shown=bool(arguments.given.show_key_ids), all_of_them=bool(arguments.given.verbose))]
    due = sum(step.is_step for step in made)
    review = "review the scripts before you run them" if due else "nothing to run yet"
    return task.close(found, [*lines, f"{count(due, 'step')} in {printable(path)}: {review}"])


def _lines(made: Sequence[Step], *, shown: bool, all_of_them: bool) -> Iterator[str]:
    """Yield a line for each key: what is done about it, and why not."""
    mask = KeyIdMask([step.key.key_id for step in made if step.key.key_id])
    for action, title in TITLES.items():
        for step in (one for one in made if one.action is action):
            text = f"{title}  {printable(step.key.address.partition(':user/')[2] or step.key.address)}  owner {printable(step.owner)}"
            why = step.remark() if all_of_them else step.decision.why
            line = f"{text}{f'  {printable(why)}' if why else ''}"
            yield line if shown else mask.text(line)


def _document(found: Findings, made: Sequence[Step], validity: Validity) -> str:
    """The JSON contract of the run, which ``verify`` reads, with the steps beside it."""
    context = RenderContext(lambda _path, _line: None, "", 0.0, ages=found.ages)
    plan = {"valid_until": write.moment(validity.until), "steps": [step.document() for step in made]}
    return harmless_json({**write.document(found.report, context), "plan": plan}, indent=2) + "\n"


def files_of(path: str) -> tuple[str, str | None]:
    """The earlier result and the log that ``verify`` reads: those of a plan, or a file without a log."""
    if not os.path.isdir(path):
        return path, None
    log = os.path.join(path, LOG)
    return os.path.join(path, DOCUMENT), log if os.path.exists(log) else None
