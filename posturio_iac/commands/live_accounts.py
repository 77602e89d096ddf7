"""Which accounts a live run reads, and what it makes of them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from posturio_iac.commands.output import write
from posturio_iac.engine import judge
from posturio_iac.errors import UsageError
from posturio_iac.finding import Diagnostic, Level
from posturio_iac.live import disabled, organization
from posturio_iac.live.build import access_keys
from posturio_iac.live.inventory import Request
from posturio_iac.live.mask import Mask
from posturio_iac.live.model import Account
from posturio_iac.live.ownership import Owner
from posturio_iac.live.survey import Outcome, Surveyor, Target, once_each, survey
from posturio_iac.live.trouble import AwsError, CredentialsError
from posturio_iac.names import Names
from posturio_iac.policy import Policy
from posturio_iac.record import dataclass, replace

if TYPE_CHECKING:
    from datetime import datetime

    from posturio_iac.commands.live_args import LiveArguments
    from posturio_iac.config import Config
    from posturio_iac.finding import Report
    from posturio_iac.live.calls import Budget
    from posturio_iac.live.inventory import Inventory
    from posturio_iac.model import AccessKey


@dataclass(frozen=True, slots=True)
class Findings:
    """What a run found."""

    report: Report
    """With full key ids."""
    budget: str
    """What it cost, in one line."""
    region: str
    """The region that the credentials are used in."""
    accounts: tuple[str, ...] = ()
    """The accounts that were read, also those without a key."""

    def masked(self) -> Report:
        """The report without key ids."""
        return Mask([judged.key.key_id for judged in self.report.keys if judged.key.key_id]).report(self.report)


def look(arguments: LiveArguments, config: Config, as_of: datetime) -> Findings:
    """Read the accounts that the command line names and judge their keys.

    Raises:
        UsageError: there are no credentials, no such profile, or a wrong state file.

    """
    state = _load_state(arguments.given.state_file)
    request = _request(arguments, config, as_of)
    surveyor = Surveyor(request, arguments.given.region)
    try:
        targets, notes = _targets(surveyor, arguments)
    except CredentialsError as error:
        raise UsageError(str(error)) from None
    except AwsError as error:
        targets, notes = [], [Diagnostic(Level.ERROR, f"nothing was read: {error}")]
    outcomes = list(once_each(survey(surveyor, targets, _progress if sys.stderr.isatty() and not arguments.given.quiet else None)))
    _refuse_without_credentials(outcomes)
    inventories = [outcome.inventory for outcome in outcomes if outcome.inventory is not None]
    if state is not None:
        for inventory in inventories:
            inventory.keys = list(disabled.from_state(inventory.keys, state, as_of))
        write(disabled.write_state(state), arguments.given.state_file)
    keys = [key for inventory in inventories for key in _built(surveyor, inventory, arguments, request)]
    said = [*notes, *(said for outcome in outcomes for said in outcome.diagnostics)]
    report = judge(keys, as_of=as_of, diagnostics=said, policy=request.policy)
    accounts = tuple(sorted(inventory.account.id for inventory in inventories))
    return Findings(report, _cost(surveyor.budget, outcomes), surveyor.base(next(iter(arguments.profiles), None)).region, accounts)


def _request(arguments: LiveArguments, config: Config, as_of: datetime) -> Request:
    names = Names.default().with_extra(**config.names) if config.names else Names.default()
    return Request(
        as_of=as_of,
        policy=Policy(config, suppressions=not arguments.given.no_suppressions),
        names=names,
        owners=tuple(Owner(entry["users"], entry["owner"]) for entry in config.owners),
        exact=bool(arguments.given.exact),
        workers=arguments.workers,
    )


def _targets(surveyor: Surveyor, arguments: LiveArguments) -> tuple[list[Target], list[Diagnostic]]:
    """Return what to read, and notes on what is left out. Raises `AwsError` and `CredentialsError`."""
    if not arguments.several:
        return [Target(profile) for profile in arguments.profiles or (None,)], []
    profile = arguments.profiles[0] if arguments.profiles else None
    own = surveyor.identity(profile)
    notes: list[Diagnostic] = []
    if arguments.organization:
        accounts, notes = organization.accounts(surveyor.base(profile), own.partition)
        if said := organization.root_management(surveyor.base(profile)):
            notes.append(Diagnostic(Level.NOTE, said))
    else:
        accounts = [Account(account, own.partition) for account in arguments.accounts]
    part, parts = arguments.shard
    wanted = [account for account in accounts if account.id not in arguments.excluded][part - 1 :: parts]
    return [_target(account, own, profile, arguments) for account in wanted], notes


def _target(account: Account, own: Account, profile: str | None, arguments: LiveArguments) -> Target:
    """Return the way to an account; that of the credentials themselves needs no role."""
    if account.id == own.id:
        return Target(profile, account)
    role = f"arn:{account.partition}:iam::{account.id}:role/{arguments.role.lstrip('/')}"
    return Target(profile, account, role, arguments.given.external_id)


def _built(surveyor: Surveyor, inventory: Inventory, arguments: LiveArguments, request: Request) -> tuple[AccessKey, ...]:
    """Return the keys of an account; its own tags are asked for when nothing else names an owner."""
    account = inventory.account
    keys = access_keys(inventory.keys, account, request.names, request.owners, request.as_of)
    if not arguments.organization or all(key.owner is not None or key.is_root for key in keys):
        return keys
    profile = arguments.profiles[0] if arguments.profiles else None
    tagged = replace(account, tags=organization.tags_of(surveyor.base(profile), account))
    return access_keys(inventory.keys, tagged, request.names, request.owners, request.as_of)


def _refuse_without_credentials(outcomes: list[Outcome]) -> None:
    """Make the absence of credentials an error of usage where nothing at all was read."""
    if len(outcomes) == 1 and outcomes[0].no_credentials:
        raise UsageError(outcomes[0].diagnostics[0].message.partition(": ")[2])


def _load_state(path: str | None) -> dict[str, datetime] | None:
    """Return what a state file holds: nothing when it is not there yet, None when none was asked for."""
    if path is None:
        return None
    if not os.path.exists(path):
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            state = disabled.read_state(file.read())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the state file {path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if state is None:
        raise UsageError(f"{path} is no state file of posturio-iac, or is damaged; it was left as it is, name another file")
    return state


def _cost(budget: Budget, outcomes: list[Outcome]) -> str:
    for outcome in outcomes:
        for operation, count in outcome.calls.items():
            budget.spend(operation, count)
    return budget.line()


def _progress(done: int, total: int) -> None:
    sys.stderr.write(f"\r{done} of {total} accounts" + ("\n" if done == total else ""))
    sys.stderr.flush()
