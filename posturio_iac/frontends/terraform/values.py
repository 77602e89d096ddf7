"""The values of Terraform expressions, as far as code alone fixes them.

A value is ``None`` (null), ``bool``, ``int`` or ``float`` (integral numbers are ``int``), ``str``, ``tuple`` (list and tuple),
`SetValue`, ``dict`` with string keys (map and object) or `Unknown`. Collections may hold unknown elements.

Over 300 lines: the values, and the ways in which they are unknown, define each other.
"""

from __future__ import annotations

from posturio_iac.core.model import Unknown
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.unknown import AFTER_APPLY, INVALID_LINE, NOT_EVALUATED, TOO_LARGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator
    from typing import Any, TypeAlias

Value: TypeAlias = "Any"
"""One of the types named above; a recursive type that mypy cannot help with."""

MAX_NODES = 100_000  # the most nested values of a value that is walked as a whole

_MAX_BITS = 13_000  # integers beyond this many bits are not printed: Python refuses to
_MAX_DIGITS = 3_900  # numbers of more digits are not read
_MAX_EXPONENT = 300  # fractions of a greater or smaller magnitude than ten to this power are not read
_MAX_EXPONENT_LENGTH = 8
FLOAT_DIGITS = 15  # decimal digits that a float holds exactly

_INFINITY = float("inf")
_NUMBER = lazy_pattern(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class SetValue(tuple[Value, ...]):
    """A set: unique elements in Terraform's order (strings sorted). Build it with `make_set`."""

    __slots__ = ()


class TextMap(dict[str, Value]):
    """A map that is one of text by its type."""


class PartialMap(dict[str, Value]):
    """A map with some known entries, and possibly others.

    ``rest`` is why there may be others. An entry that the others could override is `Unknown` itself.
    """

    def __init__(self, entries: dict[str, Value], rest: Unknown) -> None:
        super().__init__(entries)
        self.rest = rest


class ResourceValue(PartialMap):
    """One instance of a resource; its attributes are evaluated on demand. For functions it is a map without any known entry."""

    def __init__(self, address: str, get_attribute: Callable[[str], Value], rest: Unknown | None = None) -> None:
        """Stand for the resource at ``address``; ``rest`` is why it is not known as a whole."""
        super().__init__({}, rest or AFTER_APPLY(address))
        self.address = address
        self.get_attribute = get_attribute

    __hash__ = None  # type: ignore[assignment]  # how Python says unhashable

    def __eq__(self, other: object) -> bool:
        """Compare identity: two resources are never known to be equal."""
        return self is other


class SomeInstance(Unknown):
    """The instances of a block whose number is open: an attribute is what any of them has, if clocks are due and there is one."""

    _get: Callable[[str], Value]
    _at: Callable[[str | int], Callable[[str], Value]] | None
    _why: Unknown
    whole: Unknown | None

    def __init__(
        self,
        why: Unknown,
        get_attribute: Callable[[str], Value],
        at: Callable[[str | int], Callable[[str], Value]] | None = None,
        whole: Unknown | None = None,
    ) -> None:
        """Stand for instances whose number is open for the reason ``why``; ``at`` gives the attributes of one, ``whole`` traces all."""
        super().__init__(why.kind, why.arguments)
        object.__setattr__(self, "_get", get_attribute)
        object.__setattr__(self, "_at", at)
        object.__setattr__(self, "_why", why)
        object.__setattr__(self, "whole", whole)

    def at(self, key: Value) -> SomeInstance:
        is_named = self._at is not None and isinstance(key, (str, int)) and not isinstance(key, bool)
        return SomeInstance(self._why, self._at(key), whole=self.whole) if is_named and self._at is not None else self

    def get_attribute(self, name: str) -> Unknown:
        due = due_of(self._get(name))
        return self if due is None else due.doubted(self._why)


class Untyped(Unknown):
    """A number or boolean, or the text of it: it is in a collection of one type beside a value that is open for the reason ``why``."""

    __slots__ = ("held",)
    held: bool | float

    def __init__(self, held: bool | float, why: Unknown) -> None:  # noqa: FBT001 - the value itself
        super().__init__(why.kind, why.arguments)
        object.__setattr__(self, "held", held)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Untyped) and (type(self.held), self.held) == (type(other.held), other.held)

    def __hash__(self) -> int:
        return hash(self.held)


def settled(value: Value) -> Value:
    """A value where it is all the same whether it is text."""
    return value.held if isinstance(value, Untyped) else value


_TYPE_NAMES: dict[type, str] = {
    type(None): "null",
    bool: "bool",
    int: "number",
    float: "number",
    str: "string",
    tuple: "list",
    SetValue: "set",
    dict: "map",
    TextMap: "map",
    PartialMap: "map",
    ResourceValue: "map",
}


class Due(Unknown):
    """A value that is unknown while planning because clocks are due.

    ``causes`` are the clocks, in the reader's own form; with ``doubt`` it is unknown because of them only if that open value is.
    """

    __slots__ = ("causes", "computed", "doubt")
    causes: tuple[Hashable, ...]
    doubt: Unknown | None
    computed: bool  # Terraform may know something of it: that it is not null, how it begins, how long it is

    def __init__(self, causes: Iterable[Hashable], doubt: Unknown | None = None, *, computed: bool = False) -> None:
        super().__init__(AFTER_APPLY, ("it",))
        object.__setattr__(self, "causes", tuple(dict.fromkeys(causes)))
        object.__setattr__(self, "doubt", doubt)
        object.__setattr__(self, "computed", computed)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Due) and (self.causes, self.doubt) == (other.causes, other.doubt)

    def __hash__(self) -> int:
        return hash((self.causes, self.doubt))

    def about(self, what: str) -> Unknown:
        """This value: what depends on it is unknown for the same causes."""
        del what
        return self

    def doubted(self, doubt: Unknown) -> Due:
        """The same, if it is not decided otherwise by an open value."""
        return Due(self.causes, self.doubt or (doubt if not isinstance(doubt, Due) else doubt.doubt or doubt))


class Traced(Due):
    """A value that is unknown so that it shows where it comes from: ``causes`` are origins, each as certain as it says itself.

    ``beside`` is another value that it may be instead, or that is a part of it; None where there is none.
    """

    __slots__ = ("beside", "is_open")
    beside: Value
    is_open: bool  # True if what it comes from may not be there: where something takes its place, the value is that

    def __init__(self, causes: Iterable[Hashable], beside: Value = None, *, is_open: bool = False) -> None:
        super().__init__(causes)
        object.__setattr__(self, "beside", beside)
        object.__setattr__(self, "is_open", is_open)

    def doubted(self, doubt: Unknown) -> Due:
        del doubt
        return Traced(self.causes, self.beside, is_open=True)

    def part(self, name: str) -> Traced:
        return Traced((cause.part(name) for cause in self.causes), self.beside, is_open=self.is_open)  # type: ignore[attr-defined]

    def among(self, *values: Value) -> Traced:
        """The same where the other ``values`` are too."""
        due = due_of(self, *values)
        return Traced(due.causes if due is not None else (), beside((self, *values)), is_open=self.is_open)

    def made_of(self, *values: Value) -> Traced:
        """A value that is made of this and of the other ``values``."""
        return self.among(*values) if beside(values) is None else self.among(NOT_EVALUATED("a text that is made of it"), *values)


def beside(values: Value) -> Value:
    """The first text or open value in ``values`` that does not show where it comes from, or None; null, "" and errors are none."""
    pending, seen = [values], set[int]()
    while pending:
        match item := pending.pop():
            case Traced() if item.beside:
                return item.beside
            case str() if item:
                return item
            case Unknown() if not isinstance(getattr(item, "whole", item), Due) and item.kind is not INVALID_LINE:
                return item
            case dict() | tuple() | list() if id(item) not in seen:
                seen.add(id(item))
                pending.extend(reversed((*item.values(), getattr(item, "rest", None)) if isinstance(item, dict) else item))
    return None


def either(*sides: Value) -> Traced:
    """What comes from one of several values: an origin of all of them for certain."""
    found = [due.causes if (due := due_of(side)) is not None else () for side in sides]
    certain = (c if all(c in causes for causes in found) else c.conditional() for causes in found for c in causes)  # type: ignore[attr-defined]
    return Traced(certain, beside(sides), is_open=any(getattr(one, "is_open", False) for one in unknowns(sides)))


def due_of(*values: Value) -> Due | None:
    """Why clocks make a part of ``values`` unknown: for certain if any part is so."""
    found = [unknown for unknown in unknowns(*values) if isinstance(unknown, Due)]
    if len(found) < 2:  # noqa: PLR2004 - nothing to join
        return found[0] if found else None
    chosen = [due for due in found if due.doubt is None] or found
    causes = (cause for due in chosen for cause in due.causes)
    if isinstance(chosen[0], Traced):
        return Traced(causes, beside(chosen), is_open=any(getattr(due, "is_open", False) for due in chosen))
    return Due(causes, chosen[0].doubt, computed=any(due.computed for due in chosen))


def doubtful(unknown: Unknown, *dropped: Value) -> Unknown:
    """An open value that decides what becomes of the ``dropped`` ones: where clocks move one of these, they may move the result."""
    if isinstance(unknown, Due) and unknown.doubt is None:
        return unknown if not isinstance(unknown, Traced) else due_of(unknown, *dropped) or unknown
    due = due_of(*dropped)
    return unknown if due is None else due.among(*dropped) if isinstance(due, Traced) else due.doubted(unknown)


def computed(value: Value) -> Value:
    """The result of an expression: of an unknown one Terraform may know something."""
    return Due(value.causes, value.doubt, computed=True) if isinstance(value, Due) and not isinstance(value, Traced) else value


class ResultTooLargeError(Exception):
    """The result would be too large to hold. It becomes an unknown value."""


class EvaluationError(Exception):
    """The expression is wrong: Terraform itself would refuse it. ``try`` and ``can`` catch it."""


def first_unknown(value: Value) -> Unknown | None:
    """The first unknown value in ``value``, however deep, or None when all of it is known; clocks that are due come before all others."""
    first: Unknown | None = None
    for unknown in unknowns(value):
        if isinstance(unknown, Due):
            return due_of(value)
        first = first or unknown
    return first


def unknowns(*values: Value) -> Iterator[Unknown]:
    """Yield the unknown values in ``values``, however deep."""
    seen: set[int] = set()
    pending = list(reversed(values))
    while pending:
        match item := pending.pop():
            case SomeInstance():
                yield item.whole or item
            case Untyped():
                yield item.kind(*item.arguments)
            case Unknown():
                yield item
            case dict() | tuple() if id(item) not in seen:
                seen.add(id(item))
                if isinstance(item, PartialMap):
                    yield item.rest
                pending.extend(reversed(tuple(item.values()) if isinstance(item, dict) else item))


def normal(value: Value) -> Value:
    """The value with all text in Unicode's normal form C, in which Terraform keeps it."""
    match value:
        case str() if not value.isascii():
            import unicodedata

            return unicodedata.normalize("NFC", value)
        case tuple() if not isinstance(value, SetValue):
            return tuple(map(normal, value))
        case dict():
            entries = {normal(name): normal(entry) for name, entry in value.items()}
            return PartialMap(entries, value.rest) if isinstance(value, PartialMap) else entries
    return value


def is_heavy(value: Value, limit: int = MAX_NODES) -> bool:
    """True if ``value``, written out in full, has more than ``limit`` nested values; a shared one counts each time."""
    count = 0
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, tuple):
            pending.extend(item)
        count += 1
        if count + len(pending) > limit:
            return True
    return False


def type_name(value: Value) -> str:
    """Name the type of ``value`` for a message: ``string``, ``list``, ``map``."""
    return _TYPE_NAMES.get(type(value), "unknown")


def integral(number: float) -> int | float:
    """``number`` as the value model has it: an ``int`` where it is whole. Raise EvaluationError for what is no number."""
    if isinstance(number, int):
        return number
    if not -_INFINITY < number < _INFINITY:
        raise EvaluationError("the result is not a finite number")
    return int(number) if number.is_integer() else number


def to_text(value: Value) -> Value:
    """Convert to a string as Terraform does; null and unknown stay. Raise EvaluationError for collections."""
    value = settled(value)
    match value:
        case None | str() | Unknown():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return TOO_LARGE("the number") if value.bit_length() > _MAX_BITS else str(value)
        case float():
            text = _plain(value)
            inexact = len(text.strip("-0.").replace(".", "")) > FLOAT_DIGITS
            return NOT_EVALUATED("a number with so many digits") if inexact else text
        case _:
            raise EvaluationError(f"a string is required, not a {type_name(value)}")


def _plain(number: float) -> str:
    text = repr(number).removesuffix(".0")
    if "e" not in text:
        return text
    from decimal import Decimal

    return format(Decimal(text), "f")


def to_number(value: Value) -> Value:
    """Convert to a number as Terraform does; null and unknown stay. Raise EvaluationError for what is not a decimal number."""
    value = settled(value)
    match value:
        case None | Unknown():
            return value
        case int() | float() if not isinstance(value, bool):
            return value
        case str() if _NUMBER.fullmatch(value):
            return _read_number(value)
        case str():
            raise EvaluationError("a number is required, and the string is not a decimal number")
        case _:
            raise EvaluationError(f"a number is required, not a {type_name(value)}")


def _read_number(text: str) -> Value:
    too_large = TOO_LARGE("the number")
    if len(text) > _MAX_DIGITS or len(text.lower().partition("e")[2]) > _MAX_EXPONENT_LENGTH:
        return too_large
    if text.isdigit():
        return int(text)
    from decimal import Decimal

    number = Decimal(text)
    if number.adjusted() <= _MAX_DIGITS and number == number.to_integral_value():
        return int(number)
    return too_large if abs(number.adjusted()) > _MAX_EXPONENT else float(number)


def to_bool(value: Value) -> Value:
    """Convert to a boolean as Terraform does; null and unknown stay. Raise EvaluationError for what is neither true nor false."""
    value = settled(value)
    match value:
        case None | bool() | Unknown():
            return value
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case str():
            raise EvaluationError('a bool is required; of strings only "true" and "false" are one')
        case _:
            raise EvaluationError(f"a bool is required, not a {type_name(value)}")


def canonical(value: Value) -> Hashable:
    """A key that two wholly known values share exactly when Terraform calls them equal."""
    match value:
        case SetValue():
            return ("set", frozenset(canonical(element) for element in value))
        case tuple():
            return ("list", tuple(canonical(element) for element in value))
        case dict():
            return ("map", frozenset((key, canonical(element)) for key, element in value.items()))
        case _:
            return (type_name(value), value)


def make_set(elements: Iterable[Value]) -> SetValue | Unknown:
    """The set of ``elements``, or the first unknown among them: equal ones would fall together."""
    members = tuple(elements)
    if is_heavy(members):
        return TOO_LARGE("the set")
    if (unknown := first_unknown(members)) is not None:
        return unknown
    by_key: dict[Hashable, Value] = {}
    for member in members:
        by_key.setdefault(canonical(member), member)
    unique = tuple(by_key.values())
    types = {type_name(member) for member in unique} - {"null"}
    if types in ({"string"}, {"number"}, {"bool"}):
        return SetValue(sorted(unique, key=lambda member: (member is None, member if member is not None else 0)))
    return SetValue(unique)


def equal(left: Value, right: Value) -> bool | Unknown:
    """Compare as ``==`` does: never equal across types, unknown where an unknown part decides."""
    return TOO_LARGE("the comparison") if is_heavy(left) or is_heavy(right) else _equal(left, right)


def _equal(left: Value, right: Value) -> bool | Unknown:
    match left, right:
        case (Untyped(), _) | (_, Untyped()):
            texts = [one if isinstance(one, (tuple, dict)) else to_text(one) for one in (left, right)]
            return first_unknown(tuple(texts)) or (texts[0] == texts[1] and next(unknowns(left, right)))
        case (Unknown() as unknown, _) | (_, Unknown() as unknown):
            return unknown
        case SetValue(), SetValue():
            hidden = first_unknown((left, right))
            return canonical(left) == canonical(right) if hidden is None else hidden
        case dict(), dict():
            return _equal_maps(left, right)
        case tuple(), tuple() if type_name(left) == type_name(right):
            return len(left) == len(right) and _all_equal(zip(left, right, strict=True))
        case _:
            return type_name(left) == type_name(right) and bool(left == right)


def _equal_maps(left: dict[str, Value], right: dict[str, Value]) -> bool | Unknown:
    """Compare maps; an open one may have any further entry, and its missing entries may still come."""
    rests = [side.rest for side in (left, right) if isinstance(side, PartialMap)]
    left_closed, right_closed = not isinstance(left, PartialMap), not isinstance(right, PartialMap)
    if (left_closed and right.keys() - left.keys()) or (right_closed and left.keys() - right.keys()):
        return False
    shared = _all_equal((value, right[key]) for key, value in left.items() if key in right)
    return rests[0] if rests and shared is True else shared


def _all_equal(pairs: Iterable[tuple[Value, Value]]) -> bool | Unknown:
    result: bool | Unknown = True
    for left, right in pairs:
        match _equal(left, right):
            case False:
                return False
            case Unknown() as unknown if result is True:
                result = unknown
    return result
