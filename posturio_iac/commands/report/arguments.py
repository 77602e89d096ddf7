"""The command line of ``report``."""

from __future__ import annotations

from posturio_iac.commands.output import STDOUT
from posturio_iac.commands.parser import Command
from posturio_iac.config.option_table import Option, Shape
from posturio_iac.errors import UsageError
from posturio_iac.render import implied

TYPE_CHECKING = False  # importing typing would take longer than --help
if TYPE_CHECKING:
    from posturio_iac.commands.parser import Arguments

DEFAULT_OUTPUT = "posturio-iac-report.html"
FORMATS = ("html", "markdown")

COMMAND = Command(
    "report",
    "Joins saved JSON results of scan and live, for any accounts and dates, into one report.",
    "FILE",
    "Results of --format json or jsonl, or folders of them; - reads one from standard input",
    most=None,
    options=(
        Option(
            "format",
            Shape.CHOICE,
            "Repeatable, each with its own --output",
            "html",
            FORMATS,
            flag="--format",
            short="-f",
            metavar="NAME",
        ),
        Option(
            "output",
            Shape.TEXT,
            f"Write the report to this file (default: {DEFAULT_OUTPUT} for html, standard output for markdown)",
            flag="--output",
            short="-o",
            metavar="FILE",
        ),
        Option("show_key_ids", Shape.SWITCH, "Show key IDs as in the results instead of masking them", flag="--show-key-ids"),
        Option("quiet", Shape.SWITCH, "Do not list the written files", flag="--quiet", short="-q"),
    ),
)


def targets(given: Arguments) -> tuple[tuple[str, str], ...]:
    """Return formats with their targets, standard output last.

    An output belongs to the format before it. One without takes the format of its ending, or the next one.

    Raises:
        UsageError: two reports would go to one target.

    """
    pairs: list[list[str | None]] = []
    for name, value in given.order:
        if name == "format":
            if pairs and pairs[-1][0] is None:
                pairs[-1][0] = value
            else:
                pairs.append([value, None])
        elif name == "output":
            if pairs and pairs[-1][1] is None:
                pairs[-1][1] = value
            else:
                meant = implied(value)
                pairs.append([meant if meant in FORMATS else None, value])
    made = [_complete(name, target) for name, target in pairs or [[None, None]]]
    for place, (_, target) in enumerate(made):
        if target in [earlier for _, earlier in made[:place]]:
            where = "standard output" if target == STDOUT else target
            raise UsageError(f"two reports would go to {where}; give each --format its own --output")
    return tuple(sorted(made, key=lambda pair: pair[1] == STDOUT))


def _complete(name: str | None, target: str | None) -> tuple[str, str]:
    name = name or FORMATS[0]
    return name, target or (DEFAULT_OUTPUT if name == FORMATS[0] else STDOUT)
