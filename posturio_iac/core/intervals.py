"""Intervals as people write them in metadata: ``90``, ``90d``, ``12 hours``, ``3mo``, ``P90D``, ``rate(90 days)``.

A month counts as 30 days and a year as 365.
"""

from __future__ import annotations

from datetime import timedelta

from posturio_iac.core.dates import Trouble, other_form, quote, silence
from posturio_iac.core.text import lazy_pattern

FORMS = "an interval such as 90d, 12h, 6w, 3mo, 1y or P90D"  # what to write, for messages
LONGEST = timedelta(days=365_000)  # longer intervals are refused: they mean never, and would not fit into a calendar

_DAY = 86_400
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": _DAY, "w": 7 * _DAY, "mo": 30 * _DAY, "y": 365 * _DAY}
SPELLINGS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), "w"),
    **dict.fromkeys(("mo", "mos", "mon", "mons", "month", "months"), "mo"),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), "y"),
}
_PART = r"([0-9]{1,18})[\s_-]*([a-z]+)[\s,]*"
_EACH_PART, _PARTS = lazy_pattern(_PART), lazy_pattern(rf"(?:{_PART})+")
_NUMBER = lazy_pattern(r"[0-9]{1,18}")
_ISO = lazy_pattern(
    r"p(?=[0-9t])(?:([0-9]{1,18})y)?(?:([0-9]{1,18})m)?(?:([0-9]{1,18})w)?(?:([0-9]{1,18})d)?"
    r"(?:t(?=[0-9])(?:([0-9]{1,18})h)?(?:([0-9]{1,18})m)?(?:([0-9]{1,18})s)?)?"
)
_ISO_UNITS = ("y", "mo", "w", "d", "h", "min", "s")
_RATE = lazy_pattern(r"rate\(\s*([0-9]{1,18})\s+(minutes?|hours?|days?)\s*\)")
_ADVERBS = {"hourly": "1h", "daily": "1d", "weekly": "1w", "monthly": "30d", "quarterly": "90d"}
_ADVERBS |= dict.fromkeys(("biweekly", "fortnightly"), "2w") | dict.fromkeys(("yearly", "annually", "annual"), "1y")
_DAYS_NOT_HOURS = 4
_HUGE = 10**18
_AMBIGUOUS = lazy_pattern(r"([0-9]{1,18})[\s_-]*m")
_TROUBLES = (
    (lazy_pattern(r"true|yes|on|enabled?|auto|automatic|automated|manual|required"), "is not an interval"),
    (lazy_pattern(r"(?s)cron\(.*"), "is a schedule, not an interval"),
    (lazy_pattern(r"(?s)-\s*[0-9].*"), "is negative"),
    (lazy_pattern(r"p?t?[0-9]*[.,][0-9]+\s*[a-z]*"), "is not a whole number"),
    (lazy_pattern(rf"p?t?[0-9]+[\s_-]*(?:{'|'.join(SPELLINGS)}|m)?"), "is longer than a thousand years"),
)
"""Explanations for forms that people are known to write and that are not read."""


def parse_interval(value: str | float, default_unit: str = "d") -> timedelta | None:
    """The interval that ``value`` names for certain; a bare number counts ``default_unit``s, and ``90m`` (minutes or months?) is none."""
    if isinstance(value, (int, float)):
        whole = not isinstance(value, bool) and 0 <= value < _HUGE and value == int(value)
        return _total([(int(value), default_unit)]) if whole else None
    text = value.strip().lower()
    if _NUMBER.fullmatch(text):
        return _total([(int(text), default_unit)])
    if found := _RATE.fullmatch(text):
        return _total([(int(found[1]), SPELLINGS[found[2]])])
    if found := _ISO.fullmatch(text):
        return _total([(int(n), unit) for n, unit in zip(found.groups(), _ISO_UNITS, strict=True) if n])
    return _sum_of_parts(text) if _PARTS.fullmatch(text) else None


def describe_interval(interval: timedelta) -> str:
    """``interval`` for a reader: ``90 days``, ``12 hours``, ``1 day``; rounded down to what matters where it is not exact."""
    seconds = abs(interval) // timedelta(seconds=1)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // _DAY
    if seconds % _DAY == 0 or days >= _DAYS_NOT_HOURS or (days > 1 and seconds % 3600):
        return _plural(days, "day")
    if seconds % 3600 == 0 or (hours > 1 and seconds % 60):
        return _plural(hours, "hour")
    return _plural(minutes, "minute") if minutes > 1 or seconds % 60 == 0 else _plural(seconds, "second")


def interval_trouble(text: str, default_unit: str = "d") -> Trouble | None:
    """Why ``text`` cannot be read as an interval, and how to write it; None when it can, and when it is not much like one."""
    word = text.strip().casefold()
    if parse_interval(text, default_unit) is not None:
        return None
    if (silent := silence(text, FORMS)) is not None:
        return silent
    if word in _ADVERBS:
        return other_form(f"{quote(text)} is not a number with a unit", _ADVERBS[word])
    if found := _AMBIGUOUS.fullmatch(word):
        return other_form(f"the m of {quote(text)} can mean minutes or months", f"{found[1]}min", f"{found[1]}mo")
    why = next((why for pattern, why in _TROUBLES if pattern.fullmatch(word)), None)
    return Trouble(f"{quote(text)} {why}", FORMS) if why else None


def interval_reading(text: str) -> str | None:
    return _ADVERBS.get(text.strip().casefold())


def _sum_of_parts(text: str) -> timedelta | None:
    """Add up ``1y 6mo`` or ``720h0m0s``, where an ``m`` right after hours is minutes; None when a unit is not one."""
    parts: list[tuple[int, str]] = []
    for number, spelling in _EACH_PART.findall(text):
        unit = "min" if spelling == "m" and parts and parts[-1][1] == "h" else SPELLINGS.get(spelling)
        if unit is None:
            return None
        parts.append((int(number), unit))
    return _total(parts)


def _total(parts: list[tuple[int, str]]) -> timedelta | None:
    seconds = sum(n * _SECONDS[unit] for n, unit in parts)
    return timedelta(seconds=seconds) if seconds <= LONGEST.days * _DAY else None


def _plural(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
