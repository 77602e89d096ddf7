"""``posturio-iac report``: from saved JSON results to one report for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.commands.output import STDOUT, to_stderr, to_stdout, write
from posturio_iac.commands.parser import help_text, parse
from posturio_iac.commands.report.arguments import COMMAND, targets
from posturio_iac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.posture.view import Posture


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
    from posturio_iac.commands.report.files import read
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
