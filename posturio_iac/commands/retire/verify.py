"""``posturio-iac retire verify``: what became of the keys of a plan, or of an earlier result."""

from __future__ import annotations

import time
from dataclasses import dataclass

from posturio_iac.commands.live.accounts import members, way_to
from posturio_iac.commands.live.output import emit
from posturio_iac.commands.live.run import Findings, Run
from posturio_iac.commands.output import to_stderr
from posturio_iac.commands.retire.folders import files_of
from posturio_iac.commands.scan import reports
from posturio_iac.contract import FindingAges, RenderContext, ResolvedFinding, write
from posturio_iac.contract.read import NotAResultError
from posturio_iac.core.finding import Diagnostic, Level, Report
from posturio_iac.core.record import replace
from posturio_iac.core.text.decoding import decode
from posturio_iac.core.text.terminal import harmless_json, paint, printable, without_commands, wrapped
from posturio_iac.core.text.textfile import LARGE, UnreadableError, decoded, read_named
from posturio_iac.core.times import describe_date
from posturio_iac.errors import UsageError
from posturio_iac.live.connection.calls import AwsError, CredentialsError
from posturio_iac.live.model import Account, Mask
from posturio_iac.render import count
from posturio_iac.render.wording import COLORS, NO_OWNER
from posturio_iac.retire.compare import Now, by_rules_of, compare
from posturio_iac.retire.earlier import Earlier, KeyState, Verification, VerifiedKey, read, together
from posturio_iac.retire.plan import read_log
from posturio_iac.rules import all_rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from posturio_iac.commands.live.table import Style
    from posturio_iac.commands.retire.command import RetireArguments, RetireTask
    from posturio_iac.config import Config
    from posturio_iac.live.survey import AccountOutcome, AccountTarget


def verify(task: RetireTask) -> int:
    """Verify, report, and return the exit code. Raises `UsageError` and `OutputError`."""
    started, begun, given = time.perf_counter(), task.now(), task.arguments.given
    targets = reports(given)
    found, verification = compared(task.arguments, task.config, begun)
    code = int(verification.exit_code(found.report))
    record = found.record.document((begun, task.now()), task.argv, code)
    if not given.show_key_ids:
        ids = (judged.key.key_id for judged in found.report.keys)
        mask = Mask([*filter(None, ids), *(key.address.rpartition("/")[2] for key in verification.keys)])
        found, verification = replace(found, report=mask.hide(found.report)), mask.hide(verification)
    shown = ShownVerification(found.report, verification, found.ages)
    made = {"text": lambda style: shown.text(style, quiet=bool(given.quiet)), "json": lambda _: shown.document(record)}
    found = replace(found, mended=shown.mended())
    emit(found, given, targets, elapsed=time.perf_counter() - started, code=code, config=task.config, run=record, verified=made)
    if not given.quiet:
        to_stderr(f"{found.budget}\n")
    return code


def compared(arguments: RetireArguments, config: Config, as_of: datetime) -> tuple[Findings, Verification]:
    """Ask about the keys of earlier results, judge them, and compare. Raises `UsageError`."""
    results, logs = zip(*map(files_of, arguments.paths), strict=True)
    files = {path: _load(path) for path in results}
    earlier, (log, lost) = together(files.values()), read_log("".join(map(_text, filter(None, logs))))
    run = Run(arguments, config, as_of)
    try:
        targets, unread, notes = _targets(run, earlier)
    except CredentialsError as error:
        raise UsageError(str(error)) from None
    except AwsError as error:
        targets, unread, notes = [], dict.fromkeys(earlier.accounts(), str(error)), [Diagnostic(Level.ERROR, f"nothing was read: {error}")]
    outcomes = list(run.read(targets))
    policies = by_rules_of(earlier, run.request.policy, all_rules())
    remarks = [said for path, result in files.items() for said in _remarks(result, path)]
    if lost:
        lines = "1 line of the log" if lost == 1 else f"{lost} lines of the log"
        remarks.append(Diagnostic(Level.WARNING, f"{lines} cannot be read and {'is' if lost == 1 else 'are'} left out"))
    found = run.findings(outcomes, [*remarks, *notes], policies)
    inventories = [outcome.inventory for outcome in outcomes if outcome.inventory]
    now = Now(
        found.report,
        unread | _unread(outcomes),
        frozenset(arn for inventory in inventories for arn in inventory.gone),
        log,
        run.ledger.switched_off(found.report, earlier.as_of) if run.ledger is not None else {},
        {key.key_id: key.switched_off for inventory in inventories for key in inventory.keys if key.key_id and key.switched_off},
        {key_id: event for inventory in inventories for key_id, event in inventory.deletions.items()},
    )
    first = {finding.fingerprint: finding.first_seen for finding in earlier.findings}
    return replace(found, ages=FindingAges({**found.ages.first_seen, **first})), compare(earlier, now, policies.general)


def _text(log: str) -> str:
    try:
        return f"{decode(read_named(log, LARGE), 'replace')}\n"
    except UnreadableError as error:
        raise UsageError(f"{log}: {error}") from None


def _load(path: str) -> Earlier:
    try:
        return read(decoded(read_named(path, LARGE)), path)
    except NotAResultError as error:
        raise UsageError(f"{path} {error}") from None
    except UnreadableError as error:
        raise UsageError(f"{path}: {error}") from None


def _remarks(earlier: Earlier, path: str) -> list[Diagnostic]:
    if not earlier.incomplete:
        return []
    if not earlier.keys:
        return [Diagnostic(Level.ERROR, f"{path} contains nothing to verify, because its own run could not read anything")]
    return [Diagnostic(Level.WARNING, f"{path} is incomplete: what its own run could not read is not verified")]


def _targets(run: Run, earlier: Earlier) -> tuple[list[AccountTarget], dict[str, str], list[Diagnostic]]:
    wanted = earlier.accounts()
    if not wanted:
        return [], {}, []
    own = {profile: run.surveyor.identity(profile) for profile in run.arguments.profiles or (None,)}
    direct = {account.id: profile for profile, account in own.items()}
    known: dict[str, Account] = {}
    unread: dict[str, str] = {}
    notes: list[Diagnostic] = []
    if run.arguments.organization:
        accounts, notes = members(run, own[run.profile].partition)
        known = {account.id: account for account in accounts}
        unread = {id_: f"account {id_} is not an active account of the organization" for id_ in wanted if id_ not in known}
        notes = [note for note in notes if note.account is None or note.account in wanted]
    if not direct.keys() & wanted.keys():
        ours = " and ".join(sorted(direct))
        text = f"the credentials belong to account {ours}, which is not in the file; its accounts are read as {run.arguments.role}"
        notes.append(Diagnostic(Level.NOTE, text))
    targets = []
    for id_, partition in wanted.items():
        if id_ in unread:
            continue
        target = way_to(known.get(id_) or Account(id_, partition), own[run.profile], run)
        if id_ in direct:
            target = replace(target, profile=direct[id_], role=None, external_id=None)
        targets.append(replace(target, wanted=earlier.wanted(id_)))
    return targets, unread, notes


def _unread(outcomes: Sequence[AccountOutcome]) -> dict[str, str]:
    found: dict[str, str] = {}
    for outcome in outcomes:
        if outcome.inventory is not None:
            found |= outcome.inventory.unread
        elif outcome.target.account is not None:
            found[outcome.target.account.id] = outcome.diagnostics[0].message
    return found


TITLES = {KeyState.OPEN: "Still open", KeyState.CANNOT_TELL: "Cannot tell", KeyState.RESOLVED: "Resolved"}
PAINTS = {KeyState.OPEN: "yellow", KeyState.CANNOT_TELL: "red", KeyState.RESOLVED: "green"}


@dataclass(frozen=True, slots=True)
class ShownVerification:
    """A verification and the report of the keys that are there now, as formats need them."""

    report: Report
    verification: Verification
    ages: FindingAges

    def mended(self) -> tuple[ResolvedFinding, ...]:
        """The findings that are gone, for formats that close them in other systems."""
        return tuple(
            ResolvedFinding(f.rule, f.severity, key.address, key.account, key.user, f.fingerprint, key.why, f.first_seen)
            for key in self.verification.keys
            if key.state is KeyState.RESOLVED
            for f in key.findings
        )

    def text(self, style: Style, *, quiet: bool) -> str:
        """A block for each state that occurs, a line a key, and one line that sums up; without resolved keys when ``quiet``."""
        blocks = []
        for state, title in TITLES.items():
            keys = [key for key in self.verification.keys if key.state is state]
            if keys and not (quiet and state is KeyState.RESOLVED):
                head = paint(f"{title}:", "bold", PAINTS[state], color=style.color)
                notes = (
                    line for note in dict.fromkeys(key.note for key in keys if key.note) for line in wrapped(note, "  ", style.columns)
                )
                blocks.append([head, *(line for key in keys for line in _lines(key, style)), *notes])
        if not quiet:
            blocks.append([self._summary(style)])
        written = "\n\n".join("\n".join(block) for block in blocks)
        return without_commands(f"{written}\n" if written else "")

    def document(self, run: Mapping[str, object]) -> str:
        """The report of the keys that are there now as the JSON contract has it, with what became of each earlier finding."""
        context = RenderContext(ages=self.ages, run=run)
        verification = self.verification
        told: dict[str, Any] = {"earlier": write.moment(verification.earlier)}
        told |= {state.value: verification.count(state) for state in KeyState}
        told["results"] = [result for key in verification.keys for result in _results(key)]
        return harmless_json({**write.document(self.report, context), "verification": told}, indent=2) + "\n"

    def _summary(self, style: Style) -> str:
        verification = self.verification
        parts = [f"{verification.count(state)} {title.lower()}" for state, title in TITLES.items() if verification.count(state)]
        worst = next((state for state in (KeyState.CANNOT_TELL, KeyState.OPEN) if verification.count(state)), KeyState.RESOLVED)
        line = f"{count(len(verification.keys), 'key')} of {describe_date(verification.earlier)}: {', '.join(parts)}"
        return paint(line if parts else "There was nothing to verify", "bold", PAINTS[worst], color=style.color)


def _results(key: VerifiedKey) -> Iterator[dict[str, Any]]:
    about = {
        "address": key.address,
        "account": key.account,
        "kind": key.kind.value,
        "user": key.user,
        "owner": key.owner,
        "status": key.status,
        **({"at": write.moment(key.at)} if key.at is not None else {}),
        **({"by": key.by} if key.by else {}),
        **({"event_id": key.event} if key.event else {}),
        **({"plan": dict(zip(key.plan._fields, key.plan, strict=True))} if key.plan is not None else {}),
    }
    for finding in key.findings:
        yield {
            "state": key.state.value,
            "why": f"{key.why}; {key.note[0].lower()}{key.note[1:-1]}" if key.note else key.why,
            "rule": finding.rule,
            "severity": finding.severity.value,
            "message": finding.message,
            "remediation": key.remediation or finding.remediation,
            "fingerprint": finding.fingerprint,
            "first_seen": write.moment(finding.first_seen),
            **about,
        }


def _lines(key: VerifiedKey, style: Style) -> Iterator[str]:
    severity = paint(key.severity.name, "bold", COLORS[key.severity], color=style.color)
    where = key.address.partition(":user/")[2] or key.address
    account = f"{key.account} " if key.account else ""
    yield f"  {severity} {account}{printable(where)}  {f'owner {printable(key.owner)}' if key.owner else NO_OWNER}"
    yield from wrapped(printable(key.why), "    ", style.columns)
    if key.state is KeyState.OPEN and key.remediation:
        yield from wrapped(f"fix: {printable(key.remediation)}", "    ", style.columns)
