"""Asks CloudTrail about the keys that were found: who uses them (``--context``), and who created those that nobody is known to own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Diagnostic, Level, Verdict
from posturio_iac.core.model import Unknown
from posturio_iac.core.record import replace
from posturio_iac.live import creators
from posturio_iac.live.connection.errors import AwsError, CredentialsError
from posturio_iac.live.context import is_worth_asking, use_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from posturio_iac.core.finding import Report
    from posturio_iac.core.key_use import KeyUse
    from posturio_iac.core.model import AccessKey, Attr
    from posturio_iac.live.survey import AccountOutcome, AccountTarget, Surveyor


def with_context(report: Report, outcomes: Sequence[AccountOutcome], surveyor: Surveyor) -> Report:
    """Return the report with the use of each flagged key that CloudTrail can know of."""
    targets = targets_of(outcomes)
    asked = _flagged(report, targets, is_worth_asking)

    def uses(account: str) -> dict[str, Attr[KeyUse]]:
        keys = asked[account]
        try:
            connection = surveyor.connected(targets[account])
        except (AwsError, CredentialsError) as error:
            return {key.address: Unknown(f"who uses the key is not known: {error}") for key in keys}
        return {key.address: use_of(connection, key, report.as_of) for key in keys}

    with ThreadPoolExecutor(max(surveyor.request.workers, 1)) as pool:
        found = {address: use for account in pool.map(uses, asked) for address, use in account.items()}
    keys = tuple(
        replace(judged, key=replace(judged.key, use=found[judged.key.address])) if judged.key.address in found else judged
        for judged in report.keys
    )
    return replace(report, keys=keys)


def with_creators(report: Report, outcomes: Sequence[AccountOutcome], surveyor: Surveyor) -> Report:
    """Return the report with whoever created the flagged keys that nobody is known to own, as far as CloudTrail tells."""
    targets = targets_of(outcomes)
    asked = _flagged(report, targets, creators.is_worth_asking)

    def created(account: str) -> dict[str, str] | Diagnostic:
        target = targets[account]
        partition = target.account.partition if target.account else "aws"
        try:
            return creators.creators(surveyor.connected(target), partition, asked[account], report.as_of)
        except (AwsError, CredentialsError) as error:
            text = f"who created the keys that nobody is known to own is not known: {error}"
            return Diagnostic(Level.NOTE, text, account=account)

    with ThreadPoolExecutor(max(surveyor.request.workers, 1)) as pool:
        told = list(pool.map(created, asked))
    found = {key_id: arn for one in told if isinstance(one, dict) for key_id, arn in one.items()}
    keys = tuple(
        replace(judged, key=replace(judged.key, created_by=found[judged.key.key_id])) if judged.key.key_id in found else judged
        for judged in report.keys
    )
    return replace(report, keys=keys, diagnostics=(*report.diagnostics, *(one for one in told if isinstance(one, Diagnostic))))


def targets_of(outcomes: Sequence[AccountOutcome]) -> dict[str, AccountTarget]:
    """Return the way to each account that was read, by its id."""
    return {outcome.inventory.account.id: outcome.target for outcome in outcomes if outcome.inventory is not None}


def _flagged(report: Report, accounts: Collection[str], wanted: Callable[[AccessKey, datetime], bool]) -> dict[str, list[AccessKey]]:
    """Return the flagged keys that are worth a question, by account."""
    asked: dict[str, list[AccessKey]] = {}
    for judged in report.keys:
        if judged.verdict is Verdict.FLAGGED and judged.key.account in accounts and wanted(judged.key, report.as_of):
            asked.setdefault(judged.key.account or "", []).append(judged.key)
    return asked
