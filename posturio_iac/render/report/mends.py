"""Tasks: keys that are mended alike are one task, and tasks are sorted by what is most worth doing."""

from __future__ import annotations

from collections import Counter

from posturio_iac.core.finding import Severity, Verdict
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.times import parse_date, parse_interval
from posturio_iac.rules.unused_access_keys import RULE as UNUSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from posturio_iac.contract.records import SavedEvidence, SavedFinding, SavedKey
    from posturio_iac.render.report.parts import Unit
    from posturio_iac.render.report.view import KeyRow, Posture

COUNTS = ("enforced", "declared")


class KeyTimeline(NamedTuple):
    """The dates of one key; None where a date is not known or does not apply."""

    row: KeyRow
    created: datetime | None
    used: datetime | None
    ends: datetime | None
    disabled: datetime | None

    def dates(self) -> list[datetime]:
        return [when for when in (self.created, self.used, self.ends, self.disabled) if when is not None]


def lives(rows: Iterable[KeyRow]) -> Iterator[KeyTimeline]:
    """Yield the lives of the keys of which any date is known, in the same order."""
    for row in rows:
        key = row.key
        life = KeyTimeline(row, key.created, key.last_used, declared_end(key), key.disabled_since)
        if life.dates():
            yield life


def declared_end(key: SavedKey) -> datetime | None:
    """When a key ends by its effective lifetimes: the earliest date, intervals counting from its creation."""
    ends = [when for evidence in key.lifetime if evidence.effect in COUNTS and (when := _end(evidence, key)) is not None]
    return min(ends, default=None)


def _end(evidence: SavedEvidence, key: SavedKey) -> datetime | None:
    if evidence.kind == "expiry" and (when := parse_date(evidence.value)) is not None:
        return when
    # An age states no date.
    interval = parse_interval(evidence.value) if evidence.kind in ("expiry", "rotation") and evidence.value else None
    return key.created + interval if interval is not None and key.created is not None else None


def sources(posture: Posture) -> list[tuple[str, Unit, int]]:
    counts = Counter((text, row.unit) for row in posture.rows for text in dict.fromkeys(row.key.evidence))
    return sorted(((text, unit, number) for (text, unit), number in counts.items()), key=lambda told: (told[1].label, told[0]))


def has_deployed(rows: Iterable[KeyRow]) -> bool:
    return any(row.key.deployed for row in rows)


class Task(NamedTuple):
    """One change for some keys of one account or folder of code."""

    unit: Unit
    rows: tuple[KeyRow, ...]
    findings: tuple[SavedFinding, ...]
    """The finding of each key that the change mends, in the order of the keys; none where something is undetermined."""

    @property
    def severity(self) -> Severity | None:
        return self.findings[0].severity if self.findings else None

    @property
    def idle(self) -> int | None:
        return max((row.idle for row in self.rows if row.idle is not None), default=None)

    @property
    def further(self) -> dict[str, int]:
        """How many more findings these keys have, by rule."""
        mended = {finding.fingerprint for finding in self.findings}
        counts: dict[str, int] = {}
        for row in self.rows:
            for finding in row.active:
                if finding.fingerprint not in mended:
                    counts[finding.rule] = counts.get(finding.rule, 0) + 1
        return counts

    @property
    def order(self) -> tuple[int, int, int, str]:
        rank = -1 if self.severity is None else self.severity.rank
        return (-rank, -(-1 if self.idle is None else self.idle), -len(self.rows), self.rows[0].key.address)


def tasks(rows: Iterable[KeyRow]) -> list[Task]:
    """The tasks in order; each key with a finding or an open question is in one of them."""
    groups: dict[tuple[object, ...], list[tuple[KeyRow, SavedFinding | None]]] = {}
    for row in rows:
        finding = decisive(row.active)
        if finding is not None:
            change = finding.remedy.kind if finding.remedy is not None and finding.remedy.kind else finding.remediation
            groups.setdefault((row.unit, finding.rule, finding.severity, change), []).append((row, finding))
        elif row.key.verdict is Verdict.UNDETERMINED:
            groups.setdefault((row.unit, row.key.undecided), []).append((row, None))
    return sorted((_task(members) for members in groups.values()), key=lambda task: task.order)


def _task(members: Sequence[tuple[KeyRow, SavedFinding | None]]) -> Task:
    ordered = sorted(members, key=lambda pair: (-(-1 if pair[0].idle is None else pair[0].idle), pair[0].key.address))
    return Task(ordered[0][0].unit, tuple(row for row, _ in ordered), tuple(finding for _, finding in ordered if finding is not None))


def decisive(findings: Sequence[SavedFinding]) -> SavedFinding | None:
    """The finding to mend first: of the worst ones that of an unused key, since deleting the key mends the others too."""
    worst = [finding for finding in findings if finding.severity is findings[0].severity]
    return next((finding for finding in worst if finding.rule == UNUSED.id), worst[0] if worst else None)
