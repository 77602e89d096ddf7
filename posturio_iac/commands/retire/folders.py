"""``posturio-iac retire plan``: writes the folder of a plan; and finds its files for ``verify`` and ``evidence``."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta

from posturio_iac.commands.live.ledger import ledger_of
from posturio_iac.commands.output import Stoppable, refuse_links_out, to_stdout
from posturio_iac.contract import RenderContext, write
from posturio_iac.core.finding import Diagnostic, Exit, Level
from posturio_iac.core.keys import KeyIdMask
from posturio_iac.core.text.terminal import harmless_json, printable
from posturio_iac.errors import OutputError, UsageError, system_reason
from posturio_iac.judge.policy import Policy
from posturio_iac.live.connection.calls import CallBudget
from posturio_iac.live.connection.session import connect
from posturio_iac.render import count
from posturio_iac.retire.gate import Action
from posturio_iac.retire.letters import Asking, letters
from posturio_iac.retire.plan import NamesNothingError, Step, by_account, steps
from posturio_iac.retire.script import LOG, RUNNER, SHARED, Validity, permissions, runner, script, shared, undo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from posturio_iac.commands.live.run import Findings
    from posturio_iac.commands.retire.command import RetireTask

DOCUMENT = "plan.json"
TITLES = {Action.DISABLE: "switch off", Action.DELETE: "delete", Action.WAIT: "wait", Action.KEEP: "keep"}


def plan(task: RetireTask) -> int:
    """Write the folder, which has ids in full, so only its owner may read it; return the exit code. Raises `UsageError`, `OutputError`."""
    arguments, path = task.arguments, task.arguments.path
    check_new("retire plan", path)
    found = task.look()
    as_of = found.report.as_of
    try:
        made = steps(found.report, Policy(task.config), arguments.include_in_use)
    except NamesNothingError as error:
        raise UsageError(str(error)) from None
    validity = Validity(as_of, as_of + timedelta(hours=arguments.valid), found.ledger.ledger.hold if found.ledger else None)
    ledger = given if (given := str(arguments.given.ledger)).startswith("s3:") else os.path.abspath(given)
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
    mask = KeyIdMask([step.key.key_id for step in made if step.key.key_id])
    for action, title in TITLES.items():
        for step in (one for one in made if one.action is action):
            owner = f"{'owner ' if step.owner == step.key.owner else ''}{step.owner}"
            text = f"{title}  {printable(step.key.address.partition(':user/')[2] or step.key.address)}  {printable(owner)}"
            why = step.remark() if all_of_them else step.decision.why
            line = f"{text}{f'  {printable(why)}' if why else ''}"
            yield line if shown else mask.text(line)


def _document(found: Findings, made: Sequence[Step], validity: Validity) -> str:
    context = RenderContext(ages=found.ages)
    plan = {"valid_until": write.moment(validity.until), "steps": [step.document() for step in made]}
    return harmless_json({**write.document(found.report, context), "plan": plan}, indent=2) + "\n"


def files_of(path: str) -> tuple[str, str | None]:
    """The earlier result and the log that ``verify`` reads: those of a plan, or a file without a log."""
    if not os.path.isdir(path):
        return path, None
    log = os.path.join(path, LOG)
    return os.path.join(path, DOCUMENT), log if os.path.exists(log) else None


def ask(task: RetireTask) -> int:
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
    lines = [f"wrote {printable(arguments.path)}: {count(owners, 'letter')} about {count(len(made), 'key')}"]
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
    arguments = task.arguments
    profile = next(iter(arguments.profiles), None)
    ledger = ledger_of(arguments, task.now(), lambda: connect(profile, CallBudget()))
    recorded, notes = 0, list[Diagnostic]()
    if ledger is not None:
        recorded, notes = sum(map(ledger.answers, arguments.answers)), ledger.notes()
        ledger.store.replace(ledger.text())
        task.say(notes)
    to_stdout(f"{count(recorded, 'answer')} recorded\n")
    return int(Exit.INCOMPLETE if any(one.level is Level.ERROR for one in notes) else Exit.CLEAN)


PRIVATE, RUNNABLE = 0o600, 0o700


def check_new(flag: str, path: str) -> None:
    """Refuse a folder that cannot be made, before anything is asked. Raises `UsageError` (it is there already, or cannot be made)."""
    if path == "-":
        raise UsageError(f"{flag} needs a folder, because the report goes to standard output")
    if os.path.lexists(path) and not (os.path.isdir(path) and not os.path.islink(path) and not os.listdir(path)):
        raise UsageError(f"{path} already exists and is never overwritten; name a new folder for {flag}")
    parent = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(parent):
        raise UsageError(f"{flag} {path}: there is no folder {parent}")


def write_folder(files: Mapping[str, str], path: str, what: str) -> None:
    """Make the folder with all of its files, and the one above it, or not at all; scripts may be run. Raises `OutputError`."""
    refuse_links_out(path)
    path = os.path.abspath(path)
    folder = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.{os.urandom(8).hex()}")
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with Stoppable():
            _make(files, folder, path)
    except OSError as error:
        raise OutputError(f"cannot write {what} {path}: {system_reason(error)}") from None


def _make(files: Mapping[str, str], folder: str, path: str) -> None:
    try:
        os.mkdir(folder, 0o700)
        for name, text in files.items():
            mode = RUNNABLE if text.startswith("#!") else PRIVATE
            with os.fdopen(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(text.encode("utf-8", "backslashreplace"))
        os.rename(folder, path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
