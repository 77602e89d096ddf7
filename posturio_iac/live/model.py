"""What the live check sees in AWS before it becomes an `AccessKey` of the common model. Immutable, without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown

if TYPE_CHECKING:
    from datetime import datetime

    from posturio_iac.core.model import Attr

Tags = tuple[tuple[str, str], ...]
NOT_ASKED = Unknown("AWS was not asked")
"""Compared by value: it travels between processes."""


@dataclass(frozen=True, slots=True)
class Account:
    """One AWS account."""

    id: str
    partition: str = "aws"
    name: str = ""
    """Its name in the organization; empty where that is not known."""
    tags: Attr[Tags] = ()


@dataclass(frozen=True, slots=True)
class DeployedUser:
    """One IAM user, or the root user."""

    name: str
    arn: str
    tags: Attr[Tags] = NOT_ASKED
    is_root: bool = False

    @property
    def path(self) -> str:
        """``/`` or a path that begins and ends with one, as IAM writes it."""
        _, _, rest = self.arn.partition(":user")
        return rest[: rest.rfind("/") + 1] or "/"


@dataclass(frozen=True, slots=True)
class DeployedKey:
    """One access key as AWS describes it."""

    user: DeployedUser
    label: str
    """Its id, or ``key-1`` where only its place in the credential report is known."""
    status: Attr[str]
    created: Attr[datetime | None]
    last_used: Attr[datetime | None]
    """None means never used."""
    used_for: tuple[str, str] | None = None
    """Service and region of its last use."""
    disabled_since: Attr[datetime | None] = None
    key_id: str | None = None
    evidence: tuple[str, ...] = field(default=())
    """What says so, and how old that is."""


@dataclass(frozen=True, slots=True)
class UserQuery:
    """A user whose keys an earlier result tells of."""

    user: DeployedUser
    ids: tuple[str, ...] = ()
    """Those of its keys of which the full id is known."""
