"""The accounts that a live run reads."""

from __future__ import annotations

from posturio_iac.commands.live.run import Findings, Run
from posturio_iac.core.finding import Diagnostic, Level, of_account
from posturio_iac.core.model import Unknown
from posturio_iac.core.record import replace
from posturio_iac.errors import UsageError
from posturio_iac.judge.policy import text_matches
from posturio_iac.live.connection.calls import NOT_UNDERSTOOD, AwsError, CredentialsError, not_understood
from posturio_iac.live.model import Account
from posturio_iac.live.reading import organization
from posturio_iac.live.survey import AccountTarget

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from posturio_iac.commands.live.arguments import LiveArguments
    from posturio_iac.config import Config


def look(arguments: LiveArguments, config: Config, as_of: datetime) -> Findings:
    run, targets, notes = ready(arguments, config, as_of)
    return run.findings(run.read(targets), notes)


def ready(arguments: LiveArguments, config: Config, as_of: datetime) -> tuple[Run, list[AccountTarget], list[Diagnostic]]:
    """The run, the accounts that the command line names, and notes on those that are left out. Raises `UsageError`."""
    run = Run(arguments, config, as_of)
    try:
        return run, *_targets(run)
    except CredentialsError as error:
        raise UsageError(str(error)) from None
    except AwsError as error:
        return run, [], [Diagnostic(Level.ERROR, f"nothing was read: {error}")]
    except NOT_UNDERSTOOD as error:
        return run, [], [Diagnostic(Level.ERROR, f"nothing was read: {not_understood(error)}")]


def members(run: Run, partition: str) -> tuple[list[Account], list[Diagnostic]]:
    """The active accounts of the organization, with notes on the others and on root users. Raises `AwsError`."""
    connection = run.surveyor.base(run.profile)
    accounts, notes = organization.accounts(connection, partition)
    if said := organization.root_management(connection):
        notes.append(Diagnostic(Level.NOTE, said))
    return accounts, notes


def way_to(account: Account, own: Account, run: Run) -> AccountTarget:
    """The way to an account; that of the credentials themselves needs no role."""
    if account.id == own.id:
        return AccountTarget(run.profile, account)
    role = f"arn:{account.partition}:iam::{account.id}:role/{run.arguments.role.lstrip('/')}"
    return AccountTarget(run.profile, account, role, run.arguments.given.external_id)


def _selected(run: Run, accounts: list[Account]) -> tuple[list[Account], list[Diagnostic]]:
    arguments, connection = run.arguments, run.surveyor.base(run.profile)
    notes = []
    if arguments.units:
        inside = organization.within(connection, arguments.units)
        accounts = [account for account in accounts if account.id in inside]
    for name, glob in arguments.account_tags:
        known = [account if account.tags else replace(account, tags=organization.tags_of(connection, account)) for account in accounts]
        accounts = []
        for account in known:
            if isinstance(account.tags, Unknown):
                notes.append(of_account(Level.ERROR, f"account {account.id} was not read: {account.tags.reason}", account.id))
            elif any(key == name and text_matches(glob, value) for key, value in account.tags):
                accounts.append(account)
    if not accounts and not notes and (arguments.units or arguments.account_tags):
        notes.append(Diagnostic(Level.ERROR, "no active account matches the given units and tags, so nothing was read"))
    return accounts, notes


def _targets(run: Run) -> tuple[list[AccountTarget], list[Diagnostic]]:
    arguments = run.arguments
    if not arguments.several:
        profiles = arguments.profiles or (None,)
        if run.ledger is not None and len(profiles) == 1:  # a run without credentials leaves no ledger behind
            return [AccountTarget(run.profile, run.surveyor.identity(run.profile))], []
        return [AccountTarget(profile) for profile in profiles], []
    own = run.surveyor.identity(run.profile)
    notes: list[Diagnostic] = []
    if arguments.organization:
        accounts, notes = members(run, own.partition)
        accounts, left = _selected(run, accounts)
        notes += left
    else:
        accounts = [Account(account, own.partition) for account in arguments.accounts]
    return [way_to(account, own, run) for account in accounts if account.id not in arguments.excluded], notes
