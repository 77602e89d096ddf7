"""The users of an account: page by page with their tags where that is allowed, else from a bare list."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from posturio_iac.core.dates import FIRST_YEAR, LAST_YEAR
from posturio_iac.core.open_kinds import NOT_KNOWN, TAGS_NOT_NEEDED
from posturio_iac.live.model import AwsTags, DeployedUser
from posturio_iac.live.reading.permissions import privilege_of, quarantine_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posturio_iac.core.model import Attr, Unknown
    from posturio_iac.live.connection.errors import AwsError
    from posturio_iac.live.connection.session import Connection

PAGE = 1000
UNASKED = TAGS_NOT_NEEDED()


def detailed(connection: Connection) -> dict[str, DeployedUser]:
    """Every user by ARN, with tags and how much its policies and those of its groups allow. Raises `AwsError`."""
    found: list[dict[str, Any]] = []
    groups: dict[str, dict[str, Any]] = {}
    for page in connection.pages("iam:GetAccountAuthorizationDetails", Filter=["User", "Group"], PaginationConfig={"PageSize": PAGE}):
        found += page.get("UserDetailList", ())
        groups |= {group["GroupName"]: group for group in page.get("GroupDetailList", ())}
    return {detail["Arn"]: _user(detail, groups) for detail in found}


def listed(connection: Connection) -> dict[str, DeployedUser]:
    """Every user by ARN, without tags. Raises `AwsError`."""
    pages = connection.pages("iam:ListUsers", PaginationConfig={"PageSize": PAGE})
    found = [user for page in pages for user in page.get("Users", ())]
    return {user["Arn"]: DeployedUser(user["UserName"], user["Arn"], created=moment_of(user.get("CreateDate"))) for user in found}


def tags_of(connection: Connection, user: DeployedUser) -> Attr[AwsTags]:
    """The tags of one user. Raises `AwsError`."""
    pages = connection.pages("iam:ListUserTags", UserName=user.name)
    return pairs(tag for page in pages for tag in page.get("Tags", ()))


def pairs(tags: Iterable[Mapping[str, Any]]) -> AwsTags:
    return tuple((str(tag.get("Key", "")), str(tag.get("Value", ""))) for tag in tags)


def moment_of(value: object) -> datetime | None:
    """A time of botocore in UTC; None where there is none. Raises `ValueError` for a year that no date of ours has."""
    if not isinstance(value, datetime):
        return None
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"{value} is not a valid time for a key")
    return value.astimezone(timezone.utc)


def unread(error: AwsError) -> Unknown:
    return NOT_KNOWN("which tags the user has", str(error))


def _user(detail: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]]) -> DeployedUser:
    return DeployedUser(
        detail["UserName"],
        detail["Arn"],
        pairs(detail.get("Tags") or ()),
        created=moment_of(detail.get("CreateDate")),
        quarantine=quarantine_of(detail),
        privilege=privilege_of(detail, groups),
    )
