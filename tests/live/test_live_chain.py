"""Evidence of runs: canonical files, chained digests, and nothing added to what somebody changed."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import jsonschema

from posturio_iac.cli import main
from posturio_iac.commands.live.run_record import _options
from tests.support.command_line import SCHEMA
from tests.support.live.cloud import Capsys, Cloud, retire


def test_each_run_is_chained_to_the_one_before(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    key = cloud.key("ci", age=70, used=60)
    folder = tmp_path / "evidence"
    argv = (str(folder), "--account", cloud.account, "--external-id", "do-not-show-this", "--ledger", str(tmp_path / "l"))
    assert retire(capsys, "evidence", *argv).code == retire(capsys, "evidence", *argv).code == 0
    first, second = sorted(folder.iterdir())
    assert (first.name, second.name) == ("20261124T120000Z", "20261124T120000Z-2")
    manifest = json.loads((second / "manifest.json").read_bytes())
    assert manifest["previous"] == {
        "run": first.name,
        "manifest_sha256": hashlib.sha256((first / "manifest.json").read_bytes()).hexdigest(),
    }
    assert manifest["files"] == {
        name: hashlib.sha256((second / name).read_bytes()).hexdigest() for name in ("ledger.jsonl", "result.json", "run.json")
    }
    run = json.loads((second / "run.json").read_bytes())
    assert (run["caller"], run["exit_code"], run["accounts"]) == ("arn:aws:sts::123456789012:user/moto", 0, [cloud.account])
    assert "iam.unused_access_keys" in run["policy"]["rules"]
    assert re.fullmatch("[0-9a-f]{64}", run["credential_reports_sha256"][cloud.account])
    assert "console passwords" in run["not_checked"]
    (remedied,) = run["remediation"]
    assert (remedied["found"], remedied["ended"], remedied["days"]) == ("2026-11-24T12:00:00Z", None, None)
    assert run["ledger_sha256"] == manifest["files"]["ledger.jsonl"]
    everything = b"".join(path.read_bytes() for path in folder.glob("*/*"))
    assert b"do-not-show-this" not in everything
    assert key.encode() not in everything
    whole = retire(capsys, "evidence", str(folder), "--check")
    assert (whole.code, "2 runs" in whole.out) == (0, True)
    (first / "result.json").write_text("{}", encoding="utf-8")
    for words in (argv, (str(folder), "--check")):
        refused = retire(capsys, "evidence", *words)
        assert (refused.code, "result.json was changed after it was written" in refused.err, len(list(folder.iterdir()))) == (2, True, 2)
    shutil.rmtree(first)
    assert "or runs are missing before it" in retire(capsys, "evidence", str(folder), "--check").err
    (second / "run.json").rename(second / "other.json")
    assert f"the evidence {second / 'run.json'} cannot be read: " in retire(capsys, "evidence", str(folder), "--check").err
    shutil.copy(second / "other.json", second / "run.json")
    assert f"{second.name}/other.json was added after it was written" in retire(capsys, "evidence", str(folder), "--check").err


def test_the_json_result_says_how_the_run_was_made(members: list[Cloud], capsys: Capsys, tmp_path: Path) -> None:
    """Of a run with a configuration, a ledger and a baseline, and with what must not be told."""
    config, ledger, baseline = (tmp_path / name for name in ("c.toml", "ledger.jsonl", "b.json"))
    config.write_text('unused_days = 30\n[severity]\nunused_access_keys = "high"\n', encoding="utf-8")
    baseline.write_text('{"version": 1, "findings": []}', encoding="utf-8")
    argv = ["live", "--organization", "--role-name", "Audit", "--external-id=do-not-show-this", "--config", str(config), "--format", "json"]
    key = "AKIAIOSFODNN7EXAMPLE"
    words = ["--ledger", str(ledger), "--baseline", str(baseline), "--include-in-use", key]
    assert main(["retire", "plan", str(tmp_path / "p"), *argv[1:-2], *words]) == 2, "no flagged key has this id"
    assert f"--include-in-use {key} matches no flagged key" in capsys.readouterr().err
    then = ("--as-of", "2030-01-01")
    assert main([*argv, "--ledger", str(ledger), *then]) == main(["retire", "plan", str(tmp_path / "p"), "--no-config", *then]) == 2
    assert [*re.findall("leave out --as-of|no option --as-of", capsys.readouterr().err)] == ["leave out --as-of", "no option --as-of"]
    assert main([*argv, "--ledger", str(ledger), "--baseline", str(baseline)]) == 1
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, SCHEMA)
    run, others = document["run"], {member.account for member in members[1:]}

    def sha256(path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()

    assert run["roles"] == sorted(f"arn:aws:iam::{account}:role/Audit" for account in others)
    assert (run["caller"], "callers" in run, run["exit_code"]) == ("arn:aws:sts::123456789012:user/moto", False, 1)
    assert (run["config_sha256"], run["ledger_sha256"]) == (sha256(config), sha256(ledger))
    policy = run["policy"]
    assert (policy["limits"]["unused_days"], policy["severities"], policy["baselines_sha256"]) == (
        30,
        {"unused_access_keys": "high"},
        [sha256(baseline)],
    )
    assert run["credential_reports"] == dict.fromkeys(sorted({member.account for member in members}), "2026-11-24T12:00:00Z")
    assert "--external-id=****" in run["options"]
    assert run["started"] <= run["finished"]


def test_options_are_kept_without_secrets_and_ids() -> None:
    told = _options(["--external-id", "secret", "--include-in-use", "AKIAIOSFODNN7EXAMPLE", "--external-id=secret"])
    assert told == ["--external-id", "****", "--include-in-use", "****MPLE", "--external-id=****"]


def test_plans_and_logs_are_evidence_without_ids(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    key = cloud.key("ci", age=70, used=60)
    ledger = ("--ledger", str(tmp_path / "ledger.jsonl"))
    retire(capsys, "plan", str(tmp_path / "plan-1"), *ledger)
    log = json.dumps({"at": "2026-11-24T12:00:00Z", "step": "disable", "key_id": key, "caller": "arn:aws:iam::123456789012:user/me"})
    (tmp_path / "plan-1/log.jsonl").write_text(f"{log}\n", encoding="utf-8")
    assert retire(capsys, "evidence", str(tmp_path / "evidence"), str(tmp_path / "plan-1"), *ledger).code == 0
    (run,) = (tmp_path / "evidence").iterdir()
    assert {path.name for path in run.iterdir()} >= {"plan-1-plan.json", "plan-1-log.jsonl", "ledger.jsonl", "result.json", "run.json"}
    assert "user/me" in (run / "plan-1-log.jsonl").read_text(encoding="utf-8")
    assert not [path for path in run.iterdir() if key in path.read_text(encoding="utf-8")]
    assert retire(capsys, "evidence", str(tmp_path / "evidence"), str(tmp_path / "none"), *ledger).code == 2
