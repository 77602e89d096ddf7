"""``posturio-iac report``: from saved JSON results to one report for people."""

from __future__ import annotations

from posturio_iac.commands.output import STDOUT, to_stderr, to_stdout, write
from posturio_iac.commands.parser import Command, help_text, parse
from posturio_iac.config.option_table import Option, Shape
from posturio_iac.errors import UsageError
from posturio_iac.render import implied

TYPE_CHECKING = False  # importing typing would take longer than --help
if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.commands.parser import Arguments
    from posturio_iac.posture.view import Posture

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


def run(argv: Sequence[str]) -> int:
    """Join the results, write the report and return the exit code: 3 when a file could not be read, else 0."""
    given = parse(COMMAND, argv)
    if given is None:
        to_stdout(help_text(COMMAND))
        return 0
    if not given.words:
        raise UsageError("report needs results to join: files written with --format json (see posturio-iac report --help)")
    wanted = targets(given)
    if any(name == "html" for name, _ in wanted):
        from posturio_iac.render.report.html_page import require

        require()
    from posturio_iac.commands.report_files import read
    from posturio_iac.core.text.terminal import printable
    from posturio_iac.posture.view import join

    results, unread = read(given.words, show_key_ids=bool(given.show_key_ids))
    for diagnostic in unread:
        to_stderr(f"error: {printable(diagnostic.message)}\n")
    if not results:
        to_stderr("posturio-iac: no result could be read, so no report was written\n")
        return 3
    posture = join(results, unread)
    for text, target in [(_rendered(name, posture), target) for name, target in wanted]:
        write(text, target)
    if not given.quiet:
        to_stderr("".join(f"wrote {printable(target)}\n" for _, target in wanted if target != STDOUT))
    return 3 if unread else 0


def _rendered(name: str, posture: Posture) -> str:
    if name == "html":
        from posturio_iac.render.report.html_page import page

        return page(posture)
    from posturio_iac.render.report.markdown_report import page as markdown

    return markdown(posture)
