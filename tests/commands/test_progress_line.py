"""A person at a terminal sees how far a long run is, and nobody else."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from posturio_iac.commands import output
from posturio_iac.commands.output import ProgressLine
from tests.support.command_line import KEY, Capture, Patch, run


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that goes on by ``pace`` seconds at each look."""

    def __init__(self, pace: float) -> None:
        self.now, self.pace = 0.0, pace

    def __call__(self) -> float:
        self.now += self.pace
        return self.now


def terminal(monkeypatch: Patch) -> Terminal:
    """Make standard error a terminal; not in a fixture, since pytest puts its own stream there when a test begins."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def line(pace: float = 1.0) -> ProgressLine:
    return ProgressLine(quiet=False, environment={}, clock=Clock(pace))


def test_a_long_run_shows_what_it_searches_and_leaves_nothing(monkeypatch: Patch) -> None:
    shown = terminal(monkeypatch)
    progress = line()
    for what in ("folder", "file", "file"):
        progress.step(what)
    progress.erase()
    states = shown.getvalue().split("\r\x1b[K")
    assert states == ["", "searching: 1 folder, 0 files", "searching: 1 folder, 1 file", "searching: 1 folder, 2 files", ""]


def test_a_short_run_shows_nothing(monkeypatch: Patch) -> None:
    shown = terminal(monkeypatch)
    progress = line(pace=0.01)
    for _ in range(50):
        progress.step("file")
    progress.erase()
    assert shown.getvalue() == ""


@pytest.mark.parametrize(("quiet", "environment"), [(True, {}), (False, {"CI": "true"}), (False, {"TERM": "dumb"})])
def test_nobody_else_sees_it(monkeypatch: Patch, *, quiet: bool, environment: dict[str, str]) -> None:
    shown = terminal(monkeypatch)
    progress = ProgressLine(quiet=quiet, environment=environment, clock=Clock(1.0))
    assert progress.listener is None
    progress.show("1 of 2 accounts")
    progress.erase()
    assert shown.getvalue() == ""


def test_a_scan_shows_it_and_erases_it_before_anything_else(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    shown = terminal(monkeypatch)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(KEY, encoding="utf-8")
    monkeypatch.setattr(output, "PATIENCE", 0.0)
    monkeypatch.setattr(output, "EVERY", 0.0)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b" / "broken.tf").write_text(KEY + "locals {", encoding="utf-8")
    assert run(capsys, "scan", "--color", "never")[0] == 3
    states = shown.getvalue().split("\r\x1b[K")
    assert "searching: 3 folders, 3 files" in states
    assert states[-1].startswith("b/broken.tf:4:9: error: ")
