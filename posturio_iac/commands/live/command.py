"""``posturio-iac live``: from AWS accounts to a report in the requested formats."""

from __future__ import annotations

import os
import sys
import time

from posturio_iac.commands.live.arguments import COMMAND, LiveArguments
from posturio_iac.commands.output import to_stderr, to_stdout
from posturio_iac.commands.parser import help_text, parse
from posturio_iac.commands.scan.arguments import reports

TYPE_CHECKING = False  # importing typing would take longer than --help
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from posturio_iac.commands.live.run import Findings, Run
    from posturio_iac.commands.parser import Arguments
    from posturio_iac.config.model import Config
    from posturio_iac.contract.context import FindingAges
    from posturio_iac.core.finding import Exit, Report, Severity


def run(argv: Sequence[str]) -> int:
    """Read, report and return the exit code."""
    started, begun = time.perf_counter(), _now()
    given = parse(COMMAND, argv)
    if given is None:
        to_stdout(help_text(COMMAND))
        return 0
    arguments = LiveArguments(given)
    targets = reports(given)
    _check_folders(given)
    config = arguments.config()
    from posturio_iac.commands.live.streaming import is_streamed

    if is_streamed(given, targets):
        return _stream(arguments, config, targets[0][1], lambda run, code: run.record.document((begun, _now()), argv, code))
    found = _find(arguments, config)
    code = _exit_code(found, config, arguments)
    steps = 0
    if given.plan:
        from posturio_iac.commands.live.writing.plan import write_plan

        steps = write_plan(found, config, arguments)
    if given.letters:
        from posturio_iac.commands.live.writing.letters import write_letters

        write_letters(found, config, given.letters)
    from posturio_iac.commands.live.writing.output import emit, rules_left_out

    finished = _now()
    record = found.record.document((begun, finished), argv, code)
    if given.evidence:
        from posturio_iac.commands.live.writing.evidence import write_evidence

        write_evidence(found, arguments, finished, record, rules_left_out(config))
    shown = found if given.show_key_ids else found.masked()
    emit(shown, given, targets, elapsed=time.perf_counter() - started, code=code, config=config, run=record)
    if not given.quiet:
        to_stderr(f"{found.budget}\n")
        if given.plan:
            from posturio_iac.core.text.terminal import printable
            from posturio_iac.render.nothing_found import count

            to_stderr(f"wrote {printable(given.plan)}: {count(steps, 'step')}; review the scripts before you run them\n")
    return code


def _stream(arguments: LiveArguments, config: Config, target: str, describe: Callable[[Run, int], Mapping[str, object]]) -> int:
    """Write each account as soon as it is finished; return the exit code."""
    from posturio_iac.commands.live.accounts import ready
    from posturio_iac.commands.live.streaming import AccountLines
    from posturio_iac.commands.live.writing.output import rules_left_out
    from posturio_iac.commands.output import write
    from posturio_iac.commands.reporting.reports import diagnose
    from posturio_iac.core.text.terminal import wants_color

    given = arguments.given
    run, targets, notes = ready(arguments, config, given.as_of or _now())
    account_lines = AccountLines(run, rules_left_out(config), lambda report, ages: _code_of(report, ages, config, arguments))
    write(account_lines.lines(targets, notes, lambda code: describe(run, code)), target)
    color = wants_color(given.color or "auto", sys.stderr, os.environ)
    diagnose(account_lines.diagnostics, quiet=bool(given.quiet), color=color, names=account_lines.names)
    if not given.quiet:
        to_stderr(f"{run.surveyor.budget.line()}\n")
    return int(account_lines.code)


def _check_folders(given: Arguments) -> None:
    """Refuse folders that cannot be made, before any call. Raises `UsageError`."""
    for flag, path in (("--plan", given.plan), ("--letters", given.letters)):
        if path:
            from posturio_iac.commands.live.writing.private_folder import check_new

            check_new(flag, path)
    if given.evidence:
        from posturio_iac.commands.live.writing.evidence import check_evidence

        check_evidence(given.evidence)


def _find(arguments: LiveArguments, config: Config) -> Findings:
    """Read the named accounts, or verify an earlier result."""
    as_of = arguments.given.as_of or _now()
    if arguments.given.verify:
        from posturio_iac.commands.live.verify import verify

        return verify(arguments, config, as_of)
    from posturio_iac.commands.live.accounts import look

    return look(arguments, config, as_of)


def _exit_code(found: Findings, config: Config, arguments: LiveArguments) -> int:
    from posturio_iac.core.finding import Exit

    if found.verified is None:
        return int(_code_of(found.report, found.ages, config, arguments))
    code = found.verified.exit_code(found.report, _fail_on(config))
    return int(Exit.CLEAN if arguments.given.exit_zero and code is Exit.FINDINGS else code)


def _code_of(report: Report, ages: FindingAges, config: Config, arguments: LiveArguments) -> Exit:
    """The exit code of a report."""
    from posturio_iac.commands.live.part import new_of
    from posturio_iac.core.finding import Exit

    code = (new_of(report, ages) if arguments.given.fail_on_new else report).exit_code(_fail_on(config), strict=config.strict)
    return Exit.CLEAN if arguments.given.exit_zero and code is Exit.FINDINGS else code


def _fail_on(config: Config) -> Severity | None:
    from posturio_iac.core.finding import Severity

    return None if config.fail_on == "never" else Severity(config.fail_on)


def _now() -> datetime:
    """The time; the one place of a live run that reads the clock for a verdict."""
    from datetime import datetime, timezone

    return datetime.now(timezone.utc).replace(microsecond=0)
