"""Draws what a terminal shows as SVG, from text with the escapes that colour it."""  # noqa: INP001 - beside a script

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMN, ROW, PADDING, BAR = 8.43, 20, 18, 34
"""Pixels: the width of a character of 14 px, the height of a line, the margin, and the bar with the three buttons."""
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
COLORS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "35": "#d2a8ff", "36": "#79c0ff"}
"""What the escapes of `posturio_iac.core.text.terminal` look like on a dark ground."""
ESCAPE = re.compile(r"\x1b\[([\d;]*)m")


def svg(text: str, title: str) -> str:
    """A picture of ``text``; ``title`` says to those who cannot see it what it shows."""
    lines = text.rstrip("\n").split("\n")
    wide = round(2 * PADDING + COLUMN * max(len(ESCAPE.sub("", line)) for line in lines))
    high = BAR + ROW * len(lines) + PADDING
    buttons = "".join(f'<circle cx="{PADDING + 4 + 18 * n}" cy="17" r="5.5" fill="#484f58"/>' for n in range(3))
    rows = "".join(f'<text x="{PADDING}" y="{BAR + ROW * n + 14}">{"".join(_spans(line))}</text>\n' for n, line in enumerate(lines))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" role="img">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="{wide}" height="{high}" rx="8" fill="#0d1117"/>{buttons}\n'
        f'<g font-family="{escape(FONT)}" font-size="14" fill="#e6edf3">\n{rows}</g>\n</svg>\n'
    )


def _spans(line: str) -> Iterator[str]:
    """Yield the pieces of a line, each in its style and at its column, so that no font moves what follows."""
    style, column = "", 0
    for place, piece in enumerate(ESCAPE.split(line)):
        if place % 2:
            style = "".join(_attributes(piece))
        elif piece:
            x = PADDING + COLUMN * column
            yield f'<tspan x="{x:.2f}" textLength="{COLUMN * len(piece):.2f}"{style}>{_kept(piece)}</tspan>'
            column += len(piece)


def _kept(piece: str) -> str:
    """Return text in which no space collapses, as all but one do in a picture."""
    return escape(piece, quote=False).replace(" ", "\u00a0")


def _attributes(codes: str) -> Iterator[str]:
    for code in codes.split(";"):
        if code == "1":
            yield ' font-weight="600"'
        elif code in COLORS:
            yield f' fill="{COLORS[code]}"'
