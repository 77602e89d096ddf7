"""The request of a live run for every account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posturio_iac.judge.policy import Policy
from posturio_iac.live.connection.calls import wait
from posturio_iac.metadata.names import Names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from posturio_iac.core.finding import Level
    from posturio_iac.link.linker import Linker
    from posturio_iac.live.ownership import Owner


@dataclass(frozen=True, slots=True)
class Request:
    """The request for every account. It holds nothing about a single account, and can be sent to other processes."""

    as_of: datetime
    policy: Policy = field(default_factory=Policy)
    names: Names = field(default_factory=Names.default)
    owners: tuple[Owner, ...] = ()
    exact: bool = False
    """True if to read every key, without a report."""
    workers: int = 1
    """How many calls to make at once."""
    expected: Mapping[str, int] = field(default_factory=dict)
    """How many keys users had in an earlier run, by their ARN."""
    linker: Linker | None = None
    """The linker to code, when keys are joined to it."""
    sleep: Callable[[float], object] = wait
    switches: Level | None = None
    """CloudTrail is asked which keys were switched on or off, even where none is off: how bad it is if it does not answer; else None."""
