"""Counts as columns under each other, as wide as the terminal is. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.text.terminal import paint, width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from posturio_iac.render.text.tally import Tally

    Column = tuple[str, Callable[[Tally], str]]

GAP = "  "
LEAST = 12
"""How wide the column of names is at least."""


def columns(tallies: Sequence[Tally], chosen: Sequence[Column]) -> list[Column]:
    """The columns in which something other than zero stands."""
    return [column for column in chosen if any(column[1](tally) not in ("", "0") for tally in tallies)]


def table(head: str, tallies: Sequence[Tally], shown: Sequence[Column], *, wide: int | None, color: bool) -> list[str]:
    """The lines of a table; ``head`` stands above the names, of which the beginning is cut where there is no room."""
    rows = [[tally.name, *(text(tally) for _, text in shown)] for tally in tallies]
    lines = [[head, *(name for name, _ in shown)], *rows]
    widths = [max(width(line[number]) for line in lines) for number in range(len(lines[0]))]
    if wide is not None:
        rest = sum(widths[1:]) + len(GAP) * (len(widths) - 1)
        widths[0] = min(widths[0], max(wide - rest, LEAST))
    made = [_row(line, widths) for line in lines]
    return [paint(made[0], "bold", color=color), *made[1:]]


def _row(line: Sequence[str], widths: Sequence[int]) -> str:
    name = _cut(line[0], widths[0])
    numbers = (" " * (wide - width(text)) + text for text, wide in zip(line[1:], widths[1:], strict=True))
    return GAP.join((name + " " * (widths[0] - width(name)), *numbers)).rstrip()


def _cut(text: str, most: int) -> str:
    """Cut the beginning of a text that is too wide: the end of a path tells more."""
    if width(text) <= most:
        return text
    while width(text) > most - 1:
        text = text[1:]
    return f"…{text}"
