"""Who answers for a deployed key: its description, the tags and the path of its user, the configuration, the account's tags. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posturio_iac.core.dates import silence
from posturio_iac.core.model import Unknown
from posturio_iac.judge.policy import text_matches
from posturio_iac.metadata.names import Meaning, classify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from posturio_iac.core.model import Attr
    from posturio_iac.live.model import Account, DeployedKey, Tags
    from posturio_iac.metadata.names import Names

NOBODY = frozenset({"changeme", "default", "example", "nobody", "none", "owner", "terraform", "true", "false"})
GENERIC = frozenset(
    [
        *("access", "account", "accounts", "app", "apps", "application", "applications", "automation", "aws", "bot", "bots", "cd", "ci"),
        *("deploy", "iam", "key", "keys", "machine", "machines", "prod", "robot", "robots", "s3", "ses", "service", "serviceaccount"),
        *("serviceaccounts", "services", "smtp", "svc", "system", "systems", "tech", "terraform", "tf", "user", "users"),
    ]
)
"""Words in a path that name a kind of user and not who answers for it."""
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
    found = next(_first_said((owner_in_description(description), *_owners(known, names), *configured, _in_path(key.user.path))), None)
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
    return (value.strip() for value in values if value and silence(value) is None and value.strip().casefold() not in NOBODY)


def _in_path(path: str) -> str | None:
    """Return the path when one of its segments can be the name of a team or an application."""
    return path if any(_names_somebody(segment) for segment in path.split("/") if segment) else None


def _names_somebody(segment: str) -> bool:
    words = segment.lower().replace("_", "-").split("-")
    return words[-1] not in ("user", "users") and not all(word in GENERIC for word in words)
