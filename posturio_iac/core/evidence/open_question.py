"""What is left open about a key, as data, and the one place that puts it into words."""

from __future__ import annotations

from enum import Enum

from posturio_iac.core.evidence.origin import describe_origin, with_texts
from posturio_iac.core.record import dataclass, replace

TYPE_CHECKING = False  # importing typing would take longer than this module
if TYPE_CHECKING:
    from collections.abc import Callable

    from posturio_iac.core.evidence.origin import Origin
    from posturio_iac.core.evidence.reason import Reason


class Question(str, Enum):
    """What is open."""

    EXISTENCE = "existence"
    """True if there is such a key."""
    LIFETIME = "lifetime"
    """True if anything ends it, and when."""
    STATUS = "status"
    LAST_USED = "last_used"
    DISABLED_SINCE = "disabled_since"
    OWNER = "owner"
    SIBLINGS = "siblings"
    """True if its user has another active key."""
    REPLACEMENT_ORDER = "replacement_order"
    """True if its replacement exists before it is deleted."""
    USER_ROTATES = "user_rotates"
    """True if its user has a newer key, and so is rotating."""
    QUARANTINE = "quarantine"
    """True if AWS found it in public."""
    DECLARATION = "declaration"
    """True if code declares it."""
    EXPOSURE = "exposure"
    """True if its secret is protected."""
    VERDICT = "verdict"
    """What a rule that crashed would have said."""


_WORDS = {
    Question.STATUS: "whether it is active",
    Question.LAST_USED: "when it was last used",
    Question.DISABLED_SINCE: "since when it has been disabled",
    Question.OWNER: "whether it has an owner",
    Question.SIBLINGS: "whether its user has another active key",
    Question.REPLACEMENT_ORDER: "whether its replacement exists before it is deleted",
    Question.USER_ROTATES: "whether its user is rotating its keys",
    Question.QUARANTINE: "whether AWS found it in public",
    Question.DECLARATION: "whether code declares it",
    Question.EXPOSURE: "whether its secret is protected",
}
"""The questions that the text states; for the others the reason alone makes clear what is open."""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """Something that is open about a key, and that could add a finding."""

    questions: tuple[Question, ...]
    """Everything that the reason leaves open."""
    reason: Reason | None
    """None where the evidence is open as a whole."""
    origin: Origin | None = None
    """Where the evidence stands that is open; None where it is not about evidence."""

    @property
    def text(self) -> str:
        """What is open and why, in words: a clause without a full stop."""
        parts = [] if self.origin is None else [describe_origin(self.origin)]
        parts += [] if self.reason is None else [self.reason.text]
        asked = [_WORDS.get(question, "") for question in self.questions]
        return ": ".join(parts if "" in asked else [" and ".join(asked), *parts])

    def with_changed_words(self, change: Callable[[str], str]) -> OpenQuestion:
        """The question with words that ``change`` returns, such as those without secrets."""
        reason = self.reason and self.reason.with_changed_words(change)
        return replace(self, reason=reason, origin=self.origin and with_texts(self.origin, change))
