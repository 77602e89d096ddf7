"""The meaning, for an access key, of the name of a tag, of a metadata entry or of an item in a comment."""

from __future__ import annotations

import functools

from posturio_iac.core.record import Enum, dataclass, field
from posturio_iac.core.text import lazy_pattern, normalise
from posturio_iac.core.times import SPELLINGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Meaning(str, Enum):
    """The subject of a piece of metadata."""

    EXPIRY = "expiry"  # the date on which the key ends
    ROTATION = "rotation"  # the interval at which it is replaced
    ROTATE_BY = "rotate_by"
    ROTATED_ON = "rotated_on"
    OWNER = "owner"
    EXEMPT = "exempt"  # from rotation, which is no lifetime


_PRECEDENCE = (Meaning.EXEMPT, Meaning.ROTATED_ON, Meaning.ROTATE_BY, Meaning.ROTATION, Meaning.EXPIRY, Meaning.OWNER)
_UNIT = lazy_pattern(r"(.+?)(?:in)?(seconds|secs|minutes|mins|hours|hrs|days|weeks|months|years)")
_CAMEL = lazy_pattern(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_LETTER = lazy_pattern(r"[\W\d_]+")
_THINGS = frozenset({"application", "app", "service"})
_OWNER_WORDS = frozenset({"owner", "owners", "contact", "contacts"})


@dataclass(frozen=True, slots=True)
class Names:
    """The names that mean something, in any case and with any separators; of two lists with a name, the order of `_PRECEDENCE` decides."""

    expiry: tuple[str, ...] = (
        *("expires", "expireson", "expiresat", "expiry", "expirydate", "expiration", "expirationdate"),
        *("validuntil", "deleteafter", "removeby"),
    )
    rotation: tuple[str, ...] = (
        *("rotation", "rotationdays", "rotationperiod", "rotateevery", "rotateafter", "rotateafterdays"),
        *("deleteafterdays", "maxage", "maxagedays", "keyrotation"),
    )
    rotate_by: tuple[str, ...] = ("rotateby", "nextrotation", "rotationdue")
    rotated_on: tuple[str, ...] = ("rotatedon", "lastrotated", "rotatedat")
    owner: tuple[str, ...] = (
        *("owner", "ownedby", "team", "contact", "email", "maintainer", "slack"),
        *("application", "app", "service", "squad"),
    )
    exempt: tuple[str, ...] = ("keyrotationexempt", "rotationexempt", "keyautoexpire")
    prefixes: tuple[str, ...] = ("posturio", "IKR", "IamRotateCredentials")
    """Dropped from the front of a name before it is looked up; the rotators' own tags carry the last two."""
    users: tuple[tuple[str, str], ...] = ()
    """Globs of the path and name of users, such as ``/payments/*``, each with who is responsible for their keys."""
    lookup: dict[str, Meaning] = field(init=False, compare=False)  # meanings by normalised name
    stems: tuple[str, ...] = field(init=False, compare=False)  # the normalised prefixes, the longest first

    def __post_init__(self) -> None:
        lookup: dict[str, Meaning] = {}
        for meaning in _PRECEDENCE:
            for name in getattr(self, meaning.value):
                lookup.setdefault(normalise(name), meaning)
        lookup.pop("", None)
        stems = sorted({normalise(p) for p in self.prefixes} - {""}, key=lambda stem: (-len(stem), stem))
        object.__setattr__(self, "lookup", lookup)
        object.__setattr__(self, "stems", tuple(stems))

    @staticmethod
    @functools.cache
    def default() -> Names:
        return Names()

    def with_extra(self, **extra: tuple[Any, ...]) -> Names:
        """These names and more: ``with_extra(prefixes=("acme",), owner=("guild",))``. An unknown list is a TypeError."""
        given = {name: getattr(self, name) for name in self.__match_args__}
        if unknown := sorted(extra.keys() - given.keys()):
            raise TypeError(f"there is no list of names called {unknown[0]}")
        return Names(**{name: tuple(dict.fromkeys((*have, *extra.get(name, ())))) for name, have in given.items()})

    def spellings(self) -> tuple[str, ...]:
        return tuple(name for meaning in Meaning for name in getattr(self, meaning.value))


def classify(name: str, names: Names) -> Meaning | None:
    """The meaning of ``name``; a unit at its end (``rotation_months``, ``expires_in_days``) makes an interval of an end."""
    candidates = _candidates(name, names)
    for candidate in candidates:
        if (meaning := names.lookup.get(candidate)) is not None:
            return meaning
    if any(_split_unit(candidate, names) for candidate in candidates):
        return Meaning.ROTATION
    return None if _OWNER_WORDS.isdisjoint(words_of(name)) else Meaning.OWNER


def names_a_thing(name: str, names: Names) -> bool:
    """True if a name of an owner is about what uses the key, such as ``service``, and not about who answers for it."""
    return not _THINGS.isdisjoint(_candidates(name, names))


def words_of(name: str) -> frozenset[str]:
    """The words that a name is made of, in lower case: ``KeyExpiry`` of ``key`` and ``expiry``."""
    return frozenset(word.casefold() for word in _NO_LETTER.split(_CAMEL.sub(" ", name)) if word)


def unit_in_name(name: str, names: Names) -> str | None:
    """The unit that ``name`` fixes for a bare number (``s``, ``min``, ``h``, ``d``, ``w``, ``mo``, ``y``), or None."""
    for candidate in _candidates(name, names):
        if candidate in names.lookup:
            found = _UNIT.fullmatch(candidate)
            return SPELLINGS[found[2]] if found and names.lookup[candidate] is Meaning.ROTATION else None
    return next((unit for candidate in _candidates(name, names) if (unit := _split_unit(candidate, names))), None)


def _candidates(name: str, names: Names) -> tuple[str, ...]:
    whole = normalise(name)
    return (whole, *(whole[len(stem) :] for stem in names.stems if whole.startswith(stem) and whole != stem))


def _split_unit(candidate: str, names: Names) -> str | None:
    found = _UNIT.fullmatch(candidate)
    if found is None or names.lookup.get(found[1]) not in (Meaning.EXPIRY, Meaning.ROTATION):
        return None
    return SPELLINGS[found[2]]
