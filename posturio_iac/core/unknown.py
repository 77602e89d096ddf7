"""Values that code or AWS leaves open: never true, never false."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, Union

from posturio_iac.core.evidence.reason import Reason, ReasonKind
from posturio_iac.core.record import dataclass

if TYPE_CHECKING:
    from posturio_iac.core.evidence.reason import OpenCause

T = TypeVar("T")


class OpenKind:
    """A kind of unknown value. `posturio_iac.core.open_kinds` holds all of them; a plain class, since every start makes them.

    ``name`` is its name in the JSON contract, ``template`` half a sentence with ``{}`` for each argument. ``cause`` is why such a value is
    open; None where it depends on an argument, or is none of the causes. ``is_named`` says whether the first argument is the name of what
    is open, ``is_unasked`` whether nobody has asked yet, and AWS would tell.
    """

    __slots__ = ("cause", "is_named", "is_unasked", "name", "template")

    def __init__(
        self, name: str, template: str, cause: OpenCause | None = None, *, is_named: bool = False, is_unasked: bool = False
    ) -> None:
        self.name, self.template, self.cause, self.is_named, self.is_unasked = name, template, cause, is_named, is_unasked

    def __call__(self, *arguments: str | Unknown) -> Unknown:
        return Unknown(self, arguments)

    def __repr__(self) -> str:
        """Its name: the sentence is in one place."""
        return self.name

    def __eq__(self, other: object) -> bool:
        """True if it is the same kind, perhaps of another process."""
        return isinstance(other, OpenKind) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is not known. It is never true and never false."""

    kind: OpenKind
    arguments: tuple[str | Unknown, ...] = ()
    """What the kind is about: addresses, names, or the unknown value that this one depends on."""

    @property
    def reason(self) -> str:
        """Half a sentence that names the expression, such as ``var.tags has no value in this code``. It is written on demand."""
        return self.kind.template.format(*self.arguments)

    @property
    def cause(self) -> OpenCause | None:
        return self.kind.cause or next((one.cause for one in self.arguments if isinstance(one, Unknown)), None)

    @property
    def subject(self) -> str:
        """The name of what is open, such as ``var.tags``; empty where there is none."""
        if self.kind.is_named:
            return str(self.arguments[0])
        return next((one.subject for one in self.arguments if isinstance(one, Unknown)), "")

    @property
    def is_unasked(self) -> bool:
        """True if nobody has asked yet, and AWS would tell."""
        return self.kind.is_unasked

    def about(self, what: str) -> Unknown:
        """The unknown value of ``what``, which depends on this one.

        Of a chain, such as the ``each.value`` of modules in modules, the outermost and the innermost value are named.
        """
        inner = self.arguments[1] if self.kind is ABOUT else None
        return Unknown(ABOUT, (what, inner if isinstance(inner, Unknown) and inner.kind is ABOUT else self))

    def as_reason(self) -> Reason:
        return Reason(ReasonKind.OPEN_VALUE, self.kind.template, tuple(map(str, self.arguments)), self.cause, self.subject, self.kind.name)

    def __str__(self) -> str:
        """The reason, as part of another one."""
        return self.reason


ABOUT = OpenKind("about", "{}: {}")
"""The kind of `Unknown.about`; all others stand in `posturio_iac.core.open_kinds`."""

Attr = Union[T, Unknown]
"""A value, or why it is unknown. Narrow it with ``isinstance`` or ``match``, never with ``not``."""
