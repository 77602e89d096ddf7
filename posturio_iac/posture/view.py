"""The joined view that reports are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.finding import Level, Severity, Verdict
from posturio_iac.core.record import dataclass
from posturio_iac.posture.changes import changes, worst_first
from posturio_iac.posture.ends import ends
from posturio_iac.posture.parts import identities
from posturio_iac.posture.score import score
from posturio_iac.posture.series import Series

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from posturio_iac.contract.records import SavedDiagnostic, SavedFinding, SavedKey, SavedResult
    from posturio_iac.posture.changes import ChangeCategory, UnitChange
    from posturio_iac.posture.ends import Ends
    from posturio_iac.posture.parts import ResultPart, Unit
    from posturio_iac.posture.score import Score


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key with its findings and the age of its data."""

    key: SavedKey
    unit: Unit
    as_of: datetime
    """When it was seen."""
    older: bool
    """True if it is taken from an earlier result, since the last one could not see it."""
    found: tuple[SavedFinding, ...]
    """Its findings, the worst first, suppressed ones last."""
    now: datetime
    """The time of the report."""
    source_url: str = ""
    """Where a line of its code can be read, with ``{path}`` and ``{line}`` in it; empty where that is not known."""

    @property
    def active(self) -> tuple[SavedFinding, ...]:
        return tuple(finding for finding in self.found if finding.suppressed is None)

    @property
    def worst(self) -> Severity | None:
        return self.found[0].severity if self.found and self.found[0].suppressed is None else None

    @property
    def age(self) -> int | None:
        """Days since it was created."""
        return (self.now - self.key.created).days if self.key.created else None

    @property
    def idle(self) -> int | None:
        since = self.key.last_used or (self.key.created if self.key.never_used else None)
        return (self.now - since).days if since else None


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The posture at one time."""

    when: datetime
    score: Score
    ends: Ends
    verdicts: Mapping[Verdict, int]
    units: int
    """How many of the units of the report were known then."""
    tools: tuple[str, ...]
    """The versions that made the results."""


@dataclass(frozen=True, slots=True)
class Posture:
    """All that a report shows."""

    as_of: datetime
    """The time of the newest result."""
    rows: tuple[KeyRow, ...]
    """Every key, the worst first."""
    parts: tuple[ResultPart, ...]
    """The parts that the report rests on, by unit."""
    score: Score
    ends: Ends
    trend: tuple[TrendPoint, ...]
    changed: Mapping[ChangeCategory, Sequence[UnitChange]]
    compared: tuple[tuple[Unit, datetime, datetime], ...]
    """Units with the times of the results before and now."""
    diagnostics: tuple[tuple[Unit | None, SavedDiagnostic], ...]
    """Diagnostics that still hold, the most serious first."""
    results: tuple[SavedResult, ...]
    """The joined results, the newest first."""
    current: frozenset[str]
    """Sources of results that something in the report rests on."""
    files: int
    """How many files of code were searched."""

    def count(self, verdict: Verdict) -> int:
        return sum(row.key.verdict is verdict for row in self.rows)

    def severities(self) -> dict[Severity, int]:
        """How many findings count, by severity, the worst first."""
        counts = dict.fromkeys(sorted(Severity, reverse=True), 0)
        for row in self.rows:
            for finding in row.active:
                counts[finding.severity] += 1
        return counts

    def errors(self) -> int:
        """How many things could not be read, called or decided."""
        return sum(diagnostic.level is Level.ERROR for _, diagnostic in self.diagnostics)


def join(results: Sequence[SavedResult], unread: Sequence[SavedDiagnostic] = ()) -> Posture:
    """The joined view of at least one result; ``unread`` says which files could not be read."""
    series = Series(results)
    parts = series.now()
    as_of = max(result.as_of for result in results)
    pairs = [(part, series.before(part.unit)) for part in parts]
    compared = [(part, before) for part, before in pairs if before is not None]
    used = frozenset(part.source for part in parts)
    return Posture(
        as_of=as_of,
        rows=tuple(sorted((row for part in parts for row in _rows(part, as_of)), key=badness)),
        parts=tuple(sorted(parts, key=lambda part: (part.unit.kind, part.unit.name, part.unit.paths))),
        score=score(parts, unread=bool(unread)),
        ends=ends(parts),
        trend=tuple(_trend(series, parts)),
        changed=worst_first(change for part, before in compared for change in changes(part, before)),
        compared=tuple((part.unit, before.as_of, part.as_of) for part, before in compared),
        diagnostics=tuple(_said(parts, unread)),
        results=tuple(sorted(results, key=lambda result: (result.as_of, result.source), reverse=True)),
        current=used,
        files=sum(result.files for result in results if result.source in used),
    )


def badness(row: KeyRow) -> tuple[int, int, int, int, str]:
    """The sort key of a key: by severity, then by findings, then undetermined ones, then by how long it has been idle."""
    worst = -1 if row.worst is None else row.worst.rank
    return (-worst, -len(row.active), row.key.verdict is not Verdict.UNDETERMINED, -(row.idle or 0), row.key.address)


def _rows(part: ResultPart, now: datetime) -> Iterator[KeyRow]:
    found: dict[tuple[str, str, str], list[SavedFinding]] = {}
    for finding in part.found:
        found.setdefault((finding.framework, finding.root, finding.address), []).append(finding)
    for identity, key in identities(part.keys):
        theirs = found.get((key.framework, key.root, key.address), [])
        theirs.sort(key=lambda f: (f.suppressed is not None, -f.severity.rank, f.rule))
        seen = part.older.get(identity)
        yield KeyRow(key, part.unit, seen or part.as_of, seen is not None, tuple(theirs), now, part.source_url)


def _trend(series: Series, current: Sequence[ResultPart]) -> Iterator[TrendPoint]:
    """Yield the points in time at which a result that counts was made."""
    for point in series.points:
        parts = series.at(point)
        fresh = [part for part in parts if series.point(part.as_of) == point]
        if fresh:
            yield _point(parts, fresh, current)


def _point(parts: Sequence[ResultPart], fresh: Sequence[ResultPart], current: Sequence[ResultPart]) -> TrendPoint:
    verdicts = dict.fromkeys(Verdict, 0)
    for part in parts:
        for key in part.keys:
            verdicts[key.verdict] += 1
    known = {part.unit for part in parts}
    tools = tuple(sorted({part.tool for part in fresh}))
    return TrendPoint(
        max(part.as_of for part in fresh), score(parts), ends(parts), verdicts, sum(part.unit in known for part in current), tools
    )


def _said(parts: Iterable[ResultPart], unread: Iterable[SavedDiagnostic]) -> Iterator[tuple[Unit | None, SavedDiagnostic]]:
    yield from ((None, diagnostic) for diagnostic in unread)
    every = dict.fromkeys(
        (None if diagnostic.account is None and diagnostic.path is None else part.unit, diagnostic)
        for part in parts
        for diagnostic in part.diagnostics
    )
    every |= dict.fromkeys((None, diagnostic) for part in parts for diagnostic in part.general)
    order = {level: place for place, level in enumerate(Level)}
    yield from sorted(every, key=lambda pair: (order[pair[1].level], pair[0].label if pair[0] else "", pair[1].path or "", pair[1].message))
