"""What changed in each unit between its last two results."""

from __future__ import annotations

from posturio_iac.core.finding import Severity
from posturio_iac.core.record import Enum, NamedTuple
from posturio_iac.render.report.parts import ResultPart, Unit, identities

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from posturio_iac.contract.records import SavedFinding, SavedKey
    from posturio_iac.render.report.parts import SavedIdentity


class ChangeCategory(Enum):
    """Kinds of change, in the order of a report; the value is its heading."""

    NEW_FINDING = "New findings"
    NEW_KEY = "New keys"
    ACTIVATED = "Keys that were switched on"
    UNSEEN = "Not seen this time because the result is incomplete"
    SUPPRESSED = "Findings that are suppressed now"
    MENDED = "Findings that are gone while the key still exists"
    DISABLED = "Keys that were switched off"
    REMOVED = "Keys that are gone"


class UnitChange(NamedTuple):
    """One change."""

    what: ChangeCategory
    unit: Unit
    since: datetime
    key: SavedKey
    finding: SavedFinding | None = None
    note: str = ""


def changes(now: ResultPart, before: ResultPart) -> Iterator[UnitChange]:
    """Yield the changes between two results of one unit: first those of keys, then those of findings."""
    old, new = dict(identities(before.keys)), dict(identities(now.keys))
    for identity, key in new.items():
        if identity not in old:
            yield UnitChange(ChangeCategory.NEW_KEY, now.unit, before.as_of, key)
        elif identity in now.older and not now.failed:
            continue
        elif identity in now.older:
            yield UnitChange(ChangeCategory.UNSEEN, now.unit, before.as_of, key)
        elif (was := old[identity].status) != key.status and was is not None and key.status is not None:
            yield UnitChange(
                ChangeCategory.ACTIVATED if key.status == "Active" else ChangeCategory.DISABLED,
                now.unit,
                before.as_of,
                key,
                note=f"was {was}",
            )
    for identity, key in old.items():
        if identity not in new:
            yield UnitChange(ChangeCategory.REMOVED, now.unit, before.as_of, key)
    yield from _findings(now, before, old, new)


def _findings(
    now: ResultPart, before: ResultPart, old: dict[SavedIdentity, SavedKey], new: dict[SavedIdentity, SavedKey]
) -> Iterator[UnitChange]:
    """Compare findings by their fingerprints and, where an id is masked in only one result, by key and rule."""
    were, are = _named(before.found, old), _named(now.found, new)
    prints = {finding.fingerprint for _, finding in were}
    active = {finding.fingerprint for _, finding in were if finding.suppressed is None}
    known = {(identity, finding.rule) for identity, finding in were}
    live = {(identity, finding.rule) for identity, finding in were if finding.suppressed is None}
    for identity, finding in are:
        there = finding.fingerprint in prints or (identity, finding.rule) in known
        counted = finding.fingerprint in active or (identity, finding.rule) in live
        if finding.suppressed is None and not counted:
            note = "was suppressed before" if there else "was not checked before" if finding.rule in before.left_out else ""
            yield UnitChange(ChangeCategory.NEW_FINDING, now.unit, before.as_of, new[identity], finding, note)
        elif finding.suppressed is not None and counted:
            yield UnitChange(ChangeCategory.SUPPRESSED, now.unit, before.as_of, new[identity], finding, finding.suppressed.reason)
    still, rules = {finding.fingerprint for _, finding in are}, {(identity, finding.rule) for identity, finding in are}
    for identity, finding in were:
        gone = finding.fingerprint not in still and (identity, finding.rule) not in rules
        if gone and identity in new and finding.suppressed is None and finding.rule not in now.left_out:
            yield UnitChange(ChangeCategory.MENDED, now.unit, before.as_of, new[identity], finding)


def _named(found: Iterable[SavedFinding], keys: dict[SavedIdentity, SavedKey]) -> list[tuple[SavedIdentity, SavedFinding]]:
    names = {(key.framework, key.root, key.address): identity for identity, key in keys.items()}
    pairs = ((names.get((f.framework, f.root, f.address)), f) for f in found)
    return [(identity, finding) for identity, finding in pairs if identity is not None]


def worst_first(all_changes: Iterable[UnitChange]) -> dict[ChangeCategory, list[UnitChange]]:
    """The changes of each kind, the worst first; kinds without any are left out."""
    groups: dict[ChangeCategory, list[UnitChange]] = {what: [] for what in ChangeCategory}
    for change in all_changes:
        groups[change.what].append(change)
    for group in groups.values():
        group.sort(key=lambda c: (-(c.finding.severity if c.finding else Severity.LOW).rank, c.unit.label, c.key.address))
    return {what: group for what, group in groups.items() if group}
