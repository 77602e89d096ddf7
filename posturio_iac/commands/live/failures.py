"""Asks CloudTrail whether anything still needs the keys that were deleted or switched off since an earlier result."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Diagnostic, Level, of_account
from posturio_iac.core.model import Unknown
from posturio_iac.core.open_kinds import NOT_KNOWN
from posturio_iac.core.record import replace
from posturio_iac.live.connection.errors import AwsError, CredentialsError
from posturio_iac.retire.verify.failures import FailureSearch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from posturio_iac.core.model import Attr
    from posturio_iac.live.survey import AccountOutcome, Surveyor
    from posturio_iac.retire.verify.model import FailureSigns, MissedKey, Verification


def with_failures(
    verification: Verification, outcomes: Sequence[AccountOutcome], surveyor: Surveyor, as_of: datetime
) -> tuple[Verification, list[Diagnostic]]:
    """The outcomes of the findings with signs of failure, and report the accounts for which CloudTrail did not answer."""
    targets = {outcome.inventory.account.id: outcome.target for outcome in outcomes if outcome.inventory is not None}
    missed: dict[str, list[MissedKey]] = {}
    for result in verification.results:
        if result.missed is not None and result.account in targets:
            missed.setdefault(result.account, []).append(result.missed)

    def looked(account: str) -> dict[MissedKey, Attr[FailureSigns]]:
        try:
            search = FailureSearch(surveyor.connected(targets[account]), as_of)
            return {key: search.signs(key) for key in missed[account]}
        except (AwsError, CredentialsError) as error:
            return dict.fromkeys(missed[account], NOT_KNOWN("whether anything fails without it", str(error)))

    with ThreadPoolExecutor(max(surveyor.request.workers, 1)) as pool:
        found = dict(zip(missed, pool.map(looked, missed), strict=True))
    results = (
        result.with_signs(found[result.account][result.missed]) if result.missed is not None and result.account in found else result
        for result in verification.results
    )
    said = [
        of_account(Level.WARNING, reason, account)
        for account, signs in found.items()
        for reason in dict.fromkeys(one.reason for one in signs.values() if isinstance(one, Unknown) and not one.is_unasked)
    ]
    return replace(verification, results=verification.ordered(results)), said
