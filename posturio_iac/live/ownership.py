"""Who answers for a deployed key: its description, the tags and the path of its user, the configuration, the account's tags. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.judge.policy import text_matches
from posturio_iac.metadata.names import Meaning, classify
from posturio_iac.metadata.owners import owner_in_path, owner_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from posturio_iac.core.model import Attr
    from posturio_iac.live.model import Account, DeployedKey, Tags
    from posturio_iac.metadata.names import Names

LONGEST_LABEL = 60
"""A description that is longer than this is a text and no name."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for users of a certain path and name, by configuration."""

    users: str
    """Glob of the user's path and name, such as ``/payments/*``."""
    owner: str


def owner_of(key: DeployedKey, account: Account, names: Names, owners: Sequence[Owner]) -> Attr[str | None]:
    """Return the owner; None when nothing names one, Unknown when tags that were not read could."""
    if key.user.is_root:
        return account.name or None
    tags = key.user.tags
    known: Tags = () if isinstance(tags, Unknown) else tags
    description = dict(known).get(key.key_id or "", "")
    configured = (rule.owner for rule in owners if text_matches(rule.users, f"{key.user.path}{key.user.name}"))
    found = next(_first_said((owner_in_description(description), *_owners(known, names), *configured, owner_in_path(key.user.path))), None)
    if found is not None:
        return found
    if isinstance(tags, Unknown):
        return tags
    if isinstance(account.tags, Unknown):
        return account.tags
    return next(_first_said(_owners(account.tags, names)), None)


def _owners(tags: Tags, names: Names) -> list[str]:
    return [value for name, value in tags if classify(name, names) is Meaning.OWNER]


def owner_in_description(text: str) -> str | None:
    """Return the owner that a key's description names, as the console calls it; None when it cannot be a name."""
    return next(_first_said([text if len(text) <= LONGEST_LABEL else None]), None)


def _first_said(values: Iterable[str | None]) -> Iterator[str]:
    return filter(None, map(owner_named, values))
