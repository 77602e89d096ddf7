"""Lets the ledger tell that owners were asked, as if letters had been written some time ago."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from posturio_iac.contract.write import moment as written
from posturio_iac.retire.ledger_history import Ledger, digest_of, read_ledger
from posturio_iac.retire.ledger_lines import KeyChangeKind
from tests.support.live.fake_aws import FakeAws

TIME = timedelta(days=14)


def asked(path: Path, aws: FakeAws, days_ago: float = 30) -> None:
    ledger = read_ledger(path.read_text(encoding="utf-8")) if path.exists() else Ledger()
    when = aws.now - timedelta(days=days_ago)
    users = aws.backend.users
    held = [(user.arn, key.access_key_id, user.tags) for user in users.values() for key in user.access_keys]
    held += [(users[one.user].arn, one.id, users[one.user].tags) for one in aws.credentials]
    for arn, key_id, tags in held:
        name = digest_of(arn, key_id)
        if ledger.of(name, KeyChangeKind.ASKED) is None:
            owner = next((str(tag["Value"]) for tag in tags or () if tag["Key"] == "owner"), "unknown")
            ledger.note(name, KeyChangeKind.ASKED, when, {"owner": owner, "how": "letter", "answer_by": written(when + TIME)})
    path.write_text(ledger.text(aws.now), encoding="utf-8")
