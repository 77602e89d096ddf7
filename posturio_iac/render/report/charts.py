"""The pictures of a report, as SVG that is safe for any content and coloured only by classes of the page."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from html import escape

from posturio_iac.core.text.terminal import printable
from posturio_iac.render.report.wording import day, last_day, level, name, used

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from posturio_iac.render.report.mends import KeyTimeline
    from posturio_iac.render.report.view import TrendPoint

TICKS = (0, 25, 50, 75, 100)
WIDE, HIGH = 560, 240
LEFT, RIGHT, TOP, BOTTOM = 12, 48, 26, 26
"""The numbers stand at the right, where narrow pages open."""
MANY = 40  # with more points dots would hide the line
HALF_DATE = 36  # half of the width of a date: labels keep that distance from the edge
LIFE_NAMES, LIFE_WIDE, LIFE_RIGHT = 250, 850, 16
"""The names are a picture of their own, which stays in sight while the dates scroll below it."""
LIFE_ROW, LIFE_HEAD, LIFE_FOOT = 18, 28, 10
LIFE_NAME = 34  # how many characters of the end of a name are shown; the table has it in full
FURTHEST_BACK = timedelta(days=365 * 8)
FURTHEST_ON = timedelta(days=365)  # dates further away are drawn at the edge
MARGIN = timedelta(days=20)
MOST_TICKS = 12


def el(tag: str, *inside: str, **attributes: object) -> str:
    """An element. ``inside`` is markup; attributes are escaped, ``_`` stands for ``-`` in names, and ``class_`` is ``class``."""
    texts = {n: number(one) if isinstance(one, (int, float)) else escape(printable(str(one))) for n, one in attributes.items()}
    names = (f' {name.rstrip("_").replace("_", "-")}="{text}"' for name, text in texts.items())
    head = f"<{tag}{''.join(names)}"
    return f"{head}>{''.join(inside)}</{tag}>" if inside else f"{head}/>"


def words(text: str) -> str:
    return escape(printable(text), quote=False)


def label(x: float, y: float, text: str, *, class_: str, anchor: str) -> str:
    return el("text", words(text), x=x, y=y, class_=class_, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    return el("path", d=f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}", class_=class_)


def picture(name: str, wide: float, high: float, title: str, description: str, parts: Iterable[str]) -> str:
    """A whole picture with its text alternatives; ``name`` is unique in the page."""
    head = el("title", words(title), id=f"{name}-title") + el("desc", words(description), id=f"{name}-desc")
    return el(
        "svg",
        head,
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(wide)} {number(high)}",
        width=wide,
        height=high,
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def trend(points: Sequence[TrendPoint], units: int) -> str:
    """The share of keys with an end over time, in percent. A point is hollow while not all of today's ``units`` were known."""
    values = [p.ends.percent for p in points]
    names = ["no keys" if value is None else f"{value} %" for value in values]
    told = [
        f"{day(p.when)}: {text}{'' if p.units == units else f' ({p.units} of {units} scopes)'}"
        for p, text in zip(points, names, strict=True)
    ]
    parts = _line(values, names, [p.units < units for p in points], thinned(points))
    return picture("trend", WIDE, HIGH, "Keys with an end that holds", f"{'; '.join(told)}.", parts)


def thinned(points: Sequence[TrendPoint]) -> list[str]:
    """Labels for points in time, of which five fit, the last one among them; of one day they are times."""
    one_day = len({p.when.date() for p in points}) == 1 and len(points) > 1
    every = -(-len(points) // 5)
    last = len(points) - 1
    return ["" if (last - n) % every else p.when.strftime("%H:%M" if one_day else "%Y-%m-%d") for n, p in enumerate(points)]


def _line(values: Sequence[int | None], names: Sequence[str], hollow: Sequence[bool], labels: Sequence[str]) -> list[str]:
    floor, tall = HIGH - BOTTOM, HIGH - BOTTOM - TOP
    step = (WIDE - LEFT - RIGHT - 60) / max(len(values) - 1, 1)
    places = [(LEFT + 30 + step * n, None if value is None else floor - tall * value / 100) for n, value in enumerate(values)]
    parts = [label(WIDE - 4, TOP - 12, "percent", class_="axis", anchor="end")]
    for tick in TICKS:
        level = floor - tall * tick / 100
        parts += [line(LEFT, level, WIDE - RIGHT, level, "grid"), label(WIDE - 20, level + 4, str(tick), class_="axis", anchor="end")]
    parts += [el("path", d=d, class_="curve") for d in _curves(places)]
    for (x, y), value, part, text in zip(places, names, hollow, labels, strict=True):
        if text:
            parts.append(label(min(x, WIDE - HALF_DATE), HIGH - BOTTOM + 16, text, class_="axis", anchor="middle"))
        if y is not None and (text or len(values) <= MANY):
            parts.append(el("circle", cx=x, cy=y, r=4.5, class_="dot-part" if part else "dot"))
        if text:
            parts.append(label(x, (floor if y is None else y) - 10, value, class_="value", anchor="middle"))
    return [*parts, line(LEFT, floor, WIDE - RIGHT, floor, "base")]


def _curves(places: Sequence[tuple[float, float | None]]) -> Iterator[str]:
    stretch: list[str] = []
    for x, y in (*places, (0.0, None)):
        if y is not None:
            stretch.append(f"{number(x)} {number(y)}")
        elif stretch:
            if len(stretch) > 1:
                yield f"M{'L'.join(stretch)}"
            stretch = []


class _Axis:
    def __init__(self, lives: Sequence[KeyTimeline], now: datetime) -> None:
        dates = [when for life in lives for when in life.dates()]
        self.start = max(min([*dates, now]), now - FURTHEST_BACK) - MARGIN
        self.end = min(max([*dates, now]), now + FURTHEST_ON) + MARGIN

    def x(self, when: datetime) -> float:
        return (LIFE_WIDE - LIFE_RIGHT) * min(max((when - self.start) / (self.end - self.start), 0.0), 1.0)

    def ticks(self) -> Iterator[tuple[datetime, str]]:
        """Yield the first days of months or years, as many as fit."""
        months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month
        every = next((step for step in (1, 3, 6, 12, 24) if months / step <= MOST_TICKS), 24)
        for month in range(self.start.year * 12 + self.start.month, self.end.year * 12 + self.end.month):
            if month % every == 0:
                when = datetime(month // 12, month % 12 + 1, 1, tzinfo=timezone.utc)
                yield when, str(when.year) if every >= len("0123456789AB") else when.strftime("%Y-%m")


def timeline(lives: Sequence[KeyTimeline], now: datetime) -> str:
    """Two pictures: names, and created, last used, declared end and disabled as signs on a line for each, with today across them all."""
    axis = _Axis(lives, now)
    high = LIFE_HEAD + LIFE_ROW * len(lives) + LIFE_FOOT
    named = Counter(name(life.row.key) for life in lives)
    names, parts = [], _grid(axis, high - LIFE_FOOT, now)
    for n, life in enumerate(lives):
        y = LIFE_HEAD + LIFE_ROW * n + LIFE_ROW / 2
        names.append(_name(life, y, (life.row.key.root or life.row.unit.label) if named[name(life.row.key)] > 1 else ""))
        parts.append(el("g", *_row(life, axis, y, now)))
    text = f"A row for each of {len(lives)} keys, the worst first. The table of keys has the same dates."
    size = {"viewBox": f"0 0 {LIFE_NAMES} {high + 6}", "preserveAspectRatio": "xMaxYMid slice", "width": LIFE_NAMES, "height": high + 6}
    beside = el("svg", *names, xmlns="http://www.w3.org/2000/svg", class_="names", aria_hidden="true", **size)
    return beside + picture("timeline", LIFE_WIDE, high + 6, "Timeline of keys", text, parts)


def _grid(axis: _Axis, floor: float, now: datetime) -> list[str]:
    parts = []
    for when, text in axis.ticks():
        x = axis.x(when)
        parts += [line(x, LIFE_HEAD - 6, x, floor, "grid"), label(x, LIFE_HEAD - 12, text, class_="axis", anchor="middle")]
    today = axis.x(now)
    parts.append(line(today, LIFE_HEAD - 8, today, floor + 4, "today"))
    return [
        *parts,
        label(min(today, LIFE_WIDE - HALF_DATE - 20), floor + LIFE_FOOT - 1, f"as of {day(now)}", class_="value", anchor="middle"),
    ]


_SIGNS = {
    "created": "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0",
    "used": "m0 -5l5 5l-5 5l-5 -5z",
    "ends": "m0 -7v14m0 -14h7l-2 3l2 3h-7",
    "off": "m-4 -4l8 8m0 -8l-8 8",
}


def _sign(name: str, x: float, y: float) -> str:
    return el("path", d=f"M{number(x)} {number(y)}{_SIGNS[name]}", class_=f"sign-{name}")


def legend() -> list[tuple[str, str]]:
    """The signs with what they mean."""
    signs = (("created", "created"), ("used", "last used"), ("ends", "declared end"), ("off", "disabled"))
    drawn = [(el("svg", _sign(name, 9, 9), width=18, height=18, viewBox="0 0 18 18", aria_hidden="true"), text) for name, text in signs]
    lines = [("life", "active"), ("life-off", "disabled, or of unknown status"), ("today", "the day of the report")]
    return [
        *drawn,
        *((el("svg", line(1, 9, 27, 9, style), width=28, height=18, viewBox="0 0 28 18", aria_hidden="true"), t) for style, t in lines),
    ]


def _name(life: KeyTimeline, y: float, folder: str) -> str:
    whole = f"{folder} {name(life.row.key)}".strip()
    shown = whole if len(whole) <= LIFE_NAME else f"…{whole[1 - LIFE_NAME :]}"
    return label(LIFE_NAMES - 12, y + 4, shown, class_=f"name name-{level(life.row)}", anchor="end")


def _row(life: KeyTimeline, axis: _Axis, y: float, now: datetime) -> Iterator[str]:
    key = life.row.key
    yield el("title", words(told(life)))
    if life.created is not None:
        off = life.disabled if life.disabled is not None and key.status != "Active" else None
        solid = now if key.status == "Active" else off
        if solid is not None:
            yield line(axis.x(life.created), y, axis.x(solid), y, "life")
        if solid is not now:
            yield line(axis.x(solid or life.created), y, axis.x(now), y, "life-off")
    for when, sign in ((life.created, "created"), (life.used, "used"), (life.disabled, "off"), (life.ends, "ends")):
        if when is not None:
            yield _sign(sign, axis.x(when), y)


def told(life: KeyTimeline) -> str:
    """The dates of one key in words."""
    dates = [f"created {day(life.created)}" if life.created else "", f"last used {used(life.row.key)}" if life.row.key.deployed else ""]
    dates += [f"declared end {last_day(life.ends)}" if life.ends else "", f"disabled {day(life.disabled)}" if life.disabled else ""]
    return f"{name(life.row.key)} ({level(life.row)}): {', '.join(filter(None, dates))}"
