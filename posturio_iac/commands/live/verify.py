"""``posturio-iac live --verify``: the outcome of the findings of an earlier result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.commands.live.accounts import members, way_to
from posturio_iac.commands.live.failures import with_failures
from posturio_iac.commands.live.run import Findings, Run
from posturio_iac.commands.live.writing.plan import files_of
from posturio_iac.contract.context import FindingAges
from posturio_iac.contract.read import NotAResultError
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import replace
from posturio_iac.errors import UsageError, system_reason
from posturio_iac.live.connection.errors import AwsError, CredentialsError
from posturio_iac.live.model import Account
from posturio_iac.retire.plan_log import read_log
from posturio_iac.retire.verify.baseline import Earlier, read
from posturio_iac.retire.verify.compare import Now, by_rules_of, compare
from posturio_iac.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from posturio_iac.commands.live.arguments import LiveArguments
    from posturio_iac.config.model import Config
    from posturio_iac.live.survey import AccountOutcome, AccountTarget
    from posturio_iac.retire.plan_log import Entry


def verify(arguments: LiveArguments, config: Config, as_of: datetime) -> Findings:
    """Ask about the keys of an earlier result, judge them, and compare.

    Raises:
        UsageError: the file is no result of ours, there are no credentials or no such profile.

    """
    path, log_path = files_of(arguments.given.verify)
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
    gone = frozenset(arn for o in outcomes if o.inventory for arn in o.inventory.gone)
    was_off = run.ledger.switched_off(found.report, earlier.as_of) if run.ledger is not None else {}
    now = Now(found.report, unread | _unread(outcomes), gone, log[0], was_off)
    first = {finding.fingerprint: finding.first_seen for finding in earlier.findings}
    ages = FindingAges({**found.ages.first_seen, **first})
    compared = compare(earlier, now, policies.general)
    verified, said = with_failures(compared, outcomes, run.surveyor, found.report.as_of)
    report = replace(found.report, diagnostics=(*found.report.diagnostics, *said))
    return replace(found, report=report, verified=verified, ages=ages, budget=run.surveyor.budget.line())


def _log(path: str | None) -> tuple[dict[str, Entry], int]:
    """The log of a plan by the ids of keys, and how many of its lines cannot be read."""
    if path is None:
        return {}, 0
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return read_log(file.read())
    except OSError as error:
        raise UsageError(f"--verify {path} cannot be read: {system_reason(error)}") from None


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
        raise UsageError(f"--verify {path} {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--verify {path} cannot be read: {system_reason(error)}") from None


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
