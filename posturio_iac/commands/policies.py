"""``posturio-iac policies``: where the policy packs for other linters are."""

from __future__ import annotations

import os

import posturio_iac
from posturio_iac.commands.output import to_stdout
from posturio_iac.commands.parser import Command, parse
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND = Command(
    "policies",
    "Prints the path of the policy pack for checkov or cfn-lint.",
    "HOST",
    "The linter: checkov or cfn-lint",
    most=1,
    choices=("checkov", "cfn-lint"),
)


def run(argv: Sequence[str]) -> int:
    """Print the absolute path of one pack: in the package, or beside it in a checkout."""
    host = parse(COMMAND, argv).words[0]
    package = os.path.dirname(os.path.abspath(posturio_iac.__file__))
    parts = (("_policies",), (os.pardir, "policies"))
    places = [os.path.normpath(os.path.join(package, *part, host.replace("-", "_"))) for part in parts]
    found = next(filter(os.path.isdir, places), None)
    if found is None:
        raise UsageError(f"the pack for {host} is missing from this installation ({places[0]}); install posturio-iac again")
    to_stdout(f"{found}\n")
    return 0
