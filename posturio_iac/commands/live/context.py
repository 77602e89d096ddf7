"""``posturio-iac live --context``: asks CloudTrail who uses the keys that were found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Verdict
from posturio_iac.core.model import Unknown
from posturio_iac.core.record import replace
from posturio_iac.live.connection.errors import AwsError, CredentialsError
from posturio_iac.live.context import is_worth_asking, use_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posturio_iac.core.finding import JudgedKey, Report
    from posturio_iac.core.key_use import KeyUse
    from posturio_iac.core.model import Attr
    from posturio_iac.live.survey import AccountTarget, Surveyor


def with_context(report: Report, targets: Mapping[str, AccountTarget], surveyor: Surveyor) -> Report:
    """Return the report with the use of each flagged key that CloudTrail can know of; ``targets`` are the ways to accounts by their ids."""
    asked: dict[str, list[JudgedKey]] = {}
    for judged in report.keys:
        if judged.verdict is Verdict.FLAGGED and judged.key.account in targets and is_worth_asking(judged.key, report.as_of):
            asked.setdefault(judged.key.account or "", []).append(judged)

    def uses(account: str) -> dict[str, Attr[KeyUse]]:
        keys = [judged.key for judged in asked[account]]
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
