"""The users of an earlier result, asked about key by key: never by a report that may be older than what was done since."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Level
from posturio_iac.live import usage, users
from posturio_iac.live.errors import AwsError
from posturio_iac.live.inventory import Inventory, say_failures
from posturio_iac.live.model import Account, DeployedUser, UserQuery
from posturio_iac.live.root import from_summary
from posturio_iac.live.work_stealing import together

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from posturio_iac.live.session import Connection
    from posturio_iac.live.usage import UserKeys

FEW = 3
"""Up to so many users are asked for their tags one by one, since a page of all users costs more."""


def recheck(connection: Connection, account: Account, wanted: Sequence[UserQuery], pool: Executor | None = None) -> Inventory:
    """Return the keys that these users have now. What could not be listed is named in ``unread``, and users that have gone in ``gone``.

    Raises:
        CredentialsError: there are no credentials.

    """
    inventory = Inventory(account)
    people = [one for one in wanted if not one.user.is_root]
    if len(people) < len(wanted):
        _root(connection, inventory)
    tagged = _tagged(connection, inventory) if len(people) > FEW else {}
    asked = [replace(one, user=tagged.get(one.user.arn, one.user)) for one in people]
    looks = together(pool, lambda one: _look(connection, one), asked)
    for one, looked in zip(asked, looks, strict=True):
        if looked.keys is None:
            inventory.unread[one.user.arn] = str(looked.errors[-1])
        inventory.keys += looked.keys or ()
        if looked.user_gone:
            inventory.gone.add(one.user.arn)
    say_failures(inventory, ((one.user, looked) for one, looked in zip(asked, looks, strict=True)))
    return inventory


def _root(connection: Connection, inventory: Inventory) -> None:
    account = inventory.account
    try:
        inventory.keys += from_summary(connection, account)
    except AwsError as error:
        inventory.unread[f"arn:{account.partition}:iam::{account.id}:root"] = str(error)
        inventory.say(Level.ERROR, f"whether the root user has access keys is not known: {error}")


def _tagged(connection: Connection, inventory: Inventory) -> dict[str, DeployedUser]:
    try:
        return users.detailed(connection)
    except AwsError as error:
        inventory.say(Level.WARNING, f"{error}; tags are asked for user by user in its place")
        return {}


def _look(connection: Connection, wanted: UserQuery) -> UserKeys:
    """Ask about one user, and look for keys of known id that it no longer has: who renames a user keeps its keys."""
    looked = usage.look(connection, wanted.user)
    if looked.keys is None:
        return looked
    for key_id in (known for known in wanted.ids if known not in {key.key_id for key in looked.keys}):
        name = _holder(connection, key_id)
        if name is None or name == wanted.user.name:
            continue
        elsewhere = usage.look(connection, DeployedUser(name, wanted.user.arn))
        looked.errors += elsewhere.errors
        looked.keys += [key for key in elsewhere.keys or () if key.key_id == key_id]
        looked.user_gone = False
    return looked


def _holder(connection: Connection, key_id: str) -> str | None:
    """Return the name of the user who has a key, or None when AWS does not know it in this account."""
    try:
        name = connection.call("iam:GetAccessKeyLastUsed", AccessKeyId=key_id).get("UserName")
    except AwsError:
        return None
    return str(name) if name else None
