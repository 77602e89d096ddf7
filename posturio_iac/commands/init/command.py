"""``posturio-iac init``: the part of ``adopt`` that sets up the hook and a configuration file, after showing what it would write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.commands.adopt.files import HOOKS, REPO, REV, configuration, hook, show, top_of, write_all_files
from posturio_iac.commands.adopt.questions import agreed
from posturio_iac.commands.output import to_stdout
from posturio_iac.commands.parser import Command, help_text, parse
from posturio_iac.config.model import FILE as CONFIGURATION
from posturio_iac.config.option_table import Option, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.commands.adopt.command import RepositoryToAdopt

COMMAND = Command(
    "init",
    f"Adds the hook to {HOOKS} and writes a short {CONFIGURATION}. Shows the changes first and keeps what is already there. "
    "Then it looks at the code as adopt does and suggests the next step.",
    "FOLDER",
    "A folder of the repository to set up (default: .)",
    most=1,
    options=(Option("yes", Shape.SWITCH, "Write without asking", flag="--yes", in_file=False), REPO, REV),
)


def run(argv: Sequence[str]) -> int:
    """Show the changes, ask, and write them."""
    from posturio_iac.commands.adopt.command import place_of

    given = parse(COMMAND, argv)
    if given is None:
        to_stdout(help_text(COMMAND))
        return 0
    top = top_of(given.words[0] if given.words else os.curdir)
    place = place_of(top)
    place.report(place.config)  # before anything is written, since a configuration or baseline may be refused
    changes = [*hook(top, given.repo, given.rev), *configuration(top)]
    if not changes:
        to_stdout("the hook and a configuration are already in place\n")
        return _looked(place)
    show(changes, top)
    if not (given.yes or agreed("write this?")):
        to_stdout("nothing was written\n")
        return 0
    write_all_files(changes, top)
    return _looked(place)


def _looked(place: RepositoryToAdopt) -> int:
    """Show the findings in the code, and how to begin with them; findings do not make this fail."""
    from posturio_iac.commands.adopt.command import look

    to_stdout(f"\n{look(place)}")
    return 0
