"""A line of code with the region of a finding underlined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.text.terminal import paint, printable, width

if TYPE_CHECKING:
    from posturio_iac.core.model import Span

LIMIT = 160
"""Longer lines are cut around the region, in characters."""


def excerpt(span: Span, line: str, *, color: bool) -> tuple[str, ...]:
    """The line that ``span`` starts on, with its number, and a line of carets below it."""
    start = min(span.column - 1, len(line))
    end = len(line) if span.end_line > span.line else min(span.end_column - 1, len(line))
    line, start, end = _cut(line, start, max(start, end))
    before, region, after = (_flat(part) for part in (line[:start], line[start:end], line[end:]))
    number = str(span.line)
    gutter = " " * len(number)
    bar = paint("|", "cyan", color=color)
    return (
        f"{paint(number, 'cyan', color=color)} {bar} {before}{region}{after}".rstrip(),
        f"{gutter} {bar} {' ' * width(before)}{paint('^' * max(width(region), 1), 'yellow', color=color)}",
    )


def _flat(text: str) -> str:
    return printable(text.replace("\t", "    "))


def _cut(line: str, start: int, end: int) -> tuple[str, int, int]:
    """Keep at most `LIMIT` characters, those at the region first."""
    if len(line) <= LIMIT:
        return line, start, end
    first = max(0, min(start - LIMIT // 4, len(line) - LIMIT))
    last = min(len(line), first + LIMIT)
    head, tail = "…" if first else "", "…" if last < len(line) else ""
    shift = len(head) - first
    return head + line[first:last] + tail, start + shift, min(end, last) + shift
