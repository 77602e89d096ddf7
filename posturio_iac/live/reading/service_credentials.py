"""API keys of services, which IAM calls service-specific credentials, of all users of an account, page by page.

AWS tells when they were made, their status and when they end, and never when they were used.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListServiceSpecificCredentials.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from posturio_iac.core.finding import Level
from posturio_iac.core.model import KeyKind
from posturio_iac.core.open_kinds import NOT_REPORTED, NOT_SHOWN
from posturio_iac.live.connection.errors import AwsError
from posturio_iac.live.model import Account, DeployedKey, DeployedUser, is_unasked
from posturio_iac.live.reading import users
from posturio_iac.live.reading.usage import status_in
from posturio_iac.live.reading.users import moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from posturio_iac.live.connection.session import Connection

    Say = Callable[[Level, str], None]

OPERATION = "iam:ListServiceSpecificCredentials"
PAGE = 1000
EVIDENCE = "ListServiceSpecificCredentials of this run"
UNTOLD_USE = NOT_REPORTED("when an API key of a service was used")
EXPIRED = "Expired"


def read(connection: Connection, users_: Iterable[DeployedUser], account: Account, say: Say) -> tuple[DeployedKey, ...] | AwsError:
    """The credentials of all users, or why they were not read. Of users of one name the last one counts.

    Tags that were not read yet are read; where that is denied they are unknown, with a diagnostic.
    """
    try:
        pages = connection.pages(OPERATION, AllUsers=True, MaxItems=PAGE)
        entries: list[dict[str, Any]] = [entry for page in pages for entry in page.get("ServiceSpecificCredentials", ())]
    except AwsError as error:
        return error
    by_name = {user.name: user for user in users_}
    wanted = dict.fromkeys(str(entry["UserName"]) for entry in entries)
    holders = {name: _with_tags(connection, by_name.get(name) or _of_name(name, account), say) for name in wanted}
    return tuple(_seen(entry, holders[str(entry["UserName"])]) for entry in entries)


def _of_name(name: str, account: Account) -> DeployedUser:
    """A user that was created a moment ago or cannot be listed; its path is not known."""
    return DeployedUser(name, f"arn:{account.partition}:iam::{account.id}:user/{name}", is_listed=False)


def _with_tags(connection: Connection, user: DeployedUser, say: Say) -> DeployedUser:
    if not is_unasked(user.tags) and user.tags != users.UNASKED:
        return user
    try:
        return replace(user, tags=users.tags_of(connection, user))
    except AwsError as error:
        if not error.gone:
            say(Level.ERROR, f"{error}; this concerns user {user.name}")
        return replace(user, tags=users.unread(error))


def _seen(entry: Mapping[str, Any], user: DeployedUser) -> DeployedKey:
    key_id, status = str(entry["ServiceSpecificCredentialId"]), status_in(entry, "ListServiceSpecificCredentials")
    expires = moment_of(entry.get("ExpirationDate"))
    return DeployedKey(
        user,
        key_id,
        status,
        moment_of(entry.get("CreateDate")) or NOT_SHOWN("ListServiceSpecificCredentials", "when it was created"),
        UNTOLD_USE,
        disabled_since=expires if status == EXPIRED else None,
        key_id=key_id,
        evidence=(EVIDENCE,),
        kind=KeyKind.SERVICE_CREDENTIAL,
        service=str(entry.get("ServiceName", "")),
        expires=expires,
    )
