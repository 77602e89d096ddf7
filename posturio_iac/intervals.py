"""Intervals as people write them in metadata: ``90``, ``90d``, ``12 hours``, ``3mo``, ``P90D``, ``rate(90 days)``.

A month counts as 30 days and a year as 365.
"""

from __future__ import annotations

import re
from datetime import timedelta

from posturio_iac.dates import quote, silence

FORMS = "90d, 12h, 6w, 3mo, 1y or P90D"
"""Examples of what is accepted, for messages."""
LONGEST = timedelta(days=365_000)
"""Longer intervals are refused: they mean never, and would not fit into a calendar."""

_DAY = 86_400
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": _DAY, "w": 7 * _DAY, "mo": 30 * _DAY, "y": 365 * _DAY}
_SPELLINGS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), "w"),
    **dict.fromkeys(("mo", "mos", "mon", "mons", "month", "months"), "mo"),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), "y"),
}
_PART = re.compile(r"([0-9]{1,18})[\s_-]*([a-z]+)[\s,]*")
_PARTS = re.compile(rf"(?:{_PART.pattern})+")
_NUMBER = re.compile(r"[0-9]{1,18}")
_ISO = re.compile(
    r"p(?=[0-9t])(?:([0-9]{1,18})y)?(?:([0-9]{1,18})m)?(?:([0-9]{1,18})w)?(?:([0-9]{1,18})d)?"
    r"(?:t(?=[0-9])(?:([0-9]{1,18})h)?(?:([0-9]{1,18})m)?(?:([0-9]{1,18})s)?)?"
)
_ISO_UNITS = ("y", "mo", "w", "d", "h", "min", "s")
_RATE = re.compile(r"rate\(\s*([0-9]{1,18})\s+(minutes?|hours?|days?)\s*\)")
_ADVERBS = {
    "hourly": "1h",
    "daily": "1d",
    "weekly": "1w",
    "biweekly": "2w",
    "fortnightly": "2w",
    "monthly": "30d",
    "quarterly": "90d",
    "yearly": "1y",
    "annually": "1y",
    "annual": "1y",
}
_LONG = {"h": "hour", "min": "minute", "s": "second"}
_DAYS_IN_HOURS = 4
_TRUE = frozenset({"true", "yes", "on", "enabled", "enable", "auto", "automatic", "automated", "manual", "required"})


def parse_interval(value: str | float, default_unit: str = "d") -> timedelta | None:
    """Return the interval that ``value`` names, or None when it names none for certain.

    A bare number counts ``default_unit``s (``s``, ``min``, ``h``, ``d``, ``w``, ``mo``, ``y``). Zero is an interval; a negative number,
    a fraction, ``90m`` (minutes or months?), a cron expression and more than a thousand years are not.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        if not 0 <= value < 1e18 or value != int(value):
            return None
        return _total([(int(value), default_unit)])
    text = value.strip().lower()
    if _NUMBER.fullmatch(text):
        return _total([(int(text), default_unit)])
    if found := _RATE.fullmatch(text):
        return _total([(int(found[1]), _SPELLINGS[found[2]])])
    if found := _ISO.fullmatch(text):
        return _total([(int(n), unit) for n, unit in zip(found.groups(), _ISO_UNITS, strict=True) if n])
    if _PARTS.fullmatch(text) is None:
        return None
    parts = [(int(n), _SPELLINGS.get(unit)) for n, unit in _PART.findall(text)]
    return _total([(n, unit) for n, unit in parts if unit]) if all(unit for _, unit in parts) else None


def describe_interval(interval: timedelta) -> str:
    """Return ``interval`` for a reader: ``90 days``, ``12 hours``, ``1 day``; parts too small to matter are dropped."""
    seconds = abs(interval) // timedelta(seconds=1)
    days, hours = seconds // _DAY, seconds % _DAY // 3600
    if seconds % 3600 == 0 and hours:
        return _plural(days * 24 + hours, "hour") if days < _DAYS_IN_HOURS else f"{_plural(days, 'day')} {_plural(hours, 'hour')}"
    for unit in ("h", "min", "s") if days < 2 and seconds % _DAY else ():
        if seconds >= 2 * _SECONDS[unit]:
            return _plural(seconds // _SECONDS[unit], _LONG[unit])
    return _plural(days, "day") if days or not seconds else _plural(seconds, "second")


def interval_trouble(text: str) -> str | None:
    """Return what keeps ``text`` from being read as an interval and how to write it, as a clause; None when it is not much like one."""
    word = text.strip().casefold()
    if (why := silence(text)) is not None:
        return f"{why}; write {FORMS}"
    if word in _TRUE:
        return f"{quote(text)} names no interval; write {FORMS}"
    if word in _ADVERBS:
        return f"{quote(text)} is not a number with a unit; write it as {_ADVERBS[word]}"
    if word.startswith("cron("):
        return f"a cron expression is a schedule and no interval; write {FORMS}"
    if found := re.fullmatch(r"([0-9]{1,18})[\s_-]*m", word):
        return f"the m of {quote(text)} can mean minutes or months; write {found[1]}min or {found[1]}mo"
    if re.fullmatch(r"-[0-9].*", word, re.DOTALL):
        return f"{quote(text)} is negative; write {FORMS}"
    if re.fullmatch(r"p?t?[0-9]+[.,][0-9]+\s*[a-z]*", word):
        return f"{quote(text)} is not a whole number; write {FORMS}"
    if re.fullmatch(r"p?t?[0-9]+[\s_-]*[a-z]*", word) and re.sub(r"[^a-z]", "", word).strip("pt") in {"", *_SPELLINGS}:
        return f"{quote(text)} is longer than a thousand years; write {FORMS}"
    return None


def _total(parts: list[tuple[int, str]]) -> timedelta | None:
    """Return the sum of numbers with their units, or None when it is longer than `LONGEST`."""
    seconds = sum(n * _SECONDS[unit] for n, unit in parts)
    return timedelta(seconds=seconds) if seconds <= LONGEST.days * _DAY else None


def _plural(number: int, unit: str) -> str:
    """Return ``1 day`` or ``2 days``."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
