"""Diagnostics that say the same of many accounts or files, each once. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.finding import Level
from posturio_iac.core.record import replace
from posturio_iac.core.text.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.core.finding import Diagnostic

NAMED = 3
"""Of how many accounts or files the same is said one by one."""


def once(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics, with one in place of many that say the same of different accounts or files.

    Errors of different files stay apart: each names a file that was not read.
    """
    same: dict[object, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        same.setdefault((diagnostic.level, diagnostic.about, _neutral(diagnostic)), []).append(diagnostic)
    return [one for alike in same.values() for one in (alike if len(_subjects(alike)) <= NAMED else [_of_many(alike)])]


def _subject(diagnostic: Diagnostic) -> str | None:
    return diagnostic.account or (None if diagnostic.level is Level.ERROR else diagnostic.path)


def _neutral(diagnostic: Diagnostic) -> object:
    subject = _subject(diagnostic)
    place = None if diagnostic.account or subject else (diagnostic.path, diagnostic.line, diagnostic.column)
    return subject is None, bool(diagnostic.account), place, diagnostic.template


def _subjects(alike: Sequence[Diagnostic]) -> list[str]:
    return list(dict.fromkeys(_subject(diagnostic) or "" for diagnostic in alike))


def _of_many(alike: Sequence[Diagnostic]) -> Diagnostic:
    first, subjects = alike[0], _subjects(alike)
    named = ", ".join(printable(subject) for subject in subjects[1:NAMED])
    rest = f"{len(subjects) - 1:,} more "
    rest += f"accounts: {named} and {len(subjects) - NAMED:,} more" if first.account else f"files, such as {named}; --format json lists all"
    return replace(first, template=f"{first.template}; the same holds for {rest}")
