"""Why a date or an interval in metadata cannot be read, and how to write it."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from posturio_iac.core.evidence.reason import ReasonKind
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text import lazy_pattern, normalise, quote
from posturio_iac.core.times import LAST_YEAR, SPELLINGS, iso_year, parse_date, parse_interval

_NEVER_ENDS = "says that the key never ends"
_DATE = "a date such as 2027-01-31"
FORMS = "an interval such as 90d, 12h, 6w, 3mo, 1y or P90D"  # what to write, for messages

_YEAR_FIRST = lazy_pattern(r"(?s)([0-9]{4})[-/._ ]([0-9]{1,2})[-/._ ]([0-9]{1,2})\b.*")
_YEAR_LAST = lazy_pattern(r"(?s)([0-9]{1,2})[-/._ ]([0-9]{1,2})[-/._ ]([0-9]{4})\b.*")
_MONTH_NAME = lazy_pattern(r"(?i)\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR = lazy_pattern(r"(?<![0-9])[0-9]{4}(?![0-9])")
_DAY = lazy_pattern(r"(?i)(?<![0-9:])[0-9]{1,2}(?=st|nd|rd|th|[^0-9:a-z]|$)")
_YEAR_ALONE = lazy_pattern(r"(?:19|2[0-9])[0-9]{2}")
_EPOCH = lazy_pattern(r"([0-9]{9,10})(?:[0-9]{3})?")
_NEVER = frozenset({"never", "none", "no", "false", "off", "unlimited", "forever", "infinite", "permanent", "indefinite", "indefinitely"})
_PLACEHOLDER = {"na", "tbd", "tba", "tbc", "todo", "fixme", "null", "nil", "unknown", "undefined", "placeholder", "notset", "xxx"}
_ADVERBS = {"hourly": "1h", "daily": "1d", "weekly": "1w", "monthly": "30d", "quarterly": "90d"}
_ADVERBS |= dict.fromkeys(("biweekly", "fortnightly"), "2w") | dict.fromkeys(("yearly", "annually", "annual"), "1y")
_AMBIGUOUS = lazy_pattern(r"([0-9]{1,18})[\s_-]*m")
_TROUBLES = (
    (lazy_pattern(r"true|yes|on|enabled?|auto|automatic|automated|manual|required"), "is not an interval"),
    (lazy_pattern(r"(?s)cron\(.*"), "is a schedule, not an interval"),
    (lazy_pattern(r"(?s)-\s*[0-9].*"), "is negative"),
    (lazy_pattern(r"p?t?[0-9]*[.,][0-9]+\s*[a-z]*"), "is not a whole number"),
    (lazy_pattern(rf"p?t?[0-9]+[\s_-]*(?:{'|'.join(SPELLINGS)}|m)?"), "is longer than a thousand years"),
)
"""Explanations for forms that people are known to write and that are not read."""


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


def silence(text: str, example: str = "") -> Trouble | None:
    """Why ``text`` states no end at all: it is empty, a placeholder or says never. None where it says something else."""
    stripped, word = text.strip(), normalise(text)
    if not stripped:
        return Trouble("the value is empty", example, ReasonKind.EMPTY)
    if word in _NEVER:
        return Trouble(f"{quote(text)} {_NEVER_ENDS}", example, ReasonKind.NEVER)
    is_sign = stripped[0] in "-?.…*_~/#" and not stripped.strip(stripped[0])
    is_one = is_sign or word in _PLACEHOLDER or (stripped[0] + stripped[-1] == "<>" and "@" not in stripped)
    return Trouble(f"{quote(text)} is a placeholder", example, ReasonKind.PLACEHOLDER) if is_one else None


def says_never(text: str) -> bool:
    return normalise(text) in _NEVER or (iso_year(text.strip()) or 0) > LAST_YEAR


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


def _calendar(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def _near_iso(text: str) -> Trouble | None:
    if (year := iso_year(text)) is not None:
        if year > LAST_YEAR:
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
