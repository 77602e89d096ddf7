"""Keys that their user no longer has: deleted, or moved with a renamed user, which keeps its keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from posturio_iac.live.connection.errors import AwsError
from posturio_iac.live.connection.work_stealing import together
from posturio_iac.live.reading import usage, users

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from concurrent.futures import Executor

    from posturio_iac.live.connection.session import Connection
    from posturio_iac.live.inventory import Inventory
    from posturio_iac.live.model import DeployedKey, DeployedUser, ObservedKey, UserQuery
    from posturio_iac.live.reading.usage import UserKeys


class Renamed:
    """Looks for missing keys among the users of an account. No call is made until a key is missing."""

    def __init__(self, connection: Connection, inventory: Inventory, known: Collection[str], pool: Executor | None) -> None:
        """Search the users of the account except those with the ARNs ``known``, which were read already."""
        self._connection, self._inventory, self._known, self._pool = connection, inventory, frozenset(known), pool
        self._present: dict[str, DeployedUser] | AwsError | None = None
        self._strangers: list[tuple[DeployedUser, UserKeys]] | AwsError | None = None

    def search(self, one: UserQuery, looked: UserKeys) -> None:
        """Add keys of a user that other users have now to the inventory, and report those that cannot be decided."""
        for known in one.keys:
            if any(known.may_be(key) for key in looked.keys or ()):
                continue
            found = self._found(one, known, user_gone=looked.user_gone)
            if isinstance(found, str):
                self._inventory.unread[known.address] = found
            else:
                taken = {key.key_id for key in self._inventory.keys}
                self._inventory.keys += [replace(key, user=replace(key.user, arn=one.user.arn)) for key in found if key.key_id not in taken]
                if found:
                    self._inventory.gone.discard(one.user.arn)

    def _found(self, one: UserQuery, known: ObservedKey, *, user_gone: bool) -> list[DeployedKey] | str:
        """The key if another user has it, None if it is proven to be deleted, or why that is not known."""
        if known.key_id is not None:
            try:
                name = self._connection.call("iam:GetAccessKeyLastUsed", AccessKeyId=known.key_id).get("UserName")
            except AwsError as error:
                if error.gone:
                    return []
            else:
                if name and name != one.user.name:
                    return self._of_name(str(name), known)
        if not user_gone and self._is_same_user(one, known):
            return []
        return self._among_strangers(one, known)

    def _of_name(self, name: str, known: ObservedKey) -> list[DeployedKey] | str:
        present = self._users()
        if isinstance(present, AwsError):
            return f"its user is now called {name}, and {present}"
        user = next((user for user in present.values() if user.name == name), None)
        looked = usage.look(self._connection, user) if user is not None else None
        if looked is None or looked.keys is None:
            return f"its user is now called {name}, whose keys could not be listed"
        self._inventory.failed += [(user, looked)] if user is not None and looked.errors else []
        return [key for key in looked.keys if key.key_id == known.key_id]

    def _is_same_user(self, one: UserQuery, known: ObservedKey) -> bool:
        """True if the user that has the name now is known to be older than the key, so that it is the one that had the key."""
        present = self._users()
        user = present.get(one.user.arn) if not isinstance(present, AwsError) else None
        return user is not None and user.created is not None and known.created is not None and user.created <= known.created

    def _among_strangers(self, one: UserQuery, known: ObservedKey) -> list[DeployedKey] | str:
        strangers = self._others()
        what = f"user {one.user.name} may have been renamed"
        if isinstance(strangers, AwsError):
            return f"{what}: {strangers}"
        found = []
        for user, looked in strangers:
            if looked.keys is None:
                return f"{what}: the keys of user {user.name} could not be listed ({looked.errors[-1]})"
            alike = [key for key in looked.keys if known.may_be(key)]
            if alike and not known.is_named():
                return f"{what}: user {user.name}, who is not in the earlier result, has a key that may be it"
            found += alike
        return found

    def _users(self) -> dict[str, DeployedUser] | AwsError:
        """The current users, by ARN."""
        if self._present is None:
            try:
                self._present = users.detailed(self._connection)
            except AwsError:
                try:
                    self._present = users.listed(self._connection)
                except AwsError as error:
                    self._present = error
        return self._present

    def _others(self) -> list[tuple[DeployedUser, UserKeys]] | AwsError:
        """The users that the earlier result does not cover, with their keys."""
        if self._strangers is None:
            present = self._users()
            if isinstance(present, AwsError):
                self._strangers = present
            else:
                others: Sequence[DeployedUser] = [user for arn, user in sorted(present.items()) if arn not in self._known]
                looks = together(self._pool, lambda user: usage.look(self._connection, user), others)
                self._strangers = list(zip(others, looks, strict=True))
        return self._strangers
