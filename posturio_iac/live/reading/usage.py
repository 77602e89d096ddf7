"""The keys of one user and their last use, read key by key: the exact way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from posturio_iac.core.finding import Level
from posturio_iac.core.model import STATUSES, Attr, KeyKind
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import NOT_REPORTED, NOT_SHOWN, ODD_ANSWER, REFUSED
from posturio_iac.live.connection.calls import AwsError
from posturio_iac.live.model import Account, DeployedKey, DeployedUser, is_unasked
from posturio_iac.live.reading import users
from posturio_iac.live.reading.users import moment_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from typing import Any

    from posturio_iac.live.connection.session import Connection

    Say = Callable[[Level, str], None]

EVIDENCE = "ListAccessKeys and GetAccessKeyLastUsed of this run"
PARTIAL = "ListAccessKeys of this run"
NOWHERE = frozenset({"", "N/A"})


@dataclass(slots=True)
class UserKeys:
    """The result of reading one user."""

    keys: list[DeployedKey] | None = None
    errors: list[AwsError] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    user_gone: bool = False


def look(connection: Connection, user: DeployedUser) -> UserKeys:
    """Read every key of a user. Failed calls are in ``errors``, and the values that they would have returned are unknown."""
    looked = UserKeys()
    if is_unasked(user.tags):
        user = _with_tags(connection, user, looked.errors.append)
    listed = _listed(connection, user, looked)
    if listed is not None:
        _ask_each(connection, user, listed, looked)
    return looked


def named(connection: Connection, user: DeployedUser, reported: Sequence[DeployedKey]) -> UserKeys:
    """Give the keys of the report their ids, by the time of creation; where that is ambiguous or differs, every key is read."""
    if is_unasked(user.tags):
        return look(connection, user)
    looked = UserKeys()
    listed = _listed(connection, user, looked)
    if listed is None:
        return looked
    by_creation = {_second(moment_of(key.get("CreateDate"))): key for key in listed}
    pairs = [(key, by_creation.get(_second(key.created))) for key in reported]
    matched = {str(found["AccessKeyId"]) for _, found in pairs if found}
    one_to_one = len(by_creation) == len(listed) == len(reported) == len(matched)
    if one_to_one and all(found and found.get("Status") == key.status for key, found in pairs):
        ids = [(key, str(found["AccessKeyId"])) for key, found in pairs if found]
        looked.keys = [replace(key, user=user, label=name, key_id=name, evidence=(*key.evidence, PARTIAL)) for key, name in ids]
    else:
        _ask_each(connection, user, listed, looked)
    return looked


def list_keys(connection: Connection, user: DeployedUser) -> list[dict[str, Any]]:
    return [key for page in connection.pages("iam:ListAccessKeys", UserName=user.name) for key in page["AccessKeyMetadata"]]


def _second(moment: object) -> datetime | None:
    return moment.replace(microsecond=0) if isinstance(moment, datetime) else None


def _listed(connection: Connection, user: DeployedUser, looked: UserKeys) -> list[dict[str, Any]] | None:
    try:
        return list_keys(connection, user)
    except AwsError as error:
        if error.gone:
            looked.gone.append(f"user {user.name}")
            looked.user_gone = True
            looked.errors.clear()
            looked.keys = []
        else:
            looked.errors.append(error)
        return None


def _ask_each(connection: Connection, user: DeployedUser, listed: Sequence[Mapping[str, Any]], looked: UserKeys) -> None:
    """Read when each key was last used; the keys are listed again before a refusal counts, as one may be deleted meanwhile."""
    answers = [(key, _last_used(connection, str(key["AccessKeyId"]))) for key in listed]
    failed = {str(key["AccessKeyId"]): answer for key, answer in answers if isinstance(answer, AwsError)}
    gone = {key_id for key_id, error in failed.items() if error.gone}
    gone |= _deleted(connection, user, failed.keys() - gone)
    looked.gone += [f"access key {key_id} of user {user.name}" for key_id in sorted(gone)]
    looked.errors += [answer for key, answer in answers if isinstance(answer, AwsError) and key["AccessKeyId"] not in gone]
    looked.keys = [_seen(user, key, answer) for key, answer in answers if key["AccessKeyId"] not in gone]


def _last_used(connection: Connection, key_id: str) -> dict[str, Any] | AwsError:
    try:
        answer: dict[str, Any] = connection.call("iam:GetAccessKeyLastUsed", AccessKeyId=key_id)["AccessKeyLastUsed"]
    except AwsError as error:
        return error
    return answer


def _deleted(connection: Connection, user: DeployedUser, refused: Collection[str]) -> set[str]:
    if not refused:
        return set()
    try:
        return set(refused) - {str(key["AccessKeyId"]) for key in list_keys(connection, user)}
    except AwsError as error:
        return set(refused) if error.gone else set()


def _with_tags(connection: Connection, user: DeployedUser, say: Callable[[AwsError], object]) -> DeployedUser:
    try:
        return replace(user, tags=users.tags_of(connection, user))
    except AwsError as error:
        if not error.gone:
            say(error)
        return replace(user, tags=users.unread(error))


def _seen(user: DeployedUser, listed: Mapping[str, Any], answer: Mapping[str, Any] | AwsError) -> DeployedKey:
    key_id, refused = str(listed["AccessKeyId"]), isinstance(answer, AwsError)
    return DeployedKey(
        user,
        key_id,
        status_in(listed, "ListAccessKeys"),
        moment_of(listed.get("CreateDate")) or NOT_SHOWN("ListAccessKeys", "when it was created"),
        REFUSED(str(answer)) if isinstance(answer, AwsError) else moment_of(answer.get("LastUsedDate")),
        None if isinstance(answer, AwsError) else _used_for(answer),
        key_id=key_id,
        evidence=(PARTIAL if refused else EVIDENCE,),
    )


def status_in(listed: Mapping[str, Any], operation: str) -> Attr[str]:
    status = str(listed.get("Status", ""))
    return status if status in STATUSES else ODD_ANSWER(operation, status[:40])


def _used_for(answer: Mapping[str, Any]) -> tuple[str, str] | None:
    service, region = str(answer.get("ServiceName", "")), str(answer.get("Region", ""))
    return None if service in NOWHERE else (service, "" if region in NOWHERE else region)


OPERATION = "iam:ListServiceSpecificCredentials"
PAGE = 1000

UNTOLD_USE = NOT_REPORTED("when an API key of a service was used")
EXPIRED = "Expired"


def read_credentials(
    connection: Connection, users_: Iterable[DeployedUser], account: Account, say: Say
) -> tuple[DeployedKey, ...] | AwsError:
    """The credentials of all users, or why they were not read. Of users of one name the last one counts."""
    try:
        pages = connection.pages(OPERATION, AllUsers=True, MaxItems=PAGE)
        entries: list[dict[str, Any]] = [entry for page in pages for entry in page.get("ServiceSpecificCredentials", ())]
    except AwsError as error:
        return error
    head = f"arn:{account.partition}:iam::{account.id}:user/"
    # A user that was created a moment ago or cannot be listed is known by its name, and its path is not.
    by_name = {name: DeployedUser(name, f"{head}{name}", is_listed=False) for name in (str(entry["UserName"]) for entry in entries)}
    listed = {user.name: user for user in users_}
    holders = {name: _holder(connection, listed.get(name, unlisted), say) for name, unlisted in by_name.items()}
    return tuple(_credential(entry, holders[str(entry["UserName"])]) for entry in entries)


def _holder(connection: Connection, user: DeployedUser, say: Say) -> DeployedUser:
    if not is_unasked(user.tags) and user.tags != users.UNASKED:
        return user
    return _with_tags(connection, user, lambda error: say(Level.ERROR, f"{error}; this concerns user {user.name}"))


def _credential(entry: Mapping[str, Any], user: DeployedUser) -> DeployedKey:
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
        evidence=("ListServiceSpecificCredentials of this run",),
        kind=KeyKind.SERVICE_CREDENTIAL,
        service=str(entry.get("ServiceName", "")),
        expires=expires,
    )
