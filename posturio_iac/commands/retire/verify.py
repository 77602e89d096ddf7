"""``posturio-iac retire verify``: what became of the keys of a plan, or of an earlier result."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from posturio_iac.commands.live.accounts import members, way_to
from posturio_iac.commands.live.run import Findings, Run
from posturio_iac.commands.live.writing.output import emit
from posturio_iac.commands.output import to_stderr
from posturio_iac.commands.retire.planning import files_of
from posturio_iac.commands.retire.verification_text import ShownVerification
from posturio_iac.commands.scan.arguments import reports
from posturio_iac.contract.context import FindingAges
from posturio_iac.contract.read import NotAResultError
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import replace
from posturio_iac.errors import UsageError, system_reason
from posturio_iac.live.connection.errors import AwsError, CredentialsError
from posturio_iac.live.mask import Mask
from posturio_iac.live.model import Account
from posturio_iac.retire.plan_log import read_log
from posturio_iac.retire.verify.baseline import Earlier, read
from posturio_iac.retire.verify.compare import Now, by_rules_of, compare
from posturio_iac.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from posturio_iac.commands.live.arguments import LiveArguments
    from posturio_iac.commands.retire.command import RetireTask
    from posturio_iac.config.model import Config
    from posturio_iac.live.survey import AccountOutcome, AccountTarget
    from posturio_iac.retire.plan_log import Entry
    from posturio_iac.retire.verify.model import Verification


def take(task: RetireTask) -> int:
    """Verify, report, and return the exit code. Raises `UsageError` and `OutputError`."""
    started, begun, given = time.perf_counter(), task.now(), task.arguments.given
    targets = reports(given)
    found, verification = verify(task.arguments, task.config, begun, task.arguments.path)
    code = int(verification.exit_code(found.report))
    record = found.record.document((begun, task.now()), task.argv, code)
    if not given.show_key_ids:
        ids = (judged.key.key_id for judged in found.report.keys)
        mask = Mask([*filter(None, ids), *(key.address.rpartition("/")[2] for key in verification.keys)])
        found, verification = replace(found, report=mask.report(found.report)), verification.masked(mask)
    shown = ShownVerification(found.report, verification, found.ages)
    emit(found, given, targets, elapsed=time.perf_counter() - started, code=code, config=task.config, run=record, verification=shown)
    if not given.quiet:
        to_stderr(f"{found.budget}\n")
    return code


def verify(arguments: LiveArguments, config: Config, as_of: datetime, path: str) -> tuple[Findings, Verification]:
    """Ask about the keys of an earlier result, judge them, and compare.

    Raises:
        UsageError: the file is no result of ours, there are no credentials or no such profile.

    """
    path, log_path = files_of(path)
    earlier, log = _load(path), _log(log_path)
    run = Run(arguments, config, as_of)
    try:
        targets, unread, notes = _targets(run, earlier)
    except CredentialsError as error:
        raise UsageError(str(error)) from None
    except AwsError as error:
        targets, unread, notes = [], dict.fromkeys(earlier.accounts(), str(error)), [Diagnostic(Level.ERROR, f"nothing was read: {error}")]
    outcomes = list(run.read(targets))
    policies = by_rules_of(earlier, run.request.policy, all_rules())
    found = run.findings(outcomes, [*_remarks(earlier, path), *_lost(log[1], log_path), *notes], policies)
    inventories = [outcome.inventory for outcome in outcomes if outcome.inventory]
    now = Now(
        found.report,
        unread | _unread(outcomes),
        frozenset(arn for inventory in inventories for arn in inventory.gone),
        log[0],
        run.ledger.switched_off(found.report, earlier.as_of) if run.ledger is not None else {},
        {key.key_id: key.switched_off for inventory in inventories for key in inventory.keys if key.key_id and key.switched_off},
        {key_id: event for inventory in inventories for key_id, event in inventory.deletions.items()},
    )
    first = {finding.fingerprint: finding.first_seen for finding in earlier.findings}
    return replace(found, ages=FindingAges({**found.ages.first_seen, **first})), compare(earlier, now, policies.general)


def _log(path: str | None) -> tuple[dict[str, Entry], int]:
    """The log of a plan by the ids of keys, and how many of its lines cannot be read."""
    if path is None:
        return {}, 0
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return read_log(file.read())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {system_reason(error)}") from None


def _lost(lines: int, path: str | None) -> list[Diagnostic]:
    if not lines:
        return []
    count = "1 line" if lines == 1 else f"{lines} lines"
    return [Diagnostic(Level.WARNING, f"{count} of {path} cannot be read and are left out")]


def _load(path: str) -> Earlier:
    try:
        with open(path, encoding="utf-8") as file:
            return read(file.read(), path)
    except NotAResultError as error:
        raise UsageError(f"{path} {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {system_reason(error)}") from None


def _remarks(earlier: Earlier, path: str) -> list[Diagnostic]:
    """Report the limits of verifying this file."""
    if not earlier.incomplete:
        return []
    if not earlier.keys:
        return [Diagnostic(Level.ERROR, f"{path} contains nothing to verify, because its own run could not read anything")]
    return [Diagnostic(Level.WARNING, f"{path} is incomplete: what its own run could not read is not verified")]


def _targets(run: Run, earlier: Earlier) -> tuple[list[AccountTarget], dict[str, str], list[Diagnostic]]:
    """The way to each account of the file, and why some have none. Raises `AwsError` and `CredentialsError`."""
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
    """Return why accounts and users could not be read."""
    found: dict[str, str] = {}
    for outcome in outcomes:
        if outcome.inventory is not None:
            found |= outcome.inventory.unread
        elif outcome.target.account is not None:
            found[outcome.target.account.id] = outcome.diagnostics[0].message
    return found
