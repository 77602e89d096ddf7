"""The change that mends one finding, as reports show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.place import Span
from posturio_iac.core.record import dataclass, replace
from posturio_iac.fixes.change import apply
from posturio_iac.fixes.hcl_source import BOM
from posturio_iac.fixes.planner import first_that_works

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posturio_iac.fixes.change import ChangeLevel, Edit
    from posturio_iac.fixes.wanted import Wanted
    from posturio_iac.fixes.working_files import WorkingFiles

    InDiff = Callable[[str, int, int], bool]
    """Whether the lines of a path from one to another are all part of a diff."""


@dataclass(frozen=True, slots=True)
class ShownEdit:
    """Text in place of a region of a file."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A change that mends a finding."""

    level: ChangeLevel
    edits: tuple[ShownEdit, ...]
    diff: tuple[str, ...]
    """The removed and added lines, with ``-`` and ``+`` before them."""
    suggestion: ShownEdit | None = None
    """All lines from the first to the last that the edits touch, as they will be, where the diff of a pull request shows all of them."""


def shown(one: Wanted, files: WorkingFiles, max_days: int, is_in_diff: InDiff | None = None) -> ShownChange | None:
    """Return the change that mends one finding in the files as they are, or None."""
    change = first_that_works(one, files, max_days)
    if isinstance(change, str) or not change.edits:
        return None
    edits = tuple(ShownEdit(_span(edit, files.data(edit.path)), edit.text) for edit in change.edits)
    diff = tuple(line for group in _groups(change.edits, files) for line in _changed(group, files))
    whole = _whole_lines(change.edits, files) if is_in_diff is not None else None
    is_shown = whole is not None and is_in_diff is not None and is_in_diff(whole.span.path, whole.span.line, whole.span.end_line)
    return ShownChange(change.level, edits, diff, whole if is_shown else None)


def _whole_lines(edits: tuple[Edit, ...], files: WorkingFiles) -> ShownEdit | None:
    """Return the lines that edits of one file touch, without the end of the last one."""
    path, *others = {edit.path for edit in edits}
    if others:
        return None
    data, ordered = files.data(path), sorted(edits)
    start = data.rfind(b"\n", 0, ordered[0].start) + 1
    end = data.find(b"\n", max(edit.end for edit in edits))
    end = len(data) if end < 0 else end
    after = apply(data[start:end], [replace(edit, start=edit.start - start, end=edit.end - start) for edit in ordered])
    first = data.count(b"\n", 0, start) + 1
    last = first + data.count(b"\n", start, end)
    return ShownEdit(Span(path, first, 1, last, 1), after.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\r"))


def _groups(edits: tuple[Edit, ...], files: WorkingFiles) -> list[list[Edit]]:
    """Return the edits in order, together where they touch the same lines."""
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
    data = files.data(group[0].path)
    start = data.rfind(b"\n", 0, group[0].start) + 1
    end = data.find(b"\n", group[-1].end)
    before = data[start : len(data) if end < 0 else end]
    after = apply(before, [replace(edit, start=edit.start - start, end=edit.end - start) for edit in group])
    old, new = (text.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\r").split("\n") for text in (before, after))
    lines = _compared(old, new)
    moved = {"".join(line[1:].split()) for line in lines if line[0] == "-"} & {
        "".join(line[1:].split()) for line in lines if line[0] == "+"
    }
    yield from (line for line in lines if "".join(line[1:].split()) not in moved)


def _compared(old: list[str], new: list[str]) -> list[str]:
    """Return the removed and added lines. Most edits only add or only remove, which needs no search for common lines."""
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


def _span(edit: Edit, data: bytes) -> Span:
    base = len(BOM) if data.startswith(BOM) else 0
    return Span(edit.path, *_place(data, base, edit.start), *_place(data, base, edit.end))


def _place(data: bytes, base: int, offset: int) -> tuple[int, int]:
    start = data.rfind(b"\n", 0, offset) + 1
    return data.count(b"\n", 0, offset) + 1, len(data[start or base : offset].decode("utf-8", "replace")) + 1
