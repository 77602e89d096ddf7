"""``posturio-iac fix``: the changes that mend findings, as a diff or written into the files."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from posturio_iac.commands.fix.arguments import COMMAND, HOOK, checked, date, wishes
from posturio_iac.commands.hook import tracked_part, triggers, with_marked_files
from posturio_iac.commands.output import to_stdout
from posturio_iac.commands.parser import help_text, parse
from posturio_iac.core.record import NamedTuple, replace
from posturio_iac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from posturio_iac.commands.parser import Arguments
    from posturio_iac.config.model import Config
    from posturio_iac.core.finding import Finding, Report
    from posturio_iac.fixes.planner import Outcome
    from posturio_iac.fixes.wanted import Wanted, Wishes
    from posturio_iac.fixes.working_files import WorkingFiles
    from posturio_iac.impact.selection import Narrowed
    from posturio_iac.search import Selection

CLEAN, CHANGED, INCOMPLETE = 0, 1, 3
HIDDEN = "its code contains a sensitive value, so the diff is not shown; --write fixes it"
PASSES = 3
"""How often written code is judged again: a mended rotation can turn out to have too long an interval."""


class FixRun(NamedTuple):
    """The scope of one run."""

    selection: Selection
    config: Config
    narrowed: Narrowed | None
    given: Arguments

    def report(self) -> Report:
        """Judge the code as it is now."""
        from posturio_iac.scan import judged

        return judged(
            self.selection,
            self.config,
            place=self.selection.root,
            as_of=self.given.as_of,
            suppressions=not self.given.no_suppressions,
            narrowed=self.narrowed,
            code_owners=self.given.owner_from != "codeowners",
        )

    def owner_of(self) -> Callable[[str], str | None] | None:
        """A function from a file to its owner by CODEOWNERS, if that was asked for."""
        if self.given.owner_from != "codeowners":
            return None
        from posturio_iac.metadata.codeowners import owner_by_file

        return owner_by_file(self.selection.root, self.selection.repository)


def run(argv: Sequence[str]) -> int:
    """Show or write the changes, and return the exit code."""
    given = parse(COMMAND, with_marked_files(COMMAND, argv) if HOOK in argv else argv)
    if given is None:
        to_stdout(help_text(COMMAND))
        return 0
    checked(given)
    chosen = _hooked(given) if given.hook else _chosen(given)
    return _mend(chosen) if chosen is not None else CLEAN


def _chosen(given: Arguments) -> FixRun:
    from posturio_iac.commands.settings import settings
    from posturio_iac.scan import select

    if "-" in given.words:
        raise UsageError("fix changes files, so it cannot read standard input")
    config = settings(given, given.words)
    return FixRun(select(given.words or (os.curdir,), os.getcwd(), config, given.exclude or ()), config, None, given)


def _hooked(given: Arguments) -> FixRun | None:
    """The part of the scan that changed files concern, as in ``hook``; None when there is none."""
    from posturio_iac.commands.settings import settings
    from posturio_iac.impact.selection import narrow
    from posturio_iac.scan import select
    from posturio_iac.search.locations import repository_of

    if not given.words:
        return None
    here = os.path.realpath(os.curdir)
    top = repository_of(here) or here
    config = settings(given, (top,))
    named = triggers(given.words, top)
    ours, is_ours = tracked_part(select((top,), top, config, given.exclude or ()), named)
    narrowed = narrow(ours, named, config, None, is_ours)
    return FixRun(narrowed.selection, config, narrowed, given)


def _mend(run_: FixRun) -> int:
    from posturio_iac.commands.fix.diff import unified
    from posturio_iac.commands.fix.summary import say
    from posturio_iac.commands.reporting.code_changes import files_below
    from posturio_iac.core.finding import Level
    from posturio_iac.core.text.terminal import wants_color, without_commands

    given = run_.given
    report = run_.report()
    failed = any(d.level is Level.ERROR for d in report.diagnostics)
    if not (failed or given.hook):
        _check_addresses(given.address or (), report)
    as_of = report.as_of
    if given.until:
        date(given.until, "--until", as_of)
    asked = replace(wishes(given, as_of, run_.config), owner_of=run_.owner_of())
    files = files_below(run_.selection.root)
    outcomes = planned(run_, report, asked, files)
    changed = files.changed()
    write = given.write or given.hook
    if not write:
        color = wants_color(given.color or "auto", sys.stdout, os.environ)
        exact = not color and (sys.stdout is None or not sys.stdout.isatty())
        to_stdout(without_commands(unified(changed, color=color, exact=exact)))
        say(report.diagnostics, outcomes, given, written=False)
        return INCOMPLETE if failed else CHANGED if changed else CLEAN
    every, last = written(run_, asked, files, outcomes, report)
    remaining = selected(run_, last)
    say(report.diagnostics, every, given, written=True)
    if failed:
        return INCOMPLETE
    if given.baseline_rest and remaining:
        from posturio_iac.commands.baseline.command import accept_rest
        from posturio_iac.commands.baseline.entries import NewEntryFields

        return accept_rest(run_.config, given, NewEntryFields((given.reason or "").strip(), (given.owner or "").strip(), given.until))
    return (CHANGED if changed else CLEAN) if given.hook else CHANGED if remaining else CLEAN


def written(
    run_: FixRun, asked: Wishes, files: WorkingFiles, outcomes: Sequence[Outcome], report: Report
) -> tuple[tuple[Outcome, ...], Report]:
    """Write, and judge again until nothing more can be written; return all outcomes, and the last report."""
    from posturio_iac.commands.guard import refuse_dirty, write_all
    from posturio_iac.commands.reporting.code_changes import files_below

    root, repository = run_.selection.root, run_.selection.repository
    if not (run_.given.allow_dirty or run_.given.hook):
        refuse_dirty(files.changed(), root, repository)
    done: dict[str, Outcome] = {}
    for left in reversed(range(PASSES)):
        done |= {outcome.finding.fingerprint: outcome for outcome in outcomes}
        changed = files.changed()
        if not changed:
            break
        write_all(changed, root)
        report = run_.report()
        files = files_below(run_.selection.root)
        outcomes = planned(run_, report, asked, files) if left else ()
    return tuple(done.values()), report


def planned(run_: FixRun, report: Report, asked: Wishes, files: WorkingFiles) -> tuple[Outcome, ...]:
    """Change ``files`` as requested, and return the outcomes for the selected findings."""
    from posturio_iac.commands.reporting.code_changes import limits
    from posturio_iac.fixes.planner import plan
    from posturio_iac.fixes.wanted import suppressing, wanted

    given = run_.given
    findings = selected(run_, report)
    limit = limits(report, run_.config, run_.selection.root)
    unsafe = bool(given.unsafe)
    if given.suppress:
        return plan(suppressing(report, findings, given.reason.strip(), given.until or ""), files, limit, unsafe=unsafe)
    found: tuple[Wanted, ...] = wanted(report, findings, asked)
    if not (given.write or given.hook):
        found = tuple(one if one.finding.shows_code else replace(one, remedies=(), why_not=HIDDEN) for one in found)
    outcomes = plan(found, files, limit, unsafe=unsafe)
    if not given.suppress_rest:
        return outcomes
    rest = [outcome.finding for outcome in outcomes if outcome.level is None or outcome.is_held]
    accepted = {id(o.finding): o for o in plan(suppressing(report, rest, given.reason.strip(), given.until), files, limit, unsafe=unsafe)}
    return tuple(accepted.get(id(outcome.finding), outcome) for outcome in outcomes)


def _check_addresses(globs: Sequence[str], report: Report) -> None:
    """Refuse a glob that matches no key: a mistyped address would fix nothing and seem to succeed."""
    from posturio_iac.judge.policy import text_matches

    for glob in globs:
        if not any(text_matches(glob, judged.key.address) for judged in report.keys):
            raise UsageError(f'--address: no key has the address "{glob}"; scan --verbose lists all keys')


def selected(run_: FixRun, report: Report) -> list[Finding]:
    """The open findings in code, of the requested addresses."""
    from posturio_iac.judge.policy import text_matches

    globs = run_.given.address or ("*",)
    return [f for f in report.active() if f.framework != "terraform-plan" and any(text_matches(glob, f.address) for glob in globs)]
