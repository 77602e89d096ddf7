"""Owners, ids, windows, state and the evidence for verdicts, as a run over one account shows them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.support.command_line import ROOT
from tests.support.live.cloud import ACCOUNT, Capsys, Cloud, at, live, rules


def test_owners_by_description_tags_configuration_and_path(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.user("described", owner="tag@example.com")
    cloud.tag("described", cloud.key("described", age=70, used=60), "mailer of payments")
    cloud.user("tagged", owner="tag@example.com")
    cloud.user("configured", path="/legacy/")
    cloud.user("in-path", path="/teams/billing/")
    cloud.user("nobody")
    for name in ("tagged", "configured", "in-path", "nobody"):
        cloud.key(name, age=70, used=60)
    (tmp_path / "posturio-iac.toml").write_text('[[owners]]\nusers = "/legacy/*"\nowner = "archive@example.com"\n', encoding="utf-8")
    answer = live(capsys, "--config", str(tmp_path / "posturio-iac.toml"))
    assert answer.code == 1
    assert {key["user"]: key["owner"] for key in answer.json["keys"]} == {
        "described": "mailer of payments",
        "tagged": "tag@example.com",
        "configured": "archive@example.com",
        "in-path": "/teams/billing/",
        "nobody": None,
    }


def test_groups_by_owner_show_what_a_key_was_used_for(cloud: Cloud, capsys: Capsys) -> None:
    for name in ("a", "b"):
        cloud.user(name, owner=f"{name}@example.com")
        cloud.key(name, age=70, used=60, service="sqs")
    out = live(capsys, "--group-by", "owner", json_format=False).out
    assert "a@example.com: 1 key\n" in out
    assert "60 d ago (sqs in eu-west-1)" in out
    assert "\n2 findings (2 medium) in 2 keys of 1 account\n" in out


def test_the_page_shows_what_a_run_prints(cloud: Cloud, capsys: Capsys) -> None:
    cloud.user("contractor", owner="hr@example.com", expires="2026-09-30")
    cloud.key("contractor", age=150, used=0.2)
    cloud.user("load-test")
    cloud.key("load-test", age=200)
    cloud.key("mailer", age=400, used=300, service="ses")
    cloud.user("ci", path="/payments/", team="payments")
    cloud.key("ci", age=70, used=1)
    cloud.key("ci", age=20, used=2)
    cloud.user("backup", owner="platform@example.com", rotation="60d")
    cloud.key("backup", age=10, used=1)
    printed = re.sub(r"\*{4}\w{4}", "****", live(capsys, json_format=False).out)
    assert f"```text\n{printed}```" in re.sub(r"\*{4}\w{4}", "****", (ROOT / "docs/live.md").read_text(encoding="utf-8"))


def test_ids_are_masked_everywhere_unless_asked_for(cloud: Cloud, capsys: Capsys) -> None:
    ids = [cloud.key("ci", age=100, used=60), cloud.key("ci", age=70, used=60)]
    cloud.tag("ci", ids[0], f"replaces {ids[1]}")
    for form in ("text", "json", "csv", "markdown", "sarif", "junit"):
        answer = live(capsys, "--format", form, json_format=False)
        assert not any(key in answer.out + answer.err for key in ids), form
        assert form == "sarif" or ids[0][-4:] in answer.out
    assert all(key in live(capsys, "--show-key-ids").out for key in ids)


def test_a_summary_for_people_counts_accounts_and_no_files(cloud: Cloud, capsys: Capsys) -> None:
    assert "\nNo access keys; " in live(capsys, "--format", "markdown", json_format=False).out
    cloud.key("ci", age=70, used=60)
    out = live(capsys, "--format", "markdown", json_format=False).out
    assert "\n1 finding (1 medium) in 1 key of 1 account; " in out
    assert "file" not in out


def test_a_masked_address_suppresses_its_key(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.key("ci", age=70, used=60)
    address = live(capsys).json["findings"][0]["address"]
    text = f'[[suppressions]]\nrule = "unused_access_keys"\naddress = "{address}"\nreason = "quarter end"\nuntil = 2027-06-30\n'
    (tmp_path / "posturio-iac.toml").write_text(text, encoding="utf-8")
    answer = live(capsys, "--config", str(tmp_path / "posturio-iac.toml"), json_format=False)
    assert (answer.code, "1 suppressed" in answer.out) == (0, True)


def test_windows_for_some_users_need_a_reason_and_an_end(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    for name, path in (("restore", "/dr/"), ("ci", "/")):
        cloud.user(name, path=path, owner="payments@example.com")
        cloud.key(name, age=70, used=60)
    text = '[[overrides]]\nusers = ["/dr/*"]\nunused_days = 400\nreason = "used in a disaster"\nuntil = 2027-06-30\n'
    (tmp_path / "posturio-iac.toml").write_text(text, encoding="utf-8")
    answer = live(capsys, "--config", str(tmp_path / "posturio-iac.toml"))
    assert (answer.code, rules(answer)) == (1, [("ci", "unused_access_keys")])
    assert live(capsys, "--unused", "70").code == 0


def test_the_ledger_remembers(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    key_id = cloud.key("ci", age=70, used=60, status="Inactive")
    state = tmp_path / "state.json"
    assert live(capsys).json["keys"][0]["verdict"] == "undetermined"
    assert live(capsys, "--ledger", str(state)).json["keys"][0]["verdict"] == "clean"
    assert key_id not in state.read_text(encoding="utf-8")
    answer = live(capsys, "--ledger", str(state), *at(20))
    assert [f["rule"] for f in answer.json["findings"]] == ["iam.lingering_inactive_access_keys"]


def test_no_credentials_or_profile_is_a_usage_error(cloud: Cloud, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cloud.account in json.dumps(live(capsys).json["keys"] or cloud.account)
    answer = live(capsys, "--profile", "nobody")
    assert (answer.code, "profile (nobody) could not be found" in answer.err) == (2, True)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    for options in ((), ("--ledger", str(tmp_path / "ledger.jsonl"))):
        answer = live(capsys, *options)
        assert (answer.code, "no AWS credentials were found" in answer.err) == (2, True)
    assert not (tmp_path / "ledger.jsonl").exists()
    assert "AWS_SECRET" not in os.environ


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
