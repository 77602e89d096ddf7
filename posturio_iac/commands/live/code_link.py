"""The code that deployed keys are joined to: reads the folders of ``--iac`` and the states of ``--tf-state``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.commands.ci_environment import prefix
from posturio_iac.commands.live.arguments import NOWHERE
from posturio_iac.commands.settings import settings
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import dataclass
from posturio_iac.errors import UsageError
from posturio_iac.link import state_file
from posturio_iac.link.declared import Code
from posturio_iac.link.linker import Linker
from posturio_iac.link.stack import Stacks
from posturio_iac.link.state import StateError, TerraformState
from posturio_iac.scan import declared, select
from posturio_iac.scan.configuration import seen_from

if TYPE_CHECKING:
    from datetime import datetime

    from posturio_iac.commands.live.arguments import LiveArguments
    from posturio_iac.config.model import Config


@dataclass(frozen=True, slots=True)
class Links:
    """The code and states that keys are joined to, and how places are shown."""

    linker: Linker | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    root: str = ""
    """The folder that paths are relative to; empty for the current one."""
    leading: str = ""
    """The path from the top of its repository to that folder."""
    seen_from: str = ""
    """That folder, as the globs of the configuration are relative to it."""


def read(arguments: LiveArguments, config: Config, as_of: datetime) -> Links:
    """Read the code and the states that the command line names; nothing when it names none.

    Raises:
        UsageError: no such folder or file.

    """
    if not arguments.links:
        return Links()
    states, wrong = _states(arguments.states)
    ask = NOWHERE not in arguments.stack_regions
    stacks = Stacks(ask, arguments.stack_regions if ask else ())
    said = [Diagnostic(Level.ERROR, text) for text in wrong]
    if not arguments.iac:
        return Links(Linker(Code(), states, stacks, wrong), tuple(said))
    for folder in arguments.iac:
        if not os.path.exists(folder):
            raise UsageError(f"--iac {folder}: no such folder")
    reading = settings(arguments.given, arguments.iac).with_values(baseline=())
    selection = select(arguments.iac, os.getcwd(), reading, ())
    found = declared(selection, reading, as_of)
    said += [diagnostic for diagnostic in found.diagnostics if diagnostic.level is not Level.NOTE]
    if not found.keys:
        said.append(Diagnostic(Level.WARNING, f"no code below {' and '.join(arguments.iac)} declares an access key"))
    unread = tuple(_unread(d) for d in found.diagnostics if d.level is Level.ERROR)
    code = Code(found.keys, folders=arguments.iac, root=selection.repository or selection.root, unread=unread)
    return Links(
        Linker(code, states, stacks, wrong),
        tuple(said),
        selection.root,
        prefix(selection.root, selection.repository, os.environ),
        seen_from(config.folder, selection.root),
    )


def _states(paths: tuple[str, ...]) -> tuple[tuple[TerraformState, ...], tuple[str, ...]]:
    """The states that could be read, and what is wrong with the others."""
    states: list[TerraformState] = []
    wrong: list[str] = []
    for path in dict.fromkeys(paths):
        try:
            states.append(state_file.read(path))
        except StateError as error:
            wrong.append(str(error))
    return tuple(states), tuple(wrong)


def _unread(said: Diagnostic) -> str:
    line = f":{said.line}" if said.line else ""
    return f"{said.path}{line}: {said.message}" if said.path else said.message
