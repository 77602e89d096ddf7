"""The credential report: one file for all users of an account, at most four hours old, without key ids."""

from __future__ import annotations

import csv
import io
import random
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256

from posturio_iac.core.finding import Level
from posturio_iac.core.record import replace
from posturio_iac.core.times import parse_date
from posturio_iac.core.unknown import NOT_SHOWN, ODD_ANSWER
from posturio_iac.live.connection.calls import AwsError
from posturio_iac.live.model import Account, DeployedKey, DeployedUser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from posturio_iac.core.model import Attr
    from posturio_iac.live.connection.session import Connection

ROOT = "<root_account>"
NONE = frozenset({"", "N/A", "not_supported"})
NO_INFORMATION = "no_information"
NEEDED = ("user", "arn", "access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date")
WAITS = 10
FIRST_WAIT, LONGEST_WAIT = 1.0, 20.0
"""Seconds."""
FRESH = timedelta(hours=4)  # how long AWS itself returns the same report
PENDING = frozenset({"ReportInProgress", "CredentialReportNotReadyException"})
MISSING = frozenset({"ReportNotPresent", "ReportExpired", "CredentialReportNotPresentException", "CredentialReportExpiredException"})
"""Error codes on the wire, and their names in the documentation."""


class ReportUnavailableError(Exception):
    """There is no usable report; the text is a clause that says why."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One line of the report: a user and its keys."""

    user: DeployedUser
    keys: tuple[DeployedKey, ...]


@dataclass(frozen=True, slots=True)
class CredentialReport:
    """The report of one account."""

    generated: datetime
    rows: tuple[ReportRow, ...]
    shifted: int  # how many lines have more fields than the header, so that their users are uncertain
    digest: str
    notes: tuple[str, ...] = ()

    def root(self) -> ReportRow | None:
        return next((row for row in self.rows if row.user.is_root), None)


def fetch(
    connection: Connection, as_of: datetime, sleep: Callable[[float], object], jitter: Callable[[], float] = random.random
) -> CredentialReport:
    """Request a report and wait for it, or read a fresh one that exists; jitter shortens waits. Raises `ReportUnavailableError`."""
    refused: AwsError | None = None
    try:
        try:
            connection.call("iam:GenerateCredentialReport")
        except AwsError as error:
            refused = error
        answer = connection.call("iam:GetCredentialReport") if refused else _ready(connection, sleep, jitter)
    except AwsError as error:
        raise ReportUnavailableError(str(refused or error)) from None
    generated = answer.get("GeneratedTime")
    if not isinstance(generated, datetime):
        raise ReportUnavailableError("the credential report has no creation time")
    generated = generated.astimezone(timezone.utc)
    if refused and as_of - generated > FRESH:
        raise ReportUnavailableError(str(refused))
    report = parse(bytes(answer.get("Content", b"")), generated)
    note = f"{refused}; the credential report of {generated.strftime('%H:%M')} UTC already existed and was used"
    return replace(report, notes=(note,)) if refused else report


def _ready(connection: Connection, sleep: Callable[[float], object], jitter: Callable[[], float]) -> dict[str, Any]:
    wait = FIRST_WAIT
    for _ in range(WAITS):
        try:
            return connection.call("iam:GetCredentialReport")
        except AwsError as error:
            if error.code not in PENDING | MISSING:
                raise
            missing = error.code in MISSING
        sleep(wait * (1 - jitter() / 2))
        wait = min(wait * 2, LONGEST_WAIT)
        if missing:
            connection.call("iam:GenerateCredentialReport")
    raise ReportUnavailableError("the credential report did not become ready")


def parse(content: bytes, generated: datetime) -> CredentialReport:
    """Read a report. Raises `ReportUnavailableError` (it is not UTF-8, lacks a column that is needed, or is cut off)."""
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReportUnavailableError(f"the credential report cannot be read: {error}") from None
    header = lines[0] if lines else []
    lacking = [name for name in NEEDED if name not in header]
    if lacking:
        raise ReportUnavailableError(f"the credential report has no column {lacking[0]}")
    slots = sorted({int(found[1]) for name in header if (found := re.fullmatch(r"access_key_(\d+)_active", name))})
    evidence = f"credential report of {generated.strftime('%Y-%m-%d %H:%M')} UTC"
    rows, shifted = [], 0
    for number, fields in enumerate(lines[1:], start=2):
        if not fields:
            continue
        if len(fields) < len(header):
            raise ReportUnavailableError(f"the credential report is cut off at line {number}")
        if len(fields) > len(header):
            shifted += 1
        else:
            rows.append(_row(dict(zip(header, fields, strict=True)), slots, evidence))
    return CredentialReport(generated, tuple(rows), shifted, sha256(content).hexdigest())


def _row(fields: Mapping[str, str], slots: list[int], evidence: str) -> ReportRow:
    name = fields["user"]
    created = parse_date(fields.get("user_creation_time", ""))
    user = DeployedUser("root", fields["arn"], (), is_root=True) if name == ROOT else DeployedUser(name, fields["arn"], created=created)
    keys = (_key(fields, slot, user, evidence) for slot in slots)
    return ReportRow(user, tuple(key for key in keys if key is not None))


def _key(fields: Mapping[str, str], slot: int, user: DeployedUser, evidence: str) -> DeployedKey | None:
    start = f"access_key_{slot}_"
    active, rotated = fields.get(f"{start}active", ""), fields.get(f"{start}last_rotated", "")
    if active != "true" and rotated in NONE:
        return None
    service, region = fields.get(f"{start}last_used_service", ""), fields.get(f"{start}last_used_region", "")
    status: Attr[str] = {"true": "Active", "false": "Inactive"}.get(active) or ODD_ANSWER(f"the {evidence}", active)
    created = _moment(rotated, evidence)
    return DeployedKey(
        user,
        f"key-{slot}",
        status,
        created if created is not None else NOT_SHOWN(f"the {evidence}", "when it was created"),
        _moment(fields.get(f"{start}last_used_date", NO_INFORMATION), evidence),
        (service, "" if region in NONE else region) if service not in {*NONE, NO_INFORMATION} else None,
        evidence=(evidence,),
    )


def _moment(text: str, evidence: str) -> Attr[datetime | None]:
    if text in NONE:
        return None
    moment = parse_date(text)
    return ODD_ANSWER(f"the {evidence}", text[:40]) if moment is None else moment


_UNTOLD = NOT_SHOWN("the account summary", "more than that the root user has an access key")


@dataclass(frozen=True, slots=True)
class Summary:
    """The numbers that GetAccountSummary returns."""

    users: int | None
    root_keys: int  # 0, or 1 for one key and for two: it is a flag


def summarised(connection: Connection) -> Summary:
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
        row = fetch(connection, as_of, sleep).root()
    except ReportUnavailableError as error:
        return str(error)
    return row.keys if row is not None else "the credential report has no line for the root user"
