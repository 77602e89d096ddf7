"""The sessions of nox: each test in a host is named by one, and ``all`` runs each that checks something."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

ROOT = Path(__file__).parent.parent
NOXFILE = (ROOT / "noxfile.py").read_text(encoding="utf-8")


def test_every_test_in_a_host_is_run_by_a_session() -> None:
    assert set(re.findall(r'"(test_\w+)"', NOXFILE)) == {path.stem for path in (ROOT / "tests/hosts").glob("test_*.py")}


def test_all_runs_whatever_checks_something() -> None:
    sessions = set(re.findall(r"^@nox\.session.*\n(?:@.*\n)*def (\w+)\(", NOXFILE, re.MULTILINE))
    usual = re.findall(r"^(?:QUICK|OUTSIDE|OLDEST) = (.*)$", NOXFILE, re.MULTILINE)
    (rest,) = re.findall(r"^    rest = (.*)\n +together\(session, \(\*QUICK, \*OUTSIDE, \*OLDEST, \*rest, .*compat", NOXFILE, re.MULTILINE)
    run = set(re.findall(r'"(\w+)"', "".join(usual) + rest))
    assert "hosts" in run
    assert sessions - run == {"everything", "quick", "outside", "compat", "bench", "mutation"}


class FailedError(Exception):
    """What ``session.error`` raises, upon which nox exits with 1."""


def fail(text: str) -> None:
    raise FailedError(text)


@pytest.fixture
def noxfile(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Load the noxfile without nox, which the tests do not need otherwise."""
    nox = MagicMock(session=lambda *given, **_: given[0] if given else lambda function: function)
    for name in ("PYTHONDONTWRITEBYTECODE", "UV_SYSTEM_CERTS", "UV_NATIVE_TLS"):  # the noxfile changes them
        monkeypatch.setenv(name, "1")
    for name in ("nox", "nox.command"):
        monkeypatch.setitem(sys.modules, name, nox)
    return runpy.run_path(str(ROOT / "noxfile.py"))


@pytest.mark.parametrize(("codes", "failed"), [((0, 0, 0), ""), ((0, 1, 0), "b"), ((1, 0, 130), "a, c")])
def test_sessions_that_run_together_fail_when_one_of_them_does(
    noxfile: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], codes: tuple[int, ...], failed: str
) -> None:
    ends = dict(zip("abc", codes, strict=True))
    logged: list[str] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        name = command[command.index("--session") + 1]
        return subprocess.CompletedProcess(command, ends[name], f"{name} says so\n".encode())

    monkeypatch.setattr(subprocess, "run", run)
    session = SimpleNamespace(posargs=[], log=logged.append, error=fail)
    if failed:
        with pytest.raises(FailedError) as caught:
            noxfile["together"](session, tuple(ends))
        assert sorted(str(caught.value).removeprefix("failed: ").split(", ")) == failed.split(", ")
    else:
        noxfile["together"](session, tuple(ends))
    assert sorted(capfdbinary.readouterr().out.splitlines()) == [b"a says so", b"b says so", b"c says so"]
    assert len(logged) == len(ends)
