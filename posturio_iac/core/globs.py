"""Globs of a configuration file, which are relative to its folder, as globs relative to the scan root."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\*?["})


def rebase(patterns: Iterable[str], folder: str, root: str) -> tuple[str, ...]:
    """Return patterns in gitignore's syntax that mean below ``root`` what ``patterns`` mean below ``folder``.

    One that matches nothing below ``root`` is left out. Where neither folder holds the other, the patterns stay as they are.
    """
    here, there = os.path.realpath(folder), os.path.realpath(root)
    if here == there:
        return tuple(patterns)
    if here.startswith(os.path.join(there, "")):
        below = os.path.relpath(here, there).replace(os.sep, "/").translate(SPECIAL)
        return tuple(_under(pattern, below) for pattern in patterns)
    if there.startswith(os.path.join(here, "")):
        steps = os.path.relpath(there, here).split(os.sep)
        return tuple(made for pattern in patterns for made in _above(pattern, steps))
    return tuple(patterns)


def _under(pattern: str, below: str) -> str:
    """Move a pattern from a folder to the one above it, ``below`` being the way down."""
    sign, body = _signed(pattern)
    return f"{sign}/{below}/{body.removeprefix('/')}" if _anchored(body) else f"{sign}/{below}/**/{body}"


def _above(pattern: str, steps: Sequence[str]) -> Iterator[str]:
    """Move a pattern from a folder to the one that ``steps`` lead down to."""
    sign, body = _signed(pattern)
    if not _anchored(body):
        yield pattern
        return
    for rest in _descend(body.removeprefix("/").split("/"), steps):
        yield f"{sign}/{'/'.join(rest)}"


def _descend(parts: Sequence[str], steps: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield what is left of a pattern after it has matched each of the steps."""
    if not steps:
        if any(parts):
            yield parts
    elif parts and parts[0] == "**":
        yield from _descend(parts[1:], steps)
        yield from _descend(parts, steps[1:])
    elif parts and fnmatchcase(steps[0], parts[0]):
        yield from _descend(parts[1:], steps[1:])


def _signed(pattern: str) -> tuple[str, str]:
    return ("!", pattern[1:].removeprefix("./")) if pattern.startswith("!") else ("", pattern.removeprefix("./"))


def _anchored(body: str) -> bool:
    """Whether a pattern counts from its folder; one without a slash inside matches at any depth."""
    return "/" in body.rstrip("/")
