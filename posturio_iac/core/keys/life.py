"""The use of a deployed key, as its events tell, and its lifecycle after it was found: asked about, answered, switched off, deleted."""

from __future__ import annotations

from posturio_iac.core.record import Enum, dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


class UseKind(str, Enum):
    """Who seems to use a key."""

    WORKLOAD = "workload"  # a program: most calls come from SDKs and tools that run unattended
    PERSON = "person"  # most calls come from the console, a browser, a desktop client or the command line on a desk
    DENIED = "only_denied_calls"  # calls that look around and are denied: someone may be testing what the key can do
    IDENTITY = "only_get_caller_identity"  # only calls that ask whose key it is, as thieves and scanners of leaked keys make
    NONE = "no_events"  # no events; CloudTrail's history does not keep every call, such as data events


@dataclass(frozen=True, slots=True)
class KeyUse:
    """The events of one key."""

    kind: UseKind
    since: datetime  # start of the period whose events were looked up
    regions: tuple[str, ...]
    events: int = 0
    complete: bool = True  # all events were read; otherwise the newest ones
    principals: tuple[tuple[str, int], ...] = ()  # with the number of events each, the most frequent first; likewise below
    addresses: tuple[tuple[str, int], ...] = ()
    agents: tuple[tuple[str, int], ...] = ()
    calls: tuple[tuple[str, int], ...] = ()
    errors: tuple[tuple[str, int], ...] = ()
    event_ids: tuple[str, ...] = ()  # ids of the newest events

    def text(self) -> str:
        """Describe the events: a clause without a full stop."""
        where = " and ".join(self.regions)
        if self.kind is UseKind.NONE:
            return f"CloudTrail in {where} shows no event of it, and keeps none of calls for data"
        many = f"{self.events} event{'' if self.events == 1 else 's'}{'' if self.complete else ' or more'}"
        parts = [f"mostly {name}" for name, _ in self.calls[:1]]
        parts += [f"from {address}" for address, _ in self.addresses[:1]]
        parts += [f"with {agent[:60]}" for agent, _ in self.agents[:1]]
        return f"{self.kind.value.replace('_', ' ')}, by {many} of CloudTrail in {where}: {', '.join(parts)}"


@dataclass(frozen=True, slots=True)
class KeyLife:
    """The state of one key in the ledger."""

    asked: datetime | None = None
    asked_owner: str = ""
    answer_by: datetime | None = None  # the day, to its end, by which an answer is due
    answered: datetime | None = None  # when the newest answer was read; None while there is none
    is_needed: bool | None = None
    needed_until: str = ""  # the last day for which the answer counts, ``2027-03-31``; empty for one that counts until a newer one comes
    note: str = ""
    delete_on: datetime | None = None  # from when on a key that is switched off may be deleted: its grace is over
    switched: datetime | None = None  # the newest event that switched it on or off
    switched_on: datetime | None = None  # when it was last switched on, by an event, or seen on after it had been off
    rests_on_ledger: bool = False  # only the ledger, and no event, tells since when it has been off
    next: str = ""  # what comes next, in a few words, as the gate decides it

    def stands(self, as_of: datetime) -> bool:
        """True if there is an answer that still counts: of no, none once its owner was asked again."""
        if self.answered is None or (not self.is_needed and self.asked is not None and self.asked > self.answered):
            return False
        return not self.needed_until or as_of.date().isoformat() <= self.needed_until

    def is_awaited(self, as_of: datetime) -> bool:
        """True if the owner was asked, has no answer that counts, and may still give one."""
        return not self.stands(as_of) and self.answer_by is not None and as_of.date() <= self.answer_by.date()

    def is_late(self, as_of: datetime) -> bool:
        return self.answered is None and self.answer_by is not None and as_of.date() > self.answer_by.date()

    def answer(self) -> str:
        """The owner's answer in words: ``needed until 2027-03-31 (nightly export)``; empty where there is none."""
        if self.is_needed is None:
            return ""
        until = f" until {self.needed_until}" if self.needed_until else ""
        return f"{'needed' if self.is_needed else 'not needed'}{until}{f' ({self.note})' if self.note else ''}"
