"""Evidence of when a key ends, and the questions that are open about a key."""

from __future__ import annotations

from posturio_iac.core.evidence.remedy import IntervalSetting, SetInterval
from posturio_iac.core.place import Span, describe_origin, with_texts
from posturio_iac.core.record import Enum, dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from posturio_iac.core.evidence.reason import Reason
    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.place import Origin


class Kind(str, Enum):
    """The kind of statement that evidence makes."""

    EXPIRY = "expiry"  # the key ends, or is replaced, on a date
    ROTATION = "rotation"  # the key is replaced at an interval
    ROTATED = "rotated"  # the key was replaced on a date; the next time is due after the maximum lifetime


class Effect(str, Enum):
    """True if evidence can come true."""

    ENFORCED = "enforced"  # it replaces or removes the key by itself
    DECLARED = "declared"  # it is metadata that people, and the live check, act on
    INERT = "inert"  # it looks like a lifetime and can never take effect
    UNREADABLE = "unreadable"  # its name says lifetime and its value cannot be read
    UNKNOWN = "unknown"  # the code does not fix what it states


@dataclass(frozen=True, slots=True)
class Lifetime:
    """One piece of evidence of when a key ends."""

    kind: Kind
    effect: Effect
    origin: Origin
    value: str = ""  # as it stands in the code; empty where there is no value
    span: Span | None = None
    written: Span | None = None  # where the value stands, if that is elsewhere
    at: datetime | None = None  # EXPIRY: the end. ROTATED: the day it was rotated. In UTC.
    interval: timedelta | None = None
    """ROTATION: how long one key lives, if known. EXPIRY: how long after its creation AWS ends it; beside ``at`` for a deployed one."""
    reason: Reason | None = None  # why it is inert, unreadable or unknown, or why its interval is open
    readings: tuple[str, ...] = ()  # what an unreadable value can mean, as metadata writes it: ``2027-01-02`` and ``2027-02-01``
    remedy: Remedy | None = None  # the shortest change that makes inert evidence work, or that makes unreadable evidence readable
    setting: IntervalSetting | None = None  # what sets the interval
    turns: int = 1  # how many intervals one key lives, when several keys take turns
    effect_if_ours: Effect | None = None  # the effect of unknown evidence if it is about this key, where only that is open

    @property
    def source(self) -> str:
        """Where it stands, for a reader: ``tag "expires" of aws_iam_user.ci``. Nothing reads it back."""
        return describe_origin(self.origin)

    @property
    def why(self) -> str:
        return self.reason.text if self.reason is not None else ""

    @property
    def is_age(self) -> bool:
        """True if AWS ends the key so long after its creation, and nothing takes its place."""
        return self.kind is Kind.EXPIRY and self.effect is Effect.ENFORCED and self.interval is not None

    @property
    def renews(self) -> bool:
        return self.effect is Effect.ENFORCED and not self.is_age

    def shortening(self, days: int) -> SetInterval | None:
        """The change that lets the key live at most ``days``; None when it is not known what sets its interval."""
        if self.setting is None or not self.setting.is_stated:
            return None
        return SetInterval(self.setting, max(days // self.turns, 1), self.turns)


class Question(str, Enum):
    """What is open."""

    EXISTENCE = "existence"
    LIFETIME = "lifetime"
    STATUS = "status"
    LAST_USED = "last_used"
    DISABLED_SINCE = "disabled_since"
    OWNER = "owner"
    SIBLINGS = "siblings"
    REPLACEMENT_ORDER = "replacement_order"
    USER_ROTATES = "user_rotates"
    QUARANTINE = "quarantine"
    DECLARATION = "declaration"
    EXPOSURE = "exposure"
    VERDICT = "verdict"  # what a rule that crashed would have said


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

    questions: tuple[Question, ...]  # everything that the reason leaves open
    reason: Reason | None  # None where the evidence is open as a whole
    origin: Origin | None = None  # where the evidence stands that is open; None where it is not about evidence

    @property
    def text(self) -> str:
        """What is open and why, in words: a clause without a full stop."""
        parts = [] if self.origin is None else [describe_origin(self.origin)]
        parts += [] if self.reason is None else [self.reason.text]
        asked = [_WORDS.get(question, "") for question in self.questions]
        return ": ".join(parts if "" in asked else [" and ".join(asked), *parts])

    def with_changed_words(self, change: Callable[[str], str]) -> OpenQuestion:
        reason = self.reason and self.reason.with_changed_words(change)
        return replace(self, reason=reason, origin=self.origin and with_texts(self.origin, change))
