"""``posturio-iac scan``: its options, and the pairs of formats and outputs that other commands take too."""

from __future__ import annotations

import os

from posturio_iac.commands.ci_environment import AUTO, chosen
from posturio_iac.commands.output import STDOUT
from posturio_iac.commands.parser import Arguments, Command
from posturio_iac.config.option_table import ARGUMENTS, Option, Shape
from posturio_iac.errors import UsageError
from posturio_iac.render import DEPLOYED, ENDINGS, FORMATS, OTHER_ENDINGS, implied

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
    f"Write that --format to this file; without --format, its extension selects one: {', '.join(ENDINGS)}",
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
    """Formats with their targets; ``auto`` is resolved. Raises `UsageError` where they do not go together, or an extra is missing."""
    if given.quiet and given.verbose:
        raise UsageError("--quiet and --verbose cannot be combined")
    pairs = paired(given)
    made = chosen(apart([(_format(stated, target, alone=len(pairs) == 1), target or STDOUT) for stated, target in pairs]), os.environ)
    for option, value in (("--stats", given.stats), ("--group-by", given.group_by == "owner")):
        if value and all(name != DEFAULT_FORMAT for name, _ in made):
            raise UsageError(f"{option} needs the format text, which is not selected")
    if given.depth is not None and not given.stats:
        raise UsageError("--depth needs --stats")
    if given.depth is not None and not (given.depth.isdecimal() and int(given.depth)):
        raise UsageError(f'--depth must be a whole number of levels from 1 on, not "{given.depth}"')
    if any(name == "html" for name, _ in made):
        from posturio_iac.render.report import require

        require()
    return made


def paired(given: Arguments) -> list[list[str | None]]:
    """Formats with their targets as they were given, at least one pair; None where one of both is left out.

    An output belongs to the format before it, or else, unless its extension selects another, to the next one.
    """
    pairs: list[list[str | None]] = []
    for name, value in given.order:
        if name in (FORMAT.name, OUTPUT.name):
            slot = (FORMAT.name, OUTPUT.name).index(name)
            if not pairs or pairs[-1][slot] is not None or (not slot and implied(pairs[-1][1] or STDOUT) not in (None, value)):
                pairs.append([None, None])
            pairs[-1][slot] = value
    return pairs or [[None, None]]


def apart(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The same pairs, unless two of them have one target."""
    for place, (_, target) in enumerate(pairs):
        if target in [earlier for _, earlier in pairs[:place]]:
            where = "standard output" if target == STDOUT else target
            raise UsageError(f"two reports would go to {where}; give each --format its own --output")
    return tuple(pairs)


def _format(stated: str | None, target: str | None, *, alone: bool) -> str:
    name = stated or implied(target or STDOUT)
    if name is None and not alone:
        raise UsageError(f"--output {target} has no --format before it, and its extension selects none")
    if name is None and target and target.lower().endswith(OTHER_ENDINGS):
        raise UsageError(f"the extension of --output {target} selects no format; name one with --format")
    return name or DEFAULT_FORMAT
