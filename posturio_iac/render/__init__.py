"""The formats: each is a pure function of the report, and one line in a dictionary.

A format is a module here with ``render(report: Report, context: RenderContext) -> str``. It is imported only when it is asked for.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Callable

    from posturio_iac.finding import Report

FORMATS = {
    "text": "posturio_iac.render.text:render",
    "json": "posturio_iac.render.contract:render",
}
"""Where the function of each format is, as ``module:function``."""


class RenderContext:
    """What a format may know beside the report. Everything in it was read, measured or decided by the caller.

    A plain class, because importing `dataclasses` costs a scan that finds nothing more than searching does.
    """

    __slots__ = ("color", "elapsed", "lines", "quiet", "root", "verbose")

    lines: Callable[[str, int], str | None]
    """The text of line ``n`` (from 1) of a path of the report, without its end of line; None where it cannot be read."""
    root: str
    """The scan root, absolute. The paths of the report are relative to it."""
    elapsed: float
    """How long the run took, in seconds."""
    color: bool
    """Whether terminal colours are wanted."""
    verbose: bool
    """Whether clean keys and suppressed findings are listed too."""
    quiet: bool
    """Whether only findings are listed."""

    def __init__(
        self,
        lines: Callable[[str, int], str | None],
        root: str,
        elapsed: float,
        *,
        color: bool = False,
        verbose: bool = False,
        quiet: bool = False,
    ) -> None:
        """Hold what the caller knows."""
        self.lines, self.root, self.elapsed = lines, root, elapsed
        self.color, self.verbose, self.quiet = color, verbose, quiet


def renderer(name: str) -> Callable[[Report, RenderContext], str]:
    """Load the function of a format by its name, which must be in `FORMATS`. What it returns ends with a newline."""
    module, _, function = FORMATS[name].partition(":")
    function_: Callable[[Report, RenderContext], str] = getattr(import_module(module), function)
    return function_
