"""``posturio-iac live``: from AWS accounts to a report in the formats that were asked for."""

from __future__ import annotations

import os
import sys
import time

from posturio_iac.commands.live_args import COMMAND, LiveArguments
from posturio_iac.commands.output import to_stdout, write
from posturio_iac.commands.parser import help_text, parse
from posturio_iac.commands.scan_args import reports
from posturio_iac.errors import UsageError

TYPE_CHECKING = False  # importing typing would take longer than --help
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from posturio_iac.commands.live_accounts import Findings
    from posturio_iac.config import Config
    from posturio_iac.finding import Report

    Targets = tuple[tuple[str, str], ...]


def run(argv: Sequence[str]) -> int:
    """Look, report and return the exit code."""
    started = time.perf_counter()
    given = parse(COMMAND, argv)
    if given is None:
        to_stdout(help_text(COMMAND))
        return 0
    arguments = LiveArguments(given)
    targets = reports(given)
    config = arguments.config()
    from posturio_iac.commands.live_accounts import look  # noqa: PLC0415 - not for --help

    found = look(arguments, config, given.as_of or _now())
    return _report(found, arguments, config, targets, started)


def _report(found: Findings, arguments: LiveArguments, config: Config, targets: Targets, started: float) -> int:
    from posturio_iac.finding import Exit, Severity  # noqa: PLC0415

    given = arguments.given
    code = found.report.exit_code(None if config.fail_on == "never" else Severity(config.fail_on), strict=config.strict)
    code = Exit.CLEAN if given.exit_zero and code is Exit.FINDINGS else code
    if given.plan:
        _write_plan(found, config, given.plan)
    shown = found.report if given.show_key_ids else found.masked()
    _emit(shown, found, arguments, targets, time.perf_counter() - started, int(code), config)
    if not given.quiet:
        sys.stderr.write(f"{found.budget}\n")
    return int(code)


def _emit(report: Report, found: Findings, arguments: LiveArguments, targets: Targets, elapsed: float, code: int, config: Config) -> None:
    """Write our own table where the format is text, and the common formats elsewhere; what goes to a file first."""
    from posturio_iac.commands.live_table import Style  # noqa: PLC0415
    from posturio_iac.commands.live_text import render  # noqa: PLC0415
    from posturio_iac.commands.reports import emit  # noqa: PLC0415
    from posturio_iac.render import Scope  # noqa: PLC0415
    from posturio_iac.terminal import wants_color  # noqa: PLC0415

    given = arguments.given
    common = tuple((name, target) for name, target in targets if name != "text")
    scope = Scope(accounts=found.accounts)
    emit(report, common, given, root=os.getcwd(), elapsed=elapsed, fail_on=config.fail_on, code=code, region=found.region, scope=scope)
    for _, target in (pair for pair in targets if pair[0] == "text"):
        choice = given.color or "auto"
        color = wants_color(choice, sys.stdout, os.environ) if target == "-" else choice == "always"
        style = Style(color=color, verbose=bool(given.verbose), columns=_columns() if target == "-" else None)
        text = render(report, style, by_owner=given.group_by == "owner", quiet=bool(given.quiet))
        write(text, target)


def _columns() -> int | None:
    """Return how wide the terminal is; None when the text goes elsewhere."""
    from shutil import get_terminal_size  # noqa: PLC0415 - only here

    return get_terminal_size().columns if sys.stdout.isatty() else None


def _write_plan(found: Findings, config: Config, path: str) -> None:
    """Write the script; it holds ids in full, so only its owner may read it."""
    from posturio_iac.live.plan import script  # noqa: PLC0415 - only here

    if path == "-":
        raise UsageError("--plan needs a file, since the report goes to standard output")
    write(script(found.report, config), path)
    os.chmod(path, 0o700)


def _now() -> datetime:
    """Return the time; the one place of a live run that reads the clock for a verdict."""
    from datetime import datetime, timezone  # noqa: PLC0415 - not for --help

    return datetime.now(timezone.utc).replace(microsecond=0)
