"""The timeline: a row for each key, from its creation to its end."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from posturio_iac.render.report.charts.svg import el, label, line, number, picture, words
from posturio_iac.render.report.wording import day, last_day, level, name, used

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.posture.timelines import KeyTimeline

WIDE, LEFT, RIGHT = 1100, 250, 16
ROW, HEAD, FOOT = 18, 28, 10
TALL = 420
NAME = 34
"""How many characters of the end of a name are shown; the table has it in full."""
FURTHEST_BACK = timedelta(days=365 * 8)
FURTHEST_ON = timedelta(days=365)
"""Dates further away are drawn at the edge."""
MARGIN = timedelta(days=20)
MOST_TICKS = 12


class _Axis:
    """From dates to places."""

    def __init__(self, lives: Sequence[KeyTimeline], now: datetime) -> None:
        dates = [when for life in lives for when in life.dates()]
        self.start = max(min([*dates, now]), now - FURTHEST_BACK) - MARGIN
        self.end = min(max([*dates, now]), now + FURTHEST_ON) + MARGIN

    def x(self, when: datetime) -> float:
        share = (when - self.start) / (self.end - self.start)
        return LEFT + (WIDE - LEFT - RIGHT) * min(max(share, 0.0), 1.0)

    def ticks(self) -> Iterator[tuple[datetime, str]]:
        """Yield the first days of months or years, as many as fit."""
        months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month
        every = next((step for step in (1, 3, 6, 12, 24) if months / step <= MOST_TICKS), 24)
        for month in range(self.start.year * 12 + self.start.month, self.end.year * 12 + self.end.month):
            if month % every == 0:
                when = datetime(month // 12, month % 12 + 1, 1, tzinfo=timezone.utc)
                yield when, str(when.year) if every >= len("0123456789AB") else when.strftime("%Y-%m")


def timeline(lives: Sequence[KeyTimeline], now: datetime) -> str:
    """The picture: created, last used, declared end and disabled as signs on a line for each key, and today across them all."""
    axis = _Axis(lives, now)
    high = HEAD + ROW * len(lives) + FOOT
    parts = _grid(axis, high - FOOT, now)
    parts += [el("g", *_row(life, axis, HEAD + ROW * n + ROW / 2, now)) for n, life in enumerate(lives)]
    text = f"A row for each of {len(lives)} keys, the worst first. The table below has the same dates."
    return picture("timeline", WIDE, high + 6, "Timeline of keys", text, parts)


def overview(lives: Sequence[KeyTimeline], now: datetime) -> str:
    """All keys at a glance, the oldest on top: a thin line from creation on for each, and where it was last used or should end."""
    known = sorted((life for life in lives if life.created is not None), key=lambda life: life.created or now)
    axis, step = _Axis(known, now), TALL / max(len(known), 1)
    paths: dict[str, list[str]] = {"glance": [], "glance-off": [], "glance-ends": [], "glance-used": []}
    for n, life in enumerate(known):
        start, y = number(axis.x(life.created or now)), number(HEAD + step * (n + 0.5))
        active = life.row.key.status == "Active"
        until = now if active else life.disabled or now
        paths["glance" if active or life.disabled else "glance-off"].append(f"M{start} {y}H{number(axis.x(until))}")
        if life.used is not None:
            paths["glance-used"].append(f"M{number(axis.x(life.used))} {y}h0")
        if life.ends is not None:
            paths["glance-ends"].append(f"M{number(axis.x(life.ends))} {y}h0")
    parts = _grid(axis, HEAD + TALL, now)
    parts += [el("path", d="".join(d), class_=style, stroke_width=_thick(style, step)) for style, d in paths.items() if d]
    parts += [label(LEFT - 12, HEAD + 8, "the oldest key", class_="axis", anchor="end")]
    parts += [label(LEFT - 12, HEAD + TALL, f"the newest of {len(known):,}", class_="axis", anchor="end")]
    text = f"A thin line for each of {len(known):,} keys from its creation on, the oldest on top; dots are last use and declared end."
    return picture("overview", WIDE, HEAD + TALL + FOOT + 6, "All keys at a glance", text, parts)


def _thick(style: str, step: float) -> float:
    """The thickness of lines and dots, so that they neither vanish nor hide each other."""
    return max(step * 0.7, 0.4) if style in ("glance", "glance-off") else min(max(step, 1.6), 4.0)


def _grid(axis: _Axis, floor: float, now: datetime) -> list[str]:
    """The axis of time, and the day of the report."""
    parts = []
    for when, text in axis.ticks():
        x = axis.x(when)
        parts += [line(x, HEAD - 6, x, floor, "grid"), label(x, HEAD - 12, text, class_="axis", anchor="middle")]
    today = axis.x(now)
    parts.append(line(today, HEAD - 8, today, floor + 4, "today"))
    return [*parts, label(today, floor + FOOT - 1, f"as of {day(now)}", class_="value", anchor="middle")]


def legend() -> list[tuple[str, str]]:
    """The signs with what they mean."""
    signs = ((_created, "created"), (_used, "last used"), (_ends, "declared end"), (_disabled, "disabled"))
    drawn = [(el("svg", sign(9, 9), width=18, height=18, viewBox="0 0 18 18", aria_hidden="true"), text) for sign, text in signs]
    lines = [("life", "active"), ("life-off", "disabled, or of unknown status"), ("today", "the day of the report")]
    return [
        *drawn,
        *((el("svg", line(1, 9, 27, 9, style), width=28, height=18, viewBox="0 0 28 18", aria_hidden="true"), t) for style, t in lines),
    ]


def _row(life: KeyTimeline, axis: _Axis, y: float, now: datetime) -> Iterator[str]:
    key = life.row.key
    yield el("title", words(told(life)))
    shown = name(key) if len(name(key)) <= NAME else f"…{name(key)[1 - NAME :]}"
    yield label(LEFT - 12, y + 4, shown, class_=f"name name-{level(life.row)}", anchor="end")
    if life.created is not None:
        off = life.disabled if life.disabled is not None and key.status != "Active" else None
        solid = now if key.status == "Active" else off
        if solid is not None:
            yield line(axis.x(life.created), y, axis.x(solid), y, "life")
        if solid is not now:
            yield line(axis.x(solid or life.created), y, axis.x(now), y, "life-off")
    for when, sign in ((life.created, _created), (life.used, _used), (life.disabled, _disabled), (life.ends, _ends)):
        if when is not None:
            yield sign(axis.x(when), y)


def told(life: KeyTimeline) -> str:
    """The dates of one key in words."""
    dates = [f"created {day(life.created)}" if life.created else "", f"last used {used(life.row.key)}" if life.row.key.deployed else ""]
    dates += [f"declared end {last_day(life.ends)}" if life.ends else "", f"disabled {day(life.disabled)}" if life.disabled else ""]
    return f"{name(life.row.key)} ({level(life.row)}): {', '.join(filter(None, dates))}"


def _created(x: float, y: float) -> str:
    return el("circle", cx=x, cy=y, r=3.5, class_="sign-created")


def _used(x: float, y: float) -> str:
    return el("path", d=f"M{number(x)} {number(y - 5)}l5 5l-5 5l-5 -5z", class_="sign-used")


def _ends(x: float, y: float) -> str:
    return el("path", d=f"M{number(x)} {number(y - 7)}v14M{number(x)} {number(y - 7)}h7l-2 3l2 3h-7", class_="sign-ends")


def _disabled(x: float, y: float) -> str:
    return el("path", d=f"M{number(x - 4)} {number(y - 4)}l8 8m0 -8l-8 8", class_="sign-off")
