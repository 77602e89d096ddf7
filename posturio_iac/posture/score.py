"""The score of joined results, by the same sums as that of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.finding import DEMERITS, UNDETERMINED, Verdict, exact_score
from posturio_iac.core.record import dataclass
from posturio_iac.posture.parts import identities

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from posturio_iac.contract.records import SavedKey
    from posturio_iac.posture.parts import ResultPart

_NAMES = {cost: severity.value for severity, cost in DEMERITS.items()}
_EXACT_BELOW = 10
"""Scores below this are shown with a decimal: with many keys each step is small."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the sum: a number of keys with the same cost."""

    cause: str
    keys: int
    each: float

    @property
    def demerits(self) -> float:
        return self.keys * self.each


@dataclass(frozen=True, slots=True)
class Score:
    """The score and the sum behind it."""

    value: float | None
    """Not rounded; None while something could not be read."""
    lines: tuple[Line, ...]
    at_best: float | None
    """Its upper bound, whatever is read later: only findings of this time count. None when even that is not known."""

    @property
    def demerits(self) -> float:
        """What all keys cost together."""
        return sum(line.demerits for line in self.lines)


def score(parts: Iterable[ResultPart], *, unread: bool = False) -> Score:
    """The score of ``parts``; ``unread`` tells whether a result could not be read at all."""
    parts = list(parts)
    value = (
        None if unread or any(part.incomplete for part in parts) else exact_score(sum(key.demerit for part in parts for key in part.keys))
    )
    worst = [pair for part in parts for pair in _worst(part)]
    stale = {id(key) for part in parts if part.failed for identity, key in identities(part.keys) if identity in part.older}
    seen = sum(cost for key, cost in worst if id(key) not in stale)
    return Score(value, _lines(worst), None if unread else exact_score(seen))


def shown(value: float | None) -> str:
    """A score for readers: a whole number, with one decimal where it is small, or the word for unknown."""
    if value is None:
        return "unknown"
    return f"{value:.1f}" if value < _EXACT_BELOW else str(round(value))


def _worst(part: ResultPart) -> list[tuple[SavedKey, float]]:
    """The keys of a part with the cost of their worst findings."""
    costs: dict[tuple[str, str, str], float] = {}
    for finding in part.found:
        name = (finding.framework, finding.root, finding.address)
        costs[name] = max(costs.get(name, 0.0), DEMERITS[finding.severity])
    return [(key, costs.get((key.framework, key.root, key.address), 0.0)) for key in part.keys]


def _lines(keys: Sequence[tuple[SavedKey, float]]) -> tuple[Line, ...]:
    counts: dict[tuple[str, float], int] = {}
    for key, found in keys:
        if key.demerit:
            line = _cause(key, found), key.demerit
            counts[line] = counts.get(line, 0) + 1
    return tuple(Line(cause, number, each) for (cause, each), number in sorted(counts.items(), key=lambda item: (-item[0][1], item[0][0])))


def _cause(key: SavedKey, found: float) -> str:
    """The reason for the cost of a key whose worst finding costs ``found``."""
    if found == key.demerit:
        return f"the worst finding is {_NAMES[found]}"
    if key.undecided or key.verdict is Verdict.UNDETERMINED:
        return "undetermined" if key.demerit >= UNDETERMINED else "undetermined, with at most a low finding"
    name = _NAMES.get(key.demerit)
    return f"accepted in advance, as bad as a {name} finding" if name else "accepted in advance"
