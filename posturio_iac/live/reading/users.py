"""The users of an account: page by page with their tags where that is allowed, else from a bare list."""

from __future__ import annotations

from datetime import datetime, timezone

from posturio_iac.core.model import Attr, Privilege, Unknown
from posturio_iac.core.times import FIRST_YEAR, LAST_YEAR
from posturio_iac.core.unknown import NOT_KNOWN, TAGS_NOT_NEEDED
from posturio_iac.live.model import AwsTags, DeployedUser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from posturio_iac.live.connection.calls import AwsError
    from posturio_iac.live.connection.session import Connection

QUARANTINE = "AWSCompromisedKeyQuarantine"
"""The policy that AWS attaches to a user whose key it found in public; names of newer versions end in ``V2`` and ``V3``."""
ADMIN_POLICIES = frozenset({"AdministratorAccess", "IAMFullAccess"})
"""Policies of AWS whose holder can do everything, or grant itself everything."""
ADMIN_ACTIONS = frozenset({"*", "*:*", "iam:*"})


def quarantine_of(holder: Mapping[str, Any]) -> str | None:
    return next((name for name in _names_by_aws(holder) if name.startswith(QUARANTINE)), None)


def privilege_of(user: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]]) -> Privilege | None:
    """How much a user and its groups may do, policies of the account itself counting as some; None for a group that is not known."""
    names = user.get("GroupList") or ()
    levels = {_level(user), *(_level(groups[name]) for name in names if name in groups)}
    if Privilege.ADMIN in levels:
        return Privilege.SOME if user.get("PermissionsBoundary") else Privilege.ADMIN
    if not all(name in groups for name in names):
        return None
    return Privilege.SOME if Privilege.SOME in levels else Privilege.NONE


def _level(holder: Mapping[str, Any]) -> Privilege:
    inline = [entry.get("PolicyDocument") for entry in (*_listed(holder, "UserPolicyList"), *_listed(holder, "GroupPolicyList"))]
    if not ADMIN_POLICIES.isdisjoint(_names_by_aws(holder)) or any(_is_admin(document) for document in inline):
        return Privilege.ADMIN
    attached = [
        entry for entry in _listed(holder, "AttachedManagedPolicies") if not str(entry.get("PolicyName", "")).startswith(QUARANTINE)
    ]
    return Privilege.SOME if attached or inline else Privilege.NONE


def _names_by_aws(holder: Mapping[str, Any]) -> list[str]:
    arns = (str(entry.get("PolicyArn", "")) for entry in _listed(holder, "AttachedManagedPolicies"))
    return [arn.rpartition("/")[2] for arn in arns if ":iam::aws:policy/" in arn]


def _listed(holder: Mapping[str, Any], name: str) -> Iterable[Mapping[str, Any]]:
    return holder.get(name) or ()


def _is_admin(document: object) -> bool:
    return any(
        statement.get("Effect") == "Allow"
        and not statement.get("Condition")
        and "*" in _many(statement.get("Resource"))
        and not ADMIN_ACTIONS.isdisjoint(str(action).lower() for action in _many(statement.get("Action")))
        for statement in _many(document.get("Statement") if isinstance(document, dict) else None)
        if isinstance(statement, dict)
    )


def _many(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


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
    return pairs(tag for page in connection.pages("iam:ListUserTags", UserName=user.name) for tag in page.get("Tags", ()))


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
