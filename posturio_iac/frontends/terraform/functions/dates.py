"""Functions of dates and times, which are RFC 3339 strings."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from posturio_iac.core.record import dataclass
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.core.unknown import EACH_RUN
from posturio_iac.frontends.terraform.functions.signature import function, text
from posturio_iac.frontends.terraform.values import EvaluationError

if TYPE_CHECKING:
    from posturio_iac.core.model import Unknown

_TIMESTAMP = lazy_pattern(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))",
    re.ASCII,
)
_NANOSECONDS = {"ns": 1, "us": 1_000, "\u00b5s": 1_000, "\u03bcs": 1_000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_SECOND = 10**9
_PART_OF_DURATION = r"(\d+\.?\d*|\.\d+)([a-z\u00b5\u03bc]+)"
_PART = lazy_pattern(_PART_OF_DURATION, re.ASCII)
_DURATION = lazy_pattern(rf"[+-]?(?:0|(?:{_PART_OF_DURATION})+)", re.ASCII)
_LONGEST = 2**63
"""Durations in Go have 63 bits of nanoseconds, about 292 years."""

_FORMAT_PART = lazy_pattern(r"''|'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'")
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A moment with its offset from UTC."""

    local: datetime
    """As its own zone shows it, in whole seconds and without a zone."""
    nanoseconds: int
    offset: int
    """In minutes east of UTC."""

    def instant(self) -> tuple[timedelta, int]:
        """The time in UTC since the year 1, for comparison."""
        return self.local - datetime(1, 1, 1) - timedelta(minutes=self.offset), self.nanoseconds  # noqa: DTZ001 - local as well

    def zone(self, separator: str = ":") -> str:
        """Write the offset: ``+05:30``."""
        hours, minutes = divmod(abs(self.offset), 60)
        return f"{'-' if self.offset < 0 else '+'}{hours:02}{separator}{minutes:02}"

    def __str__(self) -> str:
        """Write in RFC 3339, without fractions of a second."""
        return f"{self.local.isoformat()}{self.zone() if self.offset else 'Z'}"


def parse_timestamp(value: str) -> Timestamp:
    """Read an RFC 3339 timestamp. Raise EvaluationError when it is none."""
    match = _TIMESTAMP.fullmatch(value)
    if match is None:
        raise EvaluationError(f'not a valid RFC 3339 timestamp: "{value[:40]}"')
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = match.groups()
    offset = int(hours or 0) * 60 + int(minutes or 0)
    try:
        local = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))  # noqa: DTZ001 - its zone is kept beside it
    except ValueError:
        raise EvaluationError(f'not a valid RFC 3339 timestamp: "{value[:40]}"') from None
    return Timestamp(local, int((fraction or "0")[:9].ljust(9, "0")), -offset if sign == "-" else offset)


def parse_duration(value: str) -> int:
    """Read a duration such as ``-1h30m`` into nanoseconds. Raise EvaluationError when it is none."""
    if not _DURATION.fullmatch(value) or any(unit not in _NANOSECONDS for _, unit in _PART.findall(value)):
        raise EvaluationError(f'not a valid duration: "{value[:40]}"; write hours, minutes and seconds as in "1h30m"')
    total: int = sum(_scaled(number, _NANOSECONDS[unit]) for number, unit in _PART.findall(value))
    if total >= _LONGEST:
        raise EvaluationError(f'not a valid duration: "{value[:40]}" is longer than 292 years')
    return -total if value.startswith("-") else total


def _scaled(number: str, unit: int) -> int:
    """Multiply a decimal number by a unit and drop what is less than a nanosecond."""
    integer, _, fraction = number.partition(".")
    scale: int = 10 ** len(fraction)
    return int(integer or 0) * unit + int(fraction or 0) * unit // scale


@function("timestamp")
def timestamp() -> Unknown:
    return EACH_RUN("timestamp()")


@function("plantimestamp")
def plan_timestamp() -> Unknown:
    return EACH_RUN("plantimestamp()")


@function("timeadd", text("timestamp"), text("duration"))
def time_add(moment: str, duration: str) -> str:
    """Add a duration to a timestamp."""
    start = parse_timestamp(moment)
    seconds, nanoseconds = divmod(start.nanoseconds + parse_duration(duration), _SECOND)
    return str(Timestamp(start.local + timedelta(seconds=seconds), nanoseconds, start.offset))


@function("timecmp", text("timestamp_a"), text("timestamp_b"))
def time_compare(first: str, second: str) -> int:
    """-1, 0 or 1 when the first time is earlier, the same, or later."""
    left, right = parse_timestamp(first).instant(), parse_timestamp(second).instant()
    return (left > right) - (left < right)


@function("formatdate", text("spec"), text("time"))
def format_date(spec: str, moment: str) -> str:
    """Write a timestamp in another way: ``YYYY-MM-DD``, ``'quoted'``, ``EEE``, ``hh:mm``, ``ZZZZZ``."""
    time = parse_timestamp(moment)
    return "".join(_format_part(match.group(), time) for match in _FORMAT_PART.finditer(spec))


def verb_letters(spec: str) -> frozenset[str]:
    """The letters of the verbs in a format of ``formatdate``, without those of quoted text: ``Y`` and ``M`` of ``'day' YYYY-MM``."""
    return frozenset(match[1] for match in _FORMAT_PART.finditer(spec) if match[1])


def _format_part(part: str, time: Timestamp) -> str:
    """Write one part of a format."""
    if part.startswith("'"):
        if part == "'":
            raise EvaluationError("spec: a quote is not closed")
        return part[1:-1].replace("''", "'") or "'"
    if not part[0].isascii() or not part[0].isalpha():
        return part
    verbs = _verbs(time, part[0])
    if part not in verbs:
        raise EvaluationError(f'spec: "{part}" is no part of a date')
    return verbs[part]


def _verbs(time: Timestamp, letter: str) -> dict[str, str]:
    """What each verb of a letter writes."""
    local = time.local
    match letter:
        case "Y":
            return {"YY": f"{local.year % 100:02}", "YYYY": f"{local.year:04}"}
        case "M":
            month = _MONTHS[local.month - 1]
            return _both("M", local.month) | {"MMM": month[:3], "MMMM": month}
        case "E":
            weekday = _WEEKDAYS[local.weekday()]
            return {"EEE": weekday[:3], "EEEE": weekday}
        case "A" | "a":
            half = "AM" if local.hour < 12 else "PM"  # noqa: PLR2004 - noon
            return {"AA": half, "aa": half.lower()}
        case "Z":
            plain = time.zone("")
            return {"Z": time.zone() if time.offset else "Z", "ZZZ": plain if time.offset else "UTC", "ZZZZ": plain, "ZZZZZ": time.zone()}
        case _:
            numbers = {"D": local.day, "h": local.hour, "H": local.hour % 12 or 12, "m": local.minute, "s": local.second}
            return _both(letter, numbers[letter]) if letter in numbers else {}


def _both(letter: str, number: int) -> dict[str, str]:
    return {letter: str(number), letter * 2: f"{number:02}"}
