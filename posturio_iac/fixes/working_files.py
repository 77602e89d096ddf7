"""Files under edit, round after round: as they were read, as they are now, and where earlier places are now."""

from __future__ import annotations

import posixpath
from bisect import bisect_right
from itertools import accumulate

from posturio_iac.core.place import Span
from posturio_iac.core.record import grouped, kept
from posturio_iac.fixes.hcl_source import BOM, HclSource
from posturio_iac.fixes.wanted import CannotFixError, Edit, apply, moved
from posturio_iac.search.kinds import IN_HCL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from posturio_iac.fixes.node_source import NodeSource

HCL_BESIDE = (".hcl", ".tfvars")  # the endings of HCL that is no module's code


class WorkingFiles:
    """The files of one run, by their paths relative to the scan root."""

    def __init__(self, read: Callable[[str], bytes | None], listing: Callable[[str], Sequence[str]], refusal: Callable[[str], str]) -> None:
        """Read files with ``read`` and the names in a folder with ``listing``; ``refusal`` returns why a file must not change, or ""."""
        self._read, self._listing, self.refusal = read, listing, refusal
        self.before: dict[str, bytes] = {}
        self.now: dict[str, bytes] = {}
        self._applied: dict[str, list[tuple[Edit, ...]]] = {}
        self._lines: dict[str, list[int]] = {}
        self._hcl: dict[str, HclSource] = {}
        self._nodes: dict[str, NodeSource] = {}

    def data(self, path: str) -> bytes:
        """A file as it is now. Raises `CannotFixError` when it cannot be read."""
        if path not in self.now:
            data = self._read(path)
            if data is None:
                raise CannotFixError(f"{path} cannot be read")
            self.before[path] = self.now[path] = data
        return self.now[path]

    def forget(self) -> None:
        """Let go of the files that have no edits: they are read again when somebody asks."""
        for held in (self.before, self.now, self._lines, self._hcl, self._nodes):
            for path in held.keys() - self._applied.keys():
                del held[path]

    def hcl(self, path: str) -> HclSource:
        """An HCL file as it is now."""
        return kept(self._hcl, path, lambda one: HclSource(one, self.data(one)))

    def nodes(self, path: str) -> NodeSource:
        """A JSON or YAML file as it is now."""
        if path not in self._nodes:
            from posturio_iac.fixes.node_source import NodeSource

            self._nodes[path] = NodeSource(path, self.data(path))
        return self._nodes[path]

    def module(self, path: str) -> list[HclSource]:
        """The HCL files of the module that a file belongs to; those with syntax errors are left out."""
        from contextlib import suppress

        folder = posixpath.dirname(path)
        found = []
        for name in sorted(self._listing(folder)):
            if name.endswith(IN_HCL):
                with suppress(CannotFixError):
                    found.append(self.hcl(posixpath.join(folder, name)))
        return found

    def start(self, span: Span) -> int:
        return self._place(span.path, span.line, span.column)

    def end(self, span: Span) -> int:
        return self._place(span.path, span.end_line, span.end_column)

    def _place(self, path: str, line: int, column: int) -> int:
        self.data(path)
        data = self.before[path]
        starts = self._starts(path)
        if line > len(starts):
            raise CannotFixError(f"{path} has changed since it was read; run it again")
        at = starts[line - 1]
        if column > 1:
            text = data[at : starts[line] if line < len(starts) else len(data)].decode("utf-8", "replace")
            at += len(text[: column - 1].encode())
        for edits in self._applied.get(path, ()):
            at = moved(at, edits)
        return at

    def _starts(self, path: str) -> list[int]:
        if path not in self._lines:
            data = self.before[path]
            first = len(BOM) if data.startswith(BOM) else 0
            lengths = [len(line) + 1 for line in data[first:].split(b"\n")]
            self._lines[path] = [*accumulate(lengths[:-1], initial=first)]
        return self._lines[path]

    def span(self, edit: Edit) -> Span:
        start = self._point(edit.path, edit.start)
        return Span(edit.path, *start, *(self._point(edit.path, edit.end) if edit.end > edit.start else start))

    def _point(self, path: str, offset: int) -> tuple[int, int]:
        data = self.data(path)
        line = max(bisect_right(self._starts(path), offset), 1)
        return line, len(data[self._starts(path)[line - 1] : offset].decode("utf-8", "replace")) + 1

    def take(self, edits: Iterable[Edit]) -> None:
        """Apply edits that do not overlap, all at once."""
        by_path = grouped(edits, lambda edit: edit.path)
        for path, mine in by_path.items():
            self.now[path] = apply(self.data(path), mine)
            self._applied.setdefault(path, []).append(tuple(mine))
            self._hcl.pop(path, None)
            self._nodes.pop(path, None)

    def holds(self, edits: Sequence[Edit]) -> bool:
        """True if the files are still free of syntax errors with these edits."""
        for path in {edit.path for edit in edits}:
            data = apply(self.data(path), [edit for edit in edits if edit.path == path])
            if path.endswith((*IN_HCL, *HCL_BESIDE)):
                if HclSource(path, data).errors() > self.hcl(path).errors():
                    return False
                continue
            from posturio_iac.fixes.node_source import NodeSource

            try:
                NodeSource(path, data).roots  # noqa: B018 - parsed for its syntax errors
            except CannotFixError:
                return False
        return True

    def changed(self) -> dict[str, tuple[bytes, bytes]]:
        return {path: (self.before[path], now) for path, now in sorted(self.now.items()) if now != self.before[path]}
