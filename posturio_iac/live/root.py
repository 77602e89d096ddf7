"""Keys of the root user: from its line in the report, else from the account's summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.finding import Level
from posturio_iac.core.model import Unknown
from posturio_iac.live.errors import AwsError
from posturio_iac.live.model import Account, DeployedKey, DeployedUser

if TYPE_CHECKING:
    from posturio_iac.live.inventory import Inventory
    from posturio_iac.live.report import CredentialReport
    from posturio_iac.live.session import Connection

PRESENT = "AccountAccessKeysPresent"
_UNTOLD = Unknown("the account summary only tells that the root user has an access key")


def root_keys(connection: Connection, report: CredentialReport | None, inventory: Inventory) -> tuple[DeployedKey, ...]:
    """Return the root user's keys; that they cannot be known is an error of the account."""
    row = report.root() if report else None
    if row is not None:
        return row.keys
    try:
        return from_summary(connection, inventory.account)
    except AwsError as error:
        inventory.say(Level.ERROR, f"whether the root user has access keys is not known: {error}")
        return ()


def from_summary(connection: Connection, account: Account) -> tuple[DeployedKey, ...]:
    """Return the root user's keys as far as the account's summary tells. Raises `AwsError`."""
    summary = connection.call("iam:GetAccountSummary").get("SummaryMap", {})
    root = DeployedUser("root", f"arn:{account.partition}:iam::{account.id}:root", (), is_root=True)
    count = summary.get(PRESENT, 0)
    return tuple(
        DeployedKey(root, f"key-{slot}", _UNTOLD, _UNTOLD, _UNTOLD, evidence=("GetAccountSummary of this run",))
        for slot in range(1, count + 1)
    )
