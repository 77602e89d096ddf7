"""The users of an earlier result, read key by key: never from a report, which may be older than the changes since."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Level
from posturio_iac.core.model import KeyKind
from posturio_iac.live.connection.errors import AwsError
from posturio_iac.live.connection.work_stealing import together
from posturio_iac.live.inventory import Inventory, say_failures
from posturio_iac.live.reading import service_credentials, usage, users
from posturio_iac.live.reading.root import of_summary, reported, root_arn, summarised
from posturio_iac.live.renamed import Renamed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from posturio_iac.live.connection.session import Connection
    from posturio_iac.live.model import Account, DeployedUser, UserQuery
    from posturio_iac.live.request import Request


def recheck(
    connection: Connection, account: Account, wanted: Sequence[UserQuery], request: Request, pool: Executor | None = None
) -> Inventory:
    """The current keys of these users. ``unread`` holds what could not be read, and ``gone`` the users that no longer exist.

    Raises:
        CredentialsError: there are no credentials.

    """
    inventory = Inventory(account)
    people = [one for one in wanted if not one.user.is_root]
    for one in wanted:
        if one.user.is_root:
            _root(connection, one, inventory, request)
    known = _detailed(connection, inventory) if people else {}
    asked = [replace(one, user=known.get(one.user.arn, one.user)) for one in people]
    looks = together(pool, lambda one: usage.look(connection, one.user), asked)
    renamed = Renamed(connection, inventory, [one.user.arn for one in people], pool)
    for one, looked in zip(asked, looks, strict=True):
        if looked.user_gone:
            inventory.gone.add(one.user.arn)
        if looked.keys is None:
            inventory.unread[one.user.arn] = str(looked.errors[-1])
        else:
            inventory.keys += looked.keys
            inventory.listed.add(one.user.arn)
            renamed.search(replace(one, keys=tuple(key for key in one.keys if key.kind is KeyKind.ACCESS_KEY)), looked)
    _credentials(connection, asked, known, inventory)
    say_failures(inventory, [*((one.user, looked) for one, looked in zip(asked, looks, strict=True)), *inventory.failed])
    for why in sorted(set(inventory.unread.values()) - {str(error) for looked in looks for error in looked.errors}):
        inventory.say(Level.ERROR, why)
    return inventory


def _root(connection: Connection, wanted: UserQuery, inventory: Inventory, request: Request) -> None:
    """Read the root user's keys: that it has none by the summary, which is of this moment; which ones there are by the report."""
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
    """Add the API keys of services of these users, if the earlier result has any; those of a renamed user are found as well."""
    wanted = [(one, key) for one in asked for key in one.keys if key.kind is KeyKind.SERVICE_CREDENTIAL]
    if not wanted:
        return
    users_ = (*known.values(), *(key.user for key in inventory.keys if not key.user.is_root))
    found = service_credentials.read(connection, users_, inventory.account, inventory.say)
    if isinstance(found, AwsError):
        inventory.unread |= {key.address: str(found) for _, key in wanted}
        return
    inventory.keys += (key for key in found if key.user.arn in {one.user.arn for one, _ in wanted})
    inventory.credentials_listed = True
    told_of = {one.user.arn for one in asked}
    for one, key in wanted:
        alike = [other for other in found if key.may_be(other)]
        if alike and all(other.user.arn not in told_of for other in alike):
            inventory.keys += (replace(other, user=replace(other.user, arn=one.user.arn)) for other in alike)
            inventory.gone.discard(one.user.arn)


def _detailed(connection: Connection, inventory: Inventory) -> dict[str, DeployedUser]:
    try:
        return users.detailed(connection)
    except AwsError as error:
        inventory.say(Level.WARNING, f"{error}; tags are read user by user instead")
        return {}
