"""Delays a signal that stops the process until half-written files are removed."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any


class _StoppedError(BaseException):
    """A signal asks the process to stop. Not an `Exception`, so that handlers do not swallow it."""


class Stoppable:
    """Lets SIGTERM and SIGHUP unwind the stack as Ctrl-C does, then stop the process; ones that are handled or ignored stay as they are."""

    def __enter__(self) -> None:
        import signal

        self._old: dict[int, Any] = {}
        self._stopped_by = 0
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            try:
                if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                    self._old[number] = signal.signal(number, self._stop)
            except ValueError:
                return

    def _stop(self, number: int, _frame: Any) -> None:
        self._stopped_by = number
        raise _StoppedError

    def __exit__(self, kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None) -> None:
        import signal

        for number, handler in self._old.items():
            signal.signal(number, handler)
        if self._stopped_by:
            os.kill(os.getpid(), self._stopped_by)
