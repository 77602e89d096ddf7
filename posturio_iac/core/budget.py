"""Limits on the work of reading one root module, or one template with its nested stacks, so that no input runs for ever.

Terraform and CloudFormation share the limits. Readers catch `BudgetError`, report where the budget ran out, and go on with the next one.
What steps do not count, such as each member of a value that is compared, ends by the time of the processor.
"""

from __future__ import annotations

import gc
import sys
from _thread import allocate_lock, get_ident, start_new_thread  # threading takes longer to import than a small file to read
from time import process_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from posturio_iac.core.model import Span

MAX_STEPS = 2_000_000
"""Steps of evaluation: references followed, elements that loops run over, values that functions are given; of one root module or template,
and of a run together, which has `OWN_STEPS` more for each of them and `STEPS_A_BYTE` for each byte: so it grows as the code does."""
OWN_STEPS = 1_000
STEPS_A_BYTE = 20
MAX_INSTANCES = 5_000  # instances of modules, stacks and keys
MAX_CHARACTERS = 50_000_000  # characters of text that templates make
MAX_RENDER_DEPTH = 20  # how deep templates may render one another
_TIME = "more time to read than so much code should (--timeout)"
_SECONDS, _BYTES_A_SECOND = 1.5, 200_000  # of processor time for a run; real code takes a tenth of it at most
_MORE = 0.25  # seconds that each root module or template still has once the time is up


class BudgetError(Exception):
    """The budget is spent. The message is a clause that names the bound; ``span`` is where it happened, once that is known."""

    def __init__(self, message: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.span = span


class TimeIsUpError(BudgetError):
    """The time of a run is up; raised wherever its code is being read."""

    def __init__(self) -> None:
        super().__init__(f"takes, with those before it, {_TIME}")


class Pool:
    """The steps that the budgets of a run share, which reads ``size`` bytes of code."""

    def __init__(self, size: int = 0) -> None:
        self.left, self.own = MAX_STEPS + STEPS_A_BYTE * size, min(OWN_STEPS, MAX_STEPS)
        self.wanting = "more steps to read than so much code should"

    def end(self) -> None:
        """Leave each part its own steps alone, and at the second time none: no time is left."""
        self.own, self.left, self.wanting = self.own if self.left else 0, 0, _TIME


class Watch:
    """Raises `TimeIsUpError` in the thread that began it when that takes longer than the ``size`` of what it read, in bytes, is worth.

    `Budget` counts the same on every machine; this is for the work that no count sees.
    """

    def __init__(self, size: Callable[[], int], pool: Pool, seconds: float | None = None) -> None:
        self._size, self._seconds, self._pool, self._reader, self.fired = size, seconds, pool, get_ident(), False
        self._running, self._firing = allocate_lock(), allocate_lock()

    def begin(self) -> None:
        """Watch the thread that calls this."""
        self._running.acquire()
        try:
            start_new_thread(self._wait, ())
        except RuntimeError:  # there is no thread to be had, so the counts alone are left
            pass

    def end(self) -> None:
        """Stop watching; once more is nothing."""
        with self._firing:
            if self._running.locked():
                self._running.release()

    def _wait(self) -> None:
        begun, more = process_time(), 0.0
        while not self._running.acquire(timeout=max(begun + self._allowed() + more - process_time(), _MORE / 10)):
            if process_time() >= begun + self._allowed() + more:
                with self._firing:
                    if self._running.locked():
                        self._fire()
                more += _MORE

    def _allowed(self) -> float:
        return self._seconds or _SECONDS + self._size() / _BYTES_A_SECOND

    def _fire(self) -> None:
        try:
            from ctypes import c_ulong, py_object, pythonapi
        except ImportError:  # this Python ends at the next step
            self.fired = True
            self._pool.end()
            return
        frame = sys._current_frames().get(self._reader)  # noqa: SLF001 - the one way to see what another thread does
        while frame is not None and not frame.f_code.co_filename.startswith("<frozen importlib"):
            frame = frame.f_back
        if frame is None:  # a module that is being imported would stay half of one
            self.fired = True
            pythonapi.PyThreadState_SetAsyncExc(c_ulong(self._reader), py_object(TimeIsUpError))
            self._pool.end()


class Budget:
    """The work that is left for one root module or template."""

    def __init__(self, pool: Pool | None = None) -> None:
        self._pool = pool or Pool()
        self._granted = self._pool.own
        self._steps, self._instances, self._characters, self._depth = 0, 0, 0, 0

    def spend(self, steps: int = 1) -> None:
        """Take steps. Raises `BudgetError` when there are none left."""
        self._steps += steps
        if self._steps > self._granted:
            self._draw()

    def _draw(self) -> None:
        wanted = max(self._steps - self._granted, OWN_STEPS)
        if self._steps > MAX_STEPS:
            raise BudgetError(f"takes more than {MAX_STEPS:,} steps to read")
        if wanted > self._pool.left:
            raise BudgetError(f"takes, with those before it, {self._pool.wanting}")
        self._pool.left -= wanted
        self._granted += wanted

    def add_instance(self, span: Span | None = None, steps: int = 100) -> None:
        """Count an instance of a module, a stack or a key, which stands at ``span`` and costs ``steps``. Raises `BudgetError`."""
        self._instances += 1
        if self._instances > MAX_INSTANCES:
            raise BudgetError(f"creates more than {MAX_INSTANCES:,} modules, stacks and keys", span)
        self.spend(steps)

    def add_text(self, length: int) -> None:
        """Count the characters of a text that is made. Raises `BudgetError`."""
        self._characters += length
        if self._characters > MAX_CHARACTERS:
            raise BudgetError(f"produces more than {MAX_CHARACTERS:,} characters of text")

    def enter_render(self, length: int) -> None:
        """Begin to render a template of ``length`` characters; `leave_render` follows unless it raises `BudgetError`."""
        if self._depth >= MAX_RENDER_DEPTH:
            raise BudgetError(f"renders templates inside one another, more than {MAX_RENDER_DEPTH} deep")
        self.add_text(length)
        self.spend(200)
        self._depth += 1

    def leave_render(self) -> None:
        self._depth -= 1


_WORTH = 100_000  # objects that were made since the last look, without which looking costs more than it gives


def free_last_part() -> None:
    """Free what the last part of a run has left in circles; what outlives a part is kept for good and not looked at again."""
    if gc.isenabled() and (gc.get_count()[0] > _WORTH or gc.get_count()[1]):
        gc.collect(1)
