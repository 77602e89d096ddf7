"""The state file: what earlier runs saw, so that two observations prove what AWS does not tell. It holds digests and no ids."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from posturio_iac.core.dates import parse_date

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posturio_iac.live.model import DeployedKey

MARK = "posturio-iac-state"
FORGOTTEN = timedelta(days=400)
"""After how long without a sight of it an entry is dropped."""

Span = tuple[datetime, datetime]
"""First and last observation."""


class DamagedStateError(Exception):
    """The text is no state file of ours."""


@dataclass(slots=True)
class StateFile:
    """What earlier runs saw. Keys have the names that `name_of` gives them."""

    inactive: dict[str, Span] = field(default_factory=dict)
    """Keys that are inactive, with the first and last time that they were seen so without a break."""
    active: dict[str, datetime] = field(default_factory=dict)
    """When a key was last seen active."""
    findings: dict[str, Span] = field(default_factory=dict)
    """Findings by their fingerprint."""

    @staticmethod
    def name_of(key: DeployedKey) -> str:
        """Return a digest of the key's user and id."""
        from hashlib import sha256

        return sha256(f"{key.user.arn}/{key.key_id}".encode()).hexdigest()[:32]

    def saw_active(self, key: DeployedKey, as_of: datetime) -> None:
        """Remember that a key is active."""
        name = self.name_of(key)
        self.inactive.pop(name, None)
        self.active[name] = max(self.active.get(name, as_of), as_of)

    def saw_inactive(self, key: DeployedKey, as_of: datetime, not_before: datetime | None) -> datetime:
        """Remember that a key is inactive, and return since when that is proven.

        What proves that it was active after an earlier observation, at ``not_before``, makes that observation void.
        """
        name = self.name_of(key)
        first = min(self.inactive.get(name, (as_of, as_of))[0], as_of)
        if not_before is not None and not_before > first:
            first = as_of
        self.inactive[name] = (first, as_of)
        return first

    def saw_findings(self, names: Iterable[str], as_of: datetime) -> dict[str, datetime]:
        """Remember findings, and return when each was first seen."""
        for name in names:
            first = min(self.findings.get(name, (as_of, as_of))[0], as_of)
            self.findings[name] = (first, as_of)
        return {name: first for name, (first, _) in self.findings.items()}

    def text(self, as_of: datetime) -> str:
        """Return the text of the file, without what nobody has seen for long."""
        oldest = as_of - FORGOTTEN
        document = {
            MARK: 2,
            "inactive": {name: [_written(first), _written(last)] for name, (first, last) in sorted(self.inactive.items()) if last > oldest},
            "active": {name: _written(last) for name, last in sorted(self.active.items()) if last > oldest},
            "findings": {name: [_written(first), _written(last)] for name, (first, last) in sorted(self.findings.items()) if last > oldest},
        }
        return json.dumps(document, indent=1) + "\n"


def read_state(text: str) -> StateFile:
    """Read a state file of this version or of the first one.

    Raises:
        DamagedStateError: it is none.

    """
    try:
        document = json.loads(text)
        version = document.get(MARK)
        if version == 1:
            return StateFile(inactive={name: (_moment(when), _moment(when)) for name, when in document["inactive"].items()})
        if version == 2:  # noqa: PLR2004 - the version that is written above
            active = {name: _moment(when) for name, when in document["active"].items()}
            return StateFile(_spans(document["inactive"]), active, _spans(document["findings"]))
    except (ValueError, RecursionError, LookupError, AttributeError, TypeError):
        pass
    raise DamagedStateError


def _spans(entries: dict[str, Any]) -> dict[str, Span]:
    return {name: (_moment(first), _moment(last)) for name, (first, last) in entries.items()}


def _moment(value: object) -> datetime:
    moment = parse_date(value) if isinstance(value, str) else None
    if moment is None:
        raise DamagedStateError
    return moment


def _written(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")
