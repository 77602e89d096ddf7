"""``posturio-iac policies``: where the policy packs for other linters are."""

from __future__ import annotations

import os

import posturio_iac
from posturio_iac.commands.output import to_stdout
from posturio_iac.commands.parser import Command, help_text, parse
from posturio_iac.config import hint
from posturio_iac.errors import UsageError

TYPE_CHECKING = False  # importing typing would take longer than this module
if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDERS = {"checkov": "checkov", "cfn-lint": "cfn_lint"}

COMMAND = Command(
    "policies",
    "Prints the path of the policy pack for checkov or cfn-lint.",
    "HOST",
    f"The linter: {' or '.join(FOLDERS)}",
    most=1,
)


def run(argv: Sequence[str]) -> int:
    """Print the path of one pack."""
    given = parse(COMMAND, argv)
    if given is None:
        to_stdout(help_text(COMMAND))
        return 0
    if not given.words:
        raise UsageError(f"policies needs the name of a linter: {' or '.join(FOLDERS)}")
    to_stdout(f"{pack(given.words[0])}\n")
    return 0


def pack(host: str) -> str:
    """The absolute path of the pack for ``host``: in the package, or beside it in a checkout.

    Raises `UsageError` when there is none.
    """
    folder = FOLDERS.get(host)
    if folder is None:
        raise UsageError(f'there is no pack for "{host}"{hint(host, FOLDERS)}')
    package = os.path.dirname(os.path.abspath(posturio_iac.__file__))
    places = [os.path.join(package, "_policies", folder), os.path.join(os.path.dirname(package), "policies", folder)]
    for place in places:
        if os.path.isdir(place):
            return place
    raise UsageError(f"the pack for {host} is missing from this installation ({places[0]}); install posturio-iac again")
