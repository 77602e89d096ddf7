"""Dates as people write them in metadata: ISO 8601 and RFC 3339, and nothing ambiguous."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from posturio_iac.core.evidence.reason import ReasonKind
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FIRST_YEAR = 1900
LAST_YEAR = 8999  # Later years mean never. The bound leaves room to add any interval that `parse_interval` accepts.

_NEVER_ENDS = "says that the key never ends"
_DATE = "a date such as 2027-01-31"

_ISO = lazy_pattern(r"""(?x)
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
_YEAR_FIRST = lazy_pattern(r"(?s)([0-9]{4})[-/._ ]([0-9]{1,2})[-/._ ]([0-9]{1,2})\b.*")
_YEAR_LAST = lazy_pattern(r"(?s)([0-9]{1,2})[-/._ ]([0-9]{1,2})[-/._ ]([0-9]{4})\b.*")
_MONTH_NAME = lazy_pattern(r"(?i)\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR = lazy_pattern(r"(?<![0-9])[0-9]{4}(?![0-9])")
_DAY = lazy_pattern(r"(?i)(?<![0-9:])[0-9]{1,2}(?=st|nd|rd|th|[^0-9:a-z]|$)")
_YEAR_ALONE = lazy_pattern(r"(?:19|2[0-9])[0-9]{2}")
_HOURS, _MINUTES, _SECONDS = range(24), range(60), range(61)
_SHOWN = 40  # how much of a value a message quotes
_EPOCH = lazy_pattern(r"([0-9]{9,10})(?:[0-9]{3})?")
_NEVER = frozenset({"never", "none", "no", "false", "off", "unlimited", "forever", "infinite", "permanent", "indefinite", "indefinitely"})
_PLACEHOLDER = frozenset(
    {"n/a", "na", "tbd", "tba", "todo", "fixme", "-", "--", "?", "??", "???", "...", "…", "null", "nil", "unknown", "xxx"}
)


class Trouble(NamedTuple):
    """Why a value cannot be read, and how to write it."""

    why: str
    example: str  # what to write: ``a date such as 2027-01-31``; empty where the value has a meaning
    kind: ReasonKind = ReasonKind.UNREADABLE
    readings: tuple[str, ...] = ()  # what the value can mean: ``2027-01-02`` and ``2027-02-01``

    def text(self) -> str:
        return f"{self.why}; write {'it as ' + ' or '.join(self.readings) if self.readings else self.example}"


def other_form(why: str, *readings: str) -> Trouble:
    """Why a value with a clear meaning is not read: it is in another form."""
    return Trouble(why, "", ReasonKind.OTHER_FORM, readings)


def parse_date(text: str) -> datetime | None:
    """The moment that ``text`` names for certain, in UTC: a date without a time ends at 24:00, a month with its last day."""
    text = text.strip()
    if not text[:4].isdecimal():
        return None
    try:
        if len(text) == len("2027-01-31") and text.isascii() and text[4] == text[7] == "-" and text.replace("-", "").isdigit():
            midnight = _midnight(text[:4], text[5:7], text[8:])
            return midnight + timedelta(days=1) if midnight is not None else None
        found = _ISO.fullmatch(text)
        return _moment(found.groupdict()) if found is not None else None
    except ValueError:
        return None


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


def quote(text: str) -> str:
    """``text`` in double quotes, short and on one line."""
    shown = "".join(c if c.isprintable() else " " for c in text).strip()
    return f'"{shown[:_SHOWN]}…"' if len(shown) > _SHOWN else f'"{shown}"'


def silence(text: str, example: str = "") -> Trouble | None:
    """Why ``text`` states no end at all: it is empty, a placeholder or says never. None where it says something else."""
    word = text.strip().casefold()
    if not word:
        return Trouble("the value is empty", example, ReasonKind.EMPTY)
    if word in _NEVER:
        return Trouble(f"{quote(text)} {_NEVER_ENDS}", example, ReasonKind.NEVER)
    return Trouble(f"{quote(text)} is a placeholder", example, ReasonKind.PLACEHOLDER) if word in _PLACEHOLDER else None


def says_never(text: str) -> bool:
    found = _ISO.fullmatch(text.strip())
    return text.strip().casefold() in _NEVER or (found is not None and int(found["year"]) > LAST_YEAR)


def date_trouble(text: str) -> Trouble | None:
    """What keeps ``text`` from being read as a date and how to write it; None when it is not much like a date."""
    stripped = text.strip()
    return silence(stripped, _DATE) or _near_iso(stripped) or _day_first(stripped) or _named_month(stripped) or _number(stripped)


def date_reading(text: str) -> str | None:
    """In ISO 8601, the date that a text in another form means; None where it means none, or could mean several."""
    stripped = text.strip()
    found = _YEAR_FIRST.fullmatch(stripped)
    isos = [_calendar(found[1], found[2], found[3])] if found else [*_last_year_isos(stripped), _named_iso(stripped), _epoch_iso(stripped)]
    known = [iso for iso in isos if iso]
    return known[0] if len(known) == 1 and parse_date(text) is None else None


def _last_year_isos(text: str) -> list[str]:
    found = _YEAR_LAST.fullmatch(text)
    isos = {_calendar(found[3], found[2], found[1]), _calendar(found[3], found[1], found[2])} if found else set()
    return sorted(filter(None, isos))


def _named_iso(text: str) -> str | None:
    month = _MONTH_NAME.search(text)
    year = _YEAR.search(text)
    day = _DAY.search(text)
    if month is None or year is None or day is None:
        return None
    return _calendar(year[0], str(_MONTHS.index(month[1].lower()) + 1), day[0])


def _epoch_iso(text: str) -> str | None:
    found = _EPOCH.fullmatch(text)
    return (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=int(found[1]))).date().isoformat() if found else None


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


def _calendar(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def _near_iso(text: str) -> Trouble | None:
    if (found := _ISO.fullmatch(text)) is not None:
        if int(found["year"]) > LAST_YEAR:
            return Trouble(f"{quote(text)} {_NEVER_ENDS}", _DATE, ReasonKind.NEVER)
        return Trouble(f"{quote(text)} is not a date in the calendar", _DATE)
    found = _YEAR_FIRST.fullmatch(text)
    iso = _calendar(*found.groups()) if found else None
    return other_form(f"{quote(text)} is not an ISO 8601 date", iso) if iso else None


def _day_first(text: str) -> Trouble | None:
    found = _YEAR_LAST.fullmatch(text)
    if found is None:
        return None
    match _last_year_isos(text):
        case [iso]:
            return other_form(f"{quote(text)} is not an ISO 8601 date", iso)
        case [first, second]:
            return other_form(f"day and month of {quote(text)} are ambiguous", first, second)
        case _:
            return Trouble(f"{quote(text)} is not a date in the calendar", _DATE)


def _named_month(text: str) -> Trouble | None:
    month = _MONTH_NAME.search(text)
    year = _YEAR.search(text)
    if month is None or year is None:
        return None
    return other_form(f"{quote(text)} is not an ISO 8601 date", _named_iso(text) or "2027-01-31")


def _number(text: str) -> Trouble | None:
    if _YEAR_ALONE.fullmatch(text):
        return Trouble(f"{quote(text)} names only a year", f"a date such as {text}-12-31")
    iso = _epoch_iso(text)
    return other_form(f"{quote(text)} looks like a count of seconds", iso) if iso else None
