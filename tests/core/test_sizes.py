"""Sizes as people read them."""

from __future__ import annotations

import pytest

from posturio_iac.core.text.textfile import describe_size, more_than


@pytest.mark.parametrize(
    ("size", "text"),
    [(1, "1 byte"), (10, "10 bytes"), (1536, "1.5 KiB"), (10 * 1024**2, "10 MiB"), (3 * 1024**3, "3 GiB")],
)
def test_the_largest_unit_of_which_there_is_one(size: int, text: str) -> None:
    assert describe_size(size) == text


def test_a_file_over_the_limit_never_looks_as_large_as_the_limit() -> None:
    assert more_than(12, 10) == "12 bytes exceeds the limit of 10 bytes"
    assert more_than(10_485_761, 10_485_760) == "10,485,761 bytes exceeds the limit of 10,485,760 bytes"
    assert more_than(None, 2_097_152) == "it exceeds the limit of 2 MiB"
