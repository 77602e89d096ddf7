"""Access keys written into provider blocks: no rule is about them, so a scan without findings does not rule them out."""

from __future__ import annotations

from posturio_iac.core.keys import KeyIdMask
from posturio_iac.search.written_sources import blocks_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "AKIA"  # the prefix of ids of users' keys


def pointer(texts: Mapping[str, bytes]) -> str:
    """A note on the first provider block that holds an access key, with advice on how to find all; empty without one."""
    mask = KeyIdMask(())
    for path, data in sorted(texts.items()):
        for value in (value for block in blocks_of(data, path, ("provider",)) for value in block.literals("access_key")):
            if value.startswith(PREFIX) and (shown := mask.text(value)) != value:
                line = data.count(b"\n", 0, max(data.find(value.encode()), 0)) + 1
                text = f"{path}:{line}: the provider block contains the access key {shown} itself"
                return f"{text}; secret scanners such as gitleaks find keys in code"
    return ""
