"""Ids of access keys in text: hidden but for their last four characters, wherever they stand.

``*`` stands for what is hidden, so that a masked address, put into a suppression as it is, still means its key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.text.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Collection

SHOWN = 4
MASK = "****"
"""Stands before the characters that are shown."""
_LIKELY = lazy_pattern(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}(?![A-Za-z0-9])")
_WORD = lazy_pattern(r"[A-Za-z0-9_]{16,128}")


class KeyIdMask:
    """Masks the ids that it was given, and anything that looks like an id."""

    def __init__(self, ids: Collection[str]) -> None:
        self._ids = frozenset(ids)

    def text(self, text: str) -> str:
        return _LIKELY.sub(_hidden, _WORD.sub(lambda found: _hidden(found) if found[0] in self._ids else found[0], text))


def _hidden(found: re.Match[str]) -> str:
    return f"{MASK}{found[0][-SHOWN:]}"
