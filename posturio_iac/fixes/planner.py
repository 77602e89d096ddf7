"""From what is wanted to the files as they should be: remedy after remedy, in rounds of edits that do not touch each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.record import dataclass
from posturio_iac.core.remedy import AddComment, AddMetadata, AddTag, MergeTags
from posturio_iac.fixes.carry_out import carry_out
from posturio_iac.fixes.change import SAFE, CannotFixError, ChangeLevel, CodeChange, clash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from posturio_iac.core.finding import Finding
    from posturio_iac.fixes.change import Edit
    from posturio_iac.fixes.wanted import Wanted
    from posturio_iac.fixes.working_files import WorkingFiles

_CHANGED = "the edit would break the syntax of the file; make the change by hand"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one finding."""

    finding: Finding
    level: ChangeLevel | None = None
    """None when nothing was done."""
    is_held: bool = False
    """It could be done, at a level that was not asked for."""
    why_not: str = ""
    """Why nothing was done, for a reader."""


def plan(found: Sequence[Wanted], files: WorkingFiles, max_days: Callable[[Finding], int], *, unsafe: bool) -> tuple[Outcome, ...]:
    """Change ``files`` as far as it can be done, and return what became of each finding, in order."""
    allowed = (*SAFE, ChangeLevel.REPLACES) if unsafe else SAFE
    done: dict[int, Outcome] = {}
    known: dict[object, CodeChange] = {}
    pending = list(range(len(found)))
    while pending:
        taken: list[Edit] = []
        later: list[int] = []
        for number in pending:
            one = found[number]
            if one.remedies and _target(one) in known:  # another instance of the same block, or another key of the same user
                done[number] = Outcome(one.finding, known[_target(one)].level)
                continue
            change = _first_that_works(one, files, max_days(one.finding))
            if isinstance(change, str):
                done[number] = Outcome(one.finding, why_not=change)
            elif change.level not in allowed:
                done[number] = Outcome(one.finding, change.level, is_held=True)
            elif any(clash(mine, other) for mine in change.edits for other in taken):
                later.append(number)
            else:
                taken += change.edits
                known[_target(one)] = change
                done[number] = Outcome(one.finding, change.level)
        files.take(taken)
        pending = later
    return tuple(done[number] for number in range(len(found)))


def change_of(one: Wanted, files: WorkingFiles, max_days: int) -> CodeChange | None:
    """Return the change that mends one finding in the files as they are, or None."""
    change = _first_that_works(one, files, max_days)
    return None if isinstance(change, str) or not change.edits else change


def _target(one: Wanted) -> object:
    """Return what a finding's first remedy changes: metadata is stated once, whatever each of several keys would have it say."""
    first = one.remedies[0]
    if isinstance(first, (AddTag, MergeTags, AddComment, AddMetadata)):
        return type(first), first.place, first.name
    return first


def _first_that_works(one: Wanted, files: WorkingFiles, max_days: int) -> CodeChange | str:
    """Return the change of the first remedy that can be carried out, or why none can."""
    why = one.why_not
    for remedy in one.remedies:
        try:
            change = carry_out(remedy, files, max_days)
        except CannotFixError as error:
            why = why or str(error)
            continue
        if files.holds(change.edits):
            return change
        why = why or _CHANGED
    return why or "there is no change that a program could make"
