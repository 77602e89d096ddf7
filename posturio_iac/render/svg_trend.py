"""Pictures of the score: where it stands, and how it came there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.posture.score import shown
from posturio_iac.render.posture_words import day
from posturio_iac.render.svg import el, label, line, number, picture
from posturio_iac.render.svg_bars import BOTTOM, HIGH, LEFT, RIGHT, TOP, WIDE, thinned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.posture.score import Score
    from posturio_iac.posture.view import Point

TICKS = (0, 25, 50, 75, 100)
SCALE_WIDE, SCALE_HIGH = 360, 46


def scale(score: Score) -> str:
    """Return the score as a place on a scale from 0 to 100."""
    wide = SCALE_WIDE - 20
    parts = [el("rect", x=10, y=16, width=wide, height=8, rx=4, class_="track")]
    if score.value is not None:
        x = 10 + wide * score.value / 100
        parts += [
            el("rect", x=10, y=16, width=max(x - 10, 2), height=8, rx=4, class_="done"),
            el("path", d=f"M{number(x)} 26l-6 -14h12z", class_="mark"),
        ]
    parts += [label(10 + wide * tick / 100, 42, str(tick), class_="axis", anchor="middle") for tick in TICKS]
    return picture("scale", SCALE_WIDE, SCALE_HIGH, f"Score: {shown(score.value)}", "On a scale from 0 to 100, which is best.", parts)


def trend(points: Sequence[Point], units: int) -> str:
    """Return the score over time. A point is hollow while not all of today's ``units`` were known; an unknown score is a gap."""
    floor, tall = HIGH - BOTTOM, HIGH - BOTTOM - TOP
    step = (WIDE - LEFT - RIGHT - 60) / max(len(points) - 1, 1)
    first = LEFT + 30 if len(points) > 1 else (LEFT + WIDE - RIGHT) / 2
    places = [(first + step * n, None if p.score.value is None else floor - tall * p.score.value / 100) for n, p in enumerate(points)]
    parts = [label(LEFT - 8, TOP - 12, "score", class_="axis", anchor="end")]
    for tick in TICKS:
        level = floor - tall * tick / 100
        parts += [line(LEFT, level, WIDE - RIGHT, level, "grid"), label(LEFT - 8, level + 4, str(tick), class_="axis", anchor="end")]
    parts += [el("path", d=d, class_="curve") for d in _curves(places)]
    for (x, y), point, text in zip(places, points, thinned(points), strict=True):
        parts.append(label(x, floor + 16, text, class_="axis", anchor="middle"))
        if y is None:
            parts.append(label(x, floor - 6, "?", class_="value", anchor="middle"))
        else:
            hollow = point.units < units
            parts.append(el("circle", cx=x, cy=y, r=4.5, class_="dot-part" if hollow else "dot"))
            if text:
                parts.append(label(x, y - 10, shown(point.score.value), class_="value", anchor="middle"))
    parts.append(line(LEFT, floor, WIDE - RIGHT, floor, "base"))
    told = "; ".join(
        f"{day(p.when)}: {shown(p.score.value)}{'' if p.units == units else f' ({p.units} of {units} scopes)'}" for p in points
    )
    return picture("trend", WIDE, HIGH, "Score over time", f"{told}.", parts)


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
