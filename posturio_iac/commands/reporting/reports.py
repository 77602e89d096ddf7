"""Hands a report to the formats and their outputs, and diagnostics of the run to standard error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from posturio_iac.commands.output import STDOUT, to_stderr, write
from posturio_iac.commands.reporting.source_lines import Sources
from posturio_iac.contract.context import RenderContext
from posturio_iac.core.finding import SUBJECT, Level
from posturio_iac.core.text.terminal import columns_of_stdout, lines_of_stdout, paint, printable, wants_color, without_commands
from posturio_iac.render import streamer
from posturio_iac.render.nothing_found import count
from posturio_iac.render.repeated import once
from posturio_iac.render.wording import among_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from posturio_iac.commands.parser import Arguments
    from posturio_iac.contract.context import FindingAges, RunScope
    from posturio_iac.contract.resolved import ResolvedFinding
    from posturio_iac.core.finding import Diagnostic, Finding, Report
    from posturio_iac.fixes.shown import ShownChange
    from posturio_iac.search.skipped import SkippedPlace

COLORS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTE: "cyan"}


def emit(  # noqa: PLR0913 - one for each thing that a format may know about the run
    report: Report,
    targets: Sequence[tuple[str, str]],
    given: Arguments,
    *,
    root: str,
    elapsed: float,
    leading: str = "",
    fail_on: str = "medium",
    code: int | None = None,
    region: str = "",
    scope: RunScope | None = None,
    run: Mapping[str, object] | None = None,
    mended: tuple[ResolvedFinding, ...] = (),
    sources: Sources | None = None,
    change: Callable[[Finding], ShownChange | None] | None = None,
    ages: FindingAges | None = None,
    screen: int | None = None,
    skipped: tuple[SkippedPlace, ...] | None = None,
    others: Sequence[str] = (),
) -> None:
    """Write the report in each format to its target, files before standard output.

    ``leading`` goes from the top of the repository to ``root``, ``fail_on`` is the severity that fails the run, ``code`` its exit code,
    ``region`` the one of AWS that it talked to, ``scope`` the scanned code or accounts, ``run`` how it was made,
    ``mended`` what it found resolved of an earlier result, ``ages`` how long findings have been open, ``change`` what would mend one
    in the code of ``sources``, ``screen`` how many lines of text a person is ready to read, ``skipped`` what was not checked,
    ``others`` the targets that the caller writes itself.

    Raises:
        OutputError: a target cannot be written.

    """
    choice = given.color or "auto"
    shown = any(target == STDOUT and name in ("text", "github") for name, target in targets)
    diagnostics = [d for d in report.diagnostics if d.level is Level.ERROR or not (shown and d.is_always_shown)]
    diagnose(diagnostics, quiet=bool(given.quiet), color=wants_color(choice, sys.stderr, os.environ), names=scope.names if scope else None)
    sources = sources or Sources(root)
    ready = []
    for name, target in targets:
        color = wants_color(choice, sys.stdout, os.environ) if target == STDOUT else choice == "always"
        context = RenderContext(
            sources.line,
            root,
            elapsed,
            color=color,
            columns=columns_of_stdout() if target == STDOUT else None,
            screen=screen if target == STDOUT else None,
            by_owner=given.group_by == "owner",
            depth=int(given.depth or 0),
            verbose=bool(given.verbose),
            quiet=bool(given.quiet),
            prefix=leading,
            fail_on=fail_on,
            exit_code=code,
            region=region,
            text=sources.text,
            scope=scope,
            run=run,
            mended=mended,
            change=change,
            ages=ages,
            skipped=skipped,
        )
        ready.append((streamer(name, stats=bool(given.stats))(report, context), target))
    for text, target in sorted(ready, key=lambda pair: pair[1] == STDOUT):
        write(text, target)
    if not given.quiet:
        _tell_files(report, [*(target for _, target in targets), *others])


def _tell_files(report: Report, targets: Sequence[str]) -> None:
    """List the written files when nothing went to standard output: a run that fails without a word helps nobody."""
    if STDOUT in targets:
        return
    found = f"{count(len(report.active()), 'finding')} in {among_keys(report)}"
    to_stderr(f"wrote {', '.join(map(printable, targets))}: {found}\n")


def screen(given: Arguments, elsewhere: int | None = None) -> int | None:
    """Return how many lines of text are shown: as many as the terminal has, ``elsewhere`` where there is none, else all."""
    return None if given.all or given.verbose else lines_of_stdout() or elsewhere


def diagnose(diagnostics: Sequence[Diagnostic], *, quiet: bool, color: bool, names: Mapping[str, str] | None = None) -> None:
    """Print diagnostics of the run, errors only when ``quiet``; ``names`` are those of accounts, by their ids."""
    lines = [_line(d, names or {}, color=color) for d in once(diagnostics) if d.is_always_shown or not quiet]
    if lines:
        to_stderr(without_commands("".join(lines)))


def _line(diagnostic: Diagnostic, names: Mapping[str, str], *, color: bool) -> str:
    account = diagnostic.account
    if account is not None and account in names:
        account = f"{account} ({names[account]})"
    elif account is not None and diagnostic.template.startswith(SUBJECT):
        account = None  # the message names it
    path = None if diagnostic.path == diagnostic.subject else diagnostic.path  # the message names it
    parts = [account, path, diagnostic.line, diagnostic.column]
    where = ":".join(printable(str(part)) for part in parts if part is not None)
    level = paint(diagnostic.level.value, "bold", COLORS[diagnostic.level], color=color)
    return f"{where}{': ' if where else ''}{level}: {printable(diagnostic.message)}\n"
