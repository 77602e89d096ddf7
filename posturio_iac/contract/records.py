"""What a saved result holds, as records: only what a report shows, and nothing that the contract may gain later."""

from __future__ import annotations

from posturio_iac.core.finding import DEMERITS, UNDETERMINED, Diagnostic, Severity, Suppression, Verdict
from posturio_iac.core.keys import calls
from posturio_iac.core.model import KeyKind
from posturio_iac.core.record import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from typing import Any

    from posturio_iac.contract import RunScope

_LOWEST = DEMERITS[Severity.LOW]


def cost(key: Mapping[str, Any], severities: Iterable[str]) -> float:
    """The demerit that a result states of a key, raised to what follows from its findings and open questions; older results state none."""
    given = key.get("demerit", 0)
    stated = float(given) if isinstance(given, (int, float)) and not isinstance(given, bool) else 0.0
    worst = max((DEMERITS[Severity(severity)] for severity in severities), default=0.0)
    undecided = bool(key.get("undecided")) or key["verdict"] == Verdict.UNDETERMINED.value
    least = (_LOWEST if stated else UNDETERMINED) if undecided else 0.0
    return max(stated, worst, least) if stated <= max(DEMERITS.values()) else max(DEMERITS.values())


@dataclass(frozen=True, slots=True)
class SavedEvidence:
    """One piece of evidence of when a key ends, as the contract has it."""

    kind: str
    value: str
    effect: str
    source: str


@dataclass(frozen=True, slots=True)
class SavedKey:
    """A key of a result."""

    address: str
    framework: str
    root: str
    path: str | None
    line: int | None
    user: str | None
    status: str | None
    owner: str | None
    verdict: Verdict
    lifetime: tuple[SavedEvidence, ...]
    undecided: tuple[str, ...]
    demerit: float
    account: str | None
    created: datetime | None
    last_used: datetime | None
    never_used: bool
    used_for: str
    """Service and region of its last use, such as ``s3 in eu-west-1``; empty when not known."""
    disabled_since: datetime | None
    evidence: tuple[str, ...]
    declared_at: str
    """Which code declares a deployed key, or that none does, in words; empty where it is not known."""
    declared_path: str | None = None
    declared_line: int | None = None
    kind: KeyKind = KeyKind.ACCESS_KEY
    service: str | None = None
    linked: bool = False

    @property
    def deployed(self) -> bool:
        return self.framework == "aws"

    @property
    def place(self) -> str:
        """Where it stands in code: ``path:line``, with the address there for a deployed key; or nothing."""
        return self.declared_at or (f"{self.path}:{self.line}" if self.path and self.line else self.path or "")

    @property
    def module(self) -> str:
        """The address of the module that a key in code stands in; empty for a root module, a template and a deployed key."""
        return ".".join(f"module.{name}" for name in calls(self.address)) if self.framework.startswith("terraform") else ""


@dataclass(frozen=True, slots=True)
class SavedRemedy:
    """The change that mends a finding, as far as the result says it."""

    kind: str
    summary: str
    code: str
    """The code that it writes; empty unless it is one piece."""
    command: str
    address: str | None = None
    then: str | None = None
    """The clauses that follow it in the remediation of its finding; None where that does not begin with it."""
    otherwise: str = ""
    """The command that this remediation ends with as another choice."""


@dataclass(frozen=True, slots=True)
class SavedFinding:
    """A finding of a result."""

    rule: str
    severity: Severity
    message: str
    remediation: str
    address: str
    framework: str
    root: str
    path: str | None
    line: int | None
    fingerprint: str
    suppressed: Suppression | None
    remedy: SavedRemedy | None
    fix: str
    """What the next apply does about the change that a program can make: ``nothing``, ``in_place`` or ``replaces``; empty without one."""
    first_seen: datetime | None
    problem: str
    instead: tuple[str, ...]
    """What replaces the key, for each of its consumers that the code shows."""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.path and self.line else self.path or ""


@dataclass(frozen=True, slots=True)
class SavedVerdict:
    """What a verification says of one earlier finding."""

    state: str
    finding: SavedFinding
    status: str | None
    owner: str | None
    kind: KeyKind


@dataclass(frozen=True, slots=True)
class SavedResult:
    """One saved result."""

    source: str
    as_of: datetime
    tool: str
    covered: RunScope
    keys: tuple[SavedKey, ...]
    found: tuple[SavedFinding, ...]
    diagnostics: tuple[Diagnostic, ...]
    files: int
    users: frozenset[str] | None
    verdicts: tuple[SavedVerdict, ...]
