"""From old baselines and a report to the new ones. Pure."""

from __future__ import annotations

import os
from collections import Counter, defaultdict

from posturio_iac.core.finding import Finding, Report, Severity, by_severity
from posturio_iac.core.record import NamedTuple, grouped, replace
from posturio_iac.errors import UsageError
from posturio_iac.judge.baseline import Baseline, BaselineEntry, BaselineFile
from posturio_iac.judge.redaction import user_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from posturio_iac.core.model import AccessKey
    from posturio_iac.judge.known import CodeFiles, KnownEntry, KnownFindings


class NoEndError(UsageError):
    """New entries would never end; the message says how many."""


class NewEntryFields(NamedTuple):
    """The fields of new entries."""

    reason: str
    owner: str
    until: str | None
    accept: tuple[Severity, ...]

    def check_end(self, added: int) -> None:
        if added and not self.until:
            raise NoEndError(f"{'1 new entry needs' if added == 1 else f'{added:,} new entries need'} a last day: add --until DATE")

    def accepts(self, severity: Severity) -> bool:
        return severity not in GRAVE or severity in self.accept


GRAVE = (Severity.CRITICAL, Severity.HIGH)  # severities that only --accept puts into a baseline


def accepted_severities(values: Sequence[str] | None) -> tuple[Severity, ...]:
    """What ``--accept critical,high`` names. Raises `UsageError` for other words."""
    named = [word.strip().lower() for value in values or () for word in value.split(",") if word.strip()]
    for word in named:
        if word not in [one.value for one in GRAVE]:
            raise UsageError(f'--accept takes critical and high, not "{word}"; lower ones need no word')
    return tuple(one for one in GRAVE if one.value in named)


class NewBaseline(NamedTuple):
    """The outcome for one baseline."""

    path: str
    baseline: Baseline
    added: int = 0
    moved: int = 0
    removed: int = 0
    stale: int = 0
    severities: Mapping[Severity, int] = {}
    refused: Mapping[Severity, int] = {}

    def summary(self) -> str:
        """One line about its content and its changes."""
        total = len(self.baseline.entries)
        held = by_severity(self.severities, Severity.HIGH)
        parts = [f"{total} {'entry' if total == 1 else 'entries'}{f' ({held})' if held else ''}"]
        parts += [f"{n} {word}" for n, word in ((self.added, "new"), (self.moved, "moved"), (self.removed, "removed")) if n]
        if self.stale:
            parts.append(f"{self.stale} stale, which --prune removes")
        shrinkage = self.baseline.shrinkage(total)
        names = [one.value for one in sorted(Severity, reverse=True) if self.refused.get(one)]
        accept = f"fix, or accept with `posturio-iac baseline --accept {','.join(names)} --until DATE`"
        left = f"; {by_severity(self.refused)} not accepted: {accept}" if self.refused else ""
        return ", ".join(parts) + (f"; {shrinkage}" if shrinkage else "") + left


def pruned(files: Iterable[BaselineFile], gone: Iterable[KnownEntry]) -> Iterator[NewBaseline]:
    """Yield the baselines without the entries whose finding is gone."""
    dropped = {one.entry.fingerprint for one in gone}
    for path, old in files:
        left = tuple(entry for entry in old.entries if entry.fingerprint not in dropped)
        yield NewBaseline(path, replace(old, entries=left), removed=len(old.entries) - len(left))


class Update:
    """Adds an entry for each finding that counts; existing entries keep their texts.

    A finding without an entry takes over that of the same rule and address which has lost its own finding, where there is one of each:
    its module was moved and changed at the same time.
    """

    def __init__(self, files: Sequence[BaselineFile], report: Report, known: KnownFindings, gone: Sequence[KnownEntry]) -> None:
        self._files, self._report, self._known = files, report, known
        self._fresh = [f for f in report.active() if f.fingerprint not in known.matched]
        self._heirs = dict(_heirs(self._fresh, gone))
        self._stale = [one for one in gone if id(one) not in {id(heir) for heir in self._heirs.values()}]
        self._keys = {j.key.identity: j.key for j in report.keys}

    def baselines(self, new: NewEntryFields, code: CodeFiles) -> Iterator[NewBaseline]:
        """Yield the new baselines."""
        day = f"{self._report.as_of:%Y-%m-%d}"
        changed = self._changed(code)
        added = self._added(new, code)
        new.check_end(sum(map(len, added.values())))
        found = {f.fingerprint: f.severity for f in self._report.findings}
        refused = Counter(f.severity for f in self._fresh if f.fingerprint not in self._heirs and not new.accepts(f.severity))
        followed = {*self._known.moved, *self._heirs}
        for path, old in self._files:
            entries = tuple(changed.get(entry.fingerprint, entry) for entry in old.entries) + tuple(added[path])
            moved = sum(entry.fingerprint in followed for entry in entries)
            stale = sum(one.file == path for one in self._stale)
            then = (old.written, old.findings_then) if old.written else (day, len(entries))
            severities = Counter(found[entry.fingerprint] for entry in entries if entry.fingerprint in found)
            yield NewBaseline(path, Baseline(entries, *then), len(added[path]), moved, stale=stale, severities=severities, refused=refused)
            refused = Counter()  # said once

    def _changed(self, code: CodeFiles) -> Mapping[str, BaselineEntry]:
        """The entries with the place where their code is now, by their old fingerprints; not those that differ by the start of the scan."""
        changed = {}
        for f in self._report.findings:
            one = self._known.matched.get(f.fingerprint) or self._heirs.get(f.fingerprint)
            if one is None or (f.fingerprint != one.entry.fingerprint and f.fingerprint not in {*self._known.moved, *self._heirs}):
                continue
            place = _place(f, os.path.dirname(os.path.realpath(one.file)), code)
            changed[one.entry.fingerprint] = one.entry._replace(fingerprint=f.fingerprint, **place, **_about(self._key(f), code))
        return changed

    def _added(self, new: NewEntryFields, code: CodeFiles) -> Mapping[str, list[BaselineEntry]]:
        reason = new.reason or f"existed when the baseline was written on {self._report.as_of:%Y-%m-%d}"
        added: defaultdict[str, list[BaselineEntry]] = defaultdict(list)
        for f in self._fresh:
            if f.fingerprint in self._heirs or not new.accepts(f.severity):
                continue
            file = nearest(self._files, code.place(f.span.path) if f.span else code.root)
            key = self._key(f)
            owner = key.owner if key is not None and isinstance(key.owner, str) else new.owner
            place = {"path": "", **_place(f, file.folder, code)}
            entry = BaselineEntry(
                **place,
                address=f.address,
                rule=f.rule.id,
                fingerprint=f.fingerprint,
                reason=reason,
                owner=owner,
                until=new.until,
                **_about(key, code),
            )
            added[file.path].append(entry)
        return added

    def _key(self, finding: Finding) -> AccessKey | None:
        return self._keys.get(finding.identity)


def nearest(files: Sequence[BaselineFile], place: str) -> BaselineFile:
    """The baseline for findings in a file: the only one, else the nearest in a folder above. Raises `UsageError` when there is none."""
    if len(files) == 1:
        return files[0]
    above = [file for file in files if place.startswith(os.path.join(file.folder, ""))]
    if not above:
        raise UsageError(f"{place} has a new finding, but there is no baseline in a folder above it; add one, or name one with --baseline")
    return max(above, key=lambda file: len(file.folder))


def _heirs(fresh: Sequence[Finding], gone: Sequence[KnownEntry]) -> Iterator[tuple[str, KnownEntry]]:
    lost = grouped(gone, lambda one: one.subject)
    rivals = grouped(fresh, lambda finding: (finding.rule.id, finding.address))
    for subject, findings in rivals.items():
        before = lost.get(subject, [])
        if len(findings) == len(before) == 1:
            yield findings[0].fingerprint, before[0]
            continue
        entries = {one.entry.fingerprint: one for one in before}  # of keys that got another user
        yield from ((f.fingerprint, entries[f.fingerprint]) for f in findings if f.fingerprint in entries)


def _about(key: AccessKey | None, code: CodeFiles) -> dict[str, str]:
    return {"content": code.content(key), "user": user_of(key)} if key is not None else {}


def _place(finding: Finding, folder: str, code: CodeFiles) -> dict[str, str]:
    if finding.span is None:
        return {}
    places = {"path": code.place(finding.span.path), "root": code.scope(finding.root)}
    return {name: os.path.relpath(place, folder).replace(os.sep, "/") for name, place in places.items()}
