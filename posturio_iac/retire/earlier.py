"""The deployed keys and findings of an earlier result, which are to be verified. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from posturio_iac.contract.read import NotAResultError, load
from posturio_iac.contract.records import SavedFinding, SavedKey, SavedVerdict
from posturio_iac.core.finding import Exit, Level, Report, Severity
from posturio_iac.core.keys import MASK
from posturio_iac.core.model import KeyKind
from posturio_iac.core.record import Enum, replace
from posturio_iac.live.model import DeployedUser, ObservedKey, UserQuery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from posturio_iac.retire.plan import Entry


class KeyState(str, Enum):
    """The outcome for a key and its earlier findings."""

    OPEN = "still_open"
    CANNOT_TELL = "cannot_tell"
    RESOLVED = "resolved"


FRAMEWORK = "aws"
PLACE = "key-"  # the name of a key of which only its place in a report was known


@dataclass(frozen=True, slots=True)
class EarlierKey:
    """A key as it was named at the time."""

    address: str
    user: DeployedUser
    account: str
    partition: str
    label: str
    created: datetime | None = None
    status: str | None = None
    owner: str | None = None
    linked: bool = False  # True if it was joined to code, or no code was found for it
    kind: KeyKind = KeyKind.ACCESS_KEY

    @property
    def id(self) -> str | None:
        return None if self.label.startswith((MASK, PLACE)) else self.label


@dataclass(frozen=True, slots=True)
class EarlierFinding:
    """An earlier finding about it."""

    key: EarlierKey
    rule: str
    severity: Severity
    message: str
    remediation: str
    fingerprint: str
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier result."""

    as_of: datetime
    keys: tuple[EarlierKey, ...]
    findings: tuple[EarlierFinding, ...]
    incomplete: bool  # True if something could not be read at the time

    def accounts(self) -> dict[str, str]:
        return {key.account: key.partition for key in self.keys}

    def wanted(self, account: str) -> tuple[UserQuery, ...]:
        """The users to ask about, with those of their keys that findings are about."""
        flagged = {id(finding.key) for finding in self.findings}
        users: dict[str, tuple[DeployedUser, dict[str, ObservedKey]]] = {}
        for key in self.keys:
            if key.account == account:
                _, keys = users.setdefault(key.user.arn, (key.user, {}))
                if id(key) in flagged:
                    keys[key.address] = ObservedKey(key.address, key.label, key.id, key.kind)
        return tuple(UserQuery(user, tuple(keys.values())) for user, keys in users.values())


def read(text: str, source: str = "") -> Earlier:
    """Read a result of ``live --format json`` or ``retire verify``. Raises `NotAResultError`."""
    saved = load(text, source, show_key_ids=True)
    verdicts = tuple(verdict for verdict in saved.verdicts if verdict.state == KeyState.CANNOT_TELL.value)
    found = [*(finding for finding in saved.found if finding.suppressed is None), *(verdict.finding for verdict in verdicts)]
    frameworks = {*(key.framework for key in saved.keys), *(finding.framework for finding in found)}
    if frameworks - {FRAMEWORK} or (saved.files and not (saved.keys or found)):
        raise NotAResultError("is the result of a scan of code, which holds no deployed keys; retire verify takes one of posturio-iac live")
    keys = {f"{key.address} {key.created}": _key(key.address, key) for key in saved.keys}
    by_address = {key.address: key for key in keys.values()}
    for address, known in (*((verdict.finding.address, verdict) for verdict in verdicts), *((finding.address, None) for finding in found)):
        if address not in by_address:  # its key was gone already, or could not be read
            keys[address] = by_address[address] = _key(address, known)
    findings = tuple(_finding(finding, by_address[finding.address], saved.as_of) for finding in found)
    return Earlier(saved.as_of, tuple(keys.values()), findings, any(said.level is Level.ERROR for said in saved.diagnostics))


def together(results: Iterable[Earlier]) -> Earlier:
    """Several earlier results as one, of the time of the oldest, with each key and each finding as it was seen first."""
    ordered = sorted(results, key=lambda one: one.as_of)
    keys: dict[tuple[str, datetime | None], EarlierKey] = {}
    findings: dict[str, EarlierFinding] = {}
    for one in ordered:
        for key in one.keys:
            keys.setdefault((key.address, key.created), key)
        for finding in one.findings:
            known = keys[finding.key.address, finding.key.created]
            findings.setdefault(finding.fingerprint, replace(finding, key=known))
    return Earlier(ordered[0].as_of, tuple(keys.values()), tuple(findings.values()), any(one.incomplete for one in ordered))


def _key(address: str, known: SavedKey | SavedVerdict | None) -> EarlierKey:
    arn, _, label = address.rpartition("/")
    parts = arn.split(":", 5)
    if len(parts) != len(("arn", "partition", "service", "region", "account", "resource")) or not parts[4].isdecimal():
        raise NotAResultError(f'names "{address[:80]}", which is no address of a deployed key')
    is_root = parts[5] == "root"
    name = "root" if is_root else parts[5].rpartition("/")[2]
    made = EarlierKey(address, DeployedUser(name, arn, is_root=is_root), parts[4], parts[1], label)
    if known is None:
        return made
    made = replace(made, status=known.status, owner=known.owner, kind=known.kind)
    return made if isinstance(known, SavedVerdict) else replace(made, created=known.created, linked=known.linked)


def _finding(found: SavedFinding, key: EarlierKey, as_of: datetime) -> EarlierFinding:
    first = found.first_seen or as_of
    return EarlierFinding(key, found.rule, found.severity, found.message, found.remediation, found.fingerprint, first)


@dataclass(frozen=True, slots=True)
class VerifiedKey:
    """One key of an earlier result, and what became of it."""

    state: KeyState
    address: str
    account: str
    user: str
    owner: str | None
    kind: KeyKind
    status: str | None
    findings: tuple[EarlierFinding, ...]
    why: str  # what became of it, with the day and by whom where that is known: a clause without a full stop
    note: str = ""  # what is to be known of every such key: a sentence, or empty
    remediation: str = ""  # what to do about a key that is still open: sentences, or empty
    at: datetime | None = None
    by: str = ""
    event: str = ""
    plan: Entry | None = None

    @property
    def severity(self) -> Severity:
        return max(finding.severity for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome for all keys of an earlier result that something was found about."""

    earlier: datetime
    keys: tuple[VerifiedKey, ...]  # by state, in the order of `KeyState`, and in each the worst first

    def count(self, state: KeyState) -> int:
        return sum(key.state is state for key in self.keys)

    def exit_code(self, report: Report) -> Exit:
        """Return 0 only when every earlier finding is gone; 3 for an unknown outcome or a failed call; else 1."""
        if self.count(KeyState.CANNOT_TELL):
            return Exit.INCOMPLETE
        return report.exit_code(None) or (Exit.FINDINGS if self.count(KeyState.OPEN) else Exit.CLEAN)
