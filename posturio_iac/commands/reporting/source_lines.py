"""Lines of the code that a report points at."""

from __future__ import annotations

import os
from functools import lru_cache

from posturio_iac.core.text.decoding import UTF16, decode
from posturio_iac.core.text.textfile import MIB, UnreadableError, read
from posturio_iac.frontends.plan.sniff import looks_like_plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES = 256 * MIB
"""What is shown was read before, so that this is only for a file that grows meanwhile."""
_MOST_FILES = 100


class Sources:
    """Reads files below a root when something of them is asked for, and keeps the last ones."""

    __slots__ = ("_lines", "_typed", "data", "root")

    def __init__(self, root: str, typed: Mapping[str, bytes] | None = None) -> None:
        """Read below the folder ``root``; ``typed`` are texts that are not on the disk, by their real paths."""
        self.root, self._typed = root, typed or {}
        self.data = lru_cache(_MOST_FILES)(self._read)
        self._lines = lru_cache(_MOST_FILES)(self._split)

    def line(self, path: str, number: int) -> str | None:
        """Line ``number`` (from 1) without its end, or None where there is none."""
        lines = self._lines(path)
        return lines[number - 1].removesuffix("\r") if 0 < number <= len(lines) else None

    def text(self, path: str) -> str | None:
        """A whole file as UTF-8 with its line ends and its byte order mark, or None where it is none or cannot be read."""
        data = self.data(path)
        return None if data is None or data.startswith(UTF16) else data.decode("utf-8", "replace")

    def _read(self, path: str) -> bytes | None:
        """The bytes of a whole file; None where it cannot be read, and for a plan: it holds secrets, on one line perhaps."""
        place = os.path.join(self.root, path)
        try:
            data = self._typed.get(os.path.realpath(place)) if self._typed else None
            data = read(place, MOST_BYTES, None) if data is None else data
        except UnreadableError:
            return None
        return None if looks_like_plan(data) else data

    def _split(self, path: str) -> list[str]:
        data = self.data(path)
        return decode(data, "replace").split("\n") if data else []
