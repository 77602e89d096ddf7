"""``posturio-iac live --letters``: writes a letter to each owner, and into the ledger that they were asked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from posturio_iac.commands.live.writing.private_folder import write_folder
from posturio_iac.judge.policy import Policy
from posturio_iac.retire.letters import letters
from posturio_iac.retire.plan import steps

if TYPE_CHECKING:
    from posturio_iac.commands.live.run import Findings
    from posturio_iac.config.model import Config


def write_letters(found: Findings, config: Config, path: str) -> None:
    """Write the folder of letters about the keys without an answer. Raises `OutputError`."""
    report, grace = found.report, timedelta(days=config.grace_days)
    made = [step for step in steps(report, Policy(config), ()) if step.key.life is None or step.key.life.answered is None]
    write_folder(letters(made, report.as_of, grace), path, "the letters")
    if found.ledger is not None:
        found.ledger.asked([(step.key, step.owner, step.answer_by(report.as_of + grace)) for step in made], "letter")
