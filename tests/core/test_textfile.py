"""Opening files: what a path becomes between the look at it and the opening of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from posturio_iac.core.text.textfile import Fence, OutsideError, UnreadableError, read

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes need rights there")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    (tmp_path / "secret").write_bytes(b"outside")
    (tmp_path / "root" / "kept").write_bytes(b"inside")
    return tmp_path / "root"


class Changing(Fence):
    """A fence behind whose back a path changes, after the look at it."""

    def __init__(self, top: str, path: Path, target: str) -> None:
        super().__init__(top)
        self._path, self._target = path, target

    def resolved(self, path: str) -> str:
        found = super().resolved(path)
        self._path.unlink()
        self._path.symlink_to(self._target)
        return found


def changed(root: Path, target: str) -> bytes:
    (root / "a.tf").write_bytes(b"before")
    return read(str(root / "a.tf"), 100, Changing(str(root.resolve()), root / "a.tf", target))


def test_a_file_that_becomes_a_link_inside_is_read(root: Path) -> None:
    assert changed(root, "kept") == b"inside"


def test_a_file_that_becomes_a_link_outside_is_refused(root: Path) -> None:
    with pytest.raises(OutsideError):
        changed(root, "../secret")


def test_a_file_that_becomes_a_link_to_a_pipe_is_refused_and_nobody_waits_for_a_writer(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with pytest.raises(UnreadableError, match="not a regular file"):
        changed(root, "pipe")
