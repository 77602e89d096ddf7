"""``posturio-iac baseline``: writes down what is found now, so that only new findings fail a run."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from posturio_iac.commands.output import refuse_links_out, to_stdout, write
from posturio_iac.commands.parser import Command, help_text, parse
from posturio_iac.config.option_table import ARGUMENTS, Option, Shape
from posturio_iac.core.terminal import printable
from posturio_iac.errors import OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.commands.parser import Arguments
    from posturio_iac.config.model import Config
    from posturio_iac.core.finding import Report
    from posturio_iac.judge.baseline import Baseline
    from posturio_iac.search import Selection

FILE = "posturio-iac-baseline.json"
"""The file that is written when neither the command line nor the configuration names one, in the current folder."""
INCOMPLETE = 3
_TAKEN = (
    "select",
    "ignore",
    "exclude",
    "max_file_size",
    "timeout",
    "engine",
    "var_files",
    "parameters",
    "source",
    "baseline",
    "as_of",
    "config",
    "no_config",
)
_MEANING = {"baseline": "The file to write (default: that of the configuration, or posturio-iac-baseline.json)"}

COMMAND = Command(
    "baseline",
    "Writes a file of the findings that are there now; later scans with --baseline report only others. "
    "What people wrote into the file stays.",
    "PATH",
    "Folders and files to scan (default: .)",
    most=None,
    options=(
        Option("reason", Shape.TEXT, "Why new entries are accepted", flag="--reason", metavar="TEXT", in_file=False),
        Option(
            "owner", Shape.TEXT, "Who answers for new entries (default: the key's owner)", flag="--owner", metavar="NAME", in_file=False
        ),
        Option("until", Shape.TEXT, "The last day on which new entries are accepted", flag="--until", metavar="DATE", in_file=False),
        Option("prune", Shape.SWITCH, "Only remove entries whose finding is gone", flag="--prune", in_file=False),
        *(
            Option(o.name, o.shape, _MEANING.get(o.name, o.help), o.default, o.choices, flag=o.flag, metavar=o.metavar)
            for o in ARGUMENTS
            if o.name in _TAKEN
        ),
    ),
)


def run(argv: Sequence[str]) -> int:
    """Scan, write the baseline and say what changed in it."""
    given = parse(COMMAND, argv)
    if given is None:
        to_stdout(help_text(COMMAND))
        return 0
    if "-" in given.words:
        raise UsageError("a baseline is about files, so that standard input has no place in it")
    _check_until(given)
    from posturio_iac.commands.settings import settings
    from posturio_iac.judge.baseline import Baseline, load
    from posturio_iac.scan import judged, select

    config = settings(given, given.words)
    path = config.baseline or os.path.abspath(FILE)
    refuse_links_out(path, os.path.dirname(path))
    there = os.path.isfile(path)
    if given.prune and not there:
        raise UsageError(f"there is no baseline {path} to prune")
    old = load(path) if there else Baseline()
    bare = config.with_values(baseline=None)
    selection = select(given.words or (os.curdir,), os.getcwd(), bare, given.exclude or ())
    report = judged(selection, bare, place=selection.root, as_of=given.as_of, suppressions=True)
    return _finish(old, report, selection, config.with_values(baseline=path), given)


def _check_until(given: Arguments) -> None:
    """Refuse an end that is no date before anything is scanned."""
    if given.until is None:
        return
    from posturio_iac.config.check import BadValueError, moment

    try:
        moment(given.until, end_of_day=True)
    except BadValueError as wrong:
        raise UsageError(f'--until must be {wrong}, not "{given.until}" (see posturio-iac baseline --help)') from None


def _finish(old: Baseline, report: Report, selection: Selection, config: Config, given: Arguments) -> int:
    """Write the new baseline when it differs, and return the exit code."""
    from posturio_iac.commands.baseline.entries import NewEntryFields, pruned, updated
    from posturio_iac.commands.baseline.stale import stale

    incomplete = _complain(report)
    if incomplete and given.prune:
        raise OutputError("nothing was pruned: a run that could not see everything proves nothing to be gone")
    path = config.baseline or ""
    gone = stale(old, report, selection=selection, config=config, paths=given.words)
    new = NewEntryFields(given.reason or "", given.owner or "", given.until, path, selection.root)
    outcome = pruned(old, gone) if given.prune else updated(old, report, gone, new)
    changed = outcome.baseline != old or not os.path.isfile(path)
    if changed:
        write(outcome.baseline.text(), path, within=os.path.dirname(path))
    to_stdout(f"{'wrote' if changed else 'nothing to change in'} {_shown(path)}: {outcome.summary()}\n")
    return INCOMPLETE if incomplete else 0


def _complain(report: Report) -> bool:
    """Print what a reader must know about the run; tell whether it is incomplete."""
    from posturio_iac.core.finding import Level

    said = [d for d in report.diagnostics if d.level is not Level.NOTE]
    for d in said:
        where = ":".join(printable(str(part)) for part in (d.path, d.line, d.column) if part is not None)
        sys.stderr.write(f"{where}{': ' if where else ''}{d.level.value}: {printable(d.message)}\n")
    return any(d.level is Level.ERROR for d in said)


def _shown(path: str) -> str:
    """Return a path as a reader would write it: relative to the current folder where it is inside."""
    here = os.path.join(os.getcwd(), "")
    return printable(path.removeprefix(here))
