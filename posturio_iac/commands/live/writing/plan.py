"""``posturio-iac live --plan``: writes the folder of a plan, and reads it for ``--verify``."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from posturio_iac.commands.live.writing.private_folder import write_folder
from posturio_iac.contract import write
from posturio_iac.contract.context import RenderContext
from posturio_iac.core.text.terminal import harmless_json
from posturio_iac.errors import UsageError
from posturio_iac.judge.policy import Policy
from posturio_iac.retire.plan import NamesNothingError, by_account, steps
from posturio_iac.retire.script import LOG, SHARED, Validity, script, shared, undo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.commands.live.arguments import LiveArguments
    from posturio_iac.commands.live.run import Findings
    from posturio_iac.config.model import Config
    from posturio_iac.retire.plan import Step

DOCUMENT = "plan.json"


def write_plan(found: Findings, config: Config, arguments: LiveArguments) -> int:
    """Write the folder and return how many steps its scripts hold. It has ids in full, so only its owner may read it.

    Raises:
        UsageError: a key was named that is not flagged.
        OutputError: it cannot be written.

    """
    path, report = arguments.given.plan, found.report
    try:
        made = steps(report, Policy(config), arguments.include_in_use)
    except NamesNothingError as error:
        raise UsageError(str(error)) from None
    validity = Validity(report.as_of, report.as_of + timedelta(hours=arguments.plan_valid))
    files = {DOCUMENT: _document(found, made, validity)}
    ledger = arguments.given.ledger or ""
    ledger = os.path.abspath(ledger) if ledger and not ledger.startswith("s3:") else ledger
    for account, theirs in by_account(made):
        files[SHARED] = shared()
        files[f"{account}.sh"] = script(account, theirs, validity, ledger)
        files[f"{account}-undo.sh"] = undo(account, theirs, validity)
    write_folder(files, path, "the plan")
    return sum(step.is_step for step in made)


def _document(found: Findings, made: Sequence[Step], validity: Validity) -> str:
    """The JSON contract of the run, which ``--verify`` reads, with the steps beside it."""
    context = RenderContext(lambda _path, _line: None, "", 0.0, ages=found.ages)
    plan = {"valid_until": write.moment(validity.until), "steps": [step.document() for step in made]}
    return harmless_json({**write.document(found.report, context), "plan": plan}, indent=2) + "\n"


def files_of(path: str) -> tuple[str, str | None]:
    """The earlier result and the log that ``--verify`` reads: those of a plan, or a file without a log."""
    if not os.path.isdir(path):
        return path, None
    log = os.path.join(path, LOG)
    return os.path.join(path, DOCUMENT), log if os.path.exists(log) else None
