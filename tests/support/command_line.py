"""What the tests of the command line share."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.cli import main
from tests.support import canned

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/schema/report-1.json").read_text(encoding="utf-8"))  # of a JSON result
KEY = 'resource "aws_iam_access_key" "ci" {\n  user = "ci"\n}\n'
MISSING = "iam.access_keys_without_lifetime"


def a_key(**more: object) -> Any:
    return canned.key("aws_iam_access_key.ci", canned.span("iam.tf"), **more)


def run(capsys: Capture, *argv: str) -> tuple[int, str, str]:
    code = main(argv)
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


def executable(path: Path, script: str) -> Path:
    """Write a script of the shell that can be run."""
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **more}


def heeding(root: Path, *argv: str) -> subprocess.Popen[bytes]:
    """The command as a process that heeds Ctrl-C, which tests in the background of a shell and their children ignore otherwise."""
    heed = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    command = [sys.executable, "-c", heed, "-m", "posturio_iac", *argv]
    return subprocess.Popen(command, cwd=root, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def shown(text: str) -> list[tuple[str, str, str]]:
    """The findings that the format ``text`` lists, as another program may indent it: place, severity and rule."""
    found = []
    for block in text.split("\n\n"):
        if head := re.search(r"(?m)^ *(\S+:\d+:\d+): ", block):
            rows = re.findall(r"(?m)^ +([A-Z]+) (iam\.\w+)(?: at (\S+))?$", block)
            found += [(place or head[1], severity, rule) for severity, rule, place in rows]
    return found


def ends(argv: Sequence[str]) -> list[str]:
    """The command line of ``baseline`` with a last day, and with a word for grave findings, where it has none."""
    kept = any(option in argv for option in ("--until", "--prune"))
    return [*argv, *([] if kept else ["--until", "2099-12-31"]), *([] if kept and "--until" not in argv else ["--accept", "critical,high"])]
