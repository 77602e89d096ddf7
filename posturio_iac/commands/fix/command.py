"""``posturio-iac fix``: the changes that mend findings, as a diff or written into the files."""

from __future__ import annotations

import os
import posixpath
import sys

from posturio_iac.commands.fix.arguments import COMMAND, HOOK, checked, date, wishes
from posturio_iac.commands.hook import tracked_part, triggers, with_marked_files
from posturio_iac.commands.output import to_stdout
from posturio_iac.commands.parser import Arguments, parse
from posturio_iac.core.place import relocated
from posturio_iac.core.record import replace
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from posturio_iac.config import Config
    from posturio_iac.core.finding import Diagnostic, Finding, Report
    from posturio_iac.core.model import AccessKey
    from posturio_iac.fixes.planner import Changed, Outcome
    from posturio_iac.fixes.proof import Proof
    from posturio_iac.fixes.wanted import Wanted, Wishes
    from posturio_iac.scan import CodeScan
    from posturio_iac.scan.impact import Narrowed
    from posturio_iac.search import Selection

CLEAN, CHANGED, INCOMPLETE = 0, 1, 3
HIDDEN = "its code contains a sensitive value, so the diff is not shown; --write fixes it"


class FixRun:
    """The scope of one run, and the code as it was last read."""

    code: CodeScan

    def __init__(
        self, selection: Selection, config: Config, narrowed: Narrowed | None, given: Arguments, code: CodeScan | None = None
    ) -> None:
        """Hold the scope; ``code`` is what another run has read of it."""
        self.selection, self.config, self.narrowed, self.given = selection, config, narrowed, given
        if code is not None:
            self.code = code
        self._around: CodeAround | None = None
        self._proof: Proof | None = None

    def report(self) -> Report:
        """Judge the code as it is now."""
        from posturio_iac.core.times import now

        self._around = self._proof = None
        self.code = self._scan(self.selection, self.narrowed, self.given.as_of or now())
        return self.code.report()

    def judged_around(self, report: Report, findings: Sequence[Finding]) -> tuple[Report, list[Finding]]:
        """The report with all code that leads to the keys of some findings, and these findings as it has them."""
        if self._is_whole() or not findings:
            return report, [*findings]
        from posturio_iac.fixes.planner import spans

        named = {f.identity for f in findings}
        keys = [judged.key for judged in report.keys if judged.key.identity in named]
        around = self._all_around({span.path for key in keys for span in spans(key)})
        wide = self.code.judge(around.below(), self.code.as_of)
        known = {finding.fingerprint: finding for finding in wide.findings}
        return wide, [known.get(finding.fingerprint, finding) for finding in findings]

    def proof(self, changed: Collection[str]) -> Proof:
        """What proves changes of files: the run, where it is about the whole repository, or else all that these files concern."""
        from posturio_iac.fixes.proof import Proof

        before = self._around
        reader = self.code if self._is_whole() else self._all_around(changed)
        if self._proof is None or self._around is not before:
            self._proof = Proof(reader, self.code.as_of)
        return self._proof

    def _scan(self, selection: Selection, narrowed: Narrowed | None, as_of: datetime) -> CodeScan:
        from posturio_iac.scan import CodeScan

        given = self.given
        return CodeScan(selection, self.config, selection.root, as_of, suppressions=not given.no_suppressions, narrowed=narrowed)

    def _is_whole(self) -> bool:
        search = self.selection.search
        is_all = "" in search.places and self.selection.repository in (None, self.selection.root)
        return self.narrowed is None and is_all

    def _all_around(self, paths: Collection[str]) -> CodeAround:
        """The code of the repository that files concern, as it is; what was read before counts as long as it holds them."""
        from posturio_iac.scan import select
        from posturio_iac.scan.impact import narrow
        from posturio_iac.search.locations import repository_of

        known = self._around
        if known is not None and known.paths.issuperset(paths):
            return known
        root, base = self.selection.root, self.selection.search.fence.base  # which holds all that was named
        paths = frozenset(paths).union(known.paths if known is not None else ())
        tops = {repository_of(os.path.dirname(os.path.join(root, path))) or base for path in paths}
        whole = select(sorted(tops), root, self.config, self.given.exclude or ())
        prefix = os.path.relpath(root, whole.root).replace(os.sep, "/")
        narrowed = narrow(whole, [posixpath.normpath(posixpath.join(prefix, path)) for path in paths], self.config)
        code = self._scan(narrowed.selection, narrowed, self.code.as_of)
        code.report()
        self._around = CodeAround(code, prefix, paths)
        return self._around


class CodeAround:
    """The code of a repository around some files, for edits whose paths are relative to a folder in it."""

    def __init__(self, code: CodeScan, prefix: str, paths: frozenset[str]) -> None:
        self.keys, self.diagnostics, self.judge, self.paths = code.keys, code.diagnostics, code.judge, paths
        self._code, self._prefix = code, prefix

    def below(self) -> Sequence[AccessKey]:
        """The keys, with paths relative to the folder."""
        if self._prefix == ".":
            return self.keys
        return [relocated(key, lambda path: posixpath.relpath(path, self._prefix)) for key in self.keys]

    def read(self, edited: Mapping[str, bytes], scopes: Collection[str] | None = None) -> tuple[Sequence[AccessKey], list[Diagnostic]]:
        return self._code.read({posixpath.normpath(posixpath.join(self._prefix, path)): text for path, text in edited.items()}, scopes)


def run(argv: Sequence[str]) -> int:
    """Show or write the changes, and return the exit code."""
    given = parse(COMMAND, with_marked_files(COMMAND, argv) if HOOK in argv else argv)
    checked(given)
    return _mend(_hooked(given) if given.hook else chosen(given))


def chosen(given: Arguments) -> FixRun:
    """The run on the named paths."""
    from posturio_iac.commands.settings import settings
    from posturio_iac.scan import select

    if "-" in given.words:
        raise UsageError("fix changes files, so it cannot read standard input")
    config = settings(given, given.words)
    if given.no_baseline:
        config = config.with_values(baseline=())
    return FixRun(select(given.words or (os.curdir,), os.getcwd(), config, given.exclude or ()), config, None, given)


def _hooked(given: Arguments) -> FixRun:
    from posturio_iac.commands.settings import settings
    from posturio_iac.scan import select
    from posturio_iac.scan.impact import narrow
    from posturio_iac.search.locations import repository_of

    here = os.path.realpath(os.curdir)
    top = repository_of(here) or here
    config = settings(given, (top,))
    named = triggers(given.words, top)
    ours, is_ours = tracked_part(select((top,), top, config, given.exclude or ()), named)
    narrowed = narrow(ours, named, config, None, is_ours)
    return FixRun(narrowed.selection, config, narrowed, given)


def _mend(run_: FixRun) -> int:
    from posturio_iac.commands.fix.summary import PLAN, say, unified
    from posturio_iac.core.text.terminal import wants_color, without_commands

    given = run_.given
    report = run_.report()
    failed = bool(report.errors())
    if not (failed or given.hook):
        _check_addresses(given.address or (), report)
    as_of = report.as_of
    if given.until:
        date(given.until, "--until", as_of)
    outcomes, changed = planned(run_, report, wishes(given, as_of, run_.config))
    write = given.write or given.hook
    if not write:
        color = wants_color(given.color or "auto", sys.stdout, os.environ)
        exact = not color and (sys.stdout is None or not sys.stdout.isatty())
        to_stdout(without_commands(unified(changed, color=color, exact=exact)))
        say(report, outcomes, given, written=False)
        return INCOMPLETE if failed else CHANGED if changed else CLEAN
    remaining = selected(run_, written(run_, changed) if changed else report)
    say(report, outcomes, given, written=True)
    if failed:
        return INCOMPLETE
    if given.baseline_rest and remaining:
        from posturio_iac.commands.baseline.command import accept_rest
        from posturio_iac.commands.baseline.entries import NewEntryFields, accepted_severities

        new = NewEntryFields((given.reason or "").strip(), (given.owner or "").strip(), given.until, accepted_severities(given.accept))
        return accept_rest(run_.config, given, new)
    is_left = bool(remaining) or any(f.framework == PLAN for f in report.active())
    return (CHANGED if changed else CLEAN) if given.hook else CHANGED if is_left else CLEAN


def written(run_: FixRun, changed: Changed) -> Report:
    """Write the changes, and judge the code again."""
    from posturio_iac.commands.guard import refuse_dirty, remember, write_all

    root, repository = run_.selection.root, run_.selection.repository
    is_guarded = not (run_.given.allow_dirty or run_.given.hook)
    if is_guarded:
        refuse_dirty(changed, root, repository)
        remember(changed, repository)
    write_all(changed, root)
    run_.selection.search.texts.clear()  # which hold the files as they were
    return run_.report()


def planned(run_: FixRun, report: Report, asked: Wishes) -> tuple[tuple[Outcome, ...], Changed]:
    """The outcomes for the selected findings, and the changed files."""
    from posturio_iac.commands.reporting.reports import files_below, limits
    from posturio_iac.fixes.planner import ProvenPlan
    from posturio_iac.fixes.wanted import suppressing, wanted

    given = run_.given
    report, findings = run_.judged_around(report, selected(run_, report))
    limit = limits(report, run_.config, run_.selection.root)
    planner = ProvenPlan(lambda edited: files_below(run_.selection.root, edited), limit, run_.proof, unsafe=bool(given.unsafe))
    found: tuple[Wanted, ...] = wanted(report, findings, asked)
    if not (given.write or given.hook):
        found = tuple(one if one.finding.shows_code else replace(one, remedies=(), why_not=HIDDEN) for one in found)
    outcomes, changed = planner.carry_out(found)
    rest = {o.finding.fingerprint for o in outcomes if o.level is None or o.is_held}
    if not given.suppress_rest or not rest:
        return outcomes, changed
    accepted = suppressing(report, [o.finding for o in outcomes if o.finding.fingerprint in rest], given.reason.strip(), given.until)
    instead = {one.finding.fingerprint: one for one in accepted}
    return planner.carry_out([instead.get(one.finding.fingerprint, one) for one in found])


def _check_addresses(globs: Sequence[str], report: Report) -> None:
    from posturio_iac.judge.policy import text_matches

    for glob in globs:
        if not any(text_matches(glob, judged.key.address) for judged in report.keys):
            raise UsageError(f'--address: no key has the address "{glob}"; scan --verbose lists all keys')


def selected(run_: FixRun, report: Report) -> list[Finding]:
    """The open findings in code, of the requested addresses."""
    from posturio_iac.commands.fix.summary import PLAN
    from posturio_iac.judge.policy import text_matches

    globs = run_.given.address or ("*",)
    return [f for f in report.active() if f.framework != PLAN and any(text_matches(glob, f.address) for glob in globs)]
