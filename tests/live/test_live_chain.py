"""Evidence of runs: canonical files, chained digests, and nothing added to what somebody changed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from tests.support.live.cloud import Cloud, live

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    Capsys = pytest.CaptureFixture[str]


def test_each_run_is_chained_to_the_one_before(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.user("ci", owner="payments@example.com")
    key = cloud.key("ci", age=80, used=60)
    folder = tmp_path / "evidence"
    argv = ("--evidence", str(folder), "--accounts", cloud.account, "--external-id", "do-not-show-this", "--ledger", str(tmp_path / "l"))
    assert live(capsys, *argv).code == live(capsys, *argv).code == 1
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
    assert (run["caller"], run["exit_code"], run["as_of_given"], run["accounts"]) == (
        "arn:aws:sts::123456789012:user/moto",
        1,
        False,
        [cloud.account],
    )
    assert "iam.unused_access_keys" in run["policy"]["rules"]
    assert run["ledger_sha256"] == manifest["files"]["ledger.jsonl"]
    everything = b"".join(path.read_bytes() for path in folder.glob("*/*"))
    assert b"do-not-show-this" not in everything
    assert key.encode() not in everything
    (second / "result.json").write_text("{}", encoding="utf-8")
    refused = live(capsys, *argv)
    assert (refused.code, "result.json is not what was written" in refused.err, len(list(folder.iterdir()))) == (2, True, 2)


def test_a_verification_is_evidence_too(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.user("ci", owner="payments@example.com")
    cloud.key("ci", age=80, used=60)
    earlier = tmp_path / "before.json"
    live(capsys, "--output", str(earlier))
    live(capsys, "--verify", str(earlier), "--evidence", str(tmp_path / "evidence"))
    (path,) = (tmp_path / "evidence").glob("*/result.json")
    assert json.loads(path.read_bytes())["verification"]["still_open"] == 1
