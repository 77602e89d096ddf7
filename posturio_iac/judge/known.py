"""Which finding each entry of a baseline is about.

An entry is found by its fingerprint. Where the scan was started elsewhere, or without git, that differs and rule, address, root module and
file agree. Where a folder was moved, rule, address and content do; among several, the entry goes to the finding whose path ends alike.
"""

from __future__ import annotations

import os

from posturio_iac.core.record import NamedTuple, grouped
from posturio_iac.core.text.textfile import MIB, Fence, UnreadableError, read
from posturio_iac.judge.redaction import SHOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from posturio_iac.core.finding import Finding, Report
    from posturio_iac.core.model import AccessKey
    from posturio_iac.judge.baseline import BaselineEntry, BaselineFile

_MOST_BYTES = 256 * MIB  # Limit in bytes. The files were searched before, so it only matters for one that grows meanwhile.


class CodeFiles:
    """The files of the code, by their absolute paths."""

    def __init__(self, root: str, top: str) -> None:
        """Look below ``top``; findings have paths relative to ``root`` and root modules relative to ``top``."""
        self.root, self.top = root, top
        self._fence = Fence(os.path.realpath(top))
        self._digests: dict[str, str] = {}

    def place(self, path: str) -> str:
        return os.path.normpath(os.path.join(self.root, path))

    def scope(self, scope: str) -> str:
        return os.path.normpath(os.path.join(self.top, scope))

    def is_gone(self, place: str) -> bool:
        """True if there is no such file any more. A file outside counts as there."""
        return self._fence.holds(place) and not os.path.lexists(place)

    def digest(self, place: str) -> str:
        """A digest of a file's text, whatever the ends of its lines; empty when it cannot be read."""
        if place not in self._digests:
            try:
                text = read(place, _MOST_BYTES, self._fence).replace(b"\r\n", b"\n")
            except UnreadableError:
                return ""
            self._digests[place] = _digest(b"file\0", text)
        return self._digests[place]

    def content(self, key: AccessKey) -> str:
        """The identity of a key beside its address: the name of its user, or the text of its file where that name is open."""
        if isinstance(key.user, str) and SHOWN not in key.user:
            return _digest(b"user\0", key.user.encode("utf-8", "surrogatepass"))
        return self.digest(self.place(key.span.path)) if key.span is not None else ""


def _digest(*parts: bytes) -> str:
    from posturio_iac.core.text.decoding import sha256

    return sha256(b"".join(parts))[:16]


class KnownEntry(NamedTuple):
    """An entry of a baseline, and where its code is."""

    entry: BaselineEntry
    file: str  # the baseline
    place: str  # the absolute path of the code's file, or empty
    root: str  # the absolute path of the root module or template, or empty

    @property
    def subject(self) -> tuple[str, str]:
        return self.entry.rule, self.entry.address


class _Sighting(NamedTuple):
    """A finding that no fingerprint leads to."""

    finding: Finding
    place: str
    root: str

    @property
    def subject(self) -> tuple[str, str]:
        return self.finding.rule.id, self.finding.address


class KnownFindings(NamedTuple):
    """The result of matching the entries of all baselines of a run."""

    matched: Mapping[str, KnownEntry]  # by the fingerprint of the finding
    moved: frozenset[str]  # the fingerprints of those findings whose code was moved
    left: tuple[KnownEntry, ...]  # entries without a finding


def entries_of(files: Iterable[BaselineFile]) -> Iterator[KnownEntry]:
    """Yield the entries of baselines with the places that they mean."""
    for file in files:
        folder = file.folder
        for entry in file.baseline.entries:
            place, root = (os.path.normpath(os.path.join(folder, path)) if path else "" for path in (entry.path, entry.root))
            yield KnownEntry(entry, file.path, place, root)


def match(files: Sequence[BaselineFile], report: Report, code: CodeFiles) -> KnownFindings:
    """Which entry each finding has."""
    known = list(entries_of(files))
    by_fingerprint = {one.entry.fingerprint: one for one in known}
    keys = {judged.key.identity: judged.key for judged in report.keys}

    def fits(one: KnownEntry, finding: Finding) -> bool:
        return one.entry.holds_for(keys.get(finding.identity))

    found = ((f, by_fingerprint.get(f.fingerprint)) for f in report.findings)
    matched = {f.fingerprint: one for f, one in found if one is not None and fits(one, f)}
    left = [one for one in known if one.entry.fingerprint not in matched]
    if not left:
        return KnownFindings(matched, frozenset(), ())
    open_ = {one.subject for one in left}
    sightings = [
        _Sighting(f, code.place(f.span.path), code.scope(f.root))
        for f in report.findings
        if f.fingerprint not in matched and f.span is not None and (f.rule.id, f.address) in open_
    ]
    by_print = {s.finding.fingerprint: s.finding for s in sightings}
    at_place = {f: one for f, one in _in_place(left, sightings) if fits(one, by_print[f])}
    elsewhere = _moved(_without(left, at_place), [s for s in sightings if s.finding.fingerprint not in at_place], keys, code)
    moved = {f: one for f, one in elsewhere if fits(one, by_print[f])}
    return KnownFindings({**matched, **at_place, **moved}, frozenset(moved), tuple(_without(left, at_place, moved)))


def _without(left: Iterable[KnownEntry], *found: Mapping[str, KnownEntry]) -> list[KnownEntry]:
    taken = {id(one) for matches in found for one in matches.values()}
    return [one for one in left if id(one) not in taken]


def _in_place(left: Sequence[KnownEntry], sightings: Sequence[_Sighting]) -> Iterator[tuple[str, KnownEntry]]:
    """Yield findings whose entry names the same rule, address, file and root module, unless a place has more findings than entries."""
    entries = grouped(left, lambda one: (*one.subject, one.place, one.root))
    for place, found in grouped(sightings, lambda s: (*s.subject, s.place, s.root)).items():
        same = entries.get(place, ())
        if len(found) <= len(same):
            yield from ((s.finding.fingerprint, one) for s, one in zip(found, same, strict=False))


def _moved(
    left: Sequence[KnownEntry], sightings: Sequence[_Sighting], keys: Mapping[tuple[str, str, str], AccessKey], code: CodeFiles
) -> Iterator[tuple[str, KnownEntry]]:
    """Yield findings whose entry has the same rule, address and content, and names a file that is gone."""
    subjects = {s.subject for s in sightings}
    gone = [one for one in left if one.entry.content and one.subject in subjects and code.is_gone(one.place)]
    if not gone:
        return

    def content(s: _Sighting) -> str:
        key = keys.get(s.finding.identity)
        return code.content(key) if key is not None else ""

    entries = grouped(gone, lambda one: (*one.subject, one.entry.content))
    wanted = {one.subject for one in gone}
    for subject, found in grouped([s for s in sightings if s.subject in wanted], lambda s: (*s.subject, content(s))).items():
        yield from _alike(entries.get(subject, ()), found)


def _alike(left: Sequence[KnownEntry], sightings: Sequence[_Sighting]) -> Iterator[tuple[str, KnownEntry]]:
    entries, found = list(left), list(sightings)
    steps = max((len(_steps(one.place)) for one in entries), default=0)
    for length in range(steps, -1, -1):
        if not entries or not found:
            return
        by_end = grouped(entries, lambda one: (_end(one.root, length), _end(one.place, length)))  # noqa: B023 - used at once
        rest = []
        for s in found:
            same = by_end.get((_end(s.root, length), _end(s.place, length)))
            if same:
                yield s.finding.fingerprint, same.pop(0)
            else:
                rest.append(s)
        found, entries = rest, [one for group in by_end.values() for one in group]


def _steps(path: str) -> list[str]:
    return path.split(os.sep)


def _end(path: str, length: int) -> tuple[str, ...]:
    return tuple(_steps(path)[-length:]) if length else ()
