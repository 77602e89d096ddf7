"""Schedules of AWS: ``cron(minutes hours day-of-month month day-of-week year)``, in UTC, and the longest time between two runs.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from itertools import pairwise

YEARS = 10  # how far ahead runs are looked for
NEVER = timedelta.max  # the gap of a schedule that does not run in that time: one for 30 February, or for a year that has passed
_DAY = 1440
_WEEK = 7
_FIELDS = r"(?i)\s*cron\(\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*\)\s*"
_PART = r"(?:(\*)|(\d+)(?:-(\d+))?)(?:/(\d+))?"
_NAMES = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"
_MONTHS = {_NAMES[4 * place : 4 * place + 3]: str(place + 1) for place in range(12)}
_DAYS = {name: str(place) for place, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], 1)}


def longest_gap(text: str, start: datetime) -> timedelta | None:
    """The longest time without a run in the ten years from ``start``; None when it is no schedule that can be read."""
    found = re.fullmatch(_FIELDS, text)
    if found is None:
        return None
    minutes, hours = _numbers(found[1], 0, 59), _numbers(found[2], 0, 23)
    months, years = _numbers(_named(found[4], _MONTHS), 1, 12), _numbers(found[6], 1970, 2199)
    day, weekday = found[3].upper(), _named(found[5], _DAYS)
    days_read = re.fullmatch(r"LW?|L-\d+|\d+W", day) or _numbers(day, 1, 31)
    weekdays_read = re.fullmatch(r"[1-7]?L|[1-7]#[1-5]", weekday) or _numbers(weekday, 1, _WEEK)
    if None in (minutes, hours, months, years, days_read, weekdays_read) or (day not in "*?" and weekday not in "*?"):
        return None
    times = sorted(hour * 60 + minute for hour in hours or () for minute in minutes or ())
    inside = max((after - before for before, after in pairwise(times)), default=0)
    gap, last, runs = 0, start.hour * 60 + start.minute, 0
    first = start.date()
    end = date(first.year + YEARS, first.month, 1)
    count = (end.year - first.year) * 12 + end.month - first.month
    for month in (date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1) for n in range(count)):
        if month.month not in (months or ()) or month.year not in (years or ()):
            continue
        for number in _days(month, day, weekday):
            at = (month.replace(day=number) - first).days * _DAY
            if at < 0 or not times:
                continue
            gap, last, runs = max(gap, at + times[0] - last, inside), at + times[-1], runs + 1
    return NEVER if not runs else timedelta(minutes=max(gap, (end - first).days * _DAY - last))


def _named(field: str, names: dict[str, str]) -> str:
    return re.sub(r"[A-Z]{3}", lambda word: names.get(word[0], word[0]), field.upper())


def _numbers(field: str, least: int, most: int) -> frozenset[int] | None:
    found: set[int] = set()
    for part in field.replace("?", "*").split(","):
        match = re.fullmatch(_PART, part)
        if match is None:
            return None
        low = least if match[1] else int(match[2])
        high = int(match[3]) if match[3] else most if match[1] or match[4] else low
        step = int(match[4] or 1)
        if step == 0 or not least <= low <= most or not low <= high <= most:
            return None
        found.update(range(low, high + 1, step))
    return frozenset(found)


def _days(month: date, day: str, weekday: str) -> list[int]:
    length = (date(month.year + month.month // 12, month.month % 12 + 1, 1) - month).days  # `calendar` takes longer to import
    days = range(1, length + 1)

    def name(number: int) -> int:
        return (month.isoweekday() + number - 1) % _WEEK + 1

    if weekday not in "*?":
        if found := re.fullmatch(r"([1-7])#([1-5])", weekday):
            return [number for number in days if name(number) == int(found[1])][int(found[2]) - 1 : int(found[2])]
        if weekday.endswith("L") and len(weekday) > 1:
            return [number for number in days if name(number) == int(weekday[0])][-1:]
        wanted = _numbers("7" if weekday == "L" else weekday, 1, _WEEK) or ()
        return [number for number in days if name(number) in wanted]
    working = [number for number in days if 1 < name(number) < _WEEK]
    if day == "LW":
        return working[-1:]
    if day.endswith("W"):
        near = int(day[:-1])
        return sorted(working, key=lambda number: abs(number - near))[:1] if near <= length else []
    if day.startswith("L"):
        before = int(day.partition("-")[2] or 0)
        return [length - before] if before < length else []
    return [number for number in sorted(_numbers(day, 1, 31) or ()) if number <= length]
