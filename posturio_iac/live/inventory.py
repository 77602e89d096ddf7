"""One account, cheapest evidence first: the report gives a shortlist, and only users on it are asked about key by key."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from posturio_iac.core.finding import Diagnostic, Level, of_account
from posturio_iac.core.keys import account_of
from posturio_iac.core.model import Unknown
from posturio_iac.core.record import replace
from posturio_iac.core.times import describe_interval
from posturio_iac.live.build import Shortlist, of_unsure_age, shortlisted
from posturio_iac.live.connection.calls import AwsError, together
from posturio_iac.live.model import Account, DeployedKey, DeployedUser, KeyEvent, is_unasked
from posturio_iac.live.reading import report as reports
from posturio_iac.live.reading import usage, users
from posturio_iac.live.reading.report import CredentialReport, Summary, reported, root_keys, summarised
from posturio_iac.live.reading.usage import UserKeys, read_credentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Executor

    from posturio_iac.link.declared import StackAnswer
    from posturio_iac.live.connection.session import Connection
    from posturio_iac.live.request import Request

STALE = timedelta(hours=24)  # AWS keeps a report for four hours, so an older one than this is suspicious
NAMED = 5


@dataclass(slots=True)
class Inventory:
    """The keys and facts of one account so far."""

    account: Account
    keys: list[DeployedKey] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    """Why nothing is known, by the ARN of a user, or by the address of a key of an earlier result."""
    gone: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    credentials_listed: bool = False
    deletions: dict[str, KeyEvent] = field(default_factory=dict)
    stacks: dict[str, StackAnswer] = field(default_factory=dict)
    is_whole: bool = False  # True if all users were asked for, so that who is gone has no other name
    is_blind: bool = False  # True if neither the report nor the users could be read, so that no access key was seen for that reason
    reported: datetime | None = None
    report_digest: str = ""

    def say(self, level: Level, text: str) -> None:
        self.diagnostics.append(of_account(level, text, self.account.id))


def take(connection: Connection, account: Account, request: Request, pool: Executor | None = None) -> Inventory:
    """Every key of an account, read with the help of idle threads of ``pool``; what is unread is said. Raises `CredentialsError`."""
    inventory = Inventory(account, is_whole=True)
    told = _summary(connection)  # Before the users: one that is created meanwhile is then no gap.
    report = None if request.exact else _report(connection, inventory, request)
    told_of = detailed(connection, inventory)
    present = told_of if told_of is not None else _listed(connection, inventory, report)
    account.check_users((*(present or ()), *(row.user.arn for row in (report.rows if report else ()))))
    _check_number(connection, told, present, inventory)
    inventory.keys += _root_keys(connection, report, told, inventory, request)
    inventory.is_blind = report is None and present is None and not inventory.keys
    known = {row.user.arn: row.user for row in _rows(report)} | (present or {})
    cached = {row.user.arn: [replace(key, user=known[row.user.arn]) for key in row.keys] for row in _rows(report)}
    if present is not None:  # the users of earlier runs who are no longer there
        inventory.gone |= {arn for arn in request.expected if account_of(arn) == account.id and arn not in known}
    chosen = _chosen(known, cached, present, inventory, request)
    for arn, keys in cached.items():
        if arn not in chosen.asked | chosen.named:
            inventory.keys += (replace(key, user=_without_tags(key.user)) for key in keys)
    _ask(connection, [known[arn] for arn in sorted(chosen.asked | chosen.named)], chosen, cached, inventory, pool)
    _say_what_tags_hide(told_of, [keys for arn, keys in cached.items() if arn not in chosen.asked | chosen.named], inventory)
    _add_credentials(connection, known, inventory)
    return inventory


def _add_credentials(connection: Connection, known: dict[str, DeployedUser], inventory: Inventory) -> None:
    asked = (key.user for key in inventory.keys if not key.user.is_root and not is_unasked(key.user.tags))
    found = read_credentials(connection, (*known.values(), *asked), inventory.account, inventory.say)
    if isinstance(found, AwsError):
        inventory.say(Level.ERROR, f"API keys of services were not read, so none was checked: {found}")
        return
    inventory.keys += found
    inventory.credentials_listed = True


def _summary(connection: Connection) -> Summary | AwsError:
    try:
        return summarised(connection)
    except AwsError as error:
        return error


def _check_number(connection: Connection, told: Summary | AwsError, present: dict[str, DeployedUser] | None, inventory: Inventory) -> None:
    """Report that users are missing from their list when the summary, read once more, still counts more of them."""
    if present is None:
        return
    if isinstance(told, AwsError):
        inventory.say(Level.WARNING, f"it was not checked whether the list of users is complete: {told}")
        return
    if told.users is not None and told.users > len(present):
        again = _summary(connection)
        if not isinstance(again, AwsError) and again.users is not None and again.users > len(present):
            text = f"GetAccountSummary counts {again.users} users, and {len(present)} were listed, so the keys of some were not checked"
            inventory.say(Level.ERROR, f"{text}; run it again")


def _root_keys(
    connection: Connection, report: CredentialReport | None, told: Summary | AwsError, inventory: Inventory, request: Request
) -> tuple[DeployedKey, ...]:
    """The root user's keys. The summary does not tell one from two, so the report is asked for its line where there is any."""
    keys = root_keys(report, told, inventory.account, inventory.say)
    if report is None and keys:
        row = reported(connection, request.as_of, request.sleep)
        return row if not isinstance(row, str) and row else keys
    return keys


def _report(connection: Connection, inventory: Inventory, request: Request) -> CredentialReport | None:
    try:
        report = reports.fetch(connection, request.as_of, request.sleep)
    except reports.ReportUnavailableError as error:
        inventory.say(Level.WARNING, f"{error}; each user's keys are read one by one instead")
        return None
    if report.shifted:
        count, whose = ("1 line", "its user's") if report.shifted == 1 else (f"{report.shifted} lines", "their users'")
        text = f"{count} of the credential report cannot be split into columns, so {whose} keys are read one by one"
        inventory.say(Level.NOTE, text)
    for note in report.notes:
        inventory.say(Level.NOTE, note)
    inventory.reported, inventory.report_digest = report.generated, report.digest
    age = request.as_of - report.generated
    if age > STALE:
        inventory.say(Level.WARNING, f"the credential report is {describe_interval(age)} old; --exact asks about every key")
    return report


def detailed(connection: Connection, inventory: Inventory) -> dict[str, DeployedUser] | None:
    """Every user by ARN, with tags and policies; None, with a warning, where that may not be read."""
    try:
        return users.detailed(connection)
    except AwsError as error:
        inventory.say(Level.WARNING, f"{error}; tags are read user by user instead")
        return None


def _listed(connection: Connection, inventory: Inventory, report: CredentialReport | None) -> dict[str, DeployedUser] | None:
    try:
        return users.listed(connection)
    except AwsError as error:
        lost = "none of their keys was checked" if report is None else "users missing from the credential report are not known"
        inventory.say(Level.ERROR, f"the users cannot be listed, so {lost}: {error}")
        return None


def _rows(report: CredentialReport | None) -> list[reports.ReportRow]:
    return [row for row in report.rows if not row.user.is_root] if report else []


def _chosen(
    known: dict[str, DeployedUser],
    cached: dict[str, list[DeployedKey]],
    present: dict[str, DeployedUser] | None,
    inventory: Inventory,
    request: Request,
) -> Shortlist:
    fresh = known.keys() - cached.keys()
    vanished = {arn for arn, keys in cached.items() if keys and present is not None and arn not in present}
    short = shortlisted([key for kept in cached.values() for key in kept], inventory.account, request)
    asked = frozenset(fresh | vanished | short.asked | _awaited(known, cached, inventory.account, request))
    return Shortlist(asked, short.named - asked)


def _awaited(known: dict[str, DeployedUser], cached: dict[str, list[DeployedKey]], account: Account, request: Request) -> set[str]:
    """The users with more keys in states or earlier runs than in the report, which may be older than some of these keys."""
    held = request.linker.holds if request.linker is not None else lambda *_: 0
    return {arn for arn, keys in cached.items() if max(held(known[arn].name, account.id), request.expected.get(arn, 0)) > len(keys)}


def _ask(
    connection: Connection,
    users_: Sequence[DeployedUser],
    chosen: Shortlist,
    cached: dict[str, list[DeployedKey]],
    inventory: Inventory,
    pool: Executor | None,
) -> None:

    def ask(user: DeployedUser) -> UserKeys:
        return usage.look(connection, user) if user.arn in chosen.asked else usage.named(connection, user, cached[user.arn])

    looks: list[UserKeys] = together(pool, ask, users_)
    for user, looked in zip(users_, looks, strict=True):
        if looked.keys is None:
            inventory.keys += (replace(of_unsure_age(key), user=_without_tags(key.user)) for key in cached.get(user.arn, ()))
        else:
            inventory.keys += looked.keys
            inventory.listed.add(user.arn)
        inventory.gone |= {user.arn} if looked.user_gone else set()
        for what in looked.gone:
            inventory.say(Level.NOTE, f"{what} was deleted or renamed during the run")
    say_failures(inventory, zip(users_, looks, strict=True))


def say_failures(inventory: Inventory, looks: Iterable[tuple[DeployedUser, UserKeys]]) -> None:
    """Report failed calls, once for all users with the same failure."""
    failed: dict[tuple[str, str], list[tuple[DeployedUser, AwsError]]] = {}
    for user, looked in looks:
        for error in looked.errors:
            failed.setdefault((error.operation, error.code), []).append((user, error))
    for failures in failed.values():
        inventory.say(Level.ERROR, _about(failures))
    for key in inventory.keys:
        if key.key_id is not None and isinstance(key.status, Unknown):
            text = f"it is not known whether access key {key.key_id} of user {key.user.name} is active"
            inventory.say(Level.ERROR, f"{text}: {key.status.reason}")


def _about(failures: list[tuple[DeployedUser, AwsError]]) -> str:
    names = list(dict.fromkeys(user.name for user, _ in failures))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    text = "user" if len(names) == 1 else "users"
    return f"{failures[0][1]}; this concerns {text} {', '.join(names[:NAMED])}{more}"


def _without_tags(user: DeployedUser) -> DeployedUser:
    return replace(user, tags=users.UNASKED) if is_unasked(user.tags) else user


def _say_what_tags_hide(detailed: dict[str, DeployedUser] | None, cached: list[list[DeployedKey]], inventory: Inventory) -> None:
    count = sum(any(key.status != "Inactive" for key in keys) for keys in cached)
    if detailed is None and count:
        text = (
            f"the tags of {count} user{'' if count == 1 else 's'} off the shortlist were not read, so ends that they state were not checked"
        )
        inventory.say(Level.ERROR, f"{text}; allow iam:GetAccountAuthorizationDetails, or use --exact")
