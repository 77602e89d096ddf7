"""The formats: each is a pure function of the report, and one line in a dictionary.

A format is a module here with ``render(report: Report, context: RenderContext) -> str``. It is imported only when it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from posturio_iac.finding import Report

FORMATS = {
    "text": "posturio_iac.render.text:render",
    "json": "posturio_iac.render.contract:render",
}
"""Where the function of each format is, as ``module:function``."""


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What a format may know beside the report. Everything in it was read, measured or decided by the caller."""

    lines: Callable[[str, int], str | None]
    """The text of line ``n`` (from 1) of a path of the report, without its end of line; None where it cannot be read."""
    root: str
    """The scan root, absolute. The paths of the report are relative to it."""
    elapsed: float
    """How long the run took, in seconds."""
    color: bool = False
    """Whether terminal colours are wanted."""
    verbose: bool = False
    """Whether clean keys and suppressed findings are listed too."""
    quiet: bool = False
    """Whether only findings are listed."""


def renderer(name: str) -> Callable[[Report, RenderContext], str]:
    """Load the function of a format by its name, which must be in `FORMATS`. What it returns ends with a newline."""
    module, _, function = FORMATS[name].partition(":")
    function_: Callable[[Report, RenderContext], str] = getattr(import_module(module), function)
    return function_
