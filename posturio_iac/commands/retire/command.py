"""``posturio-iac retire``: runs one step of the process."""

from __future__ import annotations

import os
import sys

from posturio_iac.commands.live.arguments import ABSENT, LiveArguments, whole
from posturio_iac.commands.live.arguments import GROUPS as LIVE
from posturio_iac.commands.output import to_stderr, to_stdout
from posturio_iac.commands.parser import HELP, Arguments, Command, parse
from posturio_iac.commands.scan import OUTPUT
from posturio_iac.commands.settings import split
from posturio_iac.config.option_table import RETIRE_GROUPS
from posturio_iac.core import module
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.times import now
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from posturio_iac.commands.live.run import Findings
    from posturio_iac.config import Config
    from posturio_iac.core.finding import Diagnostic

HOMES = {"ask": "folders", "plan": "folders", "verify": "verify", "evidence": "evidence"}
"""The module of each step, which has a function of its name, ``(task) -> int``."""


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
        from posturio_iac.core.text.terminal import without_commands

        shown = found if self.arguments.given.show_key_ids else found.masked()
        self.say(shown.report.diagnostics, found.names)
        if not self.arguments.given.quiet:
            to_stdout(without_commands("".join(f"{line}\n" for line in lines)))
            to_stderr(f"{found.budget}\n")
        return int(found.report.exit_code(None))

    def say(self, diagnostics: Sequence[Diagnostic], names: Mapping[str, str] | None = None) -> None:
        """Print diagnostics; ``names`` are those of accounts."""
        from posturio_iac.commands.reporting.reports import diagnose
        from posturio_iac.core.text.terminal import wants_color

        diagnose(diagnostics, quiet=bool(self.arguments.given.quiet), color=wants_color("auto", sys.stderr, os.environ), names=names)


def run(argv: Sequence[str]) -> int:
    """Take one step and return the exit code."""
    step = next((word for word in argv if word in HOMES), None)  # whose options alone its help shows; without one those of all
    shown = [option for option in OPTIONS if step in (None, ONLY.get(option.name, step))]
    given = parse(COMMAND._replace(options=shown) if {*HELP} & {*argv} else COMMAND, argv)
    arguments = RetireArguments(given)
    task = RetireTask(arguments, arguments.config(), tuple(argv), now)
    code: int = getattr(module(f"posturio_iac.commands.retire.{HOMES[arguments.step]}"), arguments.step)(task)
    return code


GROUPS = RETIRE_GROUPS | {"output": (LIVE["output"][0], OUTPUT, *RETIRE_GROUPS["output"])}
OPTIONS = [option for options in GROUPS.values() for option in options]
COMMAND = Command(
    "retire",
    "Ends deployed keys step by step: ask DIR writes letters to owners into a new folder, plan DIR writes scripts that switch off and "
    "delete, verify DIR|FILE ... tells what became of the keys of plans or of JSON results, evidence DIR [PLAN ...] keeps it all. "
    "Nothing here changes AWS; the scripts do, when somebody runs them.",
    "STEP",
    f"{', '.join(HOMES)}, and the folder or file that it is about",
    most=None,
    options=OPTIONS,
    groups=[(title, [option.name for option in options]) for title, options in GROUPS.items()],
    absent=sorted({o.name for options in LIVE.values() for o in options} - {o.name for o in OPTIONS} | {*ABSENT} - {"answers"}),
)
PLAN_VALID, MOST_PLAN_VALID = 72, 24 * 14
"""Hours for which a plan may be run; more than two weeks would be longer than the grace that it counts on."""
ONLY = {"again": "ask", "ask_ownerless": "ask", "reply_to": "ask", "include_in_use": "plan", "valid": "plan", "check": "evidence"}
ONLY |= {"format": "verify", "output": "verify"}


class RetireArguments(LiveArguments):
    """The command line, checked."""

    def __init__(self, given: Arguments) -> None:
        words = given.words or ("",)
        self.step, self.paths = words[0], words[1:]
        if self.step not in HOMES:
            wrong = f', not "{self.step}"' if self.step else ""
            raise UsageError(f"retire needs a step: {', '.join(HOMES)}{wrong} (see posturio-iac retire --help)")
        self.asks_by_key, self.needs_trail, self.begins_ledger = self.step == "verify", self.step == "plan", self.step == "ask"
        super().__init__(given)
        self.valid = whole("--valid", given.valid or str(PLAN_VALID), MOST_PLAN_VALID)
        self.include_in_use: tuple[str, ...] = tuple(dict.fromkeys(split(given.include_in_use or ())))
        self._check_step()

    @property
    def path(self) -> str:
        return self.paths[0] if self.paths else ""

    def _check_step(self) -> None:
        for name, step in ONLY.items():
            if getattr(self.given, name) and self.step != step:
                raise UsageError(f"--{name.replace('_', '-')} is for retire {step}")
        if len(self.paths) > 1 and self.step not in ("evidence", "verify"):
            raise UsageError(f'unexpected "{self.paths[1]}": retire {self.step} takes one')
        if not self.path and not (self.step == "ask" and self.answers):
            what = "the folder of a plan, or a JSON result" if self.step == "verify" else "a folder"
            raise UsageError(f"retire {self.step} needs {what}")
        if self.given.ledger is None and not self.given.check and (self.step != "verify" or self.answers):
            raise UsageError(f"retire {self.step} needs --ledger, which knows who was asked, who answered and what happened since")
