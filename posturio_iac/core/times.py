"""Dates and intervals as people write them in metadata: ISO 8601, RFC 3339, ``90``, ``90d``, ``12 hours``, ``3mo``, ``rate(90 days)``.

Nothing ambiguous is read. A month counts as 30 days and a year as 365.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from posturio_iac.core.text import lazy_pattern
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FIRST_YEAR = 1900
LAST_YEAR = 8999  # Later years mean never. The bound leaves room to add any interval that `parse_interval` accepts.
LONGEST = timedelta(days=365_000)  # longer intervals are refused: they mean never, and would not fit into a calendar

_ISO_DATE = lazy_pattern(r"""(?x)
    (?P<year>[0-9]{4})
    (?: -(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))? | (?P<month8>[0-9]{2})(?P<day8>[0-9]{2}) )
    (?: [Tt\ ]
        (?P<hour>[0-9]{2})
        (?: :(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?
          | (?P<minute4>[0-9]{2})(?:(?P<second6>[0-9]{2})(?:[.,](?P<fraction6>[0-9]+))?)? )
        \ ?(?P<zone>[Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?
    )?
    """)
_LEADING = lazy_pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])|[0-9]{8}(?![0-9])")
_HOURS, _MINUTES, _SECONDS = range(24), range(60), range(61)
_DAY = 86_400
_LENGTHS = {"s": 1, "min": 60, "h": 3600, "d": _DAY, "w": 7 * _DAY, "mo": 30 * _DAY, "y": 365 * _DAY}
_UNITS = (
    *("s sec secs second seconds", "min mins minute minutes", "h hr hrs hour hours", "d day days"),
    *("w wk wks week weeks", "mo mos mon mons month months", "y yr yrs year years"),
)
SPELLINGS = {spelling: unit.split()[0] for unit in _UNITS for spelling in unit.split()}
_PART = r"([0-9]{1,18})[\s_-]*([a-z]+)[\s,]*"
_EACH_PART, _PARTS = lazy_pattern(_PART), lazy_pattern(rf"(?:{_PART})+")
_NUMBER = lazy_pattern(r"[0-9]{1,18}")
_ISO_INTERVAL = lazy_pattern(
    r"p(?=[0-9t])(?:([0-9]{1,18})y)?(?:([0-9]{1,18})m)?(?:([0-9]{1,18})w)?(?:([0-9]{1,18})d)?"
    r"(?:t(?=[0-9])(?:([0-9]{1,18})h)?(?:([0-9]{1,18})m)?(?:([0-9]{1,18})s)?)?"
)
_ISO_UNITS = ("y", "mo", "w", "d", "h", "min", "s")
_RATE = lazy_pattern(r"rate\(\s*([0-9]{1,18})\s+(minutes?|hours?|days?)\s*\)")
_DAYS_NOT_HOURS = 4
_HUGE = 10**18


def parse_date(text: str) -> datetime | None:
    """The moment that ``text`` names for certain, in UTC: a date without a time ends at 24:00, a month with its last day."""
    text = text.strip()
    if not text[:4].isdecimal():
        return None
    try:
        if len(text) == len("2027-01-31") and text.isascii() and text[4] == text[7] == "-" and text.replace("-", "").isdigit():
            midnight = _midnight(text[:4], text[5:7], text[8:])
            return midnight + timedelta(days=1) if midnight is not None else None
        found = _ISO_DATE.fullmatch(text)
        return _moment(found.groupdict()) if found is not None else None
    except ValueError:
        return None


def leading_date(text: str) -> datetime | None:
    """The date that ``text`` begins with, such as that of ``20260319#2``, or None."""
    whole = parse_date(text)
    if whole is not None:
        return whole
    found = _LEADING.match(text.strip()) if text.strip()[:4].isdecimal() else None
    return parse_date(found[0]) if found else None


def describe_date(moment: datetime) -> str:
    """An end for a reader: a midnight as the day that ends with it, any other time to the minute in UTC."""
    moment = moment.astimezone(timezone.utc)
    if moment.time() == datetime.min.time():
        return (moment - timedelta(days=1)).date().isoformat()
    return describe_time(moment)


def describe_time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def iso_year(text: str) -> int | None:
    """The year of a text in the form of ISO 8601, whether or not the calendar has that date."""
    found = _ISO_DATE.fullmatch(text)
    return int(found["year"]) if found is not None else None


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
    if found := _ISO_INTERVAL.fullmatch(text):
        return _total([(int(n), unit) for n, unit in zip(found.groups(), _ISO_UNITS, strict=True) if n])
    return _sum_of_parts(text) if _PARTS.fullmatch(text) else None


def describe_interval(interval: timedelta) -> str:
    """``interval`` for a reader: ``90 days``, ``12 hours``, ``1 day``; rounded down to what matters where it is not exact."""
    seconds = abs(interval) // timedelta(seconds=1)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // _DAY
    if seconds % _DAY == 0 or days >= _DAYS_NOT_HOURS or (days > 1 and seconds % 3600):
        return plural(days, "day")
    if seconds % 3600 == 0 or (hours > 1 and seconds % 60):
        return plural(hours, "hour")
    return plural(minutes, "minute") if minutes > 1 or seconds % 60 == 0 else plural(seconds, "second")


def now() -> datetime:
    """The time by the clock, for a verdict. Raises `UsageError` for one that is too late to add anything to it."""
    time = datetime.now(timezone.utc).replace(microsecond=0)
    if time.year > LAST_YEAR:
        raise UsageError(f"the clock of this machine says {time.date()}; set it; a scan takes a date by --as-of instead")
    return time


def _moment(parts: dict[str, str | Any]) -> datetime | None:
    month, day = parts["month"] or parts["month8"], parts["day"] or parts["day8"]
    midnight = _midnight(parts["year"], month, day or "1")
    if midnight is None or (day is None and parts["hour"] is not None):
        return None
    if day is None:
        return (midnight + timedelta(days=31)).replace(day=1)
    return midnight + timedelta(days=1) if parts["hour"] is None else _with_time(midnight, parts)


def _midnight(year: str, month: str, day: str) -> datetime | None:
    midnight = datetime(int(year), int(month), int(day), tzinfo=timezone.utc)
    return midnight if FIRST_YEAR <= midnight.year <= LAST_YEAR else None


def _with_time(midnight: datetime, parts: dict[str, str | None]) -> datetime:
    """Add a time of day; ValueError when there is no such time. 24:00 and a leap second are times."""
    hour, minute = int(parts["hour"] or 0), int(parts["minute"] or parts["minute4"] or 0)
    second = int(parts["second"] or parts["second6"] or 0)
    micro = int(((parts["fraction"] or parts["fraction6"] or "") + "000000")[:6])
    since_midnight = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micro)
    if minute not in _MINUTES or second not in _SECONDS or since_midnight > timedelta(days=1):
        raise ValueError
    return midnight + since_midnight - _offset(parts["zone"])


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone[0] not in "+-":
        return timedelta(0)
    digits = zone[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours not in _HOURS or minutes not in _MINUTES:
        raise ValueError
    return timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)


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
    seconds = sum(n * _LENGTHS[unit] for n, unit in parts)
    return timedelta(seconds=seconds) if seconds <= LONGEST.days * _DAY else None


def plural(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
