"""Names of deployed keys: ARNs, which hold partition, account and user, and ids in text, hidden but for their last four characters.

``*`` stands for what is hidden, so that a masked address, put into a suppression as it is, still means its key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.text.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Collection

SHOWN = 4
MASK = "****"
_LIKELY = lazy_pattern(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}(?![A-Za-z0-9])")
_WORD = lazy_pattern(r"[A-Za-z0-9_]{16,128}")


def is_arn(address: str) -> bool:
    """True if an address is that of something deployed, not of a block of code."""
    return address.startswith("arn:")


def partition_of(arn: str) -> str:
    """``aws``, ``aws-cn``; ``aws`` too of what is no ARN."""
    return _part(arn, 1) or "aws"


def account_of(arn: str) -> str:
    return _part(arn, 4)


def user_path(arn: str) -> str:
    """The path and the name of a user, and what follows: ``/teams/ci``; empty of what is no user, such as root."""
    kind, slash, rest = _part(arn, 5).partition("/")
    return slash + rest if kind == "user" else ""


def _part(arn: str, number: int) -> str:
    parts = arn.split(":", 5)
    return parts[number] if len(parts) > number and is_arn(arn) else ""


def looks_like_key_id(text: str) -> bool:
    return _LIKELY.fullmatch(text) is not None


def hidden(key_id: str) -> str:
    """``****WXYZ``."""
    return f"{MASK}{key_id[-SHOWN:]}"


class KeyIdMask:
    """Masks the ids that it was given, and anything that looks like an id."""

    def __init__(self, ids: Collection[str]) -> None:
        self._ids = frozenset(ids)

    def text(self, text: str) -> str:
        known = _WORD.sub(lambda found: hidden(found[0]) if found[0] in self._ids else found[0], text)
        return _LIKELY.sub(lambda found: hidden(found[0]), known)
