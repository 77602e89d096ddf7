"""``posturio-iac live``: from AWS accounts to a report in the requested formats."""

from __future__ import annotations

import os
import sys
import time

from posturio_iac.commands.live.arguments import COMMAND, LiveArguments
from posturio_iac.commands.output import to_stderr
from posturio_iac.commands.parser import parse
from posturio_iac.commands.scan import reports
from posturio_iac.core.times import now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from posturio_iac.commands.live.run import Run
    from posturio_iac.config import Config
    from posturio_iac.contract import FindingAges
    from posturio_iac.core.finding import Exit, Report


def run(argv: Sequence[str]) -> int:
    """Read, report and return the exit code."""
    started, begun = time.perf_counter(), now()
    given = parse(COMMAND, argv)
    arguments = LiveArguments(given)
    targets = reports(given)
    config = arguments.config()
    from posturio_iac.commands.live.streaming import is_streamed

    if is_streamed(given, targets):
        return _stream(arguments, config, targets[0][1], lambda run, code: run.record.document((begun, now()), argv, code))
    from posturio_iac.commands.live.accounts import look
    from posturio_iac.commands.live.output import emit

    found = look(arguments, config, given.as_of or now())
    code = int(_code_of(found.report, found.ages, config, arguments))
    record = found.record.document((begun, now()), argv, code)
    shown = found if given.show_key_ids else found.masked()
    emit(shown, given, targets, elapsed=time.perf_counter() - started, code=code, config=config, run=record)
    if not given.quiet:
        to_stderr(f"{found.budget}\n")
    return code


def _stream(arguments: LiveArguments, config: Config, target: str, describe: Callable[[Run, int], Mapping[str, object]]) -> int:
    from posturio_iac.commands.live.accounts import ready
    from posturio_iac.commands.live.output import rules_left_out
    from posturio_iac.commands.live.streaming import AccountLines
    from posturio_iac.commands.output import write
    from posturio_iac.commands.reporting.reports import diagnose
    from posturio_iac.core.text.terminal import wants_color

    given = arguments.given
    run, targets, notes = ready(arguments, config, given.as_of or now())
    account_lines = AccountLines(run, rules_left_out(config), lambda report, ages: _code_of(report, ages, config, arguments))
    write(account_lines.lines(targets, notes, lambda code: describe(run, code)), target)
    color = wants_color("auto", sys.stderr, os.environ)
    diagnose(account_lines.diagnostics, quiet=bool(given.quiet), color=color, names=account_lines.names)
    if not given.quiet:
        to_stderr(f"{run.surveyor.budget.line()}\n")
    return int(account_lines.code)


def _code_of(report: Report, ages: FindingAges, config: Config, arguments: LiveArguments) -> Exit:
    from posturio_iac.commands.live.run_record import new_of
    from posturio_iac.core.finding import Severity

    threshold = None if config.fail_on == "never" else Severity(config.fail_on)
    return (new_of(report, ages) if arguments.given.fail_on_new else report).exit_code(threshold, strict=config.strict)
