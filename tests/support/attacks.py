"""What the tests of hostile input share: a folder that a stranger has written, scanned by a process with bounded memory and time."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from posturio_iac import render
from posturio_iac.cli import main
from tests.support.command_line import environment
from tests.support.forks import python_in_fork
from tests.support.repository import Repository

FORMATS = tuple(name for name in render.FORMATS if name not in render.DEPLOYED)
_DEEP = "/".join(["filler", *(f"{number:0240}" for number in range(10))])
MEMORY = 2 << 30
SECONDS = 60
SOUND = """\
resource "aws_iam_access_key" "sound" {
  user = aws_iam_user.sound.name
}
resource "aws_iam_user" "sound" {
  name = "sound"
}
"""
"""A key that every scan must find, whatever stands beside it."""
_LIMITED = """\
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
from posturio_iac.cli import main
sys.exit(main(sys.argv[1:]))
"""


def posturio(cwd: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the command line in ``cwd``, in this process: in a sixth of the time of `bounded`, for code that can neither hang nor grow.

    A traceback or a crash fails the test.
    """
    raw = BytesIO(), BytesIO()
    out, err = (TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True) for stream in raw)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(cwd)
        status = main(arguments)
    return _sound(status, raw[0].getvalue().decode(), raw[1].getvalue().decode())


def bounded(cwd: Path, *arguments: str, cpu: int = SECONDS, more: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run it in a process of its own with ``more`` variables of its environment; with a locale, Python is started, which reads it then."""
    code, variables = _LIMITED.format(memory=MEMORY, seconds=cpu), environment(**(more or {}))
    if "LC_ALL" in (more or {}):
        command = [sys.executable, "-c", code, *arguments]
        ran = subprocess.run(command, cwd=cwd, env=variables, capture_output=True, check=False, timeout=10 * cpu)
        return _sound(ran.returncode, ran.stdout.decode(), ran.stderr.decode())
    forked = python_in_fork(cwd, code, ["posturio-iac", *arguments], variables, imported=("tests.support.scanned",))
    return _sound(forked.returncode, forked.stdout, forked.stderr)


def _sound(status: int, out: str, err: str) -> tuple[int, str, str]:
    assert "Traceback" not in err
    assert "internal error" not in err
    return status, out, err


def bounded_scan(cwd: Path, *arguments: str, cpu: int = SECONDS, more: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    return bounded(cwd, "scan", "--as-of", "2026-11-24", *arguments, cpu=cpu, more=more)


def scan(cwd: Path, *arguments: str) -> tuple[int, str, str]:
    return posturio(cwd, "scan", "--as-of", "2026-11-24", *arguments)


def report(cwd: Path, *arguments: str) -> Any:
    return json.loads(scan(cwd, *arguments, "--format", "json")[1])


def lay(folder: Path, files: Mapping[str, str | bytes], *, git: bool = False) -> None:
    for name, text in files.items():
        put(folder, name, text)
    if git:
        fill(folder)
        tracked(folder, {})


def tracked(folder: Path, files: Mapping[str, str | bytes]) -> Repository:
    lay(folder, files)
    (repository := Repository(folder)).git("add", "-A")
    return repository


def fill(folder: Path) -> None:
    """Put files there whose long paths make an index of more than 64 KiB, which git has to search."""
    for number in range(28):
        put(folder, f"{_DEEP}/{number}.md", "")


def archive(**texts: str) -> bytes:
    """A ZIP archive of programs with these texts."""
    with zipfile.ZipFile(written := BytesIO(), "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in texts.items():
            made.writestr(f"{name}.py", text)
    return written.getvalue()


def put(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(text, str) and text.startswith("-> "):
        path.symlink_to(text[3:].strip())
    else:
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
