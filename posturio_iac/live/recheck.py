"""The users of an earlier result, read key by key: never from a report, which may be older than the changes since."""

from __future__ import annotations

from posturio_iac.core.finding import Level
from posturio_iac.core.model import KeyKind
from posturio_iac.core.record import replace
from posturio_iac.live.connection.calls import together
from posturio_iac.live.connection.errors import AwsError
from posturio_iac.live.inventory import Inventory, detailed, say_failures
from posturio_iac.live.reading import usage
from posturio_iac.live.reading.report import of_summary, reported, root_arn, summarised
from posturio_iac.live.reading.usage import read_credentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from posturio_iac.live.connection.session import Connection
    from posturio_iac.live.model import Account, DeployedUser, UserQuery
    from posturio_iac.live.request import Request


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
            _renamed(connection, one, looked, inventory)
    _credentials(connection, asked, known, inventory)
    say_failures(inventory, ((one.user, looked) for one, looked in zip(asked, looks, strict=True)))
    for why in sorted(set(inventory.unread.values()) - {str(error) for looked in looks for error in looked.errors}):
        inventory.say(Level.ERROR, why)
    return inventory


def _renamed(connection: Connection, one: UserQuery, looked: usage.UserKeys, inventory: Inventory) -> None:
    """Say of a key that its user lacks who has it now: a renamed user keeps its keys."""
    there = {key.key_id for key in looked.keys or ()}
    for known in one.keys:
        if known.kind is not KeyKind.ACCESS_KEY or known.key_id is None or known.key_id in there:
            continue
        try:
            name = connection.call("iam:GetAccessKeyLastUsed", AccessKeyId=known.key_id).get("UserName")
        except AwsError:
            continue  # a deleted key is refused
        if name and name != one.user.name:
            inventory.unread[known.address] = f"its user is called {name} now: look with live"


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
    inventory.keys += (key for key in found if key.user.arn in {one.user.arn for one in asked})
    inventory.credentials_listed = True
