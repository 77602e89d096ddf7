"""The joined view that reports are made of: results in the order of time, and the keys that are without an end."""

from __future__ import annotations

import posixpath
from collections import Counter

from posturio_iac.core.finding import Diagnostic, Level, Severity, Verdict
from posturio_iac.core.model import NOT_ACTIVE, Effect
from posturio_iac.core.record import NamedTuple, dataclass, grouped, replace
from posturio_iac.render.report.changes import ChangeCategory, UnitChange, changes, worst_first
from posturio_iac.render.report.parts import ACCOUNT, CODE, ResultPart, Unit, carried, identities, score, split
from posturio_iac.rules import all_rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from posturio_iac.contract.records import SavedFinding, SavedKey, SavedResult


class Series:
    """The parts of all results by unit and time.

    Results of one day (UTC) are one point in time, of which the newest counts for each unit; each moment is one when all are of one day.
    """

    def __init__(self, results: Sequence[SavedResult]) -> None:
        """Sort the parts of ``results``, of which there is at least one. A later one in the order given wins a tie."""
        self.history: dict[Unit, list[ResultPart]] = {}
        parts = [(part, place) for place, result in enumerate(results) for part in split(result)]
        days = {result.as_of.date() for result in results}
        self._by_day = len(days) > 1 or len({part.unit for part, _ in parts}) == len(parts)
        parts.sort(key=lambda pair: (pair[0].as_of, not pair[0].failed, pair[1]))
        newest: dict[Unit, ResultPart] = {}
        for part, _ in parts:
            newest[part.unit] = known = carried(part, newest.get(part.unit))
            series = self.history.setdefault(part.unit, [])
            if series and self.point(series[-1].as_of) == self.point(known.as_of):
                series.pop()
            series.append(known)
        self.points = sorted({self.point(part.as_of) for series in self.history.values() for part in series})

    def point(self, when: datetime) -> Any:
        return when.date() if self._by_day else when

    def at(self, point: Any) -> list[ResultPart]:
        """The state at a point: the newest part of each unit, without keys that a newer part of another unit covers."""
        newest_first = (reversed(series) for series in self.history.values())
        known = (next((part for part in series if self.point(part.as_of) <= point), None) for series in newest_first)
        latest = [part for part in known if part is not None]
        accounts = [part for part in latest if part.unit.kind == ACCOUNT]
        newest = max((part.as_of for part in accounts if part.unit.name), default=None)
        kept = [part for part in accounts if part.unit.name or newest is None or part.as_of > newest]
        return [*_uncovered([part for part in latest if part.unit.kind == CODE]), *kept]


def _uncovered(parts: Iterable[ResultPart]) -> list[ResultPart]:
    """Parts of code, each without keys that a newer complete one covers; a scan of changes gives way to any full scan."""
    kept: list[ResultPart] = []
    for part in sorted(parts, key=lambda part: (not part.unit.narrowed, part.as_of), reverse=True):
        covering = [other.unit for other in kept if part.unit.narrowed or not other.failed] if part.unit.name else []
        if not covering or not all(any(_covers(unit, path) for unit in covering) for path in _paths(part.unit)):
            kept.append(_without(part, covering) if covering else part)
    return kept


def _without(part: ResultPart, covering: Sequence[Unit]) -> ResultPart:
    def mine(path: str | None) -> bool:
        return path is None or not any(_covers(unit, posixpath.normpath(posixpath.join(part.unit.name, path))) for unit in covering)

    keys = tuple(key for key in part.keys if mine(key.path))
    names = {(key.framework, key.root, key.address) for key in keys}
    found = tuple(f for f in part.found if (f.framework, f.root, f.address) in names)
    return replace(part, keys=keys, found=found, diagnostics=tuple(diagnostic for diagnostic in part.diagnostics if mine(diagnostic.path)))


def _paths(unit: Unit) -> list[str]:
    return [posixpath.normpath(posixpath.join(unit.name, path)) for path in unit.paths or (".",)]


def _covers(unit: Unit, path: str) -> bool:
    if unit.narrowed or not unit.name:
        return False
    return any(path == scanned or path.startswith(f"{scanned}/") for scanned in _paths(unit))


_EFFECTIVE = (Effect.ENFORCED.value, Effect.DECLARED.value)


class Ends(NamedTuple):
    """The keys that can be used, and those of them that end or rotate."""

    keys: int  # how many can be used: neither inactive nor expired
    holding: int  # how many of them end or rotate, by evidence that no finding doubts

    @property
    def percent(self) -> int | None:
        """A whole number; nothing is rounded to none or to all. None without keys."""
        if not self.keys:
            return None
        share = self.holding / self.keys
        return min(max(round(share * 100), 1), 99) if 0 < share < 1 else round(share * 100)


def ends(parts: Sequence[ResultPart]) -> Ends:
    """The keys of ``parts`` that can be used, and how many of them end."""
    alive = [(part, key) for part in parts for key in part.keys if key.status not in NOT_ACTIVE]
    denying = {name for name, one in all_rules().items() if one.rule.denies_end}
    doubted = {(id(part), f.framework, f.root, f.address) for part in parts for f in part.found if f.rule in denying}
    holding = sum(
        (id(part), key.framework, key.root, key.address) not in doubted and any(e.effect in _EFFECTIVE for e in key.lifetime)
        for part, key in alive
    )
    return Ends(len(alive), holding)


class KeyRow(NamedTuple):
    """A key with its findings and the age of its data."""

    key: SavedKey
    unit: Unit
    as_of: datetime
    older: bool  # True if it is taken from an earlier result, since the last one could not see it
    found: tuple[SavedFinding, ...]  # its findings, the worst first, suppressed ones last
    now: datetime
    source_url: str  # where a line of its code can be read, with ``{path}`` and ``{line}`` in it; empty where that is not known

    @property
    def active(self) -> tuple[SavedFinding, ...]:
        return tuple(finding for finding in self.found if finding.suppressed is None)

    @property
    def worst(self) -> Severity | None:
        return self.found[0].severity if self.found and self.found[0].suppressed is None else None

    @property
    def age(self) -> int | None:
        return (self.now - self.key.created).days if self.key.created else None

    @property
    def idle(self) -> int | None:
        since = self.key.last_used or (self.key.created if self.key.never_used else None)
        return (self.now - since).days if since else None


class TrendPoint(NamedTuple):
    """The posture at one time."""

    when: datetime
    score: float | None
    ends: Ends
    verdicts: Mapping[Verdict, int]
    units: int
    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Posture:
    """All that a report shows."""

    as_of: datetime
    rows: tuple[KeyRow, ...]
    parts: tuple[ResultPart, ...]
    score: float | None
    ends: Ends
    trend: tuple[TrendPoint, ...]
    changed: Mapping[ChangeCategory, Sequence[UnitChange]]
    compared: bool
    diagnostics: tuple[tuple[Unit | None, Diagnostic], ...]
    results: tuple[SavedResult, ...]
    current: frozenset[str]  # sources of results that something in the report rests on
    files: int

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
        return sum(diagnostic.level is Level.ERROR for _, diagnostic in self.diagnostics)


def join(results: Sequence[SavedResult], unread: Sequence[Diagnostic] = ()) -> Posture:
    """The joined view of at least one result; ``unread`` says which files could not be read."""
    series = Series(results)
    parts = series.at(series.points[-1])
    as_of = max(result.as_of for result in results)
    compared = [(part, series.history[part.unit][-2]) for part in parts if len(series.history[part.unit]) > 1]
    used = frozenset(part.source for part in parts)
    return Posture(
        as_of=as_of,
        rows=tuple(sorted((row for part in parts for row in _rows(part, as_of)), key=badness)),
        parts=tuple(sorted(parts, key=lambda part: (part.unit.kind, part.unit.name, part.unit.paths))),
        score=score(parts, unread=bool(unread)),
        ends=ends(parts),
        trend=tuple(_trend(series, parts)),
        changed=worst_first(change for part, before in compared for change in changes(part, before)),
        compared=bool(compared),
        diagnostics=tuple(_said(parts, unread)),
        results=tuple(sorted(results, key=lambda result: (result.as_of, result.source), reverse=True)),
        current=used,
        files=sum(result.files for result in results if result.source in used),
    )


def badness(row: KeyRow) -> tuple[int, int, int, int, str]:
    worst = -1 if row.worst is None else row.worst.rank
    return (-worst, -len(row.active), row.key.verdict is not Verdict.UNDETERMINED, -(row.idle or 0), row.key.address)


def _rows(part: ResultPart, now: datetime) -> Iterator[KeyRow]:
    found = grouped(part.found, lambda finding: (finding.framework, finding.root, finding.address))
    for identity, key in identities(part.keys):
        theirs = found.get((key.framework, key.root, key.address), [])
        theirs.sort(key=lambda f: (f.suppressed is not None, -f.severity.rank, f.rule))
        seen = part.older.get(identity)
        yield KeyRow(key, part.unit, seen or part.as_of, seen is not None, tuple(theirs), now, part.source_url)


def _trend(series: Series, current: Sequence[ResultPart]) -> Iterator[TrendPoint]:
    for point in series.points:
        parts = series.at(point)
        fresh = [part for part in parts if series.point(part.as_of) == point]
        if fresh:
            counts = Counter(key.verdict for part in parts for key in part.keys)
            known = {part.unit for part in parts}
            tools = tuple(sorted({part.tool for part in fresh}))
            when, units = max(part.as_of for part in fresh), sum(part.unit in known for part in current)
            yield TrendPoint(when, score(parts), ends(parts), {verdict: counts[verdict] for verdict in Verdict}, units, tools)


def _said(parts: Iterable[ResultPart], unread: Iterable[Diagnostic]) -> Iterator[tuple[Unit | None, Diagnostic]]:
    yield from ((None, diagnostic) for diagnostic in unread)
    every = dict.fromkeys(
        (None if diagnostic.account is None and diagnostic.path is None else part.unit, diagnostic)
        for part in parts
        for diagnostic in part.diagnostics
    )
    every |= dict.fromkeys((None, diagnostic) for part in parts for diagnostic in part.general)
    order = {level: place for place, level in enumerate(Level)}
    yield from sorted(every, key=lambda pair: (order[pair[1].level], pair[0].label if pair[0] else "", pair[1].path or "", pair[1].message))
