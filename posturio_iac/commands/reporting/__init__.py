"""Reporting that commands share: formats and outputs, lines of code, changes, and notes about the run."""

from __future__ import annotations

from posturio_iac.commands.output import to_stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = b"AKIA"


def point_to_secrets(texts: Mapping[str, bytes]) -> None:
    """Point to secret scanners if one of the files that were read anyway has such a block."""
    held = {path: data for path, data in texts.items() if PREFIX in data}
    if not held:
        return
    from posturio_iac.core.text.terminal import printable
    from posturio_iac.search.provider_keys import pointer

    if text := pointer(held):
        to_stderr(f"note: {printable(text)}\n")
