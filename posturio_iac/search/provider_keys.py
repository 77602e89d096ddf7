"""Access keys that are written into provider blocks: no rule is about them, and a scan without findings is no search for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.key_ids import KeyIdMask
from posturio_iac.search.module_calls import blocks_of

if TYPE_CHECKING:
    from posturio_iac.search.selection import Selection

PREFIX = b"AKIA"
"""What the id of a key of a user begins with."""


def pointer(selection: Selection) -> str:
    """Return where the first provider block holds an access key, and what finds all; empty where none of the files in memory has one."""
    for path, data in sorted(selection.finder.texts.items()):
        if PREFIX in data and (found := _key_in(path, data)):
            key_id, line = found
            return f"{path}:{line}: the provider holds the access key {key_id} itself; secret scanners, such as gitleaks, find keys in code"
    return ""


def _key_in(path: str, data: bytes) -> tuple[str, int] | None:
    """Return the first key of a file's provider blocks, masked, and its line."""
    mask = KeyIdMask(())
    for block in blocks_of(data, path, ("provider",)):
        for value in block.literals("access_key"):
            if value.startswith(PREFIX.decode()) and (shown := mask.text(value)) != value:
                return shown, data.count(b"\n", 0, max(data.find(value.encode()), 0)) + 1
    return None
