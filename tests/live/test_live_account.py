"""One account: evidence, verdicts and what they cost."""

from __future__ import annotations

from pathlib import Path

from tests.support.live.cloud import ACCOUNT, Capsys, Cloud, live


def masked(key_id: str) -> str:
    return f"****{key_id[-4:]}"


def test_keys_are_judged_by_their_use_and_never_used_ones_by_their_age(cloud: Cloud, capsys: Capsys) -> None:
    for name, age, used in (("stale", 70, 60), ("fresh", 10, None), ("spare", 70, None), ("busy", 70, 1)):
        cloud.key(name, age=age, used=used)
    answer = live(capsys)
    assert answer.code == 1
    assert answer.found() == {
        (f"stale/{masked(cloud.keys[0])}", "unused_access_keys"),
        (f"spare/{masked(cloud.keys[2])}", "unused_access_keys"),
    }
    by_user = {key["user"]: key for key in answer.json["keys"]}
    assert by_user["stale"]["last_used_service"] == "s3"
    assert by_user["stale"]["evidence"] == ["ListAccessKeys and GetAccessKeyLastUsed of this run"]
    assert by_user["spare"]["never_used"] is True
    assert by_user["busy"]["address"].endswith("user/busy/key-1")
    assert by_user["busy"]["evidence"] == ["credential report of 2026-11-24 12:00 UTC"]
    assert answer.calls() == {
        "sts:GetCallerIdentity": 1,
        "iam:GenerateCredentialReport": 1,
        "iam:GetCredentialReport": 1,
        "iam:GetAccountAuthorizationDetails": 1,
        "iam:GetAccountSummary": 1,
        "iam:ListAccessKeys": 2,
        "iam:GetAccessKeyLastUsed": 2,
        "iam:ListServiceSpecificCredentials": 1,
    }
    assert by_user["stale"]["account"] == ACCOUNT


def test_what_was_written_is_said_only_where_nothing_was_shown(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.key("ci", age=70, used=60)
    assert "wrote" not in live(capsys, json_format=False).err
    path = str(tmp_path / "keys.txt")
    assert f"wrote {path}: 1 finding in 1 key\n" in live(capsys, "--format", "text", "--output", path, json_format=False).err
