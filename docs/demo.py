"""Plants three accounts in moto on this machine and looks at them, and at code, on four days, so that a report has a history to show.

``python docs/demo.py FOLDER`` in the folder of this repository writes JSON results of each day, by the commands that it prints.
It needs the extra ``live`` and ``moto[server,iam,sts,organizations]``; nothing leaves this machine.
"""  # noqa: INP001 - a script

from __future__ import annotations

import json
import logging
import os
import shlex
import subprocess
import sys
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.responses import ActionResult
from moto.iam.models import AccessKeyLastUsed, iam_backends
from moto.iam.responses import IamResponse
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

PROD, STAGING, SHARED = "111122223333", "444455556666", "123456789012"
"""The ids that AWS uses in its own examples; the last one is the account of moto's credentials."""
CODE = "fixtures/lingering_inactive_access_keys"
DAYS = ("2026-08-24", "2026-09-24", "2026-10-24", "2026-11-24")


@dataclass(frozen=True)
class Life:
    """One key from its creation on; days as ISO dates, empty for what never happens."""

    account: str
    user: str
    created: str
    used: str = ""
    """The last day of use."""
    tags: tuple[tuple[str, str], ...] = ()
    off: str = ""
    gone: str = ""
    path: str = "/"


PAYMENTS, PLATFORM, DATA = (("owner", "payments@example.com"),), (("team", "platform"),), (("owner", "data@example.com"),)
LIVES = (
    Life(PROD, "checkout-legacy", "2023-02-11", "2026-11-23", PAYMENTS, path="/payments/"),
    Life(PROD, "settlement-export", "2024-05-03", "2026-03-30", PAYMENTS, off="2026-11-16", path="/payments/"),
    Life(PROD, "fraud-vendor", "2026-06-01", "2026-11-20", (*PAYMENTS, ("expires", "2026-10-31")), path="/payments/"),
    Life(PROD, "ledger-sync", "2026-10-12", "2026-11-24", (*PAYMENTS, ("rotate-every", "90d"))),
    Life(PROD, "ci-deploy", "2022-09-19", "2026-11-02", PLATFORM, off="2026-11-12"),
    Life(PROD, "ci-deploy", "2026-09-02", "2026-11-24", PLATFORM),
    Life(PROD, "terraform-bootstrap", "2021-04-08", "2021-04-09"),
    Life(PROD, "backup-agent", "2025-12-01", "2026-08-15", PLATFORM, off="2026-10-02", gone="2026-11-20"),
    Life(PROD, "mail-relay", "2024-01-15", "2026-10-01", PLATFORM, off="2026-10-10", gone="2026-10-26"),
    Life(PROD, "alice", "2025-07-14", "2026-07-01", off="2026-09-10", gone="2026-10-12"),
    Life(PROD, "reporting", "2024-11-11", "2026-06-30", PAYMENTS, off="2026-09-04", gone="2026-09-20"),
    Life(STAGING, "ci-deploy", "2026-09-20", "2026-11-24", PLATFORM),
    Life(STAGING, "load-test", "2025-03-03", "", PLATFORM),
    Life(STAGING, "qa-runner", "2026-10-30", "2026-11-24", (*PLATFORM, ("expires", "2027-01-15"))),
    Life(STAGING, "contractor-mb", "2026-02-02", "2026-06-20", (("expires", "2026-12-31"),)),
    Life(STAGING, "contractor-jk", "2026-02-02", "2026-05-11", off="2026-09-01", gone="2026-09-15"),
    Life(STAGING, "migration", "2025-01-20", "2025-02-03", PLATFORM, off="2026-09-28", gone="2026-10-15"),
    Life(SHARED, "warehouse-etl", "2025-10-10", "2026-11-24", DATA, path="/data/"),
    Life(SHARED, "warehouse-archive", "2023-11-29", "2026-01-04", DATA, off="2026-11-03", path="/data/"),
    Life(SHARED, "metabase", "2026-10-02", "2026-11-21", (*DATA, ("expires", "2026-12-28")), path="/data/"),
    Life(SHARED, "metabase-old", "2024-06-17", "2026-10-02", DATA, off="2026-10-05", gone="2026-10-20", path="/data/"),
    Life(SHARED, "partner-feed", "2024-08-08", "2026-11-02"),
    Life(SHARED, "sandbox-7", "2026-11-18"),
    Life(SHARED, "monitoring", "2026-09-30", "2026-11-24", (*PLATFORM, ("rotation", "P90D"))),
    Life(SHARED, "grafana", "2025-05-05", "2026-04-01", PLATFORM, off="2026-10-22", gone="2026-11-10"),
    Life(SHARED, "nightly-export", "2023-09-01", "2025-12-24", DATA, off="2026-10-16", gone="2026-11-04", path="/data/"),
)


def moment(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


def plant(now: datetime) -> None:
    """Make the accounts what they were at a time."""
    for account in (PROD, STAGING, SHARED):
        iam_backends[account]["aws"].reset()
    for life in LIVES:
        if moment(life.created) <= now and not (life.gone and moment(life.gone) <= now):
            _plant(life, now)


def key_id(life: Life) -> str:
    """An id like those of AWS, the same on each day."""
    return "AKIA" + b32encode(sha256(repr((life.account, life.user, life.created)).encode()).digest()).decode()[:16]


def _plant(life: Life, now: datetime) -> None:
    backend: Any = iam_backends[life.account]["aws"]
    if life.user not in {user.name for user in backend.users.values()}:
        tags = [{"Key": name, "Value": value} for name, value in life.tags]
        backend.create_user(backend.region_name, user_name=life.user, path=life.path, tags=tags)
    key = backend.create_access_key(user_name=life.user)
    del backend.access_keys[key.access_key_id]
    key.access_key_id = key_id(life)
    backend.access_keys[key.access_key_id] = key
    key.create_date = moment(life.created)
    key.status = "Inactive" if life.off and moment(life.off) <= now else "Active"
    if life.used:
        key.last_used = AccessKeyLastUsed(min(moment(life.used), now - timedelta(hours=5)), "s3", "eu-west-1")


class Answers:
    """What moto does not answer as AWS would: when the credential report was made, and the events of CloudTrail."""

    def __init__(self) -> None:
        self.now = moment(DAYS[0])
        self.report: Any = IamResponse.get_credential_report

    def install(self) -> None:
        """Let moto give these answers in this process."""
        answers = self

        def report(response: IamResponse) -> Any:
            result = answers.report(response)
            result.result["GeneratedTime"] = answers.now - timedelta(hours=2)
            return result

        def events(response: CloudTrailResponse) -> str:
            return json.dumps({"Events": list(answers.events(response.current_account))})

        def no_credentials(_: IamResponse) -> ActionResult:
            return ActionResult({"ServiceSpecificCredentials": [], "IsTruncated": False})

        IamResponse.list_service_specific_credentials = no_credentials  # type: ignore[attr-defined]  # moto lacks it
        IamResponse.get_credential_report = report  # type: ignore[method-assign]  # moto has no setting for it
        CloudTrailResponse.lookup_events = events  # type: ignore[attr-defined]  # moto lacks it

    def events(self, account: str) -> Iterator[dict[str, Any]]:
        """Yield when keys of an account were switched off so far."""
        for life in LIVES:
            if life.account == account and life.off and moment(life.off) <= self.now:
                asked = {"requestParameters": {"status": "Inactive", "accessKeyId": key_id(life)}}
                yield {"EventName": "UpdateAccessKey", "EventTime": moment(life.off).timestamp(), "CloudTrailEvent": json.dumps(asked)}


def commands(day: str, folder: Path) -> list[list[str]]:
    """Return what is run on a day: a look at the accounts, and a scan of code."""
    as_of = ["--as-of", f"{day}T12:00:00Z", "--no-config", "--fail-on", "never", "--quiet", "--format", "json"]
    return [
        ["posturio-iac", "live", "--account", f"{PROD},{STAGING},{SHARED}", *as_of, "--output", str(folder / f"live-{day}.json")],
        ["posturio-iac", "scan", *as_of, "--output", str(folder / f"code-{day}.json"), CODE],
    ]


def look(day: str, folder: Path, endpoint: str) -> None:
    """Run the commands of a day, and print them."""
    credentials = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_ENDPOINT_URL": endpoint}
    for command in commands(day, folder):
        sys.stdout.write(f"$ {shlex.join(command)}\n")
        sys.stdout.flush()
        program = [sys.executable, "-m", "posturio_iac", *command[1:]]
        subprocess.run(program, env={**os.environ, **credentials}, check=True)  # noqa: S603 - our own command line


def main(argv: list[str]) -> int:
    """Serve, plant and look, a day after the other."""
    if len(argv) != 1:
        sys.stderr.write(f"{__doc__}")
        return 2
    folder = Path(argv[0])
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    answers = Answers()
    answers.install()
    try:
        for day in DAYS:
            answers.now = moment(day)
            plant(answers.now)
            look(day, folder, f"http://{host}:{port}")
    finally:
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
