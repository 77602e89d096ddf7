"""Who answers for a deployed key by its description and by the configuration. Pure."""

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
"""A description that is longer than this is a text and no name."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for users of a certain path and name, by configuration."""

    users: str
    """Glob of the user's path and name, such as ``/payments/*``."""
    owner: str


def configured_owners(user: DeployedUser, owners: Sequence[Owner]) -> Iterator[str]:
    """Yield who answers for a user by configuration."""
    return (rule.owner for rule in owners if text_matches(rule.users, f"{user.path}{user.name}"))


def owner_in_description(key: DeployedKey) -> str | None:
    """Return what the description of a key says, which the console keeps in a tag of the user; None when it cannot be a name."""
    tags = () if isinstance(key.user.tags, Unknown) else key.user.tags
    return short_description(dict(tags).get(key.key_id or "", ""))


def short_description(text: str) -> str | None:
    """Return the owner that a description names; None when it cannot be a name."""
    return owner_named(text) if len(text) <= LONGEST_LABEL else None
