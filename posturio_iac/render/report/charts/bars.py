"""Pictures of counts: histograms of keys, and the keys of each point in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.finding import Verdict
from posturio_iac.render.report.charts.svg import el, label, line, picture, steps
from posturio_iac.render.report.wording import day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.posture.counts import HistogramBar
    from posturio_iac.posture.view import TrendPoint

WIDE, HIGH = 560, 260
LEFT, RIGHT, TOP, BOTTOM = 60, 12, 26, 44
SHARE = 0.72
"""The share of its slot that a bar fills."""
STEPS = "one step for each point in time"
MANY = 40
"""With more points bars touch, and dots would hide the line."""
HALF_DATE = 36
"""Half of the width of a date: labels keep that distance from the edge."""
DIGIT = 8.5
"""How wide a digit is, with some room: a number that does not fit above its bar is left out."""
STACK = (Verdict.FLAGGED, Verdict.UNDETERMINED, Verdict.SUPPRESSED, Verdict.CLEAN)
"""The verdicts from the bottom of a bar to its top."""


def histogram(name: str, title: str, bins: Sequence[HistogramBar], axis: str) -> str:
    """A histogram of keys: active ones filled, others hatched on top of them."""
    told = "; ".join(f"{b.label}: {b.total:,}{f' ({b.other:,} not active)' if b.other else ''}" for b in bins if b.total)
    stacks = [((b.active, "bar-active"), (b.other, "bar-other")) for b in bins]
    parts = _bars(stacks, [b.label for b in bins], axis)
    return picture(name, WIDE, HIGH, title, f"Number of keys. {told or 'none'}.", parts)


def verdicts(name: str, points: Sequence[TrendPoint]) -> str:
    """Return how many keys of each verdict there were at each point in time."""
    told = "; ".join(f"{day(p.when)}: {', '.join(f'{p.verdicts[v]:,} {v.value}' for v in STACK)}" for p in points)
    stacks = [tuple((p.verdicts[v], f"bar-{v.value}") for v in STACK) for p in points]
    return picture(name, WIDE, HIGH, "Keys by verdict at each point in time", f"{told}.", _bars(stacks, thinned(points), STEPS))


def thinned(points: Sequence[TrendPoint], most: int = 5) -> list[str]:
    """Return labels for points in time, of which so many fit, the last one among them; of one day they are times."""
    one_day = len({p.when.date() for p in points}) == 1 and len(points) > 1
    every = -(-len(points) // most)
    last = len(points) - 1
    return ["" if (last - n) % every else p.when.strftime("%H:%M" if one_day else "%Y-%m-%d") for n, p in enumerate(points)]


def _bars(stacks: Sequence[Sequence[tuple[int, str]]], labels: Sequence[str], axis: str) -> list[str]:
    ticks = steps(max((sum(number for number, _ in stack) for stack in stacks), default=0))
    floor, tall = HIGH - BOTTOM, HIGH - BOTTOM - TOP
    place = (WIDE - LEFT - RIGHT) / max(len(stacks), 1)
    share, thin = (SHARE, "") if len(stacks) <= MANY else (1.15, " thin")
    parts = [label(4, TOP - 12, "keys", class_="axis")]
    for tick in ticks:
        y = floor - tall * tick / ticks[-1]
        parts += [line(LEFT, y, WIDE - RIGHT, y, "grid"), label(LEFT - 8, y + 4, f"{tick:,}", class_="axis", anchor="end")]
    for n, (stack, text) in enumerate(zip(stacks, labels, strict=True)):
        middle, y = LEFT + place * (n + 0.5), float(floor)
        for number, style in stack:
            high = tall * number / ticks[-1]
            y -= high
            if number:
                parts.append(el("rect", x=middle - place * share / 2, y=y, width=place * share, height=high, class_=style + thin))
        total = f"{sum(number for number, _ in stack):,}"
        if y < floor and place > DIGIT * len(total):
            parts.append(label(middle, y - 5, total, class_="value", anchor="middle"))
        parts.append(edged(middle, text))
    parts += [
        line(LEFT, floor, WIDE - RIGHT, floor, "base"),
        label((LEFT + WIDE - RIGHT) / 2, HIGH - 6, axis, class_="axis", anchor="middle"),
    ]
    return parts


def edged(x: float, text: str) -> str:
    """A label below the axis, not beyond the edge of the picture; nothing for an empty one."""
    return label(min(x, WIDE - HALF_DATE), HIGH - BOTTOM + 16, text, class_="axis", anchor="middle") if text else ""
