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
    for said in diagnostics:
        same.setdefault((said.level, said.about, _neutral(said)), []).append(said)
    return [one for alike in same.values() for one in (alike if len(_subjects(alike)) <= NAMED else [_of_many(alike)])]


def _subject(said: Diagnostic) -> str | None:
    return said.account or (None if said.level is Level.ERROR else said.path)


def _neutral(said: Diagnostic) -> object:
    subject = _subject(said)
    place = None if said.account or subject else (said.path, said.line, said.column)
    return subject is None, bool(said.account), place, said.template


def _subjects(alike: Sequence[Diagnostic]) -> list[str]:
    return list(dict.fromkeys(_subject(said) or "" for said in alike))


def _of_many(alike: Sequence[Diagnostic]) -> Diagnostic:
    first, subjects = alike[0], _subjects(alike)
    named = ", ".join(printable(subject) for subject in subjects[1:NAMED])
    rest = f"{len(subjects) - 1:,} more "
    rest += f"accounts: {named} and {len(subjects) - NAMED:,} more" if first.account else f"files, such as {named}; --format json lists all"
    return replace(first, template=f"{first.template}; the same holds for {rest}")
