"""Hands a report to the formats and their outputs, and diagnostics of the run to standard error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from posturio_iac.commands.output import STDOUT, to_stderr, write
from posturio_iac.commands.reporting.source_lines import Sources
from posturio_iac.core.finding import SUBJECT, Diagnostic, Exit, Level, Report, Severity
from posturio_iac.core.record import replace
from posturio_iac.core.text.terminal import columns_of_stdout, lines_of_stdout, paint, printable, wants_color, without_commands
from posturio_iac.render import renderer
from posturio_iac.render.nothing_found import count
from posturio_iac.render.wording import among_keys, once

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posturio_iac.commands.parser import Arguments
    from posturio_iac.config.model import Config
    from posturio_iac.contract import RenderContext

COLORS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTE: "cyan"}


def exit_code(report: Report, config: Config, *, exit_zero: bool = False) -> Exit:
    """What a run of code exits with."""
    least = None if config.fail_on == "never" else Severity(config.fail_on)
    code = report.exit_code(least, strict=config.strict, strict_calls=config.strict_calls)
    return Exit.CLEAN if exit_zero and code is Exit.FINDINGS else code


def emit(
    report: Report,
    targets: Sequence[tuple[str, str]],
    given: Arguments,
    known: RenderContext,
    sources: Sources | None = None,
    others: Sequence[str] = (),
) -> None:
    """Write each format to its target, files before standard output; the caller writes ``others`` itself. Raises `OutputError`."""
    choice, names = given.color or "auto", known.scope.names if known.scope else None
    shown = any(target == STDOUT and name in ("text", "github") for name, target in targets)
    diagnostics = [d for d in report.diagnostics if d.level is Level.ERROR or not (shown and d.is_always_shown)]
    diagnose(diagnostics, quiet=bool(given.quiet), color=wants_color(choice, sys.stderr, os.environ), names=names)
    sources = sources or Sources(known.root)
    context = replace(
        known,
        lines=sources.line,
        text=sources.text,
        by_owner=given.group_by == "owner",
        depth=int(given.depth or 0),
        verbose=bool(given.verbose),
        quiet=bool(given.quiet),
        color=choice == "always",
        screen=None,
    )
    on_screen = replace(context, color=wants_color(choice, sys.stdout, os.environ), columns=columns_of_stdout(), screen=known.screen)
    made = [
        (renderer(name, stats=bool(given.stats))(report, on_screen if target == STDOUT else context), target) for name, target in targets
    ]
    notes = [write(text, target) for text, target in sorted(made, key=lambda pair: pair[1] == STDOUT)]
    if not given.quiet:
        to_stderr("".join(notes))
        _tell_files(report, [*(target for _, target in targets), *others])


def _tell_files(report: Report, targets: Sequence[str]) -> None:
    """List the written files when nothing went to standard output: a run that fails without a word helps nobody."""
    if STDOUT in targets:
        return
    found = f"{count(len(report.active()), 'finding')} in {among_keys(report)}"
    to_stderr(f"wrote {', '.join(map(printable, targets))}: {found}\n")


def screen(given: Arguments, elsewhere: int | None = None) -> int | None:
    """How many lines of text are shown: as many as the terminal has, ``elsewhere`` where there is none, else all."""
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
