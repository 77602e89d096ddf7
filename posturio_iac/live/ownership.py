"""Owners of deployed keys, from their descriptions and from the configuration. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.judge.policy import text_matches
from posturio_iac.metadata.owners import owner_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.live.model import DeployedKey, DeployedUser

LONGEST_LABEL = 60
"""A longer description is prose rather than a name."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The configured owner of users with a certain path and name."""

    users: str
    """Glob of the user's path and name, such as ``/payments/*``."""
    owner: str


def configured_owners(user: DeployedUser, owners: Sequence[Owner]) -> Iterator[str]:
    """Yield the configured owners of a user."""
    if isinstance(user.path, Unknown):
        return iter(())
    return (rule.owner for rule in owners if text_matches(rule.users, f"{user.path}{user.name}"))


def owner_in_description(key: DeployedKey) -> str | None:
    """The owner in the description of a key, which the console keeps in a tag of the user; None when it cannot be a name."""
    tags = () if isinstance(key.user.tags, Unknown) else key.user.tags
    return short_description(dict(tags).get(key.key_id or "", ""))


def short_description(text: str) -> str | None:
    """The owner that a description names; None when it cannot be a name."""
    return owner_named(text) if len(text) <= LONGEST_LABEL else None
