"""Chooses the remedies of a report to carry out, with the dates, intervals and owners that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence import remedy as r
from posturio_iac.core.place import Place
from posturio_iac.core.record import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime, timedelta

    from posturio_iac.core.evidence.remedy import Declaring, Remedy
    from posturio_iac.core.finding import Finding, Report
    from posturio_iac.core.model import AccessKey
    from posturio_iac.core.place import Span

SPREAD = 7
"""Over how many days the ends of the keys of one owner are spread."""
_EXPIRES = "expires"


@dataclass(frozen=True, slots=True)
class Wishes:
    """The requested declarations; where nothing was requested, the finding's own suggestion holds."""

    as_of: datetime
    expires: str = ""
    within: timedelta | None = None
    """Keys end at most that much later, spread over a week for each owner."""
    rotate: str = ""
    owner: str = ""
    owner_of: Callable[[str], str | None] | None = None
    """Returns the owner of a file, which takes precedence over ``owner``."""

    @property
    def states_end(self) -> bool:
        """True if an end is to be stated in metadata, whatever else could end the keys."""
        return bool(self.expires or self.within is not None or self.rotate)


@dataclass(frozen=True, slots=True)
class Suppress:
    """An instruction beside a key to ignore what rules find."""

    place: Place
    rules: tuple[str, ...]
    reason: str
    until: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A finding, and the remedies that are tried for it in turn."""

    finding: Finding
    remedies: tuple[Remedy | Suppress, ...]
    why_not: str = ""
    """Why there are none: the task that a person has to do."""


def wanted(report: Report, findings: Sequence[Finding], wishes: Wishes) -> tuple[Wanted, ...]:
    """The wanted remedies for ``findings``, which are findings of ``report``."""
    chosen = RemedyChoice(report, findings, wishes)
    return tuple(chosen.of(finding, days) for finding, days in zip(findings, chosen.spread(), strict=True))


class RemedyChoice:
    """Chooses remedies for some findings of a report, for one at a time. A plain class, since it keeps what it looked up."""

    def __init__(self, report: Report, findings: Sequence[Finding], wishes: Wishes) -> None:
        """Choose among ``findings``, which are findings of ``report``."""
        self._findings, self._wishes = findings, wishes
        self._keys = {(k.key.address, k.key.scope): k.key for k in report.keys}
        self._settled = _Settled(self._keys.values())
        self._clocks: dict[str, set[str]] | None = None

    def of(self, finding: Finding, days: int = 0) -> Wanted:
        """The wanted remedies for one finding, whose end comes ``days`` earlier where several are spread."""
        one = _wanted(finding, self._keys.get((finding.address, finding.root)), self._wishes, days, self._settled)
        return replace(one, remedies=(self._named(finding.remedy),)) if isinstance(finding.remedy, r.AddBlock) else one

    def spread(self) -> Iterator[int]:
        """Yield by how many days each end comes earlier: keys of one owner take turns over a week."""
        seen: dict[str, dict[str, int]] = {}
        for finding in self._findings:
            key = self._keys.get((finding.address, finding.root))
            owner = key.owner if key is not None and isinstance(key.owner, str) else ""
            mine = seen.setdefault(owner, {})
            yield mine.setdefault(finding.address, len(mine)) % SPREAD

    def _named(self, remedy: r.AddBlock) -> r.AddBlock:
        """Give the clocks of one module one name where several keys are to follow them."""
        if self._clocks is None:
            self._clocks = {}
            for one in (finding.remedy for finding in self._findings):
                if isinstance(one, r.AddBlock):
                    self._clocks.setdefault(_folder(one), set()).add(one.name)
        return replace(remedy, name="access_keys") if len(self._clocks.get(_folder(remedy), ())) > 1 else remedy


def _folder(remedy: r.AddBlock) -> str:
    return remedy.place.span.path.rpartition("/")[0] if remedy.place.span is not None else ""


class _Settled:
    """Keys that state an owner or an end already, by the code that declares them: a new statement there would hold for them too."""

    def __init__(self, keys: Iterable[AccessKey]) -> None:
        """Index the keys of a report."""
        self._owned: dict[Span, AccessKey] = {}
        self._ended: dict[Span, AccessKey] = {}
        for key in keys:
            if key.owner is None and not key.lifetimes and not key.unknown_sources:
                continue
            places = [r.place_of(held) for held in (key.remedies.declare, key.remedies.beside) if held is not None]
            for span in (place.span for place in places if place is not None and place.span is not None):
                if key.owner is not None:  # one that is not known is one too
                    self._owned.setdefault(span, key)
                if key.lifetimes or key.unknown_sources:  # what cannot be read may be an end
                    self._ended.setdefault(span, key)

    def other(self, remedy: Remedy, name: str, key: AccessKey | None) -> AccessKey | None:
        """Return another key for which the code already states what a remedy would state, if there is one."""
        held = self._owned if name == "owner" else self._ended
        place = r.place_of(remedy) if held else None
        if place is None or place.span is None or key is None:
            return None
        found = held.get(place.span)
        return found if found is not None and (found.address, found.scope) != (key.address, key.scope) else None


def suppressing(report: Report, findings: Sequence[Finding], reason: str, until: str) -> tuple[Wanted, ...]:
    """The instructions to ignore ``findings`` in place of mending them: one for all the rules of a block."""
    keys = {(k.key.address, k.key.scope): k.key for k in report.keys}
    places: dict[int, Place] = {}
    rules: dict[Place, dict[str, None]] = {}
    for number, finding in enumerate(findings):
        key = keys.get((finding.address, finding.root))
        beside = r.place_of(key.remedies.beside or key.remedies.declare) if key is not None else None
        place = beside if beside is not None and beside.span is not None else Place(finding.address, key.span if key else finding.span)
        places[number] = place
        rules.setdefault(place, {})[finding.rule.id] = None
    return tuple(Wanted(f, (Suppress(places[n], tuple(sorted(rules[places[n]])), reason, until),)) for n, f in enumerate(findings))


def _wanted(finding: Finding, key: AccessKey | None, wishes: Wishes, days: int, settled: _Settled) -> Wanted:
    """The wanted remedies for one finding."""
    remedy = finding.remedy
    if remedy is None:
        return Wanted(finding, (), finding.remediation)
    if key is not None and isinstance(remedy, r.SetArgument) and replace(remedy, value="") == key.remedies.age and wishes.states_end:
        remedy = key.remedies.stating(_EXPIRES, "")
    if not isinstance(remedy, (r.AddTag, r.MergeTags, r.AddComment, r.AddMetadata)):
        return Wanted(finding, (remedy,))
    name, value = _metadata(remedy, wishes, days, key)
    if not value:
        return Wanted(finding, (), "name its owner: `posturio-iac fix --owner NAME`")
    beside = key.remedies.beside if key is not None else None
    holders = (remedy, beside) if beside is not None else (remedy,)
    free = [holder for holder in holders if settled.other(holder, name, key) is None]
    if not free and (other := settled.other(remedy, name, key)) is not None:
        known = isinstance(other.owner, str) if name == "owner" else bool(other.effective())
        what = f"{'has' if known else 'may have'} {'an owner' if name == 'owner' else 'an end'}"
        return Wanted(finding, (), f"the same code makes {other.address}, which {what} of its own; set it in each module call")
    first, *rest = [r.stating(holder, name, value) for holder in free]
    return Wanted(finding, (first, *(other for other in rest if other != first)))


def _metadata(remedy: Declaring, wishes: Wishes, days: int, key: AccessKey | None) -> tuple[str, str]:
    """The name and the value to declare; no value where no owner was given."""
    if isinstance(remedy, r.Advice):
        return "", ""
    if remedy.name == "owner":
        named = wishes.owner_of(key.span.path) if wishes.owner_of is not None and key is not None and key.span is not None else None
        return remedy.name, named or wishes.owner
    if remedy.name != _EXPIRES:
        return remedy.name, remedy.value
    if wishes.rotate:
        return "rotation", wishes.rotate
    if wishes.expires:
        return _EXPIRES, wishes.expires
    if wishes.within is not None:
        from datetime import timedelta

        return _EXPIRES, (wishes.as_of + wishes.within - timedelta(days=min(days, wishes.within.days - 1))).date().isoformat()
    return _EXPIRES, remedy.value
