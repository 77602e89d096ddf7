"""The keys of one user and their last use, asked key by key: the exact way."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from posturio_iac.core.model import Unknown
from posturio_iac.live import users
from posturio_iac.live.errors import AwsError
from posturio_iac.live.model import NOT_ASKED, DeployedKey, DeployedUser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posturio_iac.core.model import Attr
    from posturio_iac.live.session import Connection

EVIDENCE = "ListAccessKeys and GetAccessKeyLastUsed of this run"
PARTIAL = "ListAccessKeys of this run"
NOWHERE = frozenset({"", "N/A"})


class UserKeys:
    """What asking about one user gave."""

    __slots__ = ("errors", "gone", "keys", "user_gone")

    def __init__(self) -> None:
        """Start with nothing."""
        self.keys: list[DeployedKey] | None = None
        """None when they could not be listed."""
        self.errors: list[AwsError] = []
        self.gone: list[str] = []
        """The user, or keys of it, that were deleted meanwhile."""
        self.user_gone = False


def look(connection: Connection, user: DeployedUser) -> UserKeys:
    """Ask about every key of a user. Calls that fail are in ``errors``, and what they would have told is unknown."""
    looked = UserKeys()
    if user.tags == NOT_ASKED:
        user = _with_tags(connection, user, looked)
    try:
        listed = [key for page in connection.pages("iam:ListAccessKeys", UserName=user.name) for key in page["AccessKeyMetadata"]]
    except AwsError as error:
        if error.gone:
            looked.gone.append(f"user {user.name}")
            looked.user_gone = True
            looked.errors.clear()
            looked.keys = []
        else:
            looked.errors.append(error)
        return looked
    found = (_key(connection, user, key, looked) for key in listed)
    looked.keys = [key for key in found if key is not None]
    return looked


def _with_tags(connection: Connection, user: DeployedUser, looked: UserKeys) -> DeployedUser:
    try:
        return DeployedUser(user.name, user.arn, users.tags_of(connection, user))
    except AwsError as error:
        if not error.gone:
            looked.errors.append(error)
        return DeployedUser(user.name, user.arn, users.unread(error))


def _key(connection: Connection, user: DeployedUser, listed: Mapping[str, Any], looked: UserKeys) -> DeployedKey | None:
    """Ask when one key was last used; None when it has been deleted meanwhile."""
    key_id, created = str(listed["AccessKeyId"]), listed.get("CreateDate")
    last_used: Attr[datetime | None]
    used_for, evidence = None, EVIDENCE
    try:
        answer = connection.call("iam:GetAccessKeyLastUsed", AccessKeyId=key_id)["AccessKeyLastUsed"]
        last_used, used_for = _moment(answer.get("LastUsedDate")), _used_for(answer)
    except AwsError as error:
        if error.gone:
            looked.gone.append(f"access key {key_id} of user {user.name}")
            return None
        looked.errors.append(error)
        last_used, evidence = Unknown(str(error)), PARTIAL
    return DeployedKey(
        user,
        key_id,
        str(listed.get("Status", "")) or Unknown("ListAccessKeys does not say whether it is active"),
        _moment(created) or Unknown("ListAccessKeys does not say when it was created"),
        last_used,
        used_for,
        key_id=key_id,
        evidence=(evidence,),
    )


def _moment(value: object) -> datetime | None:
    return value.astimezone(timezone.utc) if isinstance(value, datetime) else None


def _used_for(answer: Mapping[str, Any]) -> tuple[str, str] | None:
    service, region = str(answer.get("ServiceName", "")), str(answer.get("Region", ""))
    return None if service in NOWHERE else (service, "" if region in NOWHERE else region)
