"""The ledger of a run: its state before, its lines as each account is finished, and its state after the whole run."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from posturio_iac.commands.live.ledger_store import FileStore, S3Store, store_of
from posturio_iac.contract import FindingAges
from posturio_iac.contract.write import moment as written
from posturio_iac.core.finding import Diagnostic, Level, Report
from posturio_iac.core.keys import account_of, hidden
from posturio_iac.core.model import AccessKey, KeyKind
from posturio_iac.core.record import replace
from posturio_iac.core.text import decoding
from posturio_iac.core.text.textfile import UnreadableError, read_named
from posturio_iac.errors import UsageError
from posturio_iac.live.reading.events import off
from posturio_iac.live.survey import AccountOutcome, AccountTarget
from posturio_iac.render.aws.deployed import OPEN, names_of
from posturio_iac.retire.key_lives import name_of
from posturio_iac.retire.ledger_history import SHOWN, Ledger, UnfinishedRun, account_line, digest_of, is_credential, read_ledger
from posturio_iac.retire.ledger_lines import DamagedLedgerError, KeyChange, KeyChangeKind, decode, encode, moment
from posturio_iac.retire.letters import NoAnswersError, note_answers, read_answers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from posturio_iac.commands.live.arguments import LiveArguments
    from posturio_iac.live.connection.session import Connection
    from posturio_iac.live.inventory import Inventory
    from posturio_iac.live.model import DeployedKey
    from posturio_iac.live.request import PoliciesByKind

RESUMABLE = timedelta(hours=24)  # how old a resumed run may be: its data is judged as of its own time
SAME = ("organization", "account", "exclude_account", "profile", "role_name", "exact", "code", "state", "stack_region")
"""Options that decide which data is read: a run is resumed with the same ones."""


class LedgerFile:
    """The ledger that ``--ledger`` names."""

    def __init__(self, store: FileStore | S3Store, ledger: Ledger, as_of: datetime, resumed: UnfinishedRun | None) -> None:
        self.store, self.ledger, self.as_of = store, ledger, as_of
        self._resumed = resumed
        self._living: dict[str, dict[str, KeyChange]] = {}
        for name, seen in ledger.living():
            self._living.setdefault(str(seen.detail.get("account", "")), {})[name] = seen
        self._found: set[str] = set()
        self._names: set[str] = set()
        self._accounts: set[str] = set()
        self._complete: set[str] = set()
        self.said: list[Diagnostic] = []

    def begin(self, options: str) -> None:
        """Record that a run begins, or is resumed with the data that it has read. Raises `OutputError`."""
        run = self._resumed or UnfinishedRun(self.as_of, options)
        read = "".join(f"{account_line(account, told)}\n" for account, told in run.read.items())
        self.store.replace(f"{self.text()}{run.first_line()}\n{read}")

    def known(self, target: AccountTarget) -> AccountOutcome | None:
        """The data that the resumed run read of an account. Raises `UsageError`."""
        told = self._resumed.read.get(target.account.id) if self._resumed and target.account else None
        if told is None:
            return None
        try:
            inventory: Inventory = decode(told)
            inventory.account.check_users(key.user.arn for key in inventory.keys)
            return AccountOutcome(target, inventory, tuple(inventory.diagnostics), {})
        except (DamagedLedgerError, TypeError, ValueError, AttributeError, RecursionError):
            raise UsageError("the ledger was written by another version of posturio-iac; run without --resume") from None

    def read(self, outcome: AccountOutcome) -> None:
        if outcome.inventory is not None:
            self.store.append(account_line(outcome.inventory.account.id, encode(outcome.inventory)))

    def follow(self, inventory: Inventory) -> None:
        """Let what is known of a key go with it where its user has another name or path by now, which are a part of the key's name."""
        living, keys = self._living.get(inventory.account.id, {}), self.ledger.keys
        users = {name: str(seen.detail.get("user")) for name, seen in living.items()}
        for key in inventory.keys:
            name = self.ledger.name_of(key)
            for known, user in users.items() if key.key_id and name not in keys else ():
                if known in keys and known == digest_of(user, key.key_id or ""):
                    del living[known]
                    keys[name] = [replace(change, key=name) for change in keys.pop(known)]

    def saw(self, report: Report, inventory: Inventory) -> FindingAges:
        """Add this run's observations of an account, and return the ages of its findings; `finish` writes them."""
        ledger, as_of = self.ledger, self.as_of
        self._accounts.add(inventory.account.id)
        found = {finding.fingerprint for finding in report.findings if finding.suppressed is None}
        new = None if ledger.last_run is None else frozenset(name for name in found if not ledger.is_open(name))
        names = {f"{key.user.arn}/{key.key_id}": ledger.name_of(key) for key in inventory.keys if key.key_id}
        lives = {name: judged.key.life for judged in report.keys if judged.key.life and (name := name_of(judged.key))}
        self._saw_keys(inventory, {name: life.delete_on for name, life in lives.items() if life.delete_on is not None})
        for finding in report.findings:
            detail = {"rule": finding.rule.id, "account": account_of(finding.address)}
            ledger.saw_finding(finding.fingerprint, as_of, key=names.get(finding.address, ""), detail=detail)
        everything = tuple(names_of(report))
        for name in sorted(set(everything) - {finding.fingerprint for finding in report.findings}):
            ledger.saw_finding(name, as_of, detail={"rule": OPEN})
        self._found.update(everything)
        self._names.update(names.values())
        if not any(said.level is Level.ERROR for said in inventory.diagnostics):
            self._complete.add(inventory.account.id)
        first = ((name, ledger.first_seen(name)) for name in everything)
        return FindingAges({name: when for name, when in first if when is not None}, new)

    def remember_creators(self, keys: Iterable[AccessKey]) -> None:
        """Remember who created keys, since CloudTrail forgets it."""
        for key in keys:
            if key.created_by is not None and (name := name_of(key)) is not None:
                seen = self.ledger.of(name, KeyChangeKind.SEEN)
                if seen is not None:
                    seen.detail["created_by"] = key.created_by

    def switched_off(self, report: Report, after: datetime) -> dict[str, datetime]:
        """Since when keys had been off, by their addresses, as this ledger first saw after a time."""
        names = {judged.key.address: name_of(judged.key) for judged in report.keys}
        seen = ((address, self.ledger.of(name, KeyChangeKind.DISABLED)) for address, name in names.items() if name is not None)
        return {address: moment(change.detail["since"]) for address, change in seen if change is not None and change.at >= after}

    def finish(self, rules: Mapping[KeyKind, Collection[str]], *, whole: bool) -> None:
        """Write what this run saw; ``rules`` judged keys of each kind, ``whole`` tells if every user was read. Raises `OutputError`."""
        self._resolve(rules, None if whole else self._names)
        if whole:
            self.ledger.last_run, self.ledger.accounts = self.as_of, tuple(sorted(self._accounts))
        self.ledger.unfinished = None
        self.store.replace(self.text())

    def asked(self, keys: Iterable[tuple[AccessKey, str, datetime]], how: str) -> None:
        """Record that owners were asked about keys, and by when they may answer. Raises `OutputError`."""
        for key, owner, answer_by in keys:
            if (name := name_of(key)) is not None:
                self.ledger.note(name, KeyChangeKind.ASKED, self.as_of, {"owner": owner, "how": how, "answer_by": written(answer_by)})
        self.store.replace(self.text())

    def notes(self) -> list[Diagnostic]:
        """Say that the ledger is new, is not as it was written, or is about other accounts than those that were read."""
        found = [*self.said]
        if not self.ledger.is_whole:
            text = "the ledger is not as it was written, or has no digest, so nothing rests on it but that keys are needed"
            rest = "days are asked of CloudTrail or counted anew, and for the grace period nothing unnamed is switched off; ask owners anew"
            found.append(Diagnostic(Level.ERROR, f"{text}: {rest}"))
        if self._living and self._accounts and self._accounts.isdisjoint(self._living):
            found.append(Diagnostic(Level.WARNING, "no key of the ledger is in these accounts; is it the right one?"))
        return found

    def text(self) -> str:
        return self.ledger.text(self.as_of)

    def _resolve(self, rules: Mapping[KeyKind, Collection[str]], only: set[str] | None) -> None:
        for name, spans in self.ledger.findings.items():
            detail, key = spans[-1].detail, spans[-1].key
            seen = self.ledger.of(key, KeyChangeKind.SEEN)
            kind = KeyKind.SERVICE_CREDENTIAL if seen is not None and is_credential(seen) else KeyKind.ACCESS_KEY
            looked = detail.get("account") in self._complete and detail.get("rule") in rules[kind]
            if looked and name not in self._found and (only is None or key in only):
                self.ledger.resolve(name, self.as_of)

    def answers(self, path: str) -> int:
        """Add the answers of owners, which are written with the rest, and return how many are new. Raises `UsageError`."""
        try:
            data = read_named(path)
            found = read_answers(decoding.decode(data, "replace"))  # a program for tables may write notes in an encoding of its own
            added, said = note_answers(self.ledger, found, self.as_of, sha256(data).hexdigest())
        except (NoAnswersError, UnreadableError) as error:
            raise UsageError(f"--answers {path}: {error}") from None
        self.said += (Diagnostic(Level.WARNING, f"--answers {path}: {text}") for text in said)
        return added

    def _saw_keys(self, inventory: Inventory, ends: Mapping[str, datetime]) -> None:
        ledger, seen = self.ledger, set()
        living = self._living.get(inventory.account.id, {})
        is_read = not any(said.level is Level.ERROR for said in inventory.diagnostics)
        for key in inventory.keys:
            if key.key_id is not None and not key.user.is_root:
                seen.add(name := ledger.name_of(key))
                if name in living:
                    living[name].last = self.as_of
                else:
                    told = {"account": inventory.account.id, "user": key.user.arn, "id": hidden(key.key_id), "service": key.service}
                    made = written(key.created) if isinstance(key.created, datetime) else None
                    ledger.note(name, KeyChangeKind.SEEN, self.as_of, {**told, "created": made})
                self._saw_switches(name, key, ends.get(name))
        for name, change in living.items():
            listed = inventory.credentials_listed if is_credential(change) else change.detail.get("user") in inventory.listed
            if name not in seen and (listed or change.detail.get("user") in inventory.gone):
                user, tail = str(change.detail.get("user", "")), str(change.detail.get("id", ""))[-SHOWN:]
                ids = (key_id for key_id in inventory.deletions if key_id.endswith(tail) and digest_of(user, key_id) == name)
                event = next((inventory.deletions[key_id] for key_id in ids), None)
                told = {"on": written(event.at), "by": event.by or None, "event": event.id or None} if event else {}
                if event or (is_read and (inventory.is_whole or user not in inventory.gone)):  # else it may be with a renamed user
                    ledger.note(name, KeyChangeKind.DELETED, self.as_of, told)

    def _saw_switches(self, name: str, key: DeployedKey, delete_on: datetime | None) -> None:
        before = self.ledger.of(name, KeyChangeKind.DISABLED)
        since = key.disabled_since
        if off(key) and isinstance(since, datetime):
            end = written(delete_on) if delete_on is not None else None
            detail = {"since": written(since), "by": (key.switched_off and key.switched_off.by) or None, "delete_on": end}
            self.ledger.note(name, KeyChangeKind.DISABLED, self.as_of, detail)
        if before is not None and isinstance(key.last_used, datetime) and written(key.last_used) > str(before.detail["since"]):
            service, region = key.used_for or (None, None)
            self.ledger.note(name, KeyChangeKind.USED, self.as_of, {"when": written(key.last_used), "service": service, "region": region})


def ledger_of(arguments: LiveArguments, as_of: datetime, connection: Callable[[], Connection]) -> LedgerFile | None:
    """The ledger that the command line names, if any. Raises `UsageError` (it cannot be read, is none, or there is no run to resume)."""
    target = arguments.given.ledger
    if target is None:
        return None
    store = store_of(target, connection)
    try:
        text = store.load()
        ledger = read_ledger(text) if text is not None else Ledger()
        if text and not arguments.given.resume:
            ledger.before = sha256(text.encode()).hexdigest()
    except DamagedLedgerError:
        text = f"{target} is not a posturio-iac ledger, or is damaged; it was left unchanged; name another one"
        raise UsageError(f"{text} (for a Terraform state, use --state)") from None
    if not ledger.is_whole:
        ledger.distrust(as_of, timedelta(days=arguments.config().grace_days))
    run = ledger.unfinished
    if not arguments.given.resume:
        file = LedgerFile(store, ledger, as_of, None)
        if text is None and not arguments.begins_ledger:
            unknown = f"there was no ledger {target}, so no earlier question or answer is known; is the path right? A new one begins"
            file.said.append(Diagnostic(Level.WARNING, unknown))
        return file
    if run is None:
        raise UsageError(f"--resume: {target} has no interrupted run")
    if as_of - run.at > RESUMABLE:
        raise UsageError(f"--resume: the run in {target} is from {written(run.at)}, more than a day ago; leave out --resume")
    if run.options != options_of(arguments):
        raise UsageError(f"--resume: the run in {target} had other options; use the same ones, or leave out --resume")
    return LedgerFile(store, ledger, run.at, run)


def options_of(arguments: LiveArguments) -> str:
    told = "\0".join(f"{name}={getattr(arguments.given, name)!r}" for name in SAME)
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def rules_of(policies: PoliciesByKind) -> dict[KeyKind, frozenset[str]]:
    """The rules that judge keys of each kind, and the one that stands for open questions."""
    from posturio_iac.rules import all_rules

    return {kind: policies.of_kind(kind).selected(all_rules()) | {OPEN} for kind in KeyKind}
