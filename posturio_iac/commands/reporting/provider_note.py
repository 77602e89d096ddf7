"""What a run without findings may not be taken for: a note on standard error where a provider block that was read holds a key itself."""

from __future__ import annotations

from posturio_iac.commands.output import to_stderr

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = b"AKIA"
"""What the id of a key of a user begins with."""


def point_to_secrets(texts: Mapping[str, bytes]) -> None:
    """Point to secret scanners where one of the files that were read anyway, by path, has such a block; say nothing else."""
    held = {path: data for path, data in texts.items() if PREFIX in data}
    if not held:
        return
    from posturio_iac.core.text.terminal import printable
    from posturio_iac.search.provider_keys import pointer

    if said := pointer(held):
        to_stderr(f"note: {printable(said)}\n")
