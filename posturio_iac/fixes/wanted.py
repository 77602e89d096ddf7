"""What is a change, and which remedies of a report are carried out, with the dates, intervals and owners that were asked for."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from posixpath import dirname

from posturio_iac.core.evidence import remedy as r
from posturio_iac.core.keys import calls
from posturio_iac.core.place import Place, Span
from posturio_iac.core.record import Enum, NamedTuple, dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime, timedelta

    from posturio_iac.core.evidence.remedy import Declaring, Remedy
    from posturio_iac.core.finding import Finding, Report
    from posturio_iac.core.model import AccessKey

SPREAD = 7  # over how many days the ends of the keys of one owner are spread
_EXPIRES = "expires"
_ELSEWHERE = "its module is for callers elsewhere: let them state {0}, or write # posturio: {0}={1} above the key if nobody calls it"
_SHARED = "several callers share its code: state {0} where each of them calls it, or at the key for all of them"


@dataclass(frozen=True, slots=True)
class Wishes:
    """The requested declarations; where nothing was requested, the finding's own suggestion holds."""

    as_of: datetime
    expires: str = ""
    within: timedelta | None = None  # keys end at most that much later, spread over a week for each owner
    rotate: str = ""
    owner: str = ""


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
    why_not: str = ""  # why there are none: the task that a person has to do


def wanted(report: Report, findings: Sequence[Finding], wishes: Wishes) -> tuple[Wanted, ...]:
    chosen = RemedyChoice(report, findings, wishes)
    return tuple(chosen.of(finding, days) for finding, days in zip(findings, chosen.spread(), strict=True))


class RemedyChoice:
    """Chooses remedies for some findings of a report, for one at a time."""

    def __init__(self, report: Report, findings: Sequence[Finding], wishes: Wishes) -> None:
        self._findings, self._wishes = findings, wishes
        self._keys = {(k.key.address, k.key.scope): k.key for k in report.keys}
        self._shared = _shared(self._keys.values())
        self._inside = {k.address.rpartition("/")[2] for k in self._keys.values() if k.framework == "terraform" and "/" in k.address}
        self._made: Counter[object] = Counter()
        self._named: dict[object, AccessKey | None] = {}  # the key that a remedy is about, or None for several

    def is_harmless(self, finding: Finding, remedy: Remedy | Suppress) -> bool:
        """True if structure alone says that a remedy is about this key: no other is made, named or reached there, or has its user."""
        key, place = self._keys.get((finding.address, finding.root)), getattr(remedy, "place", None)
        if key is None or key.span is None or place is None or place.span is None or key.remedies.is_for_others:
            return False
        if key.framework == "cloudformation" and key.address.rpartition("/")[2] in self._inside:  # Terraform may read the template
            return False
        if isinstance(remedy, r.ReplaceValue) and remedy.replaces:  # others may follow the same date
            return False
        if not self._made:
            self._made.update(one for each in self._keys.values() for one in _counted(each))
            for each in self._findings:
                if each.remedy is not None:
                    target, one = target_of(each.remedy), self._keys.get((each.address, each.root))
                    self._named[target] = one if self._named.setdefault(target, one) is one else None
        above = key.remedies.calls
        is_in_root = place.span == above[-1].place.span if above else len(calls(key.address)) <= (place.span == key.span)
        is_in_root = is_in_root or (isinstance(remedy, r.HideOutput) and dirname(place.span.path) == finding.root)
        is_named_once = self._named.get(target_of(finding.remedy), key) is not None
        return (is_in_root or place.span.path.endswith(".hcl")) and is_named_once and all(self._made[one] == 1 for one in _counted(key))

    def of(self, finding: Finding, days: int = 0) -> Wanted:
        """The wanted remedies for one finding, whose end comes ``days`` earlier where several are spread."""
        key, remedy, wishes = self._keys.get((finding.address, finding.root)), finding.remedy, self._wishes
        if remedy is None or key is None:
            return Wanted(finding, (), finding.remediation)
        states_end = wishes.expires or wishes.within is not None or wishes.rotate
        if states_end and isinstance(remedy, r.SetArgument) and replace(remedy, value="") == key.remedies.age:
            remedy = key.remedies.stating(_EXPIRES, "")
        if isinstance(remedy, r.AddBlock) and len(self._clocks.get(_folder(remedy), ())) > 1:
            remedy = replace(remedy, name="access_keys")
        if not isinstance(remedy, (r.AddTag, r.MergeTags, r.AddComment, r.AddMetadata)):
            return Wanted(finding, (remedy,))
        name, value = _metadata(remedy, wishes, days)
        if not value:
            return Wanted(finding, (), NAME_OWNER)
        held = key.remedies
        places = (one for one in (remedy, *held.calls, held.beside) if one is not None and _is_free(one, key, self._shared))
        stated = tuple(dict.fromkeys(r.stating(one, name, value) for one in places if not _has_tag(key, name, one)))
        why_not = _ELSEWHERE if held.is_for_others else _SHARED
        return Wanted(finding, stated, "" if stated else why_not.format(name, value))

    def spread(self) -> Iterator[int]:
        """Yield by how many days each end comes earlier: keys of one owner take turns over a week."""
        seen: dict[str, dict[str, int]] = {}
        for finding in self._findings:
            key = self._keys.get((finding.address, finding.root))
            owner = key.owner if key is not None and isinstance(key.owner, str) else ""
            mine = seen.setdefault(owner, {})
            yield mine.setdefault(finding.address, len(mine)) % SPREAD

    @cached_property
    def _clocks(self) -> dict[str, set[str]]:
        """The names of the clocks that keys are to follow, by the folder of their module: several get one clock."""
        found: dict[str, set[str]] = {}
        for one in (finding.remedy for finding in self._findings):
            if isinstance(one, r.AddBlock):
                found.setdefault(_folder(one), set()).add(one.name)
        return found


def _counted(key: AccessKey) -> Iterator[object]:
    """Yield what must not be that of another key: its block, its user, what sets its interval."""
    yield key.span
    if key.user_address is not None or isinstance(key.user, str):
        yield key.scope, key.user_address or key.user
    yield from dict.fromkeys(("interval", e.setting.place) for e in key.lifetimes if e.setting is not None)


def _folder(remedy: r.AddBlock) -> str:
    return remedy.place.span.path.rpartition("/")[0] if remedy.place.span is not None else ""


def _shared(keys: Iterable[AccessKey]) -> set[Span]:
    shared: set[Span] = set()
    ways: dict[Span, object] = {}
    for key in keys:
        way = calls(key.address)
        held = {key.span: way}
        for one in key.remedies.calls:  # not all: those in code for others are left out
            while way and f"module.{way[-1]}" != one.place.address:
                way = way[:-1]
            held[one.place.span] = way = way[:-1]
        for span, path in held.items():
            if span is not None and ways.setdefault(span, here := (key.scope, path)) != here:
                shared.add(span)
    return shared


def target_of(first: Remedy | Suppress | None) -> object:
    """The target of a remedy: metadata is stated there once, whatever several keys would have it state."""
    if isinstance(first, (r.AddTag, r.MergeTags, r.AddComment, r.AddMetadata)):
        return type(first), first.place.span, first.name
    return first


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


def _has_tag(key: AccessKey, name: str, remedy: Declaring) -> bool:
    """True if the user has a tag of this name already, in whatever case: AWS refuses a second one."""
    return isinstance(remedy, (r.AddTag, r.MergeTags)) and any(tag.casefold() == name for tag, _ in key.tags)


def _is_free(remedy: Declaring, key: AccessKey, shared: Collection[Span]) -> bool:
    """True if what a remedy states would be about keys of this code alone, and of one caller."""
    place = r.place_of(remedy)
    if place is None or place.span is None or key.span is None:
        return True
    is_theirs = key.remedies.is_for_others or key.span in shared
    return place.span not in shared and not (is_theirs and dirname(place.span.path) == dirname(key.span.path))


def _metadata(remedy: r.AddTag | r.MergeTags | r.AddComment | r.AddMetadata, wishes: Wishes, days: int) -> tuple[str, str]:
    if remedy.name == "owner":
        return remedy.name, wishes.owner
    if wishes.rotate:
        return "rotation", wishes.rotate
    if wishes.expires:
        return _EXPIRES, wishes.expires
    if wishes.within is not None:
        from datetime import timedelta

        return _EXPIRES, (wishes.as_of + wishes.within - timedelta(days=min(days, wishes.within.days - 1))).date().isoformat()
    return _EXPIRES, remedy.value


class ChangeLevel(str, Enum):
    """The effect of a change of the code at the next apply."""

    NOTHING = "nothing"  # a comment, or metadata that no resource reads
    IN_PLACE = "in_place"  # it updates a resource and leaves the key as it is: a tag, an interval
    REPLACES = "replaces"  # it adds resources, or replaces the key once or at each interval


SAFE = (ChangeLevel.NOTHING, ChangeLevel.IN_PLACE)  # the levels that are written without being asked for


class Edit(NamedTuple):
    """Text in place of ``data[start:end]`` of a file."""

    path: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class CodeChange:
    """The edits that carry out one remedy. There are none where the code states it already."""

    level: ChangeLevel
    edits: tuple[Edit, ...]
    declares_in: str | None
    """The folder of the module to which it adds resources: a second change has to see them before it adds its own."""


NAME_OWNER = "name it with `posturio-iac fix --owner NAME`"
ELSEWHERE = "the value is computed; change what it comes from"


class CannotFixError(Exception):
    """A remedy cannot be carried out by an edit; the message is a clause that says why, or empty where the advice is for a person."""


def apply(data: bytes, edits: tuple[Edit, ...] | list[Edit]) -> bytes:
    """Return ``data`` with edits that do not overlap."""
    parts: list[bytes] = []
    at = 0
    for edit in sorted(edits):
        parts += [data[at : edit.start], edit.text.encode()]
        at = edit.end
    return b"".join((*parts, data[at:]))


def clash(one: Edit, other: Edit) -> bool:
    """True if two edits overlap, or are so close that the order of their texts would be ambiguous."""
    return one.path == other.path and one.start <= other.end and other.start <= one.end


def moved(offset: int, edits: tuple[Edit, ...] | list[Edit]) -> int:
    """The new offset of a place in a file after ``edits``; text inserted right before it moves it on."""
    return offset + sum(len(edit.text.encode()) - (edit.end - edit.start) for edit in edits if edit.end <= offset)
