"""Puts the parts of all results in order of time: the state at each time, and now."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from posturio_iac.core.record import replace
from posturio_iac.posture.parts import ACCOUNT, CODE, ResultPart, Unit, carried, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from posturio_iac.contract.records import SavedResult


class Series:
    """The parts of all results by unit and time.

    Results of one day (UTC) are one point in time, of which the newest counts for each unit. When all are of one day and a unit
    is among them more than once, each moment is a point. So results that are written one after another are one point.
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
        latest = [found for series in self.history.values() if (found := self._latest(series, point)) is not None]
        accounts = [part for part in latest if part.unit.kind == ACCOUNT]
        newest = max((part.as_of for part in accounts if part.unit.name), default=None)
        kept = [part for part in accounts if part.unit.name or newest is None or part.as_of > newest]
        return [*_uncovered([part for part in latest if part.unit.kind == CODE]), *kept]

    def now(self) -> list[ResultPart]:
        return self.at(self.points[-1])

    def before(self, unit: Unit) -> ResultPart | None:
        """The part of a unit before its newest one."""
        series = self.history[unit]
        return series[-2] if len(series) > 1 else None

    def _latest(self, series: Sequence[ResultPart], point: Any) -> ResultPart | None:
        return next((part for part in reversed(series) if self.point(part.as_of) <= point), None)


def _uncovered(parts: Iterable[ResultPart]) -> list[ResultPart]:
    """Return parts of code, each without keys that a newer complete one covers: two scans may have read the same folder.

    A scan of changes only gives way to any full scan.
    """
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
    """True if a complete scan of ``unit`` has seen the file at ``path``."""
    if unit.narrowed or not unit.name:
        return False
    return any(path == scanned or path.startswith(f"{scanned}/") for scanned in _paths(unit))
