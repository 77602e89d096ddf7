"""Many accounts at once: each is read by the same function; a failure in one is reported and hides nothing of the others."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice

from posturio_iac.core.finding import Diagnostic, Level, of_account
from posturio_iac.core.model import KeyKind, Unknown
from posturio_iac.core.record import kept, replace
from posturio_iac.live.connection.calls import NOT_UNDERSTOOD, UNEXPECTED, AwsError, CallBudget, CredentialsError, not_understood, together
from posturio_iac.live.connection.session import Connection, connect
from posturio_iac.live.context import ask_stacks
from posturio_iac.live.inventory import Inventory, detailed, say_failures, take
from posturio_iac.live.model import Account, DeployedUser, UserQuery
from posturio_iac.live.reading import usage
from posturio_iac.live.reading.events import Trail, from_trail, is_undated, read_deletions, read_trail
from posturio_iac.live.reading.report import of_summary, reported, root_arn, summarised
from posturio_iac.live.reading.usage import read_credentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from typing import TypeAlias

    from posturio_iac.live.request import Request


@dataclass(frozen=True, slots=True)
class AccountTarget:
    """An account and the way to it."""

    profile: str | None = None
    account: Account | None = None  # None until the credentials have told the account
    role: str | None = None  # ARN of the role to assume; None for the profile's own credentials
    external_id: str | None = None
    wanted: tuple[UserQuery, ...] | None = None  # read only these users, without a report; None for all users

    @property
    def label(self) -> str:
        """Its name for a reader."""
        if self.account is not None:
            return f"{self.account.id} ({self.account.name})" if self.account.name else self.account.id
        return f"profile {self.profile}" if self.profile else "the account of the default credentials"


@dataclass(frozen=True, slots=True)
class AccountOutcome:
    """The outcome for one target."""

    target: AccountTarget
    inventory: Inventory | None
    diagnostics: tuple[Diagnostic, ...]
    calls: dict[str, int]  # requests by operation, where they were counted elsewhere than in the surveyor's own budget
    unsigned: str = ""


class Surveyor:
    """Reads one target at a time; threads may share it, and processes may get a copy."""

    def __init__(self, request: Request) -> None:
        self.request, self.budget = request, CallBudget()
        self._bases: dict[str | None, Connection] = {}

    def __reduce__(self) -> tuple[type[Surveyor], tuple[Request]]:
        return Surveyor, (self.request,)

    def base(self, profile: str | None) -> Connection:
        """The connection of a profile. Raises `UsageError`."""
        return kept(self._bases, profile, lambda name: connect(name, self.budget, pool=self.request.workers))

    @property
    def callers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(base.caller for base in self._bases.values() if base.caller))

    def identity(self, profile: str | None) -> Account:
        """The account that the credentials of a profile belong to. Raises `AwsError` and `CredentialsError`."""
        said = self.base(profile).call("sts:GetCallerIdentity")
        try:
            account = Account(said["Account"], said["Arn"].split(":")[1])
        except NOT_UNDERSTOOD as error:
            raise AwsError("sts:GetCallerIdentity", UNEXPECTED, str(error)) from None
        self.base(profile).caller = said["Arn"]
        return account

    def connected(self, target: AccountTarget) -> Connection:
        connection = self.base(target.profile)
        return connection if target.role is None else connection.assumed(target.role, target.external_id)

    def read(self, target: AccountTarget, pool: Executor | None = None) -> AccountOutcome:
        """Read one account, its users with the help of a pool. Only errors of the command line are raised."""
        try:
            account = target.account or self.identity(target.profile)
            connection = self.connected(target)
            if target.wanted is None:
                inventory = take(connection, account, self.request, pool)
            else:
                inventory = recheck(connection, account, target.wanted, self.request, pool)
            date_disabled(connection, inventory, self.request, verifies=target.wanted is not None)
            ask_deletions(connection, inventory, self.request, target.wanted)
            ask_stacks(connection, inventory, self.request)
        except CredentialsError as error:
            return replace(failed(target, str(error)), unsigned=str(error))
        except AwsError as error:
            return failed(target, str(error))
        except (*NOT_UNDERSTOOD, OSError) as error:
            return failed(target, not_understood(error))
        found = replace(target, account=account)
        if inventory.is_blind:
            blind = failed(found, "neither its credential report nor its users could be read")
            return replace(blind, diagnostics=(*blind.diagnostics, *inventory.diagnostics))
        return AccountOutcome(found, inventory, tuple(inventory.diagnostics), {})


AHEAD = 2  # how many accounts a worker may be ahead of the reader of outcomes, which bounds the memory
Progress: TypeAlias = "Callable[[AccountOutcome, int, int], object] | None"


def survey(surveyor: Surveyor, targets: Sequence[AccountTarget], progress: Progress = None) -> Generator[AccountOutcome, None, None]:
    """Read all targets and yield outcomes as they come; accounts and their users share one queue, so no thread is idle."""
    workers = surveyor.request.workers
    pool = ThreadPoolExecutor(workers)
    try:
        left, waiting = iter(targets), set[Future[AccountOutcome]]()
        for done in range(1, len(targets) + 1):
            waiting |= {pool.submit(surveyor.read, target, pool) for target in islice(left, AHEAD * workers - len(waiting))}
            future = next(iter(wait(waiting, return_when=FIRST_COMPLETED).done))
            waiting.remove(future)
            outcome = future.result()
            if progress is not None:
                progress(outcome, done, len(targets))
            yield outcome
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def once_each(outcomes: Iterable[AccountOutcome]) -> Iterator[AccountOutcome]:
    """Yield the outcomes without repetitions of accounts that several profiles lead to, which are reported once."""
    seen: dict[str, str] = {}
    for outcome in outcomes:
        account, profile = outcome.inventory.account.id if outcome.inventory else None, outcome.target.profile or "the default profile"
        if account is not None and account in seen:
            first, second = sorted((profile, seen[account]))
            text = f"{first} and {second} lead to the same account, {account}, which is counted once"
            yield replace(outcome, inventory=None, diagnostics=(Diagnostic(Level.NOTE, text),))
            continue
        if account is not None:
            seen[account] = profile
        yield outcome


def date_disabled(connection: Connection, inventory: Inventory, request: Request, *, verifies: bool = False) -> None:
    """Look up since when keys have been off, if there are such keys; an error where that was asked. Each kind has its own events."""
    failures: dict[str, None] = {}
    for kind in KeyKind:
        known: Trail | Unknown | AwsError | None = None
        if any(key.kind is kind and (is_undated(key) or (request.switches and key.key_id)) for key in inventory.keys):
            try:
                known = read_trail(connection, inventory.account.partition, request.as_of, kind)
            except AwsError as error:
                known = error
            if not isinstance(known, Trail):
                failures[known.reason if isinstance(known, Unknown) else str(known)] = None
        inventory.keys = [from_trail(key, known) if key.kind is kind else key for key in inventory.keys]
    for why in failures:
        if request.switches is None and not verifies:
            inventory.say(Level.WARNING, f"{why}; a --ledger records how long keys have been inactive")
        else:
            level = Level.ERROR if verifies else request.switches or Level.WARNING
            inventory.say(level, f"which keys were switched on or off is not known: {why}")


def ask_deletions(connection: Connection, inventory: Inventory, request: Request, wanted: tuple[UserQuery, ...] | None) -> None:
    """Look up who deleted keys, if some that were expected are missing, and who has those now that an earlier result knows."""
    there = {key.label for key in inventory.keys}
    missing = [(one.user, key) for one in wanted or () if not one.user.is_root for key in one.keys if key.label not in there]
    counts = Counter(key.user.arn for key in inventory.keys)
    start = f"arn:{inventory.account.partition}:iam::{inventory.account.id}:"
    fewer = any(counts[arn] < number for arn, number in request.expected.items() if arn.startswith(start))
    if missing or (fewer and wanted is None):
        try:
            inventory.deletions = read_deletions(connection, inventory.account.partition, request.as_of)
        except AwsError as error:
            inventory.say(Level.NOTE, f"who deleted keys is not known: {error}")
    for user, key in missing:
        is_there = user.arn in inventory.listed and key.kind is KeyKind.ACCESS_KEY and key.key_id not in inventory.deletions
        if is_there and key.key_id is not None and (why := _moved(connection, user, key.key_id, is_gone=user.arn in inventory.gone)):
            inventory.unread[key.address] = why
            inventory.say(Level.ERROR, why)


def _moved(connection: Connection, user: DeployedUser, key_id: str, *, is_gone: bool) -> str:
    """Why nothing is known of a key that its user lacks: a renamed user keeps its keys. Of a deleted key AWS denies the answer."""
    try:
        name = connection.call("iam:GetAccessKeyLastUsed", AccessKeyId=key_id).get("UserName")
    except AwsError as error:
        unsure = f"user {user.name} no longer exists, and whether it was renamed or deleted is not known: look with live"
        if error.denied or error.gone:
            return unsure if is_gone and error.denied else ""
        return str(error)
    return f"its user is called {name} now: look with live" if name and name != user.name else ""


def failed(target: AccountTarget, why: str) -> AccountOutcome:
    account = target.account.id if target.account else None
    return AccountOutcome(target, None, (of_account(Level.ERROR, f"{target.label} was not read: {why}", account),), {})


def recheck(
    connection: Connection, account: Account, wanted: Sequence[UserQuery], request: Request, pool: Executor | None = None
) -> Inventory:
    """The current keys of these users; ``unread`` holds what could not be read. Raises `CredentialsError`."""
    inventory = Inventory(account)
    people = [one for one in wanted if not one.user.is_root]
    for one in wanted:
        if one.user.is_root:
            _root(connection, one, inventory, request)
    known = (detailed(connection, inventory) or {}) if people else {}
    asked = [replace(one, user=known.get(one.user.arn, one.user)) for one in people]
    looks = together(pool, lambda one: usage.look(connection, one.user), asked)
    for one, looked in zip(asked, looks, strict=True):
        if looked.user_gone:
            inventory.gone.add(one.user.arn)
        if looked.keys is None:
            inventory.unread[one.user.arn] = str(looked.errors[-1])
        else:
            inventory.keys += looked.keys
            inventory.listed.add(one.user.arn)
    _credentials(connection, asked, known, inventory)
    say_failures(inventory, ((one.user, looked) for one, looked in zip(asked, looks, strict=True)))
    for why in sorted(set(inventory.unread.values()) - {str(error) for looked in looks for error in looked.errors}):
        inventory.say(Level.ERROR, why)
    return inventory


def _root(connection: Connection, wanted: UserQuery, inventory: Inventory, request: Request) -> None:
    account = inventory.account
    try:
        told = summarised(connection)
    except AwsError as error:
        inventory.unread[root_arn(account)] = f"it is not known whether the root user has access keys: {error}"
        return
    if not told.root_keys:
        return
    row = reported(connection, request.as_of, request.sleep)
    if not isinstance(row, str) and row:
        inventory.keys += row
        return
    inventory.keys += (found := of_summary(told, account))
    why = row if isinstance(row, str) else "the credential report is older than its key"
    for key in wanted.keys:
        if not any(key.label == one.label for one in found):
            inventory.unread[key.address] = f"the account summary does not distinguish one root key from two, and {why}"


def _credentials(connection: Connection, asked: Sequence[UserQuery], known: dict[str, DeployedUser], inventory: Inventory) -> None:
    wanted = [key for one in asked for key in one.keys if key.kind is KeyKind.SERVICE_CREDENTIAL]
    if not wanted:
        return
    users_ = (*known.values(), *(key.user for key in inventory.keys if not key.user.is_root))
    found = read_credentials(connection, users_, inventory.account, inventory.say)
    if isinstance(found, AwsError):
        inventory.unread |= {key.address: str(found) for key in wanted}
        return
    ours = {one.user.arn for one in asked}
    inventory.keys += (key for key in found if key.user.arn in ours)
    others = {key.key_id: key.user.name for key in found if key.user.arn not in ours}
    inventory.unread |= {
        key.address: f"its user is called {others[key.key_id]} now: look with live" for key in wanted if key.key_id in others
    }
    inventory.credentials_listed = True
