"""What a release is told of: newer tags of the modules that the table knows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.command_line import ROOT
from tests.support.repository import Repository


def test_newer_tags_of_known_modules_are_named(tmp_path: Path) -> None:
    """The repository of one module is a local one; those of the others cannot be asked."""
    made = Repository(tmp_path / "boldlink/terraform-aws-iam-user")
    made.write("main.tf", "")
    made.commit()
    for tag in ("1.0.4", "1.0.5", "1.0.6", "v2.0", "not-a-version"):
        made.git("tag", tag)
    environment = {
        **os.environ,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
    }
    for part, said in (
        ("boldlink/", "boldlink/iam-user/aws: 1.0.6, v2.0\n"),
        ("cytopia/", "cytopia/iam/aws: cannot ask github.com"),
    ):
        command = [sys.executable, str(ROOT / ".ci/newer.py"), part]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr, done.stdout[: len(said)]) == (1, "", said)
