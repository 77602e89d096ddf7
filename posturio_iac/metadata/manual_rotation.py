"""Signs of rotation by hand: a version or a date in a name, a comment that speaks of rotation. None of them is a lifetime."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from posturio_iac.core.intervals import describe_interval
from posturio_iac.core.record import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

_DATES = (
    r"(?<![0-9])(?P<year>20[0-9]{2})(?P<gap>[-_.]?)(?P<month>[0-9]{2})(?P=gap)(?P<day>[0-9]{2})(?![0-9])",
    r"(?<![0-9])(?P<year>20[0-9]{2})[-_.](?P<month>[0-9]{2})(?![0-9])",
    r"(?:^|(?<=[-_.:/]))(?P<year>20[0-9]{2})(?P<month>[0-9]{2})(?:$|(?=[-_.:/]))",
    r"(?i)(?:^|(?<=[-_.:/]))(?P<year>20[0-9]{2})(?:$|(?=[-_.:/]|[a-z]))",
)
"""From the most to the least exact, each of which names its parts."""
_CENTURY = "20"
_DIGITS = "0123456789"  # names without them are most, and patterns that are not compiled cost nothing
_LONGEST = 256
_FIRST_YEAR = 2006  # AWS began to sell then, so no key is older
_VERSION = r"(?i)(?:(?P<word>[a-z0-9]*)[-_.]+|(?-i:(?<=[a-z])(?=V))|^)v(?P<number>[0-9]{1,4})$"
_NUMBER = r"(?i)(?P<word>[a-z0-9]+)[-_.]+(?P<number>[0-9]{1,2})$"
_PRODUCTS = r"windows|win|sql|mssql|server|exchange|office|sharepoint|vs|msvc|ecma|es"
_PROTOCOLS = r"api|oauth|http|ip|ipv|imds|sig|tls|saml|ses"
_KEYS = r"(?:access)?keys?|creds?|credentials?|tokens?|secrets?|rotat(?:ion|ed)|new|next"
"""Words after which a bare number counts keys; after any other word it numbers a thing."""
_MARKERS = r"(?m)^[ \t]*(?:#+|//+|/?\*+/?)|\*/[ \t]*$"
_METADATA = r"(?im)^[ \t]*posturio(?:[-_ ]iac)?[ \t]*:.*"
_CLAUSE_END = r"[.;,!?]\s|[;!?]"
_WORD = r"\w+"
_UNDONE = r"(?i)\b(?:todo|fixme|xxx|hack)\b"
_NEGATIONS = r"not|never|no|non|none|without|cannot|cant|dont|isnt|arent|wasnt|doesnt|wont|nobody|nothing|neither|nor"
_WISHES = r"should|must|need|needs|please|remember|ought|could|might"
_ENDINGS = r"disabled|off|none|missing|impossible|unsupported|false"
_LINKS = r"is|are|was|were|has|have|been|be|does|do|will|currently"
_REACH = 5  # how many words before it a negation governs


@dataclass(frozen=True, slots=True)
class NameMark:
    """A version or a date in a name."""

    text: str  # for a reader, to follow the name: ``holds the date 2023-09, 1157 days ago``
    at: datetime | None = None  # the end of the day, month or year, in UTC; None for a version


def date_in_name(name: str, as_of: datetime) -> NameMark | None:
    """The date, or the version at its end, that a name holds; ``ec2``, ``windows-2019`` and ``us-east-2`` hold neither."""
    name = name[-_LONGEST:]
    for pattern in _DATES if _CENTURY in name else ():
        for found in re.finditer(pattern, name):
            if (mark := _date(found, as_of)) is not None:
                return mark
    return _version(name) if name.rstrip(_DIGITS).endswith(("v", "V")) else None


def counted_name(name: str) -> tuple[str, str] | None:
    """A name that counts keys, without its number, and the number: ``key_2`` is ``key`` and ``2``. Only code tells whose they are."""
    found = re.search(_NUMBER, name[-_LONGEST:]) if name.endswith(tuple(_DIGITS)) else None
    if found is None or not re.fullmatch(_KEYS, found["word"].lower()):
        return None
    return name[: -len(found[0])] + found["word"], found["number"]


def mentions_rotation(text: str) -> bool:
    """True if a comment says that something rotates: not that it does not, should, or is still to be done."""
    prose = " ".join(re.sub(_METADATA, "", re.sub(_MARKERS, "", text)).split())
    undone = re.search(_UNDONE, prose)
    if undone is not None:
        prose = prose[: undone.start()]
    clauses = (re.findall(_WORD, re.sub(r"['\u2019]", "", clause).lower()) for clause in re.split(_CLAUSE_END, prose))
    return any(_is_stated(words[:at], words[at + 1 : at + 4]) for words in clauses for at in _mentions(words))


def _date(found: re.Match[str], as_of: datetime) -> NameMark | None:
    parts = found.groupdict()
    year, month, day = int(parts["year"]), parts.get("month"), parts.get("day")
    before = re.split(r"[-_.:/]+", found.string[: found.start()].rstrip("-_.:/").lower())[-1]
    if not _FIRST_YEAR <= year <= as_of.year + 1 or (month is None and re.fullmatch(_PRODUCTS, before)):
        return None
    rest = re.split(r"[-_.:/]+", re.sub(r"^[a-z]+", "", found.string[found.end() :].lower()))
    if not all(re.fullmatch(rf"{_KEYS}|v?[0-9]*", word) for word in rest):
        return None  # a thing that goes by that date: ``test-20200125-create``
    try:
        first = date(year, int(month or 1), int(day or 1))
    except ValueError:
        return None
    length = 1 if day else 31 if month else 366
    after = first + timedelta(days=length)
    end = after if day else after.replace(day=1) if month else date(year + 1, 1, 1)
    at = datetime(end.year, end.month, end.day, tzinfo=timezone.utc)
    shown = first.isoformat()[: 10 if day else 7 if month else 4]
    ago = f", {describe_interval(timedelta(days=(as_of - at).days))} ago" if as_of - at >= timedelta(days=1) else ""
    return NameMark(f"holds the {'date' if month else 'year'} {shown}{ago}", at)


def _version(name: str) -> NameMark | None:
    found = re.search(_VERSION, name)
    if found is None:
        return None
    alone = found.start() == 0 and not found["word"]
    if re.fullmatch(_PROTOCOLS, (found["word"] or "").lower()) or (alone and int(found["number"]) <= 1):
        return None
    return NameMark(f"ends in the version v{found['number']}")


def _mentions(words: list[str]) -> Iterator[int]:
    """Yield where the words speak of rotation, other than that of logs."""
    for at, word in enumerate(words):
        if word.startswith("rotat") and (at == 0 or words[at - 1] not in ("log", "logs")):
            yield at


def _is_stated(before: list[str], after: list[str]) -> bool:
    """True if neither the words before a mention nor those after it take it back."""
    if any(re.fullmatch(f"{_NEGATIONS}|{_WISHES}", word) for word in before[-_REACH:]):
        return False
    if after and re.fullmatch(_LINKS, after[0]):
        after = after[1:]
    taken_back = after and re.fullmatch(f"{_NEGATIONS}|{_ENDINGS}", after[0])
    return not taken_back or after[1:2] == ["by"]
