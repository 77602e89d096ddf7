"""Opening files: what a path becomes between the look at it and the opening of it, and sizes as people read them."""

from __future__ import annotations

import os
import sys
from itertools import count
from pathlib import Path

import pytest

from posturio_iac.core.text.textfile import Fence, OutsideError, UnreadableError, read
from posturio_iac.errors import describe_size, more_than

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
    with pytest.raises(UnreadableError, match=r"^is not a regular file and was not read$"):
        changed(root, "pipe")


@pytest.mark.parametrize(
    ("size", "text"), [(1, "1 byte"), (10, "10 bytes"), (1536, "1.5 KiB"), (10 * 1024**2, "10 MiB"), (3 * 1024**3, "3 GiB")]
)
def test_the_largest_unit_of_which_there_is_one(size: int, text: str) -> None:
    assert describe_size(size) == text


def test_a_file_over_the_limit_never_looks_as_large_as_the_limit() -> None:
    assert more_than(12, 10) == "12 bytes exceeds the limit of 10 bytes"
    assert more_than(10_485_761, 10_485_760) == "10,485,761 bytes exceeds the limit of 10,485,760 bytes"
    assert more_than(None, 2_097_152) == "it exceeds the limit of 2 MiB"


def test_of_a_folder_that_is_not_there_no_other_is_looked_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = count()
    monkeypatch.setattr(os.path, "islink", lambda _: next(looks) < 0)
    assert Fence(str(root.resolve())).names(str(root.resolve() / "/".join("a" * 900))) == frozenset()
    assert next(looks) < 9
