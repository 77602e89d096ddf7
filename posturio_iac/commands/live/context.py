"""Asks CloudTrail about the keys that were found: who uses them (``--context``), and who created those without a known owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.finding import Level, Verdict, of_account
from posturio_iac.core.keys.ids import partition_of
from posturio_iac.core.open_kinds import NOT_KNOWN
from posturio_iac.core.record import replace
from posturio_iac.live import creators
from posturio_iac.live.connection.errors import AwsError, CredentialsError
from posturio_iac.live.context import is_worth_asking, use_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from posturio_iac.core.finding import Report
    from posturio_iac.core.keys.use import KeyUse
    from posturio_iac.core.model import AccessKey, Attr
    from posturio_iac.live.survey import AccountTarget, Surveyor


def with_context(report: Report, target: AccountTarget, surveyor: Surveyor) -> Report:
    """The report of one account with the use of each flagged key, where CloudTrail can know it."""
    asked = _flagged(report, is_worth_asking)
    if not asked:
        return report
    found: dict[str, Attr[KeyUse]]
    try:
        connection = surveyor.connected(target)
    except (AwsError, CredentialsError) as error:
        found = {key.address: NOT_KNOWN("who uses the key", str(error)) for key in asked}
    else:
        found = {key.address: use_of(connection, key, report.as_of) for key in asked}
    keys = tuple(
        replace(judged, key=replace(judged.key, use=found[judged.key.address])) if judged.key.address in found else judged
        for judged in report.keys
    )
    return replace(report, keys=keys)


def with_creators(report: Report, target: AccountTarget, surveyor: Surveyor) -> Report:
    """The report of one account with the creators of the flagged keys without a known owner, as far as CloudTrail tells."""
    asked = _flagged(report, creators.is_worth_asking)
    if not asked:
        return report
    partition = partition_of(asked[0].address)
    try:
        found = creators.creators(surveyor.connected(target), partition, asked, report.as_of)
    except (AwsError, CredentialsError) as error:
        text = f"the creators of keys without an owner are not known: {error}"
        return replace(report, diagnostics=(*report.diagnostics, of_account(Level.NOTE, text, asked[0].account)))
    keys = tuple(
        replace(judged, key=replace(judged.key, created_by=found[judged.key.key_id])) if judged.key.key_id in found else judged
        for judged in report.keys
    )
    return replace(report, keys=keys)


def _flagged(report: Report, wanted: Callable[[AccessKey, datetime], bool]) -> list[AccessKey]:
    flagged = (judged.key for judged in report.keys if judged.verdict is Verdict.FLAGGED)
    return [key for key in flagged if wanted(key, report.as_of)]
