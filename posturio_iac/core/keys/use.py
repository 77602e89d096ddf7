"""The use of a deployed key: a verdict on its events."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from posturio_iac.core.record import dataclass

if TYPE_CHECKING:
    from datetime import datetime


class UseKind(str, Enum):
    """Who seems to use a key."""

    WORKLOAD = "workload"
    """A program: most calls come from SDKs and tools that run unattended."""
    PERSON = "person"
    """Most calls come from the console, a browser, a desktop client or the command line on a desk."""
    DENIED = "only_denied_calls"
    """Calls that look around and are denied: someone may be testing what the key can do."""
    IDENTITY = "only_get_caller_identity"
    """Only calls that ask whose key it is, as thieves and scanners of leaked keys make."""
    NONE = "no_events"
    """No events; CloudTrail's history does not keep every call, such as data events."""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """The events of one key."""

    kind: UseKind
    since: datetime
    """Start of the period whose events were looked up."""
    regions: tuple[str, ...]
    """The regions."""
    events: int = 0
    complete: bool = True
    """True if all events were read; otherwise the newest ones."""
    principals: tuple[tuple[str, int], ...] = ()
    """With the number of events each, the most frequent first; likewise below."""
    addresses: tuple[tuple[str, int], ...] = ()
    agents: tuple[tuple[str, int], ...] = ()
    calls: tuple[tuple[str, int], ...] = ()
    errors: tuple[tuple[str, int], ...] = ()
    event_ids: tuple[str, ...] = ()
    """Ids of the newest events."""

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
