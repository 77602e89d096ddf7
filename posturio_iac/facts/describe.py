"""Sentences about keys and users that every front end states alike."""

from __future__ import annotations


def name_of_block(framework: str) -> str:
    return "logical id" if framework == "cloudformation" else "resource name"


def quoted(name: object) -> str:
    return f'the user "{name}"' if isinstance(name, str) else "the user"


def by_hand(what: str, name: object, mark: str) -> str:
    return f'the {what} "{name}" {mark}: manual rotation without a schedule'


def ends_permission(policy: str) -> str:
    """Say that a policy of the user ends by date: the permission ends, the key does not."""
    return f"the policy {policy} ends the permission by date (aws:CurrentTime), but the key stays valid"
