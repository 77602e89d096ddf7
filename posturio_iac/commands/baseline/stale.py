"""Which entries of a baseline have lost their finding."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import replace
from posturio_iac.judge.baseline import load

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from posturio_iac.config.model import Config
    from posturio_iac.core.finding import Report
    from posturio_iac.judge.baseline import Baseline, BaselineEntry
    from posturio_iac.search import Selection

MOST = 10
"""How many entries are named one by one."""


def stale(baseline: Baseline, report: Report, *, selection: Selection, config: Config, paths: Sequence[str]) -> tuple[BaselineEntry, ...]:
    """Return the entries whose finding is gone, of those that this run could have found again: by path and by rule.

    An incomplete run proves nothing to be gone.
    """
    if any(said.level is Level.ERROR for said in report.diagnostics):
        return ()
    from posturio_iac.judge.policy import Policy
    from posturio_iac.rules import all_rules

    found = {finding.fingerprint for finding in report.findings}
    known = all_rules()
    left_out = known.keys() - Policy(config).selected(known)
    folder = os.path.dirname(os.path.realpath(config.baseline or ""))
    searched = [os.path.realpath(path) for path in paths or (os.curdir,)]
    return tuple(
        entry
        for entry in baseline.entries
        if entry.fingerprint not in found and entry.rule not in left_out and _was_searched(entry, folder, searched, selection)
    )


def _was_searched(entry: BaselineEntry, folder: str, searched: Collection[str], selection: Selection) -> bool:
    """Tell whether a run over ``searched`` would have seen the file of an entry."""
    if not entry.path:
        return True
    path = os.path.normpath(os.path.join(folder, entry.path))
    if not any(path == place or path.startswith(os.path.join(place, "")) for place in searched):
        return False
    return not selection.finder.skips(os.path.relpath(path, selection.root).replace(os.sep, "/"))


def with_stale(report: Report, config: Config, selection: Selection, paths: Sequence[str]) -> Report:
    """Return the report with a note about each entry whose finding is gone."""
    if config.baseline is None:
        return report
    gone = stale(load(config.baseline), report, selection=selection, config=config, paths=paths)
    notes = [Diagnostic(Level.NOTE, _note(entry)) for entry in gone[:MOST]]
    if len(gone) > MOST:
        notes.append(Diagnostic(Level.NOTE, f"{len(gone) - MOST} more entries of the baseline match nothing any more"))
    return replace(report, diagnostics=(*report.diagnostics, *notes)) if notes else report


def _note(entry: BaselineEntry) -> str:
    where = f" in {entry.path}" if entry.path else ""
    return (
        f"the baseline's entry for {entry.address}{where} ({entry.rule}) matches nothing any more; "
        "remove it, or run `posturio-iac baseline --prune`"
    )
