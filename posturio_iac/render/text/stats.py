"""The text of ``--stats``: counts by folder or account, by owner and by rule, in place of findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.text.terminal import without_commands
from posturio_iac.render.text.counts_table import columns, table
from posturio_iac.render.text.skipped_list import section
from posturio_iac.render.text.summary import summary
from posturio_iac.render.text.tally import Tallies, first_of, rolled_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.contract.context import RenderContext
    from posturio_iac.core.finding import Report

FOLDERS, OWNERS = 12, 8
"""How many rows a table has without --verbose."""
ENDS = (("enforced", lambda t: f"{t.enforced:,}"), ("declared", lambda t: f"{t.declared:,}"))
VERDICTS = (
    ("undetermined", lambda t: f"{t.undetermined:,}"),
    ("suppressed", lambda t: f"{t.suppressed:,}"),
    ("baselined", lambda t: f"{t.baselined:,}"),
    ("open", lambda t: f"{t.open:,}"),
)


def render(report: Report, context: RenderContext) -> str:
    return "".join(stream(report, context))


def stream(report: Report, context: RenderContext) -> Iterator[str]:
    """Yield the tables, and the line that sums up."""
    yield from _tables(report, context)
    yield from section(context)
    if not context.quiet:
        yield without_commands(f"{summary(report, context)}\n")


def _tables(report: Report, context: RenderContext) -> Iterator[str]:
    """Yield a table for each way to count, with an empty line after it; without ``--verbose``, folders are rolled up to a screenful."""
    tallies = Tallies(report)
    keys = ("keys", lambda t: f"{t.keys:,}")
    with_age = ("oldest", lambda t: f"{(report.as_of - t.oldest).days} d" if t.oldest is not None else "")
    of_keys = [keys, *ENDS, *VERDICTS, *columns(tallies.by_folder, [with_age])]
    folders, owners = tallies.by_folder, tallies.by_owner
    if tallies.folder == "folder" and (context.depth or not context.verbose):
        folders = rolled_up(folders, FOLDERS, context.depth)
    if not context.verbose:
        folders, owners = folders if context.depth else first_of(folders, FOLDERS), first_of(owners, OWNERS)
    for head, counted, shown in (
        (tallies.folder, folders, of_keys),
        ("owner", owners, of_keys),
        ("rule", tallies.by_rule, [keys, *VERDICTS]),
    ):
        if counted:
            yield without_commands("\n".join(table(head, counted, shown, wide=context.columns, color=context.color)) + "\n\n")
