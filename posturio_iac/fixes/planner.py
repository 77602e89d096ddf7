"""From wanted remedies to changed files: remedy after remedy, in rounds of edits that do not touch each other."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import AddComment, AddMetadata, AddTag, MergeTags
from posturio_iac.core.record import dataclass
from posturio_iac.fixes.carry_out import carry_out
from posturio_iac.fixes.change import SAFE, CannotFixError, ChangeLevel, CodeChange, clash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from posturio_iac.core.finding import Finding
    from posturio_iac.fixes.change import Edit
    from posturio_iac.fixes.wanted import Wanted
    from posturio_iac.fixes.working_files import WorkingFiles

BREAKS = "the edit would break the file's syntax; make the change by hand"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome for one finding."""

    finding: Finding
    level: ChangeLevel | None = None
    """None when nothing was done."""
    is_held: bool = False
    """The change that could be made, at a level that was not asked for."""
    why_not: str = ""
    """Why nothing was done, for a reader."""


class _Round:
    """Edits that do not touch each other, by file."""

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
        """Add the edits of one finding."""
        self.by_finding[number] = change
        if change.declares_in is not None:
            self.declaring.add(change.declares_in)
        for edit in change.edits:
            insort(self.taken.setdefault(edit.path, []), edit)

    def edits(self) -> list[Edit]:
        return [edit for edits in self.taken.values() for edit in edits]


def plan(found: Sequence[Wanted], files: WorkingFiles, max_days: Callable[[Finding], int], *, unsafe: bool) -> tuple[Outcome, ...]:
    """Change ``files`` as far as possible, and return the outcome for each finding, in order."""
    allowed = (*SAFE, ChangeLevel.REPLACES) if unsafe else SAFE
    done: dict[int, Outcome] = {}
    known: dict[object, int] = {}
    pending = list(range(len(found)))
    while pending:
        current, later = _Round(), []
        for number in pending:
            one = found[number]
            if one.remedies and _target(one) in known:  # another instance of the same block, or another key of the same user
                done[number] = Outcome(one.finding, done[known[_target(one)]].level)
                continue
            change = first_that_works(one, files, max_days(one.finding))
            if isinstance(change, str):
                done[number] = Outcome(one.finding, why_not=change)
            elif change.level not in allowed:
                done[number] = Outcome(one.finding, change.level, is_held=True)
            elif current.clashes(change):
                later.append(number)
            else:
                current.take(number, change)
                known[_target(one)] = number
                done[number] = Outcome(one.finding, change.level)
        broken = _apply(current, files)
        done |= {number: Outcome(found[number].finding, why_not=BREAKS) for number in broken}
        pending = later
    return tuple(done[number] for number in range(len(found)))


def _apply(current: _Round, files: WorkingFiles) -> list[int]:
    """Apply the edits of a round, except those that would break the syntax of a file; return the findings of these."""
    broken: list[int] = []
    edits = current.edits()
    if not files.holds(edits):
        broken = [number for number, change in current.by_finding.items() if not files.holds(change.edits)]
        edits = [edit for number, change in current.by_finding.items() if number not in broken for edit in change.edits]
    files.take(edits)
    return broken


def _target(one: Wanted) -> object:
    """The target of a finding's first remedy: metadata is stated there once, whatever several keys would have it state."""
    first = one.remedies[0]
    if isinstance(first, (AddTag, MergeTags, AddComment, AddMetadata)):
        return type(first), first.place.span, first.name
    return first


def first_that_works(one: Wanted, files: WorkingFiles, max_days: int) -> CodeChange | str:
    """The change of the first remedy that can be carried out, or why none can."""
    why = one.why_not
    for remedy in one.remedies:
        try:
            return carry_out(remedy, files, max_days)
        except CannotFixError as error:
            why = why or str(error)
    return why or "no program can make this change"
