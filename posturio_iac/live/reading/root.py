"""Keys of the root user, from its line in the report or else the account's summary; and the number of users, to check their list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Level
from posturio_iac.core.open_kinds import NOT_SHOWN
from posturio_iac.live.connection.errors import AwsError
from posturio_iac.live.model import Account, DeployedKey, DeployedUser
from posturio_iac.live.reading import report as reports

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from posturio_iac.live.connection.session import Connection
    from posturio_iac.live.reading.report import CredentialReport

_UNTOLD = NOT_SHOWN("the account summary", "more than that the root user has an access key")


@dataclass(frozen=True, slots=True)
class Summary:
    """The numbers that GetAccountSummary returns."""

    users: int | None
    root_keys: int
    """0, or 1 for one key and for two: it is a flag."""


def summarised(connection: Connection) -> Summary:
    """The account's summary. Raises `AwsError`."""
    told = connection.call("iam:GetAccountSummary").get("SummaryMap", {})
    return Summary(told.get("Users"), told.get("AccountAccessKeysPresent", 0))


def root_arn(account: Account) -> str:
    return f"arn:{account.partition}:iam::{account.id}:root"


def root_keys(
    report: CredentialReport | None, told: Summary | AwsError, account: Account, say: Callable[[Level, str], None]
) -> tuple[DeployedKey, ...]:
    """The root user's keys; it is an error of the account if they cannot be known."""
    row = report.root() if report else None
    if row is not None and (row.keys or isinstance(told, AwsError) or not told.root_keys):
        return row.keys
    if isinstance(told, AwsError):
        say(Level.ERROR, f"it is not known whether the root user has access keys: {told}")
        return ()
    return of_summary(told, account)


def of_summary(told: Summary, account: Account) -> tuple[DeployedKey, ...]:
    """The root user's keys as far as the account's summary shows them."""
    root = DeployedUser("root", root_arn(account), (), is_root=True)
    return tuple(
        DeployedKey(root, f"key-{slot}", _UNTOLD, _UNTOLD, _UNTOLD, evidence=("GetAccountSummary of this run",))
        for slot in range(1, told.root_keys + 1)
    )


def reported(connection: Connection, as_of: datetime, sleep: Callable[[float], object]) -> tuple[DeployedKey, ...] | str:
    """The root user's keys in the credential report, or why there is no report."""
    try:
        row = reports.fetch(connection, as_of, sleep).root()
    except reports.ReportUnavailableError as error:
        return str(error)
    return row.keys if row is not None else "the credential report has no line for the root user"
