"""Values that code or AWS leaves open: never true, never false."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, Union

from posturio_iac.core.evidence.reason import STATED, Reason, ReasonKind
from posturio_iac.core.record import dataclass, field

if TYPE_CHECKING:
    from posturio_iac.core.evidence.reason import OpenCause

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that the code alone does not fix. It is never true and never false."""

    reason: str
    """Half a sentence that names the expression, such as ``var.tags is set by whoever calls this module``."""
    is_unasked: bool = False
    """Nobody has asked yet: AWS would tell."""
    cause: OpenCause | None = field(default_factory=lambda: None, compare=False)
    """Why it is open, where that is known."""
    subject: str = field(default_factory=str, compare=False)
    """The name of what is open, such as ``var.tags``; empty where there is none."""

    def about(self, what: str) -> Unknown:
        """Return the unknown value of ``what``, which depends on this one."""
        return Unknown(f"{what}: {self.reason}", cause=self.cause, subject=self.subject)

    def as_reason(self) -> Reason:
        """Return it as the reason for which evidence, or a verdict, is open."""
        return Reason(ReasonKind.OPEN_VALUE, STATED, (self.reason,), self.cause, self.subject)


Attr = Union[T, Unknown]
"""A value, or why it is unknown. Narrow it with ``isinstance`` or ``match``, never with ``not``."""
