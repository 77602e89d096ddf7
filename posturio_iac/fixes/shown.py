"""The change that mends one finding, as reports show it."""

from __future__ import annotations

from posturio_iac.core.place import Span
from posturio_iac.core.record import dataclass
from posturio_iac.fixes.planner import first_that_works
from posturio_iac.fixes.wanted import CodeChange, Edit, RemedyChoice, Wanted, apply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from posturio_iac.fixes.working_files import WorkingFiles

    InDiff = Callable[[str, int, int], bool]  # True if the lines of a path from one to another are all part of a diff


@dataclass(frozen=True, slots=True)
class ShownEdit:
    """Text in place of a region of a file."""

    span: Span
    text: str


class ShownChange:
    """A change that mends a finding. What a format does not show of it is not made; a plain class for that."""

    def __init__(self, change: CodeChange, files: WorkingFiles, is_in_diff: InDiff | None) -> None:
        self.level = change.level
        self._edits, self._files, self._is_in_diff = change.edits, files, is_in_diff

    @property
    def edits(self) -> tuple[ShownEdit, ...]:
        return tuple(ShownEdit(self._files.span(edit), edit.text) for edit in self._edits)

    @property
    def diff(self) -> tuple[str, ...]:
        return tuple(line for group in _groups(self._edits, self._files) for line in _changed(group, self._files))

    @property
    def suggestion(self) -> ShownEdit | None:
        """All lines from the first to the last that the edits touch, as they will be, where a pull request's diff shows all of them."""
        if self._is_in_diff is None or (whole := _whole_lines(self._edits, self._files)) is None:
            return None
        return whole if self._is_in_diff(whole.span.path, whole.span.line, whole.span.end_line) else None


def shown(one: Wanted, files: WorkingFiles, max_days: int, choice: RemedyChoice, is_in_diff: InDiff | None = None) -> ShownChange | None:
    """The change that `fix` would make, where its structure alone makes it harmless."""
    made = first_that_works(one, files, max_days)
    if isinstance(made, str) or not made[1].edits or not choice.is_harmless(one.finding, made[0]):
        return None
    return ShownChange(made[1], files, is_in_diff)


def _whole_lines(edits: tuple[Edit, ...], files: WorkingFiles) -> ShownEdit | None:
    path, *others = {edit.path for edit in edits}
    if others:
        return None
    data = files.data(path)
    start, end, after = _around(edits, data)
    first = data.count(b"\n", 0, start) + 1
    last = first + data.count(b"\n", start, end)
    return ShownEdit(Span(path, first, 1, last, 1), after.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\r"))


def _around(edits: Collection[Edit], data: bytes) -> tuple[int, int, bytes]:
    start = data.rfind(b"\n", 0, min(edit.start for edit in edits)) + 1
    end = data.find(b"\n", max(edit.end for edit in edits))
    end = len(data) if end < 0 else end
    return start, end, apply(data[start:end], [edit._replace(start=edit.start - start, end=edit.end - start) for edit in edits])


def _groups(edits: tuple[Edit, ...], files: WorkingFiles) -> list[list[Edit]]:
    groups: list[list[Edit]] = []
    for edit in sorted(edits):
        last = groups[-1][-1] if groups else None
        if last is not None and last.path == edit.path and b"\n" not in files.data(edit.path)[last.end : edit.start]:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    return groups


def _changed(group: list[Edit], files: WorkingFiles) -> Iterator[str]:
    """Yield the lines that edits of a few lines remove and add; lines that are only realigned are left out."""
    first, last = group[0], group[-1]
    data = files.data(first.path)
    end = data.find(b"\n", last.end)
    if first is last and first.start == first.end and first.text.lstrip("\r").startswith("\n") and data[last.end : end] in (b"", b"\r"):
        yield from (f"+{line}" for line in first.text.replace("\r\n", "\n").split("\n")[1:])  # whole lines, added below one
        return
    start, end, after = _around(group, data)
    old, new = (text.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\r").split("\n") for text in (data[start:end], after))
    lines = _compared(old, new)
    gone = {"".join(line[1:].split()) for line in lines if line[0] == "-"}
    if not gone:
        yield from lines
        return
    moved = gone & {"".join(line[1:].split()) for line in lines if line[0] == "+"}
    yield from (line for line in lines if "".join(line[1:].split()) not in moved)


def _compared(old: list[str], new: list[str]) -> list[str]:
    """The removed and added lines. Most edits only add or only remove, which needs no search for common lines."""
    start, most = 0, min(len(old), len(new))
    while start < most and old[start] == new[start]:
        start += 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    if not gone or not come:
        return [f"-{line}" for line in gone] + [f"+{line}" for line in come]
    from difflib import unified_diff

    return [line for line in unified_diff(old, new, n=0, lineterm="") if line[:1] in "+-"][2:]
