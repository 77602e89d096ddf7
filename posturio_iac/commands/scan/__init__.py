"""``posturio-iac scan``.

Imports the library and the formats.
"""

from __future__ import annotations

import os

from posturio_iac.commands.ci_environment import AUTO, chosen
from posturio_iac.commands.output import STDOUT
from posturio_iac.commands.parser import Arguments, Command
from posturio_iac.config.option_table import ARGUMENTS, Option, Shape
from posturio_iac.errors import UsageError
from posturio_iac.render import DEPLOYED, FOREIGN_ENDINGS, FORMATS, implied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


DEFAULT_FORMAT = "text"
FORMAT = Option(
    "format",
    Shape.CHOICE,
    "Report format; auto detects the CI service; repeatable, each with its own --output",
    DEFAULT_FORMAT,
    (*(name for name in FORMATS if name not in DEPLOYED), AUTO),
    flag="--format",
    short="-f",
    metavar="NAME",
    elsewhere={name: f"is for deployed keys; use posturio-iac live --format {name}" for name in DEPLOYED},
)
OUTPUT = Option(
    "output",
    Shape.TEXT,
    "Write that --format to this file; without --format, its extension selects one: .json, .sarif, .md, .html, .csv, .xml (junit)",
    flag="--output",
    short="-o",
    metavar="FILE",
)

COMMAND = Command(
    "scan",
    "Finds IAM access keys in Terraform and CloudFormation that never expire and are never rotated.",
    "PATH",
    "Folders and files to scan (default: .); - is one file on standard input",
    most=None,
    options=(FORMAT, OUTPUT, *ARGUMENTS),
)


def reports(given: Arguments) -> tuple[tuple[str, str], ...]:
    """Formats with their targets. An output belongs to the format before it, or else to the next one; ``auto`` is resolved.

    Raises:
        UsageError: an output has no format, one target gets two reports, or the extra that a format needs is not there.

    """
    if given.quiet and given.verbose:
        raise UsageError("--quiet and --verbose cannot be combined")
    pairs: list[list[str | None]] = []
    for name, value in given.order:
        if name in (FORMAT.name, OUTPUT.name):
            slot = (FORMAT.name, OUTPUT.name).index(name)
            if not pairs or pairs[-1][slot] is not None:
                pairs.append([None, None])
            pairs[-1][slot] = value
    made = chosen(_checked(pairs or [[None, None]]), os.environ)
    for option, value in (("--stats", given.stats), ("--group-by", given.group_by == "owner")):
        if value and all(name != DEFAULT_FORMAT for name, _ in made):
            raise UsageError(f"{option} needs the format text, which is not selected")
    if given.depth is not None and not (given.stats and given.depth.isdecimal() and int(given.depth)):
        raise UsageError(f'--depth takes a whole number of levels from 1 on, and needs --stats, not "{given.depth}"')
    if any(name == "html" for name, _ in made):
        from posturio_iac.render.report import require

        require()
    return made


def _checked(pairs: Sequence[Sequence[str | None]]) -> tuple[tuple[str, str], ...]:
    made: list[tuple[str, str]] = []
    for stated, target in pairs:
        name = stated or implied(target or STDOUT)
        if name is None and len(pairs) > 1:
            raise UsageError(f"--output {target} has no --format before it, and its extension selects none")
        if name is None and target and target.lower().endswith(FOREIGN_ENDINGS):
            raise UsageError(f"the extension of --output {target} selects no format; name one with --format")
        pair = (name or DEFAULT_FORMAT, target or STDOUT)
        if any(taken == pair[1] for _, taken in made):
            where = "standard output" if pair[1] == STDOUT else pair[1]
            raise UsageError(f"two reports would go to {where}; give each --format its own --output")
        made.append(pair)
    return tuple(made)
