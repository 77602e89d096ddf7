"""The code that deployed keys are joined to: reads the folders of ``--code`` and the states of ``--state``."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from posturio_iac.commands.ci_environment import prefix
from posturio_iac.commands.live.arguments import NOWHERE, LiveArguments
from posturio_iac.commands.settings import settings
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import dataclass
from posturio_iac.errors import UsageError
from posturio_iac.link.declared import Code, Stacks, missing, returning, told
from posturio_iac.link.linker import Linker
from posturio_iac.link.state import StateError, TerraformState, read_state
from posturio_iac.live.connection.calls import AwsError, CredentialsError
from posturio_iac.scan import declared, select
from posturio_iac.scan.configuration import seen_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from posturio_iac.config import Config
    from posturio_iac.core.model import AccessKey
    from posturio_iac.live.connection.session import Connection


@dataclass(frozen=True, slots=True)
class Links:
    """The code and states that keys are joined to, and how places are shown."""

    linker: Linker | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    root: str = ""
    leading: str = ""
    """The path from the top of its repository to that folder."""
    seen_from: str = ""
    """That folder, as the globs of the configuration are relative to it."""


def read(arguments: LiveArguments, config: Config, as_of: datetime) -> Links:
    """Read the code and the states that the command line names, if any. Raises `UsageError` (no such folder or file)."""
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
            raise UsageError(f"--code {folder}: no such folder")
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
    states: list[TerraformState] = []
    wrong: list[str] = []
    for path in dict.fromkeys(paths):
        try:
            states.append(read_state(path))
        except StateError as error:
            wrong.append(str(error))
    return tuple(states), tuple(wrong)


def _unread(said: Diagnostic) -> str:
    line = f":{said.line}" if said.line else ""
    return f"{said.path}{line}: {said.message}" if said.path else said.message


MOST = 1000
WORKERS = 8


def compared(
    linker: Linker, keys: Sequence[AccessKey], accounts: Collection[str], connection: Connection, *, complete: bool
) -> Iterator[Diagnostic]:
    """Yield differences between code and AWS. ``accounts`` were read in full; ``complete`` tells whether they are all accounts."""
    yield from returning(linker.held, keys)
    gone, open_ = missing(linker.held, keys)
    unknown = [one.key.key_id for one in gone if one.key.key_id and one.key.key_id not in linker.accounts]
    known = linker.accounts | accounts_of(unknown, connection)
    yield from told(((one, known.get(one.key.key_id or "")) for one in gone), accounts, complete=complete)
    if open_:
        what = "1 access key of a state was" if open_ == 1 else f"{open_} access keys of states were"
        text = f"{what} not compared with AWS, because the ids of their users' keys were not read; --exact reads them"
        yield Diagnostic(Level.NOTE, text)


def accounts_of(ids: Iterable[str], connection: Connection) -> dict[str, str]:
    """The accounts that keys belong to, by their ids, as far as AWS knows; it may not know deleted keys."""
    refused: list[AwsError] = []

    def asked(key_id: str) -> tuple[str, str | None]:
        try:
            return key_id, None if refused else connection.call("sts:GetAccessKeyInfo", AccessKeyId=key_id).get("Account")
        except AwsError as error:
            refused.extend([error] if error.denied else [])
            return key_id, None
        except CredentialsError:
            return key_id, None

    with ThreadPoolExecutor(WORKERS) as pool:
        return {key_id: account for key_id, account in pool.map(asked, islice(ids, MOST)) if account}
