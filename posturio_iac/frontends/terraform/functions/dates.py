"""Functions of dates and times, which are RFC 3339 strings."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.unknown import EACH_RUN
from posturio_iac.frontends.terraform.functions.signature import TEXT, NotEvaluatedError, function
from posturio_iac.frontends.terraform.values import EvaluationError

_TIMESTAMP = lazy_pattern(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII)
_MICROSECONDS = 6  # digits of a fraction of a second that are kept
_NANOSECONDS = {"ns": 1, "us": 1_000, "\u00b5s": 1_000, "\u03bcs": 1_000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART_OF_DURATION = r"(\d+(?:\.\d*)?|\.\d+)([a-z\u00b5\u03bc]+)"
_PART = lazy_pattern(_PART_OF_DURATION, re.ASCII)
_DURATION = lazy_pattern(rf"[+-]?(?:0|(?:{_PART_OF_DURATION})+)", re.ASCII)
_LONGEST = 2**63  # durations in Go have 63 bits of nanoseconds, about 292 years

_FORMAT_PART = lazy_pattern(r"''|'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'")
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

function("timestamp")(lambda: EACH_RUN("timestamp()"))
function("plantimestamp")(lambda: EACH_RUN("plantimestamp()"))


def parse_timestamp(value: str) -> datetime:
    """Read an RFC 3339 timestamp. Raise EvaluationError when it is none."""
    match = _TIMESTAMP.fullmatch(value)
    fraction = ((match and match[2]) or "").rstrip("0")
    if len(fraction) > _MICROSECONDS:
        raise NotEvaluatedError("a time of less than a microsecond")
    try:
        return datetime.fromisoformat(f"{match[1]}.{fraction:0<6}{match[3].replace('Z', '+00:00')}" if match else "")
    except ValueError:
        raise EvaluationError(f'not a valid RFC 3339 timestamp: "{value[:40]}"') from None


def parse_duration(value: str) -> int:
    """Read a duration such as ``-1h30m`` into nanoseconds. Raise EvaluationError when it is none."""
    if not _DURATION.fullmatch(value) or any(unit not in _NANOSECONDS for _, unit in _PART.findall(value)):
        raise EvaluationError(f'not a valid duration: "{value[:40]}"; write hours, minutes and seconds as in "1h30m"')
    from fractions import Fraction

    total = sum(int(Fraction(number) * _NANOSECONDS[unit]) for number, unit in _PART.findall(value))
    if total >= _LONGEST:
        raise EvaluationError(f'not a valid duration: "{value[:40]}" is longer than 292 years')
    return -total if value.startswith("-") else total


@function("timeadd", TEXT, TEXT)
def time_add(moment: str, duration: str) -> str:
    end = parse_timestamp(moment) + timedelta(microseconds=parse_duration(duration) // 1000)
    return end.isoformat(timespec="seconds").replace("+00:00", "Z")


@function("timecmp", TEXT, TEXT)
def time_compare(first: str, second: str) -> int:
    """-1, 0 or 1 when the first time is earlier, the same, or later."""
    left, right = parse_timestamp(first), parse_timestamp(second)
    return (left > right) - (left < right)


@function("formatdate", TEXT, TEXT)
def format_date(spec: str, moment: str) -> str:
    """Write a timestamp in another way: ``YYYY-MM-DD``, ``'quoted'``, ``EEE``, ``hh:mm``, ``ZZZZZ``."""
    verbs = _verbs(parse_timestamp(moment))
    return "".join(_format_part(match.group(), verbs) for match in _FORMAT_PART.finditer(spec))


def _format_part(part: str, verbs: dict[str, str]) -> str:
    if part.startswith("'"):
        if part == "'":
            raise EvaluationError("spec: a quote is not closed")
        return part[1:-1].replace("''", "'") or "'"
    if not part[0].isascii() or not part[0].isalpha():
        return part
    if part not in verbs:
        raise EvaluationError(f'spec: "{part}" is no part of a date')
    return verbs[part]


def _verbs(time: datetime) -> dict[str, str]:
    month, weekday, zone = _MONTHS[time.month - 1], _WEEKDAYS[time.weekday()], time.isoformat()[-6:]  # +05:30
    plain, half = zone.replace(":", ""), "AM" if time.hour < 12 else "PM"  # noqa: PLR2004 - noon
    is_utc = not time.utcoffset()
    numbers = {"M": time.month, "D": time.day, "h": time.hour, "H": time.hour % 12 or 12, "m": time.minute, "s": time.second}
    return {
        **{letter: str(number) for letter, number in numbers.items()},
        **{letter * 2: f"{number:02}" for letter, number in numbers.items()},
        "YY": f"{time.year % 100:02}",
        "YYYY": f"{time.year:04}",
        "MMM": month[:3],
        "MMMM": month,
        "EEE": weekday[:3],
        "EEEE": weekday,
        "AA": half,
        "aa": half.lower(),
        "Z": "Z" if is_utc else zone,
        "ZZZ": "UTC" if is_utc else plain,
        "ZZZZ": plain,
        "ZZZZZ": zone,
    }
