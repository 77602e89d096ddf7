"""Owners in the paths of users."""

from __future__ import annotations

_GENERIC = frozenset(
    [
        *("access", "account", "accounts", "app", "apps", "application", "applications", "automation", "aws", "bot", "bots", "cd", "ci"),
        *("deploy", "iam", "key", "keys", "machine", "machines", "prod", "robot", "robots", "s3", "ses", "service", "serviceaccount"),
        *("serviceaccounts", "services", "smtp", "svc", "system", "systems", "tech", "terraform", "tf", "user", "users"),
    ]
)
"""Words in a path that name a kind of user and not who answers for it."""


def owner_in_path(path: str) -> str | None:
    """Return the path when one of its segments can be the name of a team or an application."""
    return path if any(_names_somebody(segment) for segment in path.split("/") if segment) else None


def _names_somebody(segment: str) -> bool:
    words = segment.lower().replace("_", "-").split("-")
    return words[-1] not in ("user", "users") and not all(word in _GENERIC for word in words)
