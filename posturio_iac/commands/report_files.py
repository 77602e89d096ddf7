"""Reads saved results for a report. One that cannot be read is reported, and the others count."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from posturio_iac.contract.read import NotAResultError, load
from posturio_iac.contract.records import SavedDiagnostic
from posturio_iac.core.finding import Level
from posturio_iac.core.text.decoding import decode
from posturio_iac.errors import system_reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.contract.records import SavedResult

STDIN = "-"
MOST_BYTES = 512 * 1024 * 1024
"""Limit in bytes. A result of 20,000 keys has about 30 MB."""


def read(words: Sequence[str], *, show_key_ids: bool) -> tuple[list[SavedResult], list[SavedDiagnostic]]:
    """The results, and diagnostics about files that could not be read."""
    results: list[SavedResult] = []
    unread: list[SavedDiagnostic] = []
    for path, shown in _named(words, unread):
        try:
            results.append(load(_text(path), shown, show_key_ids=show_key_ids))
        except NotAResultError as error:
            unread.append(SavedDiagnostic(Level.ERROR, f"{shown} {error}", shown))
        except OSError as error:
            unread.append(SavedDiagnostic(Level.ERROR, f"{shown} cannot be read: {system_reason(error)}", shown))
    return results, unread


def _named(words: Sequence[str], unread: list[SavedDiagnostic]) -> Iterator[tuple[str, str]]:
    """Yield each file once, with its name in the report, which tells no folder of this machine beyond those given."""
    seen: set[str] = set()
    taken: dict[str, int] = {}
    for path in _files(words, unread):
        real = path if path == STDIN else os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        shown = "standard input" if path == STDIN else os.path.basename(path) if os.path.isabs(path) else os.path.normpath(path)
        taken[shown] = taken.get(shown, 0) + 1
        yield path, shown.replace(os.sep, "/") if taken[shown] == 1 else f"{shown} ({taken[shown]})"


def _files(words: Sequence[str], unread: list[SavedDiagnostic]) -> Iterator[str]:
    """Yield the files; a folder stands for the results in it."""
    for word in words:
        if not os.path.isdir(word):
            yield word
            continue
        try:
            names = [name for name in sorted(os.listdir(word)) if name.endswith((".json", ".jsonl"))]
        except OSError as error:
            unread.append(SavedDiagnostic(Level.ERROR, f"the folder {word} cannot be read: {system_reason(error)}", word))
            continue
        if not names:
            unread.append(SavedDiagnostic(Level.ERROR, f"the folder {word} holds no .json or .jsonl file", word))
        yield from (os.path.join(word, name) for name in names)


def _text(path: str) -> str:
    """The text of a file. Raises `OSError` and `NotAResultError`."""
    if path == STDIN:
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
    else:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise NotAResultError(f"is larger than {MOST_BYTES // 1024**2} MB; split the run with --ou or --accounts")
    try:
        return decode(data)
    except UnicodeDecodeError as error:
        raise NotAResultError(
            f"is neither UTF-8 nor UTF-16 at byte {error.start}; write it again with --format json --output FILE"
        ) from None
