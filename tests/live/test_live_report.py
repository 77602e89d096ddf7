"""The commands of docs/report.md that show a report, executed as they stand there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.command_line import ROOT, environment, executable
from tests.support.live.cloud import Capsys, Cloud, live


def shown_commands() -> list[str]:
    """The commands of the block that the page says is executed."""
    text = (ROOT / "docs/report.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"<!-- executed by tests/live/test_live_report.py -->\n```sh\n(.*?)```", text, re.DOTALL)
    return [line for line in block.splitlines() if line.strip()]


def test_the_documented_commands_give_the_report(tmp_path: Path) -> None:
    install, *rest = shown_commands()
    assert install.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for name, program in (("python", ""), ("posturio-iac", "-m posturio_iac")):
        executable(tmp_path / ".venv/bin" / name, f'exec "{sys.executable}" {program} "$@"')
    for folder in ("docs", "fixtures/lingering_inactive_access_keys"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for command in rest:
        done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
    results = sorted(path.name for path in (tmp_path / "results").iterdir())
    assert results == [f"{kind}-2026-{month}-24.json" for kind in ("code", "live") for month in ("08", "09", "10", "11")]
    last = json.loads((tmp_path / "results/live-2026-11-24.json").read_text(encoding="utf-8"))
    assert last["scope"] == {"kind": "aws", "accounts": ["111122223333", "123456789012", "444455556666"]}
    assert [said for said in last["diagnostics"] if said["level"] == "error"] == []
    page = (tmp_path / "posture.html").read_text(encoding="utf-8")
    for said in (
        "33 access keys in 3 accounts and ",
        "6 of 16 usable keys have an end that holds",
        "payments/fraud-vendor/****",
        "Keys that were switched off",
    ):
        assert said in page


def test_a_live_run_writes_its_own_page(cloud: Cloud, capsys: Capsys) -> None:
    cloud.user("stale")
    key_id = cloud.key("stale", age=70, used=60)
    answer = live(capsys, "--format", "html", json_format=False)
    assert answer.code == 1
    assert answer.out.startswith("<!DOCTYPE html>")
    assert f"stale/****{key_id[-4:]}" in answer.out
    assert key_id not in answer.out
    assert live(capsys).json["scope"] == {"kind": "aws", "accounts": [cloud.account]}


def test_the_pictures_are_small() -> None:
    for name in ("report.png", "report-timeline.png"):
        data = (ROOT / "docs/images" / name).read_bytes()
        assert data.startswith(b"\x89PNG")
        assert len(data) < 300_000
        assert f"images/{name}" in (ROOT / ("README.md" if name == "report.png" else "docs/report.md")).read_text(encoding="utf-8")
