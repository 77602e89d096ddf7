"""The command line of ``scan``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from posturio_iac.commands.output import STDOUT
from posturio_iac.commands.parser import Parser, add_options
from posturio_iac.config_schema import ARGUMENTS
from posturio_iac.errors import UsageError
from posturio_iac.nearest import hint
from posturio_iac.render import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = "Finds IAM access keys in Terraform and CloudFormation that nothing ever ends."
USAGE = "posturio-iac scan [OPTION ...] [PATH ...]"
DEFAULT_FORMAT = "text"


def parser() -> Parser:
    """Return the parser of the command."""
    made = Parser("posturio-iac scan", DESCRIPTION, USAGE)
    made.add_argument("paths", nargs="*", metavar="PATH", help="Folders and files to scan (.); - is one file on standard input")
    made.add_argument(
        "--format", dest="reports", action=_Report, metavar="NAME", help=f"Print the report as {', '.join(FORMATS)}; repeatable (text)"
    )
    made.add_argument("--output", dest="reports", action=_Report, metavar="FILE", help="Write the report of that --format to this file")
    add_options(made, ARGUMENTS)
    return made


class _Report(argparse.Action):
    """Collects pairs of a format and an output: an ``--output`` belongs to the ``--format`` before it, else to the next one."""

    def __call__(self, _parser: object, namespace: argparse.Namespace, values: Any, option_string: str | None = None) -> None:
        pairs: list[list[str | None]] = list(getattr(namespace, self.dest) or ())
        slot = 0 if option_string == "--format" else 1
        if slot == 0 and values not in FORMATS:
            raise UsageError(f'there is no format "{values}"{hint(values, FORMATS)}')
        if not pairs or pairs[-1][slot] is not None:
            pairs.append([None, None])
        pairs[-1][slot] = values
        setattr(namespace, self.dest, pairs)


def reports(pairs: Sequence[Sequence[str | None]] | None) -> tuple[tuple[str, str], ...]:
    """Return formats with their targets.

    Raises:
        UsageError: an output has no format, or one target gets two reports.

    """
    made: list[tuple[str, str]] = []
    for name, target in pairs or [(DEFAULT_FORMAT, STDOUT)]:
        if name is None and len(pairs or ()) > 1:
            raise UsageError(f"--output {target} has no --format before it")
        pair = (name or DEFAULT_FORMAT, target or STDOUT)
        if any(taken == pair[1] for _, taken in made):
            where = "standard output" if pair[1] == STDOUT else pair[1]
            raise UsageError(f"two reports would go to {where}; give each --format its own --output")
        made.append(pair)
    return tuple(made)
