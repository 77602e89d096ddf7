"""Keys and users as the live check reads them from AWS, before they become `AccessKey`s of the common model. Immutable, without I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

from posturio_iac.core.finding import Rule
from posturio_iac.core.keys import KeyIdMask, user_path
from posturio_iac.core.model import Attr, KeyKind, Privilege, Unknown
from posturio_iac.core.record import NamedTuple, replace
from posturio_iac.core.unknown import NOT_ASKED, NOT_CALLED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from typing import Any, TypeVar

    T = TypeVar("T")

AwsTags = tuple[tuple[str, str], ...]
_ID, _PARTITION = re.compile(r"[0-9]{12}"), re.compile(r"aws[a-z-]{0,30}")


def is_unasked(value: object) -> bool:
    return isinstance(value, Unknown) and value.is_unasked


AWS_NOT_ASKED = NOT_ASKED("AWS")
UNSEEN = NOT_CALLED("iam:GetAccountAuthorizationDetails", "the policies of the user")
UNTOLD_PATH = NOT_CALLED("iam:ListUsers", "the path of the user")
UNTOLD_DESCRIPTION = NOT_CALLED("iam:ListAccessKeys", "which description is that of the key")


@dataclass(frozen=True, slots=True)
class Account:
    """One AWS account. Its id is twelve digits, whatever an answer says: scripts and messages are named after it."""

    id: str
    partition: str = "aws"
    name: str = ""
    tags: Attr[AwsTags] = ()

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id) or not _PARTITION.fullmatch(self.partition):
            raise ValueError(f'"{self.id[:20]}" in the partition "{self.partition[:20]}" is not an AWS account')

    def check_users(self, arns: Iterable[str]) -> None:
        """Raise `ValueError` for an ARN that is not of a user of this account."""
        start = f"arn:{self.partition}:iam::{self.id}:"
        for arn in arns:
            if not arn.startswith((f"{start}user/", f"{start}root")):
                raise ValueError(f'"{arn[:100]}" is not a user of account {self.id}')


@dataclass(frozen=True, slots=True)
class DeployedUser:
    """One IAM user, or the root user."""

    name: str
    arn: str
    tags: Attr[AwsTags] = AWS_NOT_ASKED
    is_root: bool = False
    created: datetime | None = None
    quarantine: Attr[str | None] = UNSEEN
    privilege: Privilege | None = None
    is_listed: bool = True  # True if AWS told its ARN; of a user that is known by name alone, the ARN is made without a path

    @property
    def path(self) -> Attr[str]:
        """``/`` or a path that begins and ends with one, as IAM writes it."""
        if not self.is_listed:
            return UNTOLD_PATH
        rest = user_path(self.arn)
        return rest[: rest.rfind("/") + 1] or "/"


class KeyEvent(NamedTuple):
    """An event that switched a key on or off, or deleted it."""

    at: datetime
    by: str = ""
    id: str = ""
    active: bool = False


@dataclass(frozen=True, slots=True)
class DeployedKey:
    """One access key, or API key of a service, as AWS describes it."""

    user: DeployedUser
    label: str  # its id, or ``key-1`` where only its place in the credential report is known
    status: Attr[str]
    created: Attr[datetime | None]
    last_used: Attr[datetime | None]  # None means never used
    used_for: tuple[str, str] | None = None
    disabled_since: Attr[datetime | None] = None
    switched_off: KeyEvent | None = None
    switched_on: datetime | None = None
    switched: datetime | None = None  # when it was last switched on or off, from a CloudTrail event, whatever else is known of it
    rests_on_ledger: bool = False  # True if ``disabled_since`` is what earlier runs saw, and no event tells it
    key_id: str | None = None
    evidence: tuple[str, ...] = ()  # the sources of these facts, and their age
    kind: KeyKind = KeyKind.ACCESS_KEY
    service: str | None = None
    expires: datetime | None = None  # when AWS ends a service credential; None where it never does

    @property
    def is_credential(self) -> bool:
        return self.kind is KeyKind.SERVICE_CREDENTIAL


@dataclass(frozen=True, slots=True)
class ObservedKey:
    """A key as an earlier result names it."""

    address: str
    label: str
    key_id: str | None
    kind: KeyKind


@dataclass(frozen=True, slots=True)
class UserQuery:
    """A user whose keys an earlier result tells of."""

    user: DeployedUser
    keys: tuple[ObservedKey, ...]


class Mask(KeyIdMask):
    """Masks ids in records as well as in text."""

    def hide(self, record: T) -> T:
        """A report, a verification or any part of them without ids. Fingerprints stay: they are digests."""
        hidden: T = self._hidden(record)
        return hidden

    def _hidden(self, value: Any) -> Any:
        if type(value) is str:
            return self.text(value)
        if type(value) is tuple:
            return tuple(map(self._hidden, value))
        if isinstance(value, Rule) or not (names := getattr(value, "__match_args__", ())):
            return value
        changed = {name: new for name in names if (new := self._hidden(old := getattr(value, name))) is not old}
        return replace(value, **changed) if changed else value
