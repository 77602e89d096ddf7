"""The commands of the README, executed as they stand there, with moto in the place of AWS.

What they install is what this session has installed; ``docs/stranger.py`` lets them install it, in a fresh environment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.hosts.hosting import checkout
from tests.support.live.cloud import Cloud
from tests.support.readme import ACCOUNT, INSTALL, REPOSITORY, block, commands, exits, traced


@pytest.mark.skipif(shutil.which("bash") is None, reason="the README is for a POSIX shell")
def test_a_stranger_gets_from_a_clone_to_a_report(cloud: Cloud, tmp_path: Path) -> None:
    """What follows the first command runs in the same shell, as a reader would type it."""
    cloud.key("stale", age=70, used=60)
    clone = checkout(tmp_path / "clone", everything=True)
    installed = Path(sys.executable).parent
    clone.write(".venv/bin/activate", f"PATH={installed}:$PATH\n", add=False)
    (clone.path / ".venv/bin/posturio-iac").symlink_to(installed / "posturio-iac")
    (install,) = commands(block(INSTALL))
    pip, *account = commands(block(ACCOUNT))
    made, filled, first = install.split(" && ")
    assert made.startswith("python3 -m venv ")
    assert "pip install" in filled
    assert "pip install" in pip
    lines = [first, *commands(block(REPOSITORY)), *account]
    done = subprocess.run(
        ["bash", "-c", traced(lines)],
        cwd=clone.path,
        env={name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
        timeout=120,
    )
    said = done.stdout
    by_command = dict(zip(lines, exits(said), strict=True))
    assert {line: code for line, code in by_command.items() if code not in (0, 1, 3)} == {}, said
    assert by_command[first] == 0, said
    assert all(code == 0 for line, code in by_command.items() if line in account and " scan " not in line), said
    assert "Traceback" not in said
    assert "4 findings (1 high, 3 medium) in 3 keys of 3 files" in said
    assert json.loads((clone.path / "keys.sarif").read_text())["version"] == "2.1.0"
    assert json.loads((clone.path / "results/live.json").read_text())["keys"][0]["user"] == "stale"
    page = (clone.path / "posture.html").read_text()
    assert "stale/****" in page
    assert "aws_iam_access_key.deploy" in page
