"""From wanted remedies to proven changes of files: remedy after remedy, in rounds of edits that do not touch each other."""

from __future__ import annotations

from bisect import bisect_left, insort
from datetime import timedelta

from posturio_iac.core.evidence.remedy import EXAMPLE_OWNER
from posturio_iac.core.record import dataclass, grouped, replace
from posturio_iac.core.times import parse_date
from posturio_iac.fixes.carry_out import carry_out
from posturio_iac.fixes.wanted import SAFE, SPREAD, CannotFixError, ChangeLevel, CodeChange, Edit, Suppress, Wanted, clash, target_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.finding import Finding
    from posturio_iac.core.model import AccessKey, Span
    from posturio_iac.fixes.proof import Failure, Proof
    from posturio_iac.fixes.working_files import WorkingFiles

OTHER_END = "the same code is to state another end for another key"
FOLLOWING = 9  # how often changes are planned that others make necessary: a mended rotation can have too long an interval
BREAKS = "the edit would break the file's syntax; make the change by hand"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome for one finding."""

    finding: Finding
    level: ChangeLevel | None = None  # None when nothing was done
    remedy: Remedy | Suppress | None = None  # what the change carries out
    is_held: bool = False  # the change that could be made, at a level that was not asked for
    why_not: str = ""  # why nothing was done, where the advice does not say it

    @property
    def is_made(self) -> bool:
        return self.level is not None and not self.is_held


class _Round:
    def __init__(self) -> None:
        self.taken: dict[str, list[Edit]] = {}
        self.by_finding: dict[int, CodeChange] = {}
        self.declaring: set[str] = set()

    def clashes(self, change: CodeChange) -> bool:
        """True if an edit touches one that was taken, of which in order only the neighbours can, or both add resources to one module."""
        if change.declares_in in self.declaring:
            return True
        for edit in change.edits:
            mine = self.taken.get(edit.path, [])
            at = bisect_left(mine, edit)
            if any(clash(edit, other) for other in mine[max(at - 1, 0) : at + 1]):
                return True
        return False

    def take(self, number: int, change: CodeChange) -> None:
        self.by_finding[number] = change
        if change.declares_in is not None:
            self.declaring.add(change.declares_in)
        for edit in change.edits:
            insort(self.taken.setdefault(edit.path, []), edit)

    def edits(self) -> list[Edit]:
        return [edit for edits in self.taken.values() for edit in edits]


def plan(found: Sequence[Wanted], files: WorkingFiles, max_days: Callable[[Finding], int], *, unsafe: bool) -> tuple[Outcome, ...]:
    """Change ``files`` as far as possible, unproven, and return the outcome for each finding, in order."""
    allowed = (*SAFE, ChangeLevel.REPLACES) if unsafe else SAFE
    done: dict[int, Outcome] = {}
    known: dict[object, int] = {}
    pending = list(range(len(found)))
    while pending:
        current, later = _Round(), []
        for number in pending:
            one = found[number]
            leading = known.get(target_of(one.remedies[0])) if one.remedies else None
            if leading in current.by_finding:  # its edits may still turn out to break the file
                later.append(number)
                continue
            if leading is not None:  # another instance of the same block, or another key of the same user
                if is_alike(done[leading].remedy, one.remedies[0]):
                    done[number] = replace(done[leading], finding=one.finding)
                    continue
                one = replace(one, remedies=one.remedies[1:], why_not=one.why_not or OTHER_END)
            made = first_that_works(one, files, max_days(one.finding))
            if isinstance(made, str):
                done[number] = Outcome(one.finding, why_not=made)
                continue
            remedy, change = made
            if change.level not in allowed:
                done[number] = Outcome(one.finding, change.level, remedy, is_held=True)
            elif current.clashes(change):
                later.append(number)
            else:
                current.take(number, change)
                known[target_of(one.remedies[0])] = number
                done[number] = Outcome(one.finding, change.level, remedy)
        broken = _apply(current, files)
        done |= {number: Outcome(found[number].finding, why_not=BREAKS) for number in broken}
        pending = later
    return tuple(done[number] for number in range(len(found)))


Changed = dict[str, tuple[bytes, bytes]]  # files by their paths: their text before and now


class ProvenPlan:
    """Plans changes until all that are made are proven. One that fails is tried at its next place, and left where there is none."""

    def __init__(
        self,
        files: Callable[[Mapping[str, bytes]], WorkingFiles],
        max_days: Callable[[Finding], int],
        proof: Callable[[Collection[str]], Proof],
        *,
        unsafe: bool,
    ) -> None:
        """Take functions to the files with some texts in place of those on the disk, and to what proves changes of some paths."""
        self._files, self._max_days, self._proof, self._unsafe = files, max_days, proof, unsafe

    def carry_out(self, found: Sequence[Wanted]) -> tuple[tuple[Outcome, ...], Changed]:
        """The outcome for each finding, in order, and the changed files."""
        left = list(found)
        while True:
            outcomes, changed, failures = self._tried(left)
            if not failures:
                return outcomes, changed
            for number, why in self._culprits(left, outcomes, changed, failures).items():
                left[number] = _without(left[number], outcomes[number], why)

    def _tried(self, found: Sequence[Wanted], scopes: Collection[str] | None = None) -> tuple[tuple[Outcome, ...], Changed, list[Failure]]:
        """Plan changes, those included that they make necessary for the same keys, and say what they must not change and do."""
        files = self._files({})
        from posturio_iac.fixes.proof import claim_of  # a change that is only shown needs no proof

        outcomes = plan(found, files, self._max_days, unsafe=self._unsafe)
        changed = files.changed()
        claims = [claim_of(o.finding, o.remedy) for o in outcomes if o.remedy is not None and o.is_made]
        for _ in range(FOLLOWING):
            edited = {path: now for path, (_, now) in changed.items()}
            following = self._proof(changed).following(claims, edited, scopes) if changed else ()
            if not following:
                break
            files = self._files(edited)
            wanted = [Wanted(f, (f.remedy,)) for f in following if f.remedy and getattr(f.remedy, "value", "") != EXAMPLE_OWNER]
            more = plan(wanted, files, self._max_days, unsafe=self._unsafe)
            if not any(o.is_made for o in more):
                break
            claims += [claim_of(o.finding, o.remedy) for o in more if o.remedy is not None and o.is_made]
            changed |= {path: (changed.get(path, (before,))[0], now) for path, (before, now) in files.changed().items()}
        edited = {path: now for path, (_, now) in changed.items()}
        return outcomes, changed, self._proof(changed).failures(claims, edited, scopes) if changed else []

    def _culprits(self, left: Sequence[Wanted], outcomes: Sequence[Outcome], changed: Changed, failures: list[Failure]) -> dict[int, str]:
        made = [number for number, outcome in enumerate(outcomes) if outcome.is_made]
        changes = grouped(made, lambda number: target_of(outcomes[number].remedy))
        failing = {failure.identity for failure in failures}
        places = {span for one in failing if one is not None for key in self._proof(changed).keys(one) for span in spans(key)}
        suspects = [
            numbers
            for numbers in changes.values()
            if any(outcomes[n].finding.identity in failing or _span(outcomes[n].remedy) in places for n in numbers)
        ]
        scopes = {one[1] for one in failing if one is not None} | {outcomes[n].finding.root for numbers in suspects for n in numbers}
        groups = self._failing(left, suspects, scopes) or self._failing(left, list(changes.values()), None) or [([made[-1]], failures)]
        return {number: _reason(found) for numbers, found in groups for number in numbers}

    def _failing(
        self, left: Sequence[Wanted], groups: list[list[int]], scopes: Collection[str] | None
    ) -> list[tuple[list[int], list[Failure]]]:
        """The groups of findings, each with one change, that fail without the others, by halves."""
        numbers = [number for group in groups for number in group]
        failures = self._tried([left[number] for number in numbers], scopes)[2] if numbers else []
        if not failures:
            return []
        if len(groups) == 1:
            return [(groups[0], failures)]
        half = len(groups) // 2
        found = [*self._failing(left, groups[:half], scopes), *self._failing(left, groups[half:], scopes)]
        return found or [(groups[-1], failures)]  # they fail together


def _without(one: Wanted, outcome: Outcome, why: str) -> Wanted:
    failed = target_of(outcome.remedy)  # another finding may have led to it, which states another day
    tried = next((number for number, remedy in enumerate(one.remedies, 1) if target_of(remedy) == failed), len(one.remedies))
    return replace(one, remedies=one.remedies[tried:], why_not=one.why_not or why)


def _reason(failures: Sequence[Failure]) -> str:
    first = failures[0]
    if first.identity is None:
        return f"the edit was dropped, because {first.why}"
    _, root, address = first.identity
    return f"the edit was dropped, because for {address}{f' of {root}' if root not in ('', '.') else ''} {first.why}"


def _span(remedy: Remedy | Suppress | None) -> Span | None:
    place = getattr(remedy, "place", None)
    return place.span if place is not None else None


def spans(key: AccessKey) -> Iterator[Span]:
    """Yield the places whose edits can be about a key."""
    held = key.remedies
    for span in (key.span, *(_span(one) for one in (held.declare, held.beside, *held.calls))):
        if span is not None:
            yield span


def _apply(current: _Round, files: WorkingFiles) -> list[int]:
    """Apply the edits of a round, except those that would break the syntax of a file; return the findings of these."""
    broken: list[int] = []
    edits = current.edits()
    if not files.holds(edits):
        broken = [number for number, change in current.by_finding.items() if not files.holds(change.edits)]
        edits = [edit for number, change in current.by_finding.items() if number not in broken for edit in change.edits]
    files.take(edits)
    return broken


def is_alike(one: Remedy | Suppress | None, other: Remedy | Suppress) -> bool:
    """True if two remedies of one place state the same, or days of the same week."""
    first, second = (parse_date(getattr(each, "value", "")) for each in (one, other))
    return first is None or second is None or abs(first - second) < timedelta(days=SPREAD)


def first_that_works(one: Wanted, files: WorkingFiles, max_days: int) -> tuple[Remedy | Suppress, CodeChange] | str:
    """The first remedy that can be carried out, with its change, or why none can."""
    why = one.why_not
    for remedy in one.remedies:
        try:
            return remedy, carry_out(remedy, files, max_days)
        except CannotFixError as error:
            why = why or str(error)
    return why
