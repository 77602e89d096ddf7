"""Limits on the work of reading one root module, or one template with its nested stacks, so that no input runs for ever.

Terraform and CloudFormation share the limits. Readers catch `BudgetError`, report where the budget ran out, and go on with the next one.
"""

from __future__ import annotations

import gc

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
MAX_RENDERS = 10_000  # template files and strings that are rendered
MAX_RENDER_DEPTH = 20  # how deep templates may render one another
_CLOCK_EVERY = 500  # steps between two checks of the clock


class BudgetError(Exception):
    """The budget is spent. The message is a clause that names the bound; ``span`` is where it happened, once that is known."""

    def __init__(self, message: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.span = span


class Budget:
    """The work that is left for one root module or template."""

    __slots__ = (
        "_characters",
        "_clock",
        "_deadline",
        "_depth",
        "_granted",
        "_instances",
        "_pool",
        "_renders",
        "_seconds",
        "_steps",
        "_unwatched",
    )

    def __init__(self, seconds: float | None = None, clock: Callable[[], float] | None = None, pool: list[int] | None = None) -> None:
        """Draw on ``pool``, the number of steps that the budgets of a run share."""
        self._granted, self._pool = min(OWN_STEPS, MAX_STEPS), [MAX_STEPS] if pool is None else pool
        self._steps, self._instances, self._characters, self._renders, self._depth = 0, 0, 0, 0, 0
        self._seconds, self._clock = seconds, clock
        self._deadline = None if seconds is None or clock is None else clock() + seconds
        self._unwatched = 0

    def spend(self, steps: int = 1) -> None:
        """Take steps. Raises `BudgetError` when there are none left, or no time."""
        self._steps += steps
        if self._steps > self._granted:
            self._draw()
        if self._deadline is not None:
            self._unwatched += steps
            if self._unwatched >= _CLOCK_EVERY:
                self._watch()

    def _draw(self) -> None:
        wanted = max(self._steps - self._granted, OWN_STEPS)
        if self._steps > MAX_STEPS:
            raise BudgetError(f"takes more than {MAX_STEPS:,} steps to read")
        if wanted > self._pool[0]:
            raise BudgetError("takes, with those before it, more steps to read than so much code should")
        self._pool[0] -= wanted
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
        self._renders += 1
        if self._renders > MAX_RENDERS:
            raise BudgetError(f"renders more than {MAX_RENDERS:,} templates")
        if self._depth >= MAX_RENDER_DEPTH:
            raise BudgetError(f"renders templates inside one another, more than {MAX_RENDER_DEPTH} deep")
        self.add_text(length)
        self.spend(10)
        self._depth += 1

    def leave_render(self) -> None:
        self._depth -= 1

    def _watch(self) -> None:
        self._unwatched = 0
        if self._clock is not None and self._deadline is not None and self._clock() > self._deadline:
            raise BudgetError(f"takes more than {self._seconds:g} seconds to read (--timeout)")


_WORTH = 20_000  # objects that were made since the last look, without which looking costs more than it gives


def free_last_part() -> None:
    """Free what the last part of a run has left in circles; what outlives a part is kept for good and not looked at again."""
    if gc.isenabled() and (gc.get_count()[0] > _WORTH or gc.get_count()[1]):
        gc.collect(1)
