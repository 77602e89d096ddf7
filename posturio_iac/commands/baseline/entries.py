"""From an old baseline and a report to the new one. Pure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from posturio_iac.core.record import replace
from posturio_iac.judge.baseline import Baseline, BaselineEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.core.finding import Finding, Report


class NewEntryFields(NamedTuple):
    """What is written into entries that were not there."""

    reason: str
    owner: str
    until: str | None
    path: str
    """The file of the baseline, whose folder the entries' paths are relative to."""
    root: str
    """The scan root, which the findings' paths are relative to."""


class NewBaseline(NamedTuple):
    """What became of a baseline."""

    baseline: Baseline
    added: int = 0
    moved: int = 0
    removed: int = 0
    stale: int = 0

    def summary(self) -> str:
        """Return one line that says what is in it and what changed."""
        total = len(self.baseline.entries)
        parts = [f"{total} {'entry' if total == 1 else 'entries'}"]
        parts += [f"{n} {word}" for n, word in ((self.added, "new"), (self.moved, "moved"), (self.removed, "removed")) if n]
        if self.stale:
            parts.append(f"{self.stale} stale, which --prune removes")
        return ", ".join(parts)


def pruned(old: Baseline, gone: Sequence[BaselineEntry]) -> NewBaseline:
    """Return the baseline without the entries whose finding is gone."""
    left = tuple(entry for entry in old.entries if entry not in gone)
    return NewBaseline(Baseline(left), removed=len(old.entries) - len(left))


def updated(old: Baseline, report: Report, gone: Sequence[BaselineEntry], new: NewEntryFields) -> NewBaseline:
    """Return the baseline with an entry for each finding that counts; entries that are there keep what people wrote.

    A finding whose fingerprint is new, while exactly one entry of the same rule and address has lost its own, is taken as the same
    finding in a module that moved: the entry goes with it.
    """
    known = {entry.fingerprint: entry for entry in old.entries}
    owners = {(judged.key.framework, judged.key.address): judged.key.owner for judged in report.keys}
    fresh = [finding for finding in report.active() if finding.fingerprint not in known]
    heirs = dict(_heirs(fresh, gone))
    entries = [_placed(entry, report, new) for entry in old.entries if entry not in heirs.values()]
    for finding in fresh:
        if (heir := heirs.get(finding.fingerprint)) is not None:
            entries.append(replace(heir, fingerprint=finding.fingerprint, path=_path(finding, new)))
        else:
            owner = owners.get((finding.framework, finding.address))
            entries.append(_entry(finding, report, new, owner if isinstance(owner, str) else ""))
    return NewBaseline(Baseline(tuple(entries)), len(fresh) - len(heirs), len(heirs), stale=len(gone) - len(heirs))


def _heirs(fresh: Sequence[Finding], gone: Sequence[BaselineEntry]) -> Iterator[tuple[str, BaselineEntry]]:
    """Yield the fingerprints of findings that moved, with the entries that they had."""
    for finding in fresh:
        same = [entry for entry in gone if (entry.rule, entry.address) == (finding.rule.id, finding.address)]
        rivals = [f for f in fresh if (f.rule.id, f.address) == (finding.rule.id, finding.address)]
        if len(same) == len(rivals) == 1:
            yield finding.fingerprint, same[0]


def _entry(finding: Finding, report: Report, new: NewEntryFields, owner: str) -> BaselineEntry:
    reason = new.reason or f"was there when the baseline was written on {report.as_of:%Y-%m-%d}"
    return BaselineEntry(_path(finding, new), finding.address, finding.rule.id, finding.fingerprint, reason, new.owner or owner, new.until)


def _placed(entry: BaselineEntry, report: Report, new: NewEntryFields) -> BaselineEntry:
    """Return an entry with the path that its finding has now."""
    found = next((f for f in report.findings if f.fingerprint == entry.fingerprint), None)
    return entry if found is None else replace(entry, path=_path(found, new))


def _path(finding: Finding, new: NewEntryFields) -> str:
    if finding.span is None:
        return ""
    folder = os.path.dirname(os.path.realpath(new.path))
    return os.path.relpath(os.path.join(new.root, finding.span.path), folder).replace(os.sep, "/")
