"""Observations of keys and findings in earlier runs and in this one. Holds digests and the last four characters of ids. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from posturio_iac.contract.write import moment as written
from posturio_iac.core.text.terminal import harmless_json
from posturio_iac.live.model import Account, DeployedKey
from posturio_iac.retire.ledger_lines import DamagedLedgerError, KeyChange, KeyChangeKind, change_of, moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

MARK = "posturio-iac-ledger"
VERSION = 1
FORGOTTEN = timedelta(days=400)  # how long after it was last seen a key or a finding is dropped
FOLDED = timedelta(days=90)  # how long after its deletion the lines of a key are merged into one
SHOWN = 4


@dataclass(slots=True)
class UnfinishedRun:
    """A run that was interrupted, or is going on."""

    at: datetime
    options: str  # a digest of its options
    read: dict[str, Any] = field(default_factory=dict)

    def first_line(self) -> str:
        return harmless_json({"at": written(self.at), "run": "begun", "options": self.options})


def account_line(account: str, told: Any) -> str:
    return harmless_json({"run": "read", "account": account, "told": told})


@dataclass(slots=True)
class Ledger:
    """Observations of earlier runs, and of this one."""

    keys: dict[str, list[KeyChange]] = field(default_factory=dict)
    findings: dict[str, list[KeyChange]] = field(default_factory=dict)
    """Each time that a finding was open, by its fingerprint, the oldest first."""
    last_run: datetime | None = None
    unfinished: UnfinishedRun | None = None
    before: str = ""  # the digest of the whole ledger as the run before left it
    by: str = ""
    accounts: tuple[str, ...] = ()
    is_whole: bool = True  # whether it is as it was written; where it is not, or has no digest, nothing rests on it
    hold: datetime | None = None  # until when nothing is switched off unnamed, since a break may have lost an answer

    def distrust(self, as_of: datetime, grace: timedelta) -> None:
        """Let nothing rest on a broken ledger but that keys are needed: days are counted anew, and owners are asked anew."""
        for name, changes in self.keys.items():
            left = [change for change in changes if change.kind not in (KeyChangeKind.ASKED, KeyChangeKind.DISABLED)]
            left = [change for change in left if change.kind is not KeyChangeKind.ANSWERED or change.detail.get("needed") is True]
            for change in left:
                if change.kind is KeyChangeKind.INACTIVE:
                    change.at = change.last = as_of
            self.keys[name] = left
        self.hold = as_of + grace

    @staticmethod
    def name_of(key: DeployedKey) -> str:
        return digest_of(key.user.arn, key.key_id or "")

    def of(self, name: str, kind: KeyChangeKind) -> KeyChange | None:
        return next((change for change in reversed(self.keys.get(name, ())) if change.kind is kind), None)

    def seen_on_again(self, name: str) -> datetime | None:
        """Return when a key was first seen active after it had been seen inactive; None where it was not."""
        statuses = [change for change in self.keys.get(name, ()) if change.kind in (KeyChangeKind.ACTIVE, KeyChangeKind.INACTIVE)]
        first_off = next((change.at for change in statuses if change.kind is KeyChangeKind.INACTIVE), None)
        on = (change.at for change in statuses if change.kind is KeyChangeKind.ACTIVE)
        return max((when for when in on if first_off is not None and when > first_off), default=None)

    def saw_inactive(self, key: DeployedKey, as_of: datetime, not_before: datetime | None) -> datetime:
        """Return since when a key is proven inactive; an observation before ``not_before``, when it was active, is void."""
        found = self.saw(self.name_of(key), KeyChangeKind.INACTIVE, as_of)
        if not_before is not None and not_before > found.at:
            found.at = as_of
        return found.at

    def saw(self, name: str, kind: KeyChangeKind, as_of: datetime) -> KeyChange:
        """Record the status of a key, in a new line if it has changed."""
        changes = self.keys.setdefault(name, [])
        statuses = [change for change in changes if change.kind in (KeyChangeKind.ACTIVE, KeyChangeKind.INACTIVE)]
        if not statuses or statuses[-1].kind is not kind:
            changes.append(KeyChange(as_of, kind, name, as_of))
            return changes[-1]
        found = statuses[-1]
        found.at, found.last = min(found.at, as_of), max(found.last, as_of)
        return found

    def note(self, name: str, kind: KeyChangeKind, as_of: datetime, detail: Mapping[str, Any]) -> None:
        """Record a fact about a key, unless the last line of that kind states the same."""
        known, told = self.of(name, kind), {key: value for key, value in detail.items() if value is not None}
        if known is not None and known.detail == told:
            known.last = max(known.last, as_of)
        else:
            self.keys.setdefault(name, []).append(KeyChange(as_of, kind, name, as_of, told))

    def is_open(self, fingerprint: str) -> bool:
        return any("resolved" not in span.detail for span in self.findings.get(fingerprint, ())[-1:])

    def first_seen(self, fingerprint: str) -> datetime | None:
        spans = self.findings.get(fingerprint)
        return min(span.at for span in spans) if spans else None

    def saw_finding(self, fingerprint: str, as_of: datetime, *, key: str = "", detail: Mapping[str, Any]) -> None:
        """Remember that a finding is open."""
        spans = self.findings.setdefault(fingerprint, [])
        if not self.is_open(fingerprint):
            spans.append(KeyChange(as_of, KeyChangeKind.FLAGGED, key, as_of, {}))
        span = spans[-1]
        span.at, span.last, span.key = min(span.at, as_of), max(span.last, as_of), key or span.key
        span.detail = {**span.detail, "finding": fingerprint, **detail}

    def resolve(self, fingerprint: str, as_of: datetime) -> None:
        if self.is_open(fingerprint):
            self.findings[fingerprint][-1].detail["resolved"] = written(as_of)

    def living(self) -> Iterator[tuple[str, KeyChange]]:
        """Yield the name of each key that is not known to be deleted, with the line that tells of it first."""
        for name in self.keys:
            seen, deleted = self.of(name, KeyChangeKind.SEEN), self.of(name, KeyChangeKind.DELETED)
            if seen is not None and (deleted is None or seen.last > deleted.at):
                yield name, seen

    def expected(self) -> dict[str, int]:
        """Return how many access keys each user is known to have, by the ARN of the user."""
        counts: dict[str, int] = {}
        for _, seen in self.living():
            if is_credential(seen):
                continue
            arn = str(seen.detail.get("user", ""))
            counts[arn] = counts.get(arn, 0) + 1
        return counts

    def remediated(self) -> Iterator[dict[str, Any]]:
        """Yield how long each flagged key took from its first finding until it was switched off or deleted, whichever came first."""
        first: dict[str, datetime] = {}
        for span in (span for spans in self.findings.values() for span in spans if span.key):
            first[span.key] = min(span.at, first.get(span.key, span.at))
        for name, found in sorted(first.items(), key=lambda entry: (entry[1], entry[0])):
            seen, off, gone = (self.of(name, kind) for kind in (KeyChangeKind.SEEN, KeyChangeKind.DISABLED, KeyChangeKind.DELETED))
            ends = [moment(off.detail["since"])] if off is not None else []
            ends += [moment(gone.detail["on"]) if "on" in gone.detail else gone.at] if gone is not None else []
            told = {word: seen.detail.get(word) for word in ("account", "user", "id")} if seen is not None else {}
            days = max((min(ends) - found).days, 0) if ends else None
            yield {**told, "found": written(found), "ended": written(min(ends)) if ends else None, "days": days}

    def text(self, as_of: datetime) -> str:
        """The text of a ledger without an open run: long deleted keys in one line, and without entries not seen for long."""
        oldest = as_of - FORGOTTEN
        kept = [change for changes in self.keys.values() for change in _folded(changes, as_of) if max(one.last for one in changes) > oldest]
        spans = [span for found in self.findings.values() for span in found if span.last > oldest]
        ordered = sorted(
            [*kept, *spans], key=lambda change: (change.at, change.key, change.kind.value, str(change.detail.get("finding", "")))
        )
        body = "".join(f"{change.line()}\n" for change in ordered)
        told: dict[str, Any] = {
            "last_run": self.last_run and written(self.last_run),
            "by": self.by,
            "hold": self.hold and written(self.hold),
        }
        told |= {"accounts": list(self.accounts), "before": self.before}
        head = {MARK: VERSION, **{name: value for name, value in told.items() if value}}
        whole = f"{harmless_json(head)}\n{body}"
        return whole.replace("}\n", f', "digest": "{_digest(whole)}"}}\n', 1)


def is_credential(seen: KeyChange) -> bool:
    return "service" in seen.detail


def digest_of(arn: str, key_id: str) -> str:
    """Return what the ledger calls a key."""
    return _digest(f"{arn}/{key_id}")[:32]


def _digest(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode()).hexdigest()


def _is_whole(text: str, first: dict[str, Any]) -> bool:
    """As ``steps.sh`` finds it, too: the digest is of all but itself and the lines of an open run."""
    kept = text.partition('"run": "begun"')[0].rpartition("\n")[0] + "\n"
    return _digest(kept.replace(f', "digest": "{first.get("digest")}"}}\n', "}\n", 1)) == first.get("digest")


def _folded(changes: list[KeyChange], as_of: datetime) -> list[KeyChange]:
    deleted = changes[-1]
    if deleted.kind is not KeyChangeKind.DELETED or as_of - deleted.at < FOLDED:
        return changes
    seen = next((change for change in reversed(changes) if change.kind is KeyChangeKind.SEEN), None)
    disabled = next((change for change in reversed(changes) if change.kind is KeyChangeKind.DISABLED), None)
    more = {**(seen.detail if seen else {}), **({"disabled": disabled.detail.get("since")} if disabled else {})}
    first = {"first_seen": written(changes[0].at)} if len(changes) > 1 else {}
    return [KeyChange(deleted.at, deleted.kind, deleted.key, deleted.last, {**first, **more, **deleted.detail})]


def read_ledger(text: str) -> Ledger:
    """Read a ledger, without a last line that was cut off. Raises `DamagedLedgerError`."""
    try:
        lines = text.split("\n")
        first = json.loads(lines[0])
        if first.get(MARK) != VERSION:
            raise DamagedLedgerError
        last_run, hold = (moment(first[name]) if name in first else None for name in ("last_run", "hold"))
        before, by, accounts = str(first.get("before", "")), str(first.get("by", "")), tuple(map(str, first.get("accounts", ())))
        ledger = Ledger(last_run=last_run, before=before, by=by, accounts=accounts, is_whole=_is_whole(text, first), hold=hold)
        for line in lines[1:-1]:
            _take(ledger, json.loads(line))
    except (ValueError, RecursionError, LookupError, AttributeError, TypeError):
        raise DamagedLedgerError from None
    return ledger


def _take(ledger: Ledger, entry: dict[str, Any]) -> None:
    match entry.get("run"):
        case "begun":
            ledger.unfinished = UnfinishedRun(moment(entry["at"]), str(entry["options"]))
        case "read" if ledger.unfinished is not None:
            ledger.unfinished.read[Account(str(entry["account"])).id] = entry["told"]
        case None:
            change = change_of(entry)
            if change.kind is KeyChangeKind.FLAGGED:
                ledger.findings.setdefault(str(change.detail["finding"]), []).append(change)
            else:
                ledger.keys.setdefault(change.key, []).append(change)
        case _:
            raise DamagedLedgerError
