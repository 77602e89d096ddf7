"""``posturio-iac retire``: runs one step of the process."""

from __future__ import annotations

import os
import sys

from posturio_iac.commands.output import to_stderr, to_stdout
from posturio_iac.commands.parser import help_text, parse
from posturio_iac.commands.retire.arguments import COMMAND, RetireArguments
from posturio_iac.core.loading import module
from posturio_iac.core.record import NamedTuple

TYPE_CHECKING = False  # importing typing would take longer than --help
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from posturio_iac.commands.live.run import Findings
    from posturio_iac.config.model import Config
    from posturio_iac.core.finding import Report

HOMES = {"ask": "asking", "plan": "planning", "verify": "verify", "evidence": "evidence"}
"""The module of each step, which has ``take(task) -> int``."""


class RetireTask(NamedTuple):
    """What a step is to do."""

    arguments: RetireArguments
    config: Config
    argv: tuple[str, ...]
    now: Callable[[], datetime]

    def look(self) -> Findings:
        """Read the accounts, judge their keys, and keep the ledger up to date."""
        from posturio_iac.commands.live.accounts import look

        return look(self.arguments, self.config, self.now())

    def close(self, found: Findings, lines: Sequence[str] = ()) -> int:
        """Say what was done and what went wrong, and return the exit code: 3 if something is not known."""
        from posturio_iac.commands.reporting.reports import diagnose
        from posturio_iac.core.text.terminal import wants_color, without_commands

        shown = found if self.arguments.given.show_key_ids else found.masked()
        quiet = bool(self.arguments.given.quiet)
        diagnose(shown.report.diagnostics, quiet=quiet, color=wants_color("auto", sys.stderr, os.environ), names=found.names)
        if not quiet:
            to_stdout(without_commands("".join(f"{line}\n" for line in lines)))
            to_stderr(f"{found.budget}\n")
        return 3 if has_errors(found.report) else 0


def run(argv: Sequence[str]) -> int:
    """Take one step and return the exit code."""
    given = parse(COMMAND, argv)
    if given is None:
        to_stdout(help_text(COMMAND))
        return 0
    arguments = RetireArguments(given)
    task = RetireTask(arguments, arguments.config(), tuple(argv), _now)
    code: int = module(f"posturio_iac.commands.retire.{HOMES[arguments.step]}").take(task)
    return code


def has_errors(report: Report) -> bool:
    """True if some data was not read, or something is not known."""
    from posturio_iac.core.finding import Level

    return any(said.level is Level.ERROR for said in report.diagnostics)


def _now() -> datetime:
    """The one place of the command that reads the clock."""
    from datetime import datetime, timezone

    return datetime.now(timezone.utc).replace(microsecond=0)
