"""Sizes of files in units that people read."""

from __future__ import annotations

UNITS = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))


def describe_size(size: int) -> str:
    """A number of bytes in the largest unit of which there is one: ``10 MiB``, ``1.5 KiB``, ``12 bytes``."""
    for unit, name in UNITS:
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} byte{'' if size == 1 else 's'}"


def more_than(size: int | None, limit: int) -> str:
    """The clause about a file that is larger than the limit; sizes that would look the same are given in bytes."""
    if size is None:
        return f"it exceeds the limit of {describe_size(limit)}"
    big, small = describe_size(size), describe_size(limit)
    if big == small:
        big, small = f"{size:,} bytes", f"{limit:,} bytes"
    return f"{big} exceeds the limit of {small}"
