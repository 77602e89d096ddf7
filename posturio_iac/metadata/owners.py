"""Owners of keys: values that name an owner, and paths of users that do. The one list of words for every front end."""

from __future__ import annotations

from posturio_iac.core.dates import silence
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.metadata.lifetime import as_text

PLACEHOLDERS = frozenset({"changeme", "default", "example", "nobody", "none", "owner", "terraform", "true", "false"})
"""Values that name nobody, besides the placeholders of dates."""
GENERIC = frozenset(
    {"access", "account", "accounts", "app", "application", "applications", "apps", "automation", "aws", "bot", "bots", "cd", "cf", "ci"}
    | {"deploy", "dev", "development", "human", "humans", "iam", "key", "keys", "machine", "machines", "people", "person", "persons"}
    | {"prod", "production", "robot", "robots", "s3", "sandbox", "service", "serviceaccount", "serviceaccounts", "services", "ses", "smtp"}
    | {"stage", "staging", "svc", "system", "systems", "tech", "terraform", "test", "testing", "tests", "tf", "user", "users"}
)
"""Words in a path that name a kind of user or an environment rather than an owner."""
_REGION = lazy_pattern(r"[a-z]{2}(-[a-z]+)+-\d")


def owner_named(value: object) -> str | None:
    """The owner that a value names; None where it is empty, a placeholder or not text."""
    if isinstance(value, (list, tuple)):
        return ", ".join(filter(None, map(owner_named, value))) or None
    text = (as_text(value) or "").strip()
    return None if silence(text) is not None or text.casefold() in PLACEHOLDERS else text


def owner_in_path(path: str) -> str | None:
    """The path of a user when one of its segments can be the name of a team or an application."""
    return path if any(map(_names_somebody, filter(None, path.split("/")))) else None


def _names_somebody(segment: str) -> bool:
    words = segment.lower().replace("_", "-").split("-")
    if segment.isdecimal() or _REGION.fullmatch(segment):
        return False
    return words[-1] not in ("user", "users") and not GENERIC.issuperset(words)
