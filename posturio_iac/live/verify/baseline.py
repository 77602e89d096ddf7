"""What an earlier result says about deployed keys: the findings that are to be verified. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from posturio_iac.core.dates import parse_date
from posturio_iac.core.finding import Level, Severity
from posturio_iac.core.model import KeyKind
from posturio_iac.live.model import DeployedUser, ObservedKey, UserQuery
from posturio_iac.live.verify.model import FindingState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

VERSION = 1
FRAMEWORK = "aws"
MASKED = "****"
PLACE = "key-"
"""How a key is called of which only its place in a report was known."""


class NoResultError(Exception):
    """The text is no result that can be verified; a clause that says why."""


@dataclass(frozen=True, slots=True)
class EarlierKey:
    """A key as it was called at the time."""

    address: str
    user: DeployedUser
    account: str
    partition: str
    label: str
    """Its id in full or masked, or ``key-1``."""
    created: datetime | None = None
    status: str | None = None
    owner: str | None = None
    linked: bool = False
    """Whether it was joined to code, or no code was found for it."""
    kind: KeyKind = KeyKind.ACCESS_KEY

    @property
    def id(self) -> str | None:
        """Its full id, where that is known."""
        return None if self.label.startswith((MASKED, PLACE)) else self.label


@dataclass(frozen=True, slots=True)
class EarlierFinding:
    """What was wrong with it."""

    key: EarlierKey
    rule: str
    severity: Severity
    message: str
    remediation: str
    fingerprint: str
    first_seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier result."""

    as_of: str
    keys: tuple[EarlierKey, ...]
    """All that it tells of, each once."""
    findings: tuple[EarlierFinding, ...]
    """Without those that were suppressed."""
    incomplete: bool
    """Whether something could not be read at the time."""

    def accounts(self) -> dict[str, str]:
        """The partition of each account, in the order of the file."""
        return {key.account: key.partition for key in self.keys}

    def wanted(self, account: str) -> tuple[UserQuery, ...]:
        """Return whom to ask about, with the keys of theirs that findings are about."""
        flagged = {id(finding.key) for finding in self.findings}
        users: dict[str, tuple[DeployedUser, dict[str, ObservedKey]]] = {}
        for key in self.keys:
            if key.account == account:
                _, keys = users.setdefault(key.user.arn, (key.user, {}))
                if id(key) in flagged:
                    keys[key.address] = ObservedKey(key.address, key.label, key.id, key.created, key.kind)
        return tuple(UserQuery(user, tuple(keys.values())) for user, keys in users.values())


def read(text: str) -> Earlier:
    """Read a result of ``posturio-iac live --format json``, or of ``--verify`` itself.

    Raises:
        NoResultError: it is none, of another version, or of a scan of code.

    """
    document = _document(text)
    keys: dict[str, EarlierKey] = {}
    findings: list[EarlierFinding] = []
    for entry in document["keys"]:
        key = _key(entry)
        keys[f"{key.address} {key.created}"] = key
    by_address = {key.address: key for key in keys.values()}
    for entry in _open(document):
        address = _text(entry, "address")
        key = by_address.get(address) or _key(entry)
        if address not in by_address:
            keys[address] = by_address[address] = key
        findings.append(_finding(entry, key, document.get("as_of")))
    incomplete = any(said.get("level") == Level.ERROR.value for said in document["diagnostics"] if isinstance(said, dict))
    return Earlier(str(document.get("as_of", "an unknown time")), tuple(keys.values()), tuple(findings), incomplete)


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoResultError(f"is no JSON: {error}") from None
    parts = ("keys", "findings", "diagnostics")
    if not isinstance(document, dict) or not all(isinstance(document.get(part), list) for part in parts) or "version" not in document:
        raise NoResultError("is no result of posturio-iac live --format json")
    if document["version"] != VERSION:
        raise NoResultError(f"is a result of version {document['version']}, and this program reads version {VERSION}")
    entries = [*document["keys"], *document["findings"]]
    summary = document.get("summary")
    searched = summary.get("files") if isinstance(summary, dict) else 0
    if any(not isinstance(entry, dict) or entry.get("framework") != FRAMEWORK for entry in entries) or (searched and not entries):
        raise NoResultError("is the result of a scan of code, which holds no deployed keys; --verify takes one of posturio-iac live")
    return document


def _open(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what was found, and what an earlier verification could not tell."""
    yield from (entry for entry in document["findings"] if "suppressed" not in entry)
    verification = document.get("verification")
    results = verification.get("results") if isinstance(verification, dict) else None
    for entry in results if isinstance(results, list) else ():
        if isinstance(entry, dict) and entry.get("state") == FindingState.UNTOLD.value:
            yield entry


def _key(entry: Mapping[str, Any]) -> EarlierKey:
    address = _text(entry, "address")
    arn, _, label = address.rpartition("/")
    parts = arn.split(":", 5)
    if len(parts) != len(("arn", "partition", "service", "region", "account", "resource")) or not parts[4].isdecimal():
        raise NoResultError(f'names "{address[:80]}", which is no address of a deployed key')
    is_root = parts[5] == "root"
    name = "root" if is_root else parts[5].rpartition("/")[2]
    created, status, owner = entry.get("created"), entry.get("status"), entry.get("owner")
    return EarlierKey(
        address,
        DeployedUser(name, arn, is_root=is_root),
        parts[4],
        parts[1],
        label,
        _moment(created),
        status if isinstance(status, str) else None,
        owner if isinstance(owner, str) else None,
        linked="declared_as" in entry or "managed" in entry,
        kind=KeyKind.SERVICE_CREDENTIAL if entry.get("kind") == KeyKind.SERVICE_CREDENTIAL.value else KeyKind.ACCESS_KEY,
    )


def _finding(entry: Mapping[str, Any], key: EarlierKey, as_of: object) -> EarlierFinding:
    try:
        severity = Severity(entry.get("severity"))
    except ValueError:
        raise NoResultError(f"has a finding of unknown severity for {key.address}") from None
    return EarlierFinding(
        key,
        _text(entry, "rule"),
        severity,
        str(entry.get("message", "")),
        str(entry.get("remediation", "")),
        str(entry.get("fingerprint", "")),
        _moment(entry.get("first_seen")) or _moment(as_of),
    )


def _moment(value: object) -> datetime | None:
    return parse_date(value) if isinstance(value, str) else None


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise NoResultError(f'has an entry without "{name}"')
    return value
