"""From one piece of metadata, a name and a value, to the lifetime that it states; and signs of rotation by hand, which are none.

What the name decides (`classify`) and how a value is read:

- an expiry or rotate-by name takes a date; an interval there (``expires = 90d``) is the time that one key lives, so it reads as a rotation;
- a rotation name takes an interval; a date there (``rotation = 2027-01-31``) is the day by which to rotate, so it reads as an expiry;
- a rotated-on name takes a date, and text may follow it (``20260319#2``);
- zero, ``false`` and ``off`` turn rotation off: such a rotation is inert. ``never``, placeholders and an empty value are unreadable.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from posturio_iac.core.evidence.reason import NO_SCALAR, ROTATION_OFF, STATED, Reason, ReasonKind
from posturio_iac.core.evidence.remedy import ReplaceValue
from posturio_iac.core.metadata.names import Meaning, Names, classify, unit_in_name, words_of
from posturio_iac.core.model import Effect, Kind, Lifetime, Span, Unknown
from posturio_iac.core.place import Place, describe_origin
from posturio_iac.core.record import dataclass
from posturio_iac.core.text import lazy_pattern, quote
from posturio_iac.core.times import describe_interval, leading_date, parse_date, parse_interval
from posturio_iac.core.unreadable_times import FORMS, Trouble, date_reading, date_trouble, interval_reading, interval_trouble, says_never

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from posturio_iac.core.place import Origin

_KINDS = {Meaning.EXPIRY: Kind.EXPIRY, Meaning.ROTATE_BY: Kind.EXPIRY, Meaning.ROTATION: Kind.ROTATION, Meaning.ROTATED_ON: Kind.ROTATED}
_NAMED = {Kind.EXPIRY: "expires", Kind.ROTATION: "rotation"}
_END_WORDS = frozenset(
    {"expire", "expires", "expired", "expiry", "expiration", "exp", "end", "ends", "until", "ttl", "eol", "lifetime", "lifespan", "age"}
    | {"rotate", "rotates", "rotation", "cleanup", "retire", "retirement", "sunset", "decommission", "terminate", "termination"}
)
"""Words in a name that speak of an end, whatever else is in it."""
_OFF = frozenset({"false", "off", "no", "disabled", "disable"})
_DATE = "a date such as 2027-01-31"
_PLAIN = 10**40  # larger numbers are not spelled out
_YEAR = lazy_pattern(r"(?:19|2[0-9])[0-9]{2}")  # a bare number like this is a year that forgot its month, not a count of days


def read(name: str, value: object, *, origin: Origin, span: Span | None = None, names: Names) -> Lifetime | None:
    """The declared, inert, unreadable or unknown lifetime that a name and a value state; None for other names."""
    meaning = classify(name, names)
    kind = _KINDS.get(meaning) if meaning is not None else None
    if kind is None:
        return None
    if isinstance(value, Unknown):
        return Lifetime(kind, Effect.UNKNOWN, origin, span=span, reason=value.as_reason())
    text = as_text(value)
    if text is None:
        return Lifetime(kind, Effect.UNREADABLE, origin, span=span, reason=NO_SCALAR())
    return _from_text(kind, text, unit_in_name(name, names), origin, span)


def exemption(name: str, value: object, *, origin: Origin, names: Names) -> str | None:
    """A sentence that quotes metadata which takes the key out of rotation: ``KeyAutoExpire`` when false, other names unless false."""
    if classify(name, names) is not Meaning.EXEMPT:
        return None
    if isinstance(value, Unknown):
        return f"{describe_origin(origin)} may exempt the key from rotation ({value.reason}), which is not a lifetime"
    text = as_text(value) or ""
    negated = name.casefold().rstrip("s").endswith(("expire", "rotate"))  # ``KeyAutoExpire`` exempts when it is false
    if (text.strip().casefold() in {*_OFF, "0"}) is not negated:
        return None
    return f"{describe_origin(origin)} = {quote(text)} exempts the key from rotation, which is not a lifetime"


def resembling(name: str, value: object, *, origin: Origin, names: Names) -> str | None:
    """A sentence about metadata that plainly means an end and whose name is in none of the lists, or None when there is none."""
    kind = _kind_of(value) if not _END_WORDS.isdisjoint(words_of(name)) and classify(name, names) is None else None
    if kind is None:
        return None
    advice = f"call it {quote(_NAMED[kind])}, or add {quote(name)} to names.{kind.value} in the configuration"
    return f"{describe_origin(origin)} = {quote(as_text(value) or '')} looks like a lifetime but is not read as one: {advice}"


def misspelt(name: str, value: object, *, origin: Origin, span: Span | None, names: Names) -> Lifetime | None:
    """The lifetime that an item of our own comments means with a name that is in none of the lists, or None when it means none."""
    kind = _kind_of(value) if classify(name, names) is None else None
    if kind is None:
        return None
    from difflib import get_close_matches

    if _END_WORDS.isdisjoint(words_of(name)) and not get_close_matches(name.casefold(), [_NAMED[kind]], 1, 0.7):
        return None
    remedy = ReplaceValue(Place(f"the name {quote(name)}", span), _NAMED[kind], name)
    reason = Reason(ReasonKind.UNREADABLE, STATED, ("nothing reads that name",))
    return Lifetime(kind, Effect.UNREADABLE, origin, as_text(value) or "", span, reason=reason, remedy=remedy)


def _kind_of(value: object) -> Kind | None:
    text = None if isinstance(value, Unknown) else as_text(value)
    if not text:
        return None
    return Kind.EXPIRY if parse_date(text) is not None else Kind.ROTATION if _interval(text, None) else None


def as_text(value: object) -> str | None:
    """A scalar as it stands in code (``true``, ``90``), a null as nothing, and None for anything else."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case float():
            return str(int(value)) if abs(value) < _PLAIN and value == int(value) else repr(value)
        case int():
            return str(value) if abs(value) < _PLAIN else "a number too long to print"
        case _:
            return None


def _from_text(kind: Kind, text: str, unit: str | None, origin: Origin, span: Span | None) -> Lifetime:
    date = leading_date(text) if kind is Kind.ROTATED else parse_date(text)
    if date is not None and not (unit and text.strip().isdigit()):
        return Lifetime(Kind.EXPIRY if kind is Kind.ROTATION else kind, Effect.DECLARED, origin, text, span, at=date)
    interval = None if kind is Kind.ROTATED else _interval(text, unit)
    if interval:
        return Lifetime(Kind.ROTATION, Effect.DECLARED, origin, text, span, interval=interval)
    if kind is Kind.ROTATION and (interval is not None or text.strip().casefold() in _OFF):
        remedy = ReplaceValue(Place(describe_origin(origin), span), FORMS, text)
        return Lifetime(kind, Effect.INERT, origin, text, span, reason=ROTATION_OFF(quote(text)), remedy=remedy)
    trouble = Trouble(f"{quote(text)} sets no end", _DATE) if interval is not None else _trouble(kind, text, unit)
    reading = date_reading(text) or (interval_reading(text) if kind is not Kind.ROTATED else None)
    meant = ReplaceValue(Place(describe_origin(origin), span), reading, text) if reading else None
    reason = Reason(trouble.kind, STATED, (trouble.why,))
    return Lifetime(kind, Effect.UNREADABLE, origin, text, span, reason=reason, readings=trouble.readings, remedy=meant)


def _interval(text: str, unit: str | None) -> timedelta | None:
    """The interval in ``text``; a bare number that looks like a year is none unless the name has a unit."""
    return None if unit is None and _YEAR.fullmatch(text.strip()) else parse_interval(text, unit or "d")


def _trouble(kind: Kind, text: str, unit: str | None) -> Trouble:
    dated, timed = date_trouble(text), interval_trouble(text, unit or "d")
    if kind is Kind.ROTATED:
        return Trouble(f"{quote(text)} is not a date", _DATE) if dated is None or says_never(text) else dated
    if kind is Kind.ROTATION:
        return timed or dated or Trouble(f"{quote(text)} is neither an interval nor a date", FORMS)
    if dated is None and timed is not None and any(c.isdigit() for c in text):
        return timed
    return dated or Trouble(f"{quote(text)} is neither a date nor an interval", _DATE)


_DATES = (
    lazy_pattern(r"(?<![0-9])(?P<year>20[0-9]{2})(?P<gap>[-_.]?)(?P<month>[0-9]{2})(?P=gap)(?P<day>[0-9]{2})(?![0-9])"),
    lazy_pattern(r"(?<![0-9])(?P<year>20[0-9]{2})[-_.](?P<month>[0-9]{2})(?![0-9])"),
    lazy_pattern(r"(?:^|(?<=[-_.:/]))(?P<year>20[0-9]{2})(?P<month>[0-9]{2})(?:$|(?=[-_.:/]))"),
    lazy_pattern(r"(?i)(?:^|(?<=[-_.:/]))(?P<year>20[0-9]{2})(?:$|(?=[-_.:/]|[a-z]))"),
)
"""From the most to the least exact, each of which names its parts."""
_CENTURY = "20"
_DIGITS = "0123456789"  # names without them are most, and patterns that are not compiled cost nothing
_LONGEST = 256
_FIRST_YEAR = 2006  # AWS began to sell then, so no key is older
_VERSION = lazy_pattern(r"(?i)(?:(?P<word>[a-z0-9]*)[-_.]+|(?-i:(?<=[a-z])(?=V))|^)v(?P<number>[0-9]{1,4})$")
_NUMBER = lazy_pattern(r"(?i)(?P<word>[a-z0-9]+)[-_.]+(?P<number>[0-9]{1,2})$")
_GAP = lazy_pattern(r"[-_.:/]+")
_PRODUCTS = lazy_pattern(r"windows|win|sql|mssql|server|exchange|office|sharepoint|vs|msvc|ecma|es")
_PROTOCOLS = lazy_pattern(r"api|oauth|http|ip|ipv|imds|sig|tls|saml|ses")
_KEYS = r"(?:access)?keys?|creds?|credentials?|tokens?|secrets?|rotat(?:ion|ed)|new|next"
_KEY, _KEY_OR_NUMBER, _LETTERS = lazy_pattern(_KEYS), lazy_pattern(rf"{_KEYS}|v?[0-9]*"), lazy_pattern(r"^[a-z]+")
"""Words after which a bare number counts keys; after any other word it numbers a thing."""
_MARKERS = lazy_pattern(r"(?m)^[ \t]*(?:#+|//+|/?\*+/?)|\*/[ \t]*$")
_METADATA = lazy_pattern(r"(?im)^[ \t]*posturio(?:[-_ ]iac)?[ \t]*:.*")
_CLAUSE_END = lazy_pattern(r"[.;,!?]\s|[;!?]")
_WORD = lazy_pattern(r"\w+")
_UNDONE = lazy_pattern(r"(?i)\b(?:todo|fixme|xxx|hack)\b")
_NEGATIONS = r"not|never|no|non|none|without|cannot|cant|dont|isnt|arent|wasnt|doesnt|wont|nobody|nothing|neither|nor"
_TAKES_BACK = lazy_pattern(rf"{_NEGATIONS}|should|must|need|needs|please|remember|ought|could|might")
_TAKEN_BACK = lazy_pattern(rf"{_NEGATIONS}|disabled|off|none|missing|impossible|unsupported|false")
_LINKS = lazy_pattern(r"is|are|was|were|has|have|been|be|does|do|will|currently")
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
        for found in pattern.finditer(name):
            if (mark := _date(found, as_of)) is not None:
                return mark
    return _version(name) if name.rstrip(_DIGITS).endswith(("v", "V")) else None


def counted_name(name: str) -> tuple[str, str] | None:
    """A name that counts keys, without its number, and the number: ``key_2`` is ``key`` and ``2``. Only code tells whose they are."""
    found = _NUMBER.search(name[-_LONGEST:]) if name.endswith(tuple(_DIGITS)) else None
    if found is None or not _KEY.fullmatch(found["word"].lower()):
        return None
    return name[: -len(found[0])] + found["word"], found["number"]


def mentions_rotation(text: str) -> bool:
    """True if a comment says that something rotates: not that it does not, should, or is still to be done."""
    prose = " ".join(_METADATA.sub("", _MARKERS.sub("", text)).split())
    undone = _UNDONE.search(prose)
    if undone is not None:
        prose = prose[: undone.start()]
    clauses = (_WORD.findall(clause.replace("'", "").replace("\u2019", "").lower()) for clause in _CLAUSE_END.split(prose))
    return any(_is_stated(words[:at], words[at + 1 : at + 4]) for words in clauses for at in _mentions(words))


def _date(found: re.Match[str], as_of: datetime) -> NameMark | None:
    parts = found.groupdict()
    year, month, day = int(parts["year"]), parts.get("month"), parts.get("day")
    before = _GAP.split(found.string[: found.start()].rstrip("-_.:/").lower())[-1]
    if not _FIRST_YEAR <= year <= as_of.year + 1 or (month is None and _PRODUCTS.fullmatch(before)):
        return None
    rest = _GAP.split(_LETTERS.sub("", found.string[found.end() :].lower()))
    if not all(_KEY_OR_NUMBER.fullmatch(word) for word in rest):
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
    found = _VERSION.search(name)
    if found is None:
        return None
    alone = found.start() == 0 and not found["word"]
    if _PROTOCOLS.fullmatch((found["word"] or "").lower()) or (alone and int(found["number"]) <= 1):
        return None
    return NameMark(f"ends in the version v{found['number']}")


def _mentions(words: list[str]) -> Iterator[int]:
    for at, word in enumerate(words):
        if word.startswith("rotat") and (at == 0 or words[at - 1] not in ("log", "logs")):
            yield at


def _is_stated(before: list[str], after: list[str]) -> bool:
    """True if neither the words before a mention nor those after it take it back."""
    if any(_TAKES_BACK.fullmatch(word) for word in before[-_REACH:]):
        return False
    if after and _LINKS.fullmatch(after[0]):
        after = after[1:]
    taken_back = after and _TAKEN_BACK.fullmatch(after[0])
    return not taken_back or after[1:2] == ["by"]
