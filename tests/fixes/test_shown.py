"""What a format shows of a change: the lines that it touches, as they will be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from posturio_iac.core.place import Span
from posturio_iac.fixes.shown import ShownChange, ShownEdit
from posturio_iac.fixes.wanted import Edit

DATA = b"one\ntwo\nthree\nfour\n"


@pytest.mark.parametrize(
    ("old", "new", "first", "last", "text"),
    [("one", "1", 1, 1, "1"), ("two", "2", 2, 2, "2"), ("o\nthr", "-", 2, 3, "tw-ee"), ("four", "4", 4, 4, "4")],
)
def test_a_suggestion_stands_at_the_lines_that_it_replaces(old: str, new: str, first: int, last: int, text: str) -> None:
    at = DATA.index(old.encode())
    files: Any = SimpleNamespace(data=lambda _: DATA)
    change: Any = SimpleNamespace(level=None, edits=(Edit("a.tf", at, at + len(old), new),))
    shown = ShownChange(change, files, lambda *lines: lines == ("a.tf", first, last))
    assert shown.suggestion == ShownEdit(Span("a.tf", first, 1, last, 1), text)
