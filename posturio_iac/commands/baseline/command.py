"""``posturio-iac baseline``: records the current findings, so that only new ones fail a run."""

from __future__ import annotations

import os
import sys
from collections import Counter

from posturio_iac.commands.baseline.entries import NewBaseline, NewEntryFields, NoEndError, Update, accepted_severities, pruned
from posturio_iac.commands.baseline.stale import Searched, stale
from posturio_iac.commands.output import refuse_links_out, to_stderr, to_stdout, write
from posturio_iac.commands.parser import JUDGING, Arguments, Command, own_option, parse, shared_options
from posturio_iac.commands.reporting.reports import diagnose
from posturio_iac.commands.settings import settings
from posturio_iac.config.check import BadValueError, moment
from posturio_iac.config.option_table import Option, Shape
from posturio_iac.contract.read import NotAResultError, load
from posturio_iac.core.finding import Level, Report
from posturio_iac.core.keys import account_of
from posturio_iac.core.record import replace
from posturio_iac.core.text.terminal import printable
from posturio_iac.core.text.textfile import LARGE, UnreadableError, decoded, read_named
from posturio_iac.core.times import now
from posturio_iac.errors import OutputError, UsageError
from posturio_iac.judge.baseline import Baseline, BaselineEntry, BaselineFile, load_all
from posturio_iac.scan import judged, select
from posturio_iac.scan.configuration import code_files, known_findings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from posturio_iac.config import Config
    from posturio_iac.contract.records import SavedResult

FILE = "posturio-iac-baseline.json"
INCOMPLETE = 3
_MEANING = {"baseline": "The file to write (default: those of the configuration, or posturio-iac-baseline.json)"}

ACCEPT = own_option(
    "accept", Shape.LIST, "Also accept findings of these severities: critical, high (lower ones need no word)", "SEVERITIES"
)

COMMAND = Command(
    "baseline",
    "Writes the current findings to a file; later scans with --baseline report only new ones. Keeps what people edited in the file.",
    "PATH",
    "Folders and files to scan (default: .)",
    most=None,
    options=(
        own_option("reason", Shape.TEXT, "Why new entries are accepted", "TEXT"),
        own_option("owner", Shape.TEXT, "Who is responsible for new entries whose key names no owner", "NAME"),
        own_option("until", Shape.TEXT, "The last day on which new entries are accepted", "DATE"),
        ACCEPT,
        own_option("live", Shape.LIST, "Take the findings from this JSON result of posturio-iac live instead of a scan", "FILE"),
        own_option("prune", Shape.SWITCH, "Only remove entries whose finding is gone"),
        *(
            Option(o.name, o.shape, _MEANING.get(o.name, o.help), o.default, o.choices, flag=o.flag, metavar=o.metavar)
            for o in shared_options(*JUDGING, "max_file_size", "timeout", "engine", "var_files", "parameters", "source", "baseline")
        ),
    ),
)


def run(argv: Sequence[str]) -> int:
    """Scan, write the baseline and say what changed in it."""
    given = parse(COMMAND, argv)
    if "-" in given.words:
        raise UsageError("a baseline is about files, so it cannot hold findings on standard input")
    _check_until(given.until, given)
    if given.live:
        return _of_live_result(settings(given, ()), given)
    files, report, searched = _look(settings(given, given.words), given, prune=bool(given.prune))
    return _finish(files, report, searched, given)


def accept_rest(config: Config, given: Arguments, new: NewEntryFields) -> int:
    """Write an entry for each finding that is there, as the command line of another command selects them; return the exit code."""
    files, report, searched = _look(config, given, prune=False)
    incomplete = _complain(report)
    return _save(files, updated(files, report, searched, new), incomplete=incomplete)


def _look(config: Config, given: Arguments, *, prune: bool) -> tuple[list[BaselineFile], Report, Searched]:
    paths = config.baseline or (os.path.abspath(FILE),)
    there = tuple(filter(os.path.isfile, paths))
    selection = select(given.words or (os.curdir,), os.getcwd(), config.with_values(baseline=there), given.exclude or ())
    for path in paths:
        refuse_links_out(path, os.path.dirname(path))
    old = {file.path: file for file in load_all(there)}
    if prune and not old:
        raise UsageError(f"there is no baseline {paths[0]} to prune")
    report = judged(selection, config.with_values(baseline=()), place=selection.root, as_of=given.as_of, suppressions=True)
    files = [old.get(path) or BaselineFile(path, Baseline()) for path in paths if path in old or not prune]
    return files, report, Searched(selection, config, given.words)


def _check_until(until: str | None, given: Arguments) -> None:
    if until is None:
        return
    try:
        end = moment(until, end_of_day=True)
    except BadValueError as wrong:
        raise UsageError(f'--until must be {wrong}, not "{until}" (see posturio-iac baseline --help)') from None
    if end <= (given.as_of or now()):
        raise UsageError(f"--until {until} has passed; name a day in the future")


def _with_end(given: Arguments, written: Callable[[NewEntryFields], Sequence[NewBaseline]]) -> Sequence[NewBaseline]:
    new = NewEntryFields(given.reason or "", given.owner or "", given.until, accepted_severities(given.accept))
    try:
        return written(new)
    except NoEndError as missing:
        if sys.stdin is None or not sys.stdin.isatty():
            raise
        to_stderr(f"{missing}\nthe last day, such as 2027-06-30: ")
    until = sys.stdin.readline().strip()
    _check_until(until, given)
    return written(new._replace(until=until))


def _finish(files: Sequence[BaselineFile], report: Report, searched: Searched, given: Arguments) -> int:
    incomplete = _complain(report)
    if incomplete and given.prune:
        raise OutputError("nothing was pruned: a run that could not read everything cannot prove that a finding is gone")
    if given.prune:
        gone = stale(known_findings(report, files, searched.selection), report, searched)
        outcomes: Sequence[NewBaseline] = tuple(pruned(files, gone))
    else:
        outcomes = _with_end(given, lambda new: updated(files, report, searched, new))
    return _save(files, outcomes, incomplete=incomplete)


def _save(files: Sequence[BaselineFile], outcomes: Sequence[NewBaseline], *, incomplete: bool) -> int:
    for old, new in zip(files, outcomes, strict=True):
        _write(old, new)
    return INCOMPLETE if incomplete else int(any(new.refused for new in outcomes))


def _write(old: BaselineFile, new: NewBaseline) -> None:
    changed = new.baseline != old.baseline or not os.path.isfile(old.path)
    if changed:
        write(new.baseline.text(), old.path, within=os.path.dirname(old.path))
    to_stdout(f"{'wrote' if changed else 'nothing to change in'} {_shown(old.path)}: {new.summary()}\n")


def _of_live_result(config: Config, given: Arguments) -> int:
    if given.words:
        raise UsageError("--live takes the findings from a result, so no path is scanned; leave one of them out")
    if len(config.baseline) > 1:
        raise UsageError("--live writes one baseline, but several are configured; name one with --baseline")
    path = config.baseline[0] if config.baseline else os.path.abspath(FILE)
    refuse_links_out(path, os.path.dirname(path))
    results = read_results(given.live)
    there = load_all([path]) if os.path.isfile(path) else ()
    old = there[0] if there else BaselineFile(path, Baseline())
    incomplete = is_incomplete(*results)
    if given.prune and not there:
        raise UsageError(f"there is no baseline {_shown(path)} to prune")
    if given.prune and incomplete:
        raise OutputError("nothing was pruned: a run that could not read everything cannot prove that a finding is gone")
    if given.prune:
        gone, before = _gone(old, results), old.baseline.entries
        left = tuple(entry for entry in before if entry.fingerprint not in gone)
        pruned = NewBaseline(old.path, replace(old.baseline, entries=left), removed=len(before) - len(left))
        return _save([old], [pruned], incomplete=False)
    return _save([old], _with_end(given, lambda fields: [_with_live(old, results, fields)]), incomplete=incomplete)


def updated(files: Sequence[BaselineFile], report: Report, searched: Searched, new: NewEntryFields) -> tuple[NewBaseline, ...]:
    """The baselines with entries for the findings of a report."""
    known = known_findings(report, files, searched.selection)
    return tuple(Update(files, report, known, stale(known, report, searched)).baselines(new, code_files(searched.selection)))


def _complain(report: Report) -> bool:
    diagnose([diagnostic for diagnostic in report.diagnostics if diagnostic.level is not Level.NOTE], quiet=False, color=False)
    return bool(report.errors())


def _shown(path: str) -> str:
    return printable(path.removeprefix(os.path.join(os.getcwd(), "")))


def read_results(paths: Sequence[str]) -> list[SavedResult]:
    """The results of live runs, with ids of keys masked; each account is only in the latest one. Raises `UsageError`."""
    ordered = sorted(map(_live_result, paths), key=lambda result: result.as_of)
    latest = {
        account: result for result in ordered for account in {*result.covered.accounts, *(account_of(one.address) for one in result.found)}
    }
    return [
        replace(result, found=tuple(found for found in result.found if latest[account_of(found.address)] is result)) for result in ordered
    ]


def _live_result(path: str) -> SavedResult:
    try:
        result = load(decoded(read_named(path, LARGE)), path)
    except NotAResultError as error:
        raise UsageError(f"--live {path} {error}") from None
    except UnreadableError as error:
        raise UsageError(f"--live {path}: {error}") from None
    if result.covered.name is not None or any(not key.deployed for key in result.keys):
        raise UsageError(f"--live {path} is the result of a scan; posturio-iac baseline runs its own scan")
    if result.users is not None:
        raise UsageError(f"--live {path} is the result of retire verify, which covers only some keys; give the result of a full run")
    return result


def is_incomplete(*results: SavedResult) -> bool:
    return any(diagnostic.level is Level.ERROR for result in results for diagnostic in result.diagnostics)


def _with_live(old: BaselineFile, results: Sequence[SavedResult], new: NewEntryFields) -> NewBaseline:
    known = {entry.fingerprint for entry in old.baseline.entries}
    owners = {key.address: key.owner for result in results for key in result.keys}
    day = f"{results[-1].as_of:%Y-%m-%d}"
    reason = new.reason or f"existed when the baseline was written on {day}"
    added = {
        found.fingerprint: BaselineEntry(
            path="",
            address=found.address,
            rule=found.rule,
            fingerprint=found.fingerprint,
            reason=reason,
            owner=owners.get(found.address) or new.owner,
            until=new.until,
        )
        for result in results
        for found in result.found
        if found.suppressed is None and found.fingerprint not in known and new.accepts(found.severity)
    }
    new.check_end(len(added))
    fresh = {f.fingerprint: f.severity for result in results for f in result.found if f.suppressed is None and f.fingerprint not in known}
    refused = Counter(severity for severity in fresh.values() if not new.accepts(severity))
    entries = (*old.baseline.entries, *added.values())
    then = (old.baseline.written, old.baseline.findings_then) if old.baseline.written else (day, len(entries))
    return NewBaseline(old.path, Baseline(entries, *then), len(added), stale=len(_gone(old, results)), refused=refused)


def _gone(old: BaselineFile, results: Sequence[SavedResult]) -> set[str]:
    """The entries whose finding a run did not have although it could: it read the account whole, and the rule judged."""
    there = {found.fingerprint for result in results for found in result.found}
    return {
        entry.fingerprint
        for result in results
        if not is_incomplete(result)
        for entry in old.baseline.entries
        if account_of(entry.address) in result.covered.accounts
        and entry.rule not in result.covered.left_out
        and entry.fingerprint not in there
    }
