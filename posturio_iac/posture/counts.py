"""The units of a report with their numbers, and what told of their keys."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Level, Verdict
from posturio_iac.core.record import dataclass, replace
from posturio_iac.posture.score import score

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posturio_iac.posture.parts import ResultPart, Unit
    from posturio_iac.posture.score import Score
    from posturio_iac.posture.view import KeyRow, Posture


@dataclass(frozen=True, slots=True)
class UnitSummary:
    """A unit: its keys, its score and the age of its data."""

    part: ResultPart
    keys: int
    flagged: int
    score: Score
    errors: int

    @property
    def unit(self) -> Unit:
        return self.part.unit

    @property
    def order(self) -> tuple[bool, float, int, str]:
        """The sort key: those that could not be read first, then the most costly."""
        return (not self.errors, -self.score.demerits, -self.keys, self.unit.label)


def standings(posture: Posture) -> list[UnitSummary]:
    """Each unit with its numbers, in order."""
    verdicts = Counter((row.unit, row.key.verdict) for row in posture.rows)
    made = [
        UnitSummary(
            part,
            sum(verdicts[part.unit, verdict] for verdict in Verdict),
            verdicts[part.unit, Verdict.FLAGGED],
            score([replace(part, general=())]),
            sum(diagnostic.level is Level.ERROR for diagnostic in part.diagnostics),
        )
        for part in posture.parts
    ]
    return sorted(made, key=lambda standing: standing.order)


def sources(posture: Posture) -> list[tuple[str, Unit, int]]:
    """What told of deployed keys, each once for each unit, with the number of keys."""
    counts = Counter((text, row.unit) for row in posture.rows for text in dict.fromkeys(row.key.evidence))
    return sorted(((text, unit, number) for (text, unit), number in counts.items()), key=lambda told: (told[1].label, told[0]))


def has_deployed(rows: Iterable[KeyRow]) -> bool:
    return any(row.key.deployed for row in rows)
