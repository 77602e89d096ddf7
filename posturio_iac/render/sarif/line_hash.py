"""The fingerprints by which GitHub recognises an alert after its line has moved.

The algorithm is that of github/codeql-action (src/fingerprints.ts): each line is hashed over the 100 UTF-16 units that follow its start,
spaces and tabs left out, every line end as LF, 65535 for the end of the file, then zeros. GitHub computes it for a file that it can see
and complains about another value, so it must be the same or absent.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from itertools import accumulate

WINDOW = 100
FACTOR = 37
END = 65535
MASK = 2**64 - 1
_POWERS = [pow(FACTOR, exponent, 2**64) for exponent in range(WINDOW + 1)]
_LF = 10


def line_hashes(text: str) -> list[str]:
    """Return ``hash:occurrence`` of each line of a file; lone carriage returns end lines too."""
    units = _units(text)
    starts = [0, *(n + 1 for n, unit in enumerate(units) if unit == _LF)]
    units.append(END)
    prefixes = list(accumulate(units, lambda value, unit: (value * FACTOR + unit) & MASK, initial=0))
    seen: Counter[str] = Counter()
    hashes = []
    for start in starts:
        window = min(WINDOW, len(units) - start)  # what is missing of it are zeros
        digest = f"{((prefixes[start + window] - prefixes[start] * _POWERS[window]) * _POWERS[WINDOW - window]) & MASK:x}"
        seen[digest] += 1
        hashes.append(f"{digest}:{seen[digest]}")
    return hashes


def _units(text: str) -> list[int]:
    """Return the UTF-16 units that count. A line feed counts with the carriage return directly before it."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    return list(array("H", plain.encode(f"utf-16-{sys.byteorder[0]}e", "surrogatepass")))
