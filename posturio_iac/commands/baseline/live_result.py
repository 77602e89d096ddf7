"""``posturio-iac baseline --live``: entries for the findings of JSON results of ``live``, which no scan can find again."""

from __future__ import annotations

from collections import Counter

from posturio_iac.commands.baseline.entries import NewBaseline
from posturio_iac.contract.read import NotAResultError, load
from posturio_iac.core.finding import Level
from posturio_iac.core.keys import account_of
from posturio_iac.core.record import replace
from posturio_iac.core.text.textfile import LARGE, UnreadableError, decoded, read_named
from posturio_iac.errors import UsageError
from posturio_iac.judge.baseline import Baseline, BaselineEntry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.commands.baseline.entries import NewEntryFields
    from posturio_iac.contract.records import SavedResult
    from posturio_iac.judge.baseline import BaselineFile


def read_results(paths: Sequence[str]) -> list[SavedResult]:
    """The results of live runs, with ids of keys masked; each account is only in the latest one. Raises `UsageError`."""
    ordered = sorted(map(_read, paths), key=lambda result: result.as_of)
    latest = {account: result for result in ordered for account in _accounts(result)}
    return [
        replace(result, found=tuple(found for found in result.found if latest[account_of(found.address)] is result)) for result in ordered
    ]


def _accounts(result: SavedResult) -> set[str]:
    return {*result.covered.accounts, *(account_of(found.address) for found in result.found)}


def _read(path: str) -> SavedResult:
    try:
        result = load(decoded(read_named(path, LARGE)), path)
    except NotAResultError as error:
        raise UsageError(f"--live {path} {error}") from None
    except UnreadableError as error:
        raise UsageError(f"--live {path}: {error}") from None
    if result.covered.name is not None or any(not key.deployed for key in result.keys):
        raise UsageError(f"--live {path} is the result of a scan; posturio-iac baseline runs its own scan")
    if result.users is not None:
        raise UsageError(f"--live {path} is the result of retire verify, which covers only some keys; give the result of a full run")
    return result


def is_incomplete(*results: SavedResult) -> bool:
    return any(diagnostic.level is Level.ERROR for result in results for diagnostic in result.diagnostics)


def updated(old: BaselineFile, results: Sequence[SavedResult], new: NewEntryFields) -> NewBaseline:
    """The baseline with an entry for each finding that counts; entries that are there stay as they are."""
    known = {entry.fingerprint for entry in old.baseline.entries}
    owners = {key.address: key.owner for result in results for key in result.keys}
    day = f"{results[-1].as_of:%Y-%m-%d}"
    reason = new.reason or f"existed when the baseline was written on {day}"
    added = {
        found.fingerprint: BaselineEntry(
            path="",
            address=found.address,
            rule=found.rule,
            fingerprint=found.fingerprint,
            reason=reason,
            owner=owners.get(found.address) or new.owner,
            until=new.until,
        )
        for result in results
        for found in result.found
        if found.suppressed is None and found.fingerprint not in known and new.accepts(found.severity)
    }
    new.check_end(len(added))
    fresh = {f.fingerprint: f.severity for result in results for f in result.found if f.suppressed is None and f.fingerprint not in known}
    refused = Counter(severity for severity in fresh.values() if not new.accepts(severity))
    entries = (*old.baseline.entries, *added.values())
    then = (old.baseline.written, old.baseline.findings_then) if old.baseline.written else (day, len(entries))
    return NewBaseline(old.path, Baseline(entries, *then), len(added), stale=len(_gone(old, results)), refused=refused)


def pruned(old: BaselineFile, results: Sequence[SavedResult]) -> NewBaseline:
    """The baseline without the entries whose finding is gone."""
    gone = _gone(old, results)
    left = tuple(entry for entry in old.baseline.entries if entry.fingerprint not in gone)
    return NewBaseline(old.path, replace(old.baseline, entries=left), removed=len(old.baseline.entries) - len(left))


def _gone(old: BaselineFile, results: Sequence[SavedResult]) -> set[str]:
    """The entries whose finding a run did not have although it could: it read the account whole, and the rule judged."""
    there = {found.fingerprint for result in results for found in result.found}
    return {
        entry.fingerprint
        for result in results
        if not is_incomplete(result)
        for entry in old.baseline.entries
        if account_of(entry.address) in result.covered.accounts
        and entry.rule not in result.covered.left_out
        and entry.fingerprint not in there
    }
