"""Sentences about keys and users that every front end states alike."""

from __future__ import annotations

from posturio_iac.core.evidence.reason import OpenCause
from posturio_iac.core.model import Unknown
from posturio_iac.core.record import replace


def name_of_block(framework: str) -> str:
    """Return the term for the name of a block."""
    return "logical id" if framework == "cloudformation" else "resource name"


def declared_elsewhere(user: str) -> Unknown:
    """Say why the tags of a user cannot be seen that other code declares: ``the user "ci"``, ``the user that data.x reads``."""
    return Unknown(f"{user} is declared elsewhere, so its tags cannot be seen", cause=OpenCause.ABSENT_CODE)


def tags_unseen(why: str | Unknown) -> Unknown:
    """Say that the tags of a user cannot be seen for the reason why the user is unknown."""
    unknown = Unknown(why) if isinstance(why, str) else why
    return replace(unknown, reason=f"{unknown.reason}, so the user's tags cannot be seen")


def quoted(name: object) -> str:
    """Return a user for a sentence, by its name where that is known."""
    return f'the user "{name}"' if isinstance(name, str) else "the user"


def by_hand(what: str, name: object, mark: str) -> str:
    """Say that a name, ``what`` it is, holds a mark of rotation by hand."""
    return f'the {what} "{name}" {mark}: manual rotation without a schedule'


def ends_permission(policy: str) -> str:
    """Say that a policy of the user ends by date: the permission ends, the key does not."""
    return f"the policy {policy} ends the permission by date (aws:CurrentTime), but the key stays valid"
