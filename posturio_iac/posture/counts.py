"""Counts for pictures and tables: ages, last use, owners, units, evidence."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Level, Severity, Verdict
from posturio_iac.core.record import dataclass, replace
from posturio_iac.posture.score import score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from posturio_iac.posture.parts import ResultPart, Unit
    from posturio_iac.posture.score import Score
    from posturio_iac.posture.view import KeyRow, Posture

YEAR = 365
AGES = ((30, "0-30"), (90, "31-90"), (180, "91-180"), (YEAR, "181-365"), (2 * YEAR, "1-2 years"), (3 * YEAR, "2-3 years"))
OLDEST = "over 3 years"
USES = ((7, "0-7"), (30, "8-30"), (45, "31-45"), (90, "46-90"), (180, "91-180"), (YEAR, "181-365"))
LONGEST = "over 365"
"""Upper bounds in days, with the labels of their bars."""
NEVER, UNKNOWN = "never", "unknown"
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class HistogramBar:
    """One bar: how many keys, active ones and others."""

    label: str
    active: int
    other: int

    @property
    def total(self) -> int:
        return self.active + self.other


def ages(rows: Iterable[KeyRow]) -> tuple[HistogramBar, ...]:
    """Return how many deployed keys there are of each age."""
    return _bins(rows, [label for _, label in AGES] + [OLDEST, UNKNOWN], lambda row: _in(AGES, OLDEST, row.age))


def uses(rows: Iterable[KeyRow]) -> tuple[HistogramBar, ...]:
    """Return how many deployed keys were last used in each period."""
    labels = [label for _, label in USES] + [LONGEST, NEVER, UNKNOWN]
    return _bins(rows, labels, lambda row: NEVER if row.key.never_used else _in(USES, LONGEST, row.idle))


def _in(edges: Sequence[tuple[int, str]], beyond: str, days: int | None) -> str:
    if days is None:
        return UNKNOWN
    return next((label for most, label in edges if days <= most), beyond)


def _bins(rows: Iterable[KeyRow], labels: Sequence[str], of: Callable[[KeyRow], str]) -> tuple[HistogramBar, ...]:
    counts = {label: [0, 0] for label in labels}
    for row in rows:
        if row.key.deployed:
            counts[of(row)][row.key.status != "Active"] += 1
    return tuple(HistogramBar(label, *count) for label, count in counts.items() if label != UNKNOWN or any(count))


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """The keys of one owner or one unit."""

    name: str
    keys: int
    flagged: int
    undetermined: int
    suppressed: int
    worst: Severity | None
    oldest: int | None
    """Days since the oldest key was created."""
    idlest: int | None
    """Days since the last use of the key that has been idle longest."""
    demerits: float

    @property
    def order(self) -> tuple[float, int, str]:
        """The sort key: the most costly first."""
        return (-self.demerits, -self.keys, self.name)


def owners(rows: Iterable[KeyRow]) -> list[KeyGroup]:
    """The groups of keys by owner, the one that costs most first."""
    groups: dict[str, list[KeyRow]] = {}
    for row in rows:
        groups.setdefault(row.key.owner or NOBODY, []).append(row)
    return sorted((_group(name, members) for name, members in groups.items()), key=lambda group: group.order)


def _group(name: str, rows: Sequence[KeyRow]) -> KeyGroup:
    verdicts = [row.key.verdict for row in rows]
    return KeyGroup(
        name,
        len(rows),
        verdicts.count(Verdict.FLAGGED),
        verdicts.count(Verdict.UNDETERMINED),
        verdicts.count(Verdict.SUPPRESSED),
        max((row.worst for row in rows if row.worst is not None), default=None),
        max((row.age for row in rows if row.age is not None), default=None),
        max((row.idle for row in rows if row.idle is not None and row.key.status == "Active"), default=None),
        sum(row.key.demerit for row in rows),
    )


@dataclass(frozen=True, slots=True)
class UnitSummary:
    """A unit: its keys, its score and the age of its data."""

    part: ResultPart
    group: KeyGroup
    score: Score
    errors: int

    @property
    def unit(self) -> Unit:
        return self.part.unit


def standings(posture: Posture) -> list[UnitSummary]:
    """Each unit with its numbers: those that could not be read first, then the most costly."""
    rows: dict[Unit, list[KeyRow]] = {part.unit: [] for part in posture.parts}
    for row in posture.rows:
        rows[row.unit].append(row)
    made = [
        UnitSummary(
            part,
            _group(part.unit.label, rows[part.unit]),
            score([replace(part, general=())]),
            sum(diagnostic.level is Level.ERROR for diagnostic in part.diagnostics),
        )
        for part in posture.parts
    ]
    return sorted(made, key=lambda standing: (not standing.errors, *standing.group.order))


@dataclass(frozen=True, slots=True)
class EvidenceSource:
    """One source of facts about keys of a unit."""

    text: str
    unit: Unit
    keys: int


def sources(posture: Posture) -> list[EvidenceSource]:
    """The sources of facts about deployed keys, each once for each unit."""
    counts = Counter((text, row.unit) for row in posture.rows for text in row.key.evidence)
    made = [EvidenceSource(text, unit, number) for (text, unit), number in counts.items()]
    return sorted(made, key=lambda source: (source.unit.label, source.text))


def has_deployed(rows: Iterable[KeyRow]) -> bool:
    return any(row.key.deployed for row in rows)
