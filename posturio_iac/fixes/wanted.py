"""Chooses the remedies of a report to carry out, with the dates, intervals and owners that were asked for."""

from __future__ import annotations

from posixpath import dirname
from typing import TYPE_CHECKING

from posturio_iac.core.addresses import calls
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
_TWO = "its user has two keys, and a rotation makes a third one first, which AWS refuses"


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
        named = tuple(self._named(remedy) if isinstance(remedy, r.AddBlock) else remedy for remedy in one.remedies)
        return replace(one, remedies=named) if named != one.remedies else one

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
    """The keys of each block and of each place that can state metadata: what is stated there would hold for all of them."""

    def __init__(self, keys: Iterable[AccessKey]) -> None:
        """Index the keys of a report."""
        self._held: dict[Span, list[AccessKey]] = {}
        for key in keys:
            places = [r.place_of(held) for held in (key.remedies.declare, key.remedies.beside) if held is not None]
            for span in dict.fromkeys((key.span, *(place.span for place in places if place is not None))):
                if span is not None:
                    self._held.setdefault(span, []).append(key)

    def others(self, remedy: Remedy, key: AccessKey | None) -> list[AccessKey]:
        """The other keys that the code which a remedy would change makes as well."""
        place = r.place_of(remedy)
        if place is None or place.span is None or key is None:
            return []
        is_in_module = key.span is not None and dirname(place.span.path) == dirname(key.span.path)
        held = (one for span in {place.span, *((key.span,) if is_in_module else ())} for one in self._held.get(span, ()) if span)
        return [one for one in held if (one.address, one.scope) != (key.address, key.scope)]

    def why_not(self, remedy: Remedy, name: str, key: AccessKey | None) -> str:
        """Why a remedy must not state ``name``, for a reader; empty where it may."""
        others = self.others(remedy, key)
        if key is None or not others:
            return ""
        for other in others:
            if name == "owner" and other.owner is not None:  # one that is not known is one too
                return f"{_SAME}{other.address}, which {'has' if isinstance(other.owner, str) else 'may have'} an owner of its own"
            if name != "owner" and (other.lifetimes or other.unknown_sources):  # what cannot be read may be an end
                return f"{_SAME}{other.address}, which {'has' if other.effective() else 'may have'} an end of its own"
        place = r.place_of(remedy)
        if name == "owner" or place is None or place.span is None or key.span is None:
            return ""
        is_in_module = dirname(place.span.path) == dirname(key.span.path)
        for other in others:
            if key.is_active() is not True and other.is_active() is not False:
                return f"{_SAME}{other.address}, which is in use and would end too"
            if is_in_module and other.span == key.span and _module(other) != _module(key):
                return f"{_SAME}{other.address}; state an end where each of them is made"
        return ""


_SAME = "the same code makes "


def _module(key: AccessKey) -> tuple[str, tuple[str, ...]]:
    return key.scope, calls(key.address)


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
    if isinstance(remedy, (r.AddBlock, r.ReplaceTrigger, r.HoldTrigger, r.CreateFirst)) and key is not None and key.active_siblings:
        return Wanted(finding, (), _TWO)
    if not isinstance(remedy, (r.AddTag, r.MergeTags, r.AddComment, r.AddMetadata)):
        return Wanted(finding, (remedy,))
    name, value = _metadata(remedy, wishes, days, key)
    if not value:
        return Wanted(finding, (), "name its owner: `posturio-iac fix --owner NAME`")
    beside = key.remedies.beside if key is not None else None
    holders = (remedy, beside) if beside is not None else (remedy,)
    refused = [settled.why_not(holder, name, key) for holder in holders]
    if all(refused):
        return Wanted(finding, (), refused[0])
    free = [holder for holder, why in zip(holders, refused, strict=True) if not why]
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
