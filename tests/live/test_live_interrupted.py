"""A live run that a signal or a full disk meets while it writes leaves each file as it was or as it shall be, and nothing beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.interrupted import interrupted

PRELUDE = """
from datetime import datetime, timezone
from posturio_iac.commands.live import command as live_command
from posturio_iac.commands.retire import command as retire_command
from posturio_iac.retire.ledger_history import read_ledger
from tests.support.live.lying import answering

aws = answering()
aws.__enter__()
live_command.now = retire_command.now = lambda: datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


def is_whole(name, data):
    # The ledger of a run that goes on tells what was read so far.
    return name == "ledger.jsonl" and bool(read_ledger(data.decode()))
"""
ASKED = ("--no-config", "--quiet")
WRITERS: dict[str, tuple[tuple[str, ...], int, int]] = {
    "formats": (("live", "--format", "json", "--output", "r.json", "--format", "asff", "--output", "new/r.asff"), 2, 3),
    "plan": (("retire", "plan", "plan", "--ledger", "ledger.jsonl"), 7, 5),
    "letters": (("retire", "ask", "letters", "--ledger", "ledger.jsonl"), 3, 5),
    "evidence": (("retire", "evidence", "evidence", "--ledger", "ledger.jsonl"), 5, 5),
    "lines": (("live", "--format", "jsonl", "--output", "r.json"), 1, 2),
}
"""What a run writes, how many files it changes, and which of its steps is tried, since a run takes long."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with an old report."""
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "r.json").write_text('{"old": true}\n', encoding="utf-8")
    return folder


@pytest.mark.promise("whole files")
@pytest.mark.parametrize(("name", "kind"), [*((name, "SIGTERM") for name in WRITERS), ("evidence", "SIGINT")])
def test_a_signal_at_steps_of_writing(root: Path, tmp_path: Path, name: str, kind: str) -> None:
    arguments, count, stride = WRITERS[name]
    told = interrupted(root, tmp_path / "place", kind, (*arguments, *ASKED), prelude=PRELUDE, stride=stride)
    assert told["wrong"] == []
    assert len(told["changed"]) == count
    assert len(told["codes"]) > 4
    assert set(told["codes"][:-1]) <= ({99} if kind == "SIGINT" else {-15})
    assert told["codes"][-1] == (1 if arguments[0] == "live" else 0)


@pytest.mark.promise("whole files")
@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk(root: Path, tmp_path: Path, name: str) -> None:
    arguments, count, _ = WRITERS[name]
    told = interrupted(root, tmp_path / "place", "FULL", (*arguments, *ASKED), 100, prelude=PRELUDE)
    assert (told["wrong"], told["codes"], len(told["changed"])) == ([], [3], count)
