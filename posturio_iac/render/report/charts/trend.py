"""Pictures of the score: its value, and its history."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from posturio_iac.posture.score import shown
from posturio_iac.render.report.charts.bars import BOTTOM, HIGH, LEFT, MANY, RIGHT, STEPS, TOP, WIDE, edged, thinned
from posturio_iac.render.report.charts.svg import el, label, line, number, picture, steps
from posturio_iac.render.report.wording import day

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.posture.score import Score
    from posturio_iac.posture.view import TrendPoint

TICKS = (0, 25, 50, 75, 100)
SCALE_WIDE, SCALE_HIGH, EDGE = 360, 46, 14
SMALL = 10
"""While every score is below this, the demerits are drawn: they still move."""


def scale(score: Score) -> str:
    """The score as a place on a scale from 0 to 100."""
    wide = SCALE_WIDE - 2 * EDGE
    parts = [el("rect", x=EDGE, y=16, width=wide, height=8, rx=4, class_="track")]
    if score.value is not None:
        x = EDGE + wide * score.value / 100
        parts += [
            el("rect", x=EDGE, y=16, width=max(x - EDGE, 2), height=8, rx=4, class_="done"),
            el("path", d=f"M{number(x)} 26l-6 -14h12z", class_="mark"),
        ]
    parts += [label(EDGE + wide * tick / 100, 42, str(tick), class_="axis", anchor="middle") for tick in TICKS]
    return picture("scale", SCALE_WIDE, SCALE_HIGH, f"Score: {shown(score.value)}", "On a scale from 0 to 100 (best).", parts)


def small(points: Sequence[TrendPoint]) -> bool:
    """True if every score that is known is too small for a line to show how it moves."""
    known = [p.score.value for p in points if p.score.value is not None]
    return bool(known) and max(known) < SMALL


def trend(points: Sequence[TrendPoint], units: int) -> str:
    """The score over time. A point is hollow while not all of today's ``units`` were known; an unknown score is a gap.

    Where every score is small, the demerits are drawn in its place, and fewer are better.
    """
    low = small(points)
    ticks = steps(math.ceil(max(p.score.demerits for p in points))) if low else TICKS
    values = [None if p.score.value is None else p.score.demerits if low else p.score.value for p in points]
    names = [f"{value:,.0f}" if low and value is not None else shown(value) for value in values]
    told = [
        f"{day(p.when)}: {name}{'' if p.units == units else f' ({p.units} of {units} scopes)'}"
        for p, name in zip(points, names, strict=True)
    ]
    title = "Demerits over time (fewer is better)" if low else "Score over time"
    hollow = [p.units < units for p in points]
    parts = _line(values, names, hollow, thinned(points), ticks, "demerits" if low else "score")
    return picture("trend", WIDE, HIGH, title, f"{'; '.join(told)}.", parts)


def _line(
    values: Sequence[float | None], names: Sequence[str], hollow: Sequence[bool], labels: Sequence[str], ticks: Sequence[int], axis: str
) -> list[str]:
    floor, tall = HIGH - BOTTOM, HIGH - BOTTOM - TOP
    step = (WIDE - LEFT - RIGHT - 60) / max(len(values) - 1, 1)
    first = LEFT + 30 if len(values) > 1 else (LEFT + WIDE - RIGHT) / 2
    places = [(first + step * n, None if value is None else floor - tall * value / ticks[-1]) for n, value in enumerate(values)]
    parts = [label(4, TOP - 12, axis, class_="axis")]
    for tick in ticks:
        level = floor - tall * tick / ticks[-1]
        parts += [line(LEFT, level, WIDE - RIGHT, level, "grid"), label(LEFT - 8, level + 4, f"{tick:,}", class_="axis", anchor="end")]
    parts += [el("path", d=d, class_="curve") for d in _curves(places)]
    for (x, y), name, part, text in zip(places, names, hollow, labels, strict=True):
        parts.append(edged(x, text))
        if y is None:
            parts.append(label(x, floor - 6, "?", class_="value", anchor="middle"))
        else:
            if text or len(values) <= MANY:
                parts.append(el("circle", cx=x, cy=y, r=4.5, class_="dot-part" if part else "dot"))
            if text:
                parts.append(label(x, y - 10, name, class_="value", anchor="middle"))
    middle = (LEFT + WIDE - RIGHT) / 2
    return [*parts, line(LEFT, floor, WIDE - RIGHT, floor, "base"), label(middle, HIGH - 6, STEPS, class_="axis", anchor="middle")]


def _curves(places: Sequence[tuple[float, float | None]]) -> Iterator[str]:
    """Yield a path for each stretch of known scores."""
    stretch: list[str] = []
    for x, y in (*places, (0.0, None)):
        if y is not None:
            stretch.append(f"{number(x)} {number(y)}")
        elif stretch:
            if len(stretch) > 1:
                yield f"M{'L'.join(stretch)}"
            stretch = []
