"""From one piece of metadata, a name and a value, to the lifetime that it states.

What the name decides (`classify`) and how a value is read:

- an expiry or rotate-by name takes a date; an interval there (``expires = 90d``) is the time that one key lives, so it reads as a rotation;
- a rotation name takes an interval; a date there (``rotation = 2027-01-31``) is the day by which to rotate, so it reads as an expiry;
- a rotated-on name takes a date, and text may follow it (``20260319#2``);
- zero, ``false`` and ``off`` turn rotation off: such a rotation is inert. ``never``, placeholders and an empty value are unreadable.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posturio_iac.core.dates import Trouble, date_reading, date_trouble, leading_date, parse_date, quote, says_never
from posturio_iac.core.evidence.reason import NO_SCALAR, ROTATION_OFF, STATED, Reason, ReasonKind
from posturio_iac.core.evidence.remedy import ReplaceValue
from posturio_iac.core.intervals import FORMS, interval_reading, interval_trouble, parse_interval
from posturio_iac.core.model import Effect, Kind, Lifetime, Span, Unknown
from posturio_iac.core.place import Place, describe_origin
from posturio_iac.metadata.names import Meaning, Names, classify, unit_in_name, words_of

if TYPE_CHECKING:
    from datetime import timedelta

    from posturio_iac.core.place import Origin

_KINDS = {
    Meaning.EXPIRY: Kind.EXPIRY,
    Meaning.ROTATE_BY: Kind.EXPIRY,
    Meaning.ROTATION: Kind.ROTATION,
    Meaning.ROTATED_ON: Kind.ROTATED,
}
_NAMED = {Kind.EXPIRY: "expires", Kind.ROTATION: "rotation"}
_END_WORDS = frozenset(
    {"expire", "expires", "expired", "expiry", "expiration", "exp", "end", "ends", "until", "ttl", "eol", "lifetime", "lifespan", "age"}
    | {"rotate", "rotates", "rotation", "cleanup", "retire", "retirement", "sunset", "decommission", "terminate", "termination"}
)
"""Words in a name that speak of an end, whatever else is in it."""
_OFF = frozenset({"false", "off", "no", "disabled", "disable"})
_DATE = "a date such as 2027-01-31"
_PLAIN = 10**40  # larger numbers are not spelled out
_YEAR = r"(?:19|2[0-9])[0-9]{2}"  # a bare number like this is a year that forgot its month, not a count of days


def read(name: str, value: object, *, origin: Origin, span: Span | None = None, names: Names | None = None) -> Lifetime | None:
    """The declared, inert, unreadable or unknown lifetime that a name and a value state; None for other names."""
    names = names or Names.default()
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


def exemption(name: str, value: object, *, origin: Origin, names: Names | None = None) -> str | None:
    """A sentence that quotes metadata which takes the key out of rotation: ``KeyAutoExpire`` when false, other names unless false."""
    names = names or Names.default()
    if classify(name, names) is not Meaning.EXEMPT:
        return None
    if isinstance(value, Unknown):
        return f"{describe_origin(origin)} may exempt the key from rotation ({value.reason}), which is not a lifetime"
    text = as_text(value) or ""
    negated = name.casefold().rstrip("s").endswith(("expire", "rotate"))  # ``KeyAutoExpire`` exempts when it is false
    if (text.strip().casefold() in {*_OFF, "0"}) is not negated:
        return None
    return f"{describe_origin(origin)} = {quote(text)} exempts the key from rotation, which is not a lifetime"


def resembling(name: str, value: object, *, origin: Origin, names: Names | None = None) -> str | None:
    """A sentence about metadata that plainly means an end and whose name is in none of the lists, or None when there is none."""
    kind = _kind_of(value) if _speaks_of_end(name) and classify(name, names or Names.default()) is None else None
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

    if not _speaks_of_end(name) and not get_close_matches(name.casefold(), [_NAMED[kind]], 1, 0.7):
        return None
    remedy = ReplaceValue(Place(f"the name {quote(name)}", span), _NAMED[kind], name)
    reason = Reason(ReasonKind.UNREADABLE, STATED, (f"{quote(name)} is not a name that is read",))
    return Lifetime(kind, Effect.UNREADABLE, origin, as_text(value) or "", span, reason=reason, remedy=remedy)


def _kind_of(value: object) -> Kind | None:
    text = None if isinstance(value, Unknown) else as_text(value)
    if not text:
        return None
    return Kind.EXPIRY if parse_date(text) is not None else Kind.ROTATION if _interval(text, None) else None


def _speaks_of_end(name: str) -> bool:
    return not _END_WORDS.isdisjoint(words_of(name))


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
        dated = Kind.EXPIRY if kind is Kind.ROTATION else kind
        return Lifetime(dated, Effect.DECLARED, origin, text, span, at=date)
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
    return None if unit is None and re.fullmatch(_YEAR, text.strip()) else parse_interval(text, unit or "d")


def _trouble(kind: Kind, text: str, unit: str | None) -> Trouble:
    dated, timed = date_trouble(text), interval_trouble(text, unit or "d")
    if kind is Kind.ROTATED:
        return Trouble(f"{quote(text)} is not a date", _DATE) if dated is None or says_never(text) else dated
    if kind is Kind.ROTATION:
        return timed or dated or Trouble(f"{quote(text)} is neither an interval nor a date", FORMS)
    if dated is None and timed is not None and any(c.isdigit() for c in text):
        return timed
    return dated or Trouble(f"{quote(text)} is neither a date nor an interval", _DATE)
