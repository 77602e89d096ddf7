"""``posturio-iac live``: from AWS accounts to a report in the formats that were asked for."""

from __future__ import annotations

import time

from posturio_iac.commands.live.arguments import COMMAND, LiveArguments
from posturio_iac.commands.output import to_stderr, to_stdout
from posturio_iac.commands.parser import help_text, parse
from posturio_iac.commands.scan.arguments import reports

TYPE_CHECKING = False  # importing typing would take longer than --help
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from posturio_iac.commands.live.run import Findings
    from posturio_iac.commands.parser import Arguments
    from posturio_iac.config.model import Config


def run(argv: Sequence[str]) -> int:
    """Look, report and return the exit code."""
    started, begun = time.perf_counter(), _now()
    given = parse(COMMAND, argv)
    if given is None:
        to_stdout(help_text(COMMAND))
        return 0
    arguments = LiveArguments(given)
    targets = reports(given)
    _check_folders(given)
    config = arguments.config()
    found = _find(arguments, config)
    code = _exit_code(found, config, arguments)
    if given.plan:
        from posturio_iac.commands.live.writing.plan import write_plan

        write_plan(found, config, arguments)
    if given.letters:
        from posturio_iac.commands.live.writing.letters import write_letters

        write_letters(found, config, given.letters)
    if given.evidence:
        from posturio_iac.commands.live.writing.evidence import write_evidence

        write_evidence(found, config, arguments, (begun, _now()), argv, code)
    from posturio_iac.commands.live.writing.output import emit

    emit(
        found if given.show_key_ids else found.masked(),
        given,
        targets,
        elapsed=time.perf_counter() - started,
        code=code,
        config=config,
    )
    if not given.quiet:
        to_stderr(f"{found.budget}\n")
    return code


def _check_folders(given: Arguments) -> None:
    """Refuse folders that cannot be made, before anything is asked. Raises `UsageError`."""
    for flag, path in (("--plan", given.plan), ("--letters", given.letters)):
        if path:
            from posturio_iac.commands.live.writing.private_folder import check_new

            check_new(flag, path)
    if given.evidence:
        from posturio_iac.commands.live.writing.evidence import check_evidence

        check_evidence(given.evidence)


def _find(arguments: LiveArguments, config: Config) -> Findings:
    """Look at the accounts that were named, or at what became of an earlier result."""
    as_of = arguments.given.as_of or _now()
    if arguments.given.verify:
        from posturio_iac.commands.live.verify import verify

        return verify(arguments, config, as_of)
    from posturio_iac.commands.live.accounts import look

    return look(arguments, config, as_of)


def _exit_code(found: Findings, config: Config, arguments: LiveArguments) -> int:
    from posturio_iac.core.finding import Exit, Severity

    fail_on = None if config.fail_on == "never" else Severity(config.fail_on)
    exit_zero = bool(arguments.given.exit_zero)
    if found.verified is None:
        report = found.with_new_findings() if arguments.given.fail_on_new else found.report
        code = report.exit_code(fail_on, strict=config.strict)
    else:
        code = found.verified.exit_code(found.report, fail_on)
    return int(Exit.CLEAN if exit_zero and code is Exit.FINDINGS else code)


def _now() -> datetime:
    """Return the time; the one place of a live run that reads the clock for a verdict."""
    from datetime import datetime, timezone

    return datetime.now(timezone.utc).replace(microsecond=0)
