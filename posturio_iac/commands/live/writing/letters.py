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
    """Write the folder of letters. Raises `OutputError`."""
    report, grace = found.report, timedelta(days=config.grace_days)
    made = steps(report, Policy(config), ())
    write_folder(letters(made, report.as_of, grace), path, "the letters")
    if found.ledger is not None:
        asked = [(step.key, step.owner) for step in made]
        found.ledger.asked(asked, "letter", report.as_of + grace)
