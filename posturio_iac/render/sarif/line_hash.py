"""The fingerprints by which GitHub recognises an alert after its line has moved.

The algorithm is that of github/codeql-action (src/fingerprints.ts): each line is hashed over the 100 UTF-16 units that follow its start,
spaces and tabs left out, every line end as LF, 65535 for the end of the file, then zeros. GitHub computes it for a file that it can see
and complains about another value, so it must be the same or absent.
"""

from __future__ import annotations

import sys
from array import array
from functools import lru_cache
from operator import mul

WINDOW = 100
FACTOR = 37
END = "\uffff"
MASK = 2**64 - 1
_POWERS = [pow(FACTOR, exponent, 2**64) for exponent in reversed(range(WINDOW))]


class LineHashes:
    """The fingerprints of the lines of one file. Only those that are asked for are computed."""

    __slots__ = ("_windows",)

    def __init__(self, text: str) -> None:
        """Find the units that each line is hashed over, and how often the same ones came before; lone carriage returns end lines too."""
        self._windows: list[tuple[str, int]] = []
        seen: dict[str, int] = {}
        units, start = _units(text), 0
        for line in units.split("\n"):
            window = units[start : start + WINDOW]
            seen[window] = occurrence = seen.get(window, 0) + 1
            self._windows.append((window, occurrence))
            start += len(line) + 1

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, place: int) -> str:
        window, occurrence = self._windows[place]
        return f"{_digest(window)}:{occurrence}"


@lru_cache(maxsize=64)
def _digest(window: str) -> str:
    """The hash of some units; those that are missing at the end of a file count as zeros. Findings of one key share a line."""
    return f"{sum(map(mul, map(ord, window), _POWERS)) & MASK:x}"


def _units(text: str) -> str:
    """The UTF-16 units that count, as a character each. A line feed counts with the carriage return directly before it."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    if not plain.isascii():
        plain = "".join(map(chr, array("H", plain.encode(f"utf-16-{sys.byteorder[0]}e", "surrogatepass"))))
    return plain + END
