"""Access keys written into provider blocks: no rule is about them, so a scan without findings does not rule them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.keys.ids import KeyIdMask
from posturio_iac.search.written_sources import blocks_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "AKIA"  # the prefix of ids of users' keys


def pointer(texts: Mapping[str, bytes]) -> str:
    """A note on the first provider block that holds an access key, with advice on how to find all; empty without one."""
    for path, data in sorted(texts.items()):
        if found := _key_in(path, data):
            key_id, line = found
            return (
                f"{path}:{line}: the provider block contains the access key {key_id} itself; secret "
                "scanners such as gitleaks find keys in code"
            )
    return ""


def _key_in(path: str, data: bytes) -> tuple[str, int] | None:
    """The first key of a file's provider blocks, masked, and its line."""
    mask = KeyIdMask(())
    for block in blocks_of(data, path, ("provider",)):
        for value in block.literals("access_key"):
            if value.startswith(PREFIX) and (shown := mask.text(value)) != value:
                return shown, data.count(b"\n", 0, max(data.find(value.encode()), 0)) + 1
    return None
