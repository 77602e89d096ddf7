"""The line on a terminal that shows how far a long run is: it appears after a second, and is erased before anything else is printed."""

from __future__ import annotations

import sys
import time

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TextIO

PATIENCE, EVERY = 1.0, 0.1
_ERASE = "\r\x1b[K"


class ProgressLine:
    """Counts steps, and shows the counts on standard error. Only a person at a terminal sees it: no CI service, no file, no pipe."""

    __slots__ = ("_clock", "_counts", "_due", "_shown", "_stream")

    def __init__(self, *, quiet: bool, environment: Mapping[str, str], clock: Callable[[], float] = time.perf_counter) -> None:
        stream: TextIO | None = sys.stderr
        wanted = not quiet and stream is not None and stream.isatty() and not environment.get("CI") and environment.get("TERM") != "dumb"
        self._stream, self._clock, self._shown = stream if wanted else None, clock, False
        self._due = clock() + PATIENCE
        self._counts: dict[str, int] = {}

    @property
    def listener(self) -> Callable[[str], object] | None:
        return None if self._stream is None else self.step

    def step(self, what: str) -> None:
        """Count one more ``what``: a ``folder`` or ``file`` that was searched, a ``unit`` (root module or template) that is read."""
        self._counts[what] = self._counts.get(what, 0) + 1
        if self._clock() >= self._due:
            self.show(self._text())

    def show(self, text: str) -> None:
        """Show ``text``, unless it is too early or nobody is there to see it."""
        if self._stream is None or self._clock() < self._due:
            return
        self._due, self._shown = self._clock() + EVERY, True
        self._write(_ERASE + text)

    def erase(self) -> None:
        """Erase the line before something else is printed."""
        if self._shown:
            self._shown = False
            self._write(_ERASE)

    def _text(self) -> str:
        from posturio_iac.render.nothing_found import count

        if units := self._counts.get("unit"):
            return f"reading: {count(units, 'root module or template', 'root modules and templates')}"
        return f"searching: {count(self._counts.get('folder', 0), 'folder')}, {count(self._counts.get('file', 0), 'file')}"

    def _write(self, text: str) -> None:
        if self._stream is not None:
            try:
                self._stream.write(text)
                self._stream.flush()
            except OSError:  # a closed terminal is no reason to stop
                self._stream = None
