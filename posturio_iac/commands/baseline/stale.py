"""Diagnostics about baselines: entries that lost their finding, code that was moved, and how far the debt has shrunk."""

from __future__ import annotations

import os

from posturio_iac.core.finding import CONFIGURATION, Diagnostic, Level, Report
from posturio_iac.core.keys import is_arn
from posturio_iac.core.record import NamedTuple, replace
from posturio_iac.core.text.textfile import is_inside
from posturio_iac.render import count
from posturio_iac.scan.configuration import files_of, known_findings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from posturio_iac.config import Config
    from posturio_iac.judge.baseline import BaselineFile
    from posturio_iac.judge.known import KnownEntry, KnownFindings
    from posturio_iac.search import Selection

MOST = 10


class Searched(NamedTuple):
    """The scope of a run."""

    selection: Selection
    config: Config
    paths: Sequence[str]


def stale(known: KnownFindings, report: Report, searched: Searched) -> tuple[KnownEntry, ...]:
    """The entries whose finding is gone, of those that a complete run could have found again: by path and by rule."""
    if report.errors():
        return ()
    from posturio_iac.judge.policy import Policy
    from posturio_iac.rules import all_rules

    rules = all_rules()
    selected = Policy(searched.config).selected(rules)
    places = [os.path.realpath(path) for path in searched.paths or (os.curdir,)]
    return tuple(
        one
        for one in known.left
        if (one.entry.rule not in rules or one.entry.rule in selected) and _was_searched(one, places, searched.selection)
    )


def _was_searched(one: KnownEntry, searched: Collection[str], selection: Selection) -> bool:
    """True if a run over ``searched`` would have seen the file of an entry; deployed keys are in none."""
    if is_arn(one.entry.address):
        return False
    if not one.place:
        return True
    if not any(is_inside(one.place, place) for place in searched):
        return False
    return not selection.search.skips(os.path.relpath(one.place, selection.root).replace(os.sep, "/"))


def with_stale(report: Report, searched: Searched, *, fail: bool) -> tuple[Report, bool]:
    """The report with diagnostics about its baselines, and whether an entry is stale; with ``fail`` these are warnings."""
    files = files_of(searched.config)
    if not files:
        return report, False
    known = known_findings(report, files, searched.selection)
    gone = stale(known, report, searched)
    diagnostics = [*_stale(gone, fail=fail), *_moved(known), *_shrunk(files, gone)]
    return (replace(report, diagnostics=(*report.diagnostics, *diagnostics)) if diagnostics else report), bool(gone)


def _stale(gone: Sequence[KnownEntry], *, fail: bool) -> Iterator[Diagnostic]:
    level, about = (Level.WARNING, CONFIGURATION) if fail else (Level.NOTE, "")
    for one in gone[:MOST]:
        where = f" in {one.entry.path}" if one.entry.path else ""
        text = f"the baseline's entry for {one.entry.address}{where} ({one.entry.rule}) no longer matches anything"
        yield Diagnostic(level, f"{text}; remove it, or run `posturio-iac baseline --prune`", about=about)
    if len(gone) > MOST:
        yield Diagnostic(level, f"{len(gone) - MOST} more entries of the baseline no longer match anything", about=about)


def _moved(known: KnownFindings) -> Iterator[Diagnostic]:
    if known.moved:
        entries = "1 entry of the baseline matches" if len(known.moved) == 1 else f"{len(known.moved)} entries of the baseline match"
        yield Diagnostic(Level.NOTE, f"{entries} code that was moved; `posturio-iac baseline` records where it is now")


def _shrunk(files: Sequence[BaselineFile], gone: Sequence[KnownEntry]) -> Iterator[Diagnostic]:
    for file in files:
        left = len(file.baseline.entries) - sum(one.file == file.path for one in gone)
        if left < file.baseline.findings_then and (change := file.baseline.shrinkage(left)):
            name = os.path.relpath(file.path) if file.path.startswith(os.path.join(os.getcwd(), "")) else file.path
            yield Diagnostic(Level.NOTE, f"{name} has {count(left, 'known finding')} left, {change}")
