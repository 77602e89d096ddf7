"""The text of a scan whose findings do not fit the screen: the worst keys, counts, and the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.text.terminal import paint, printable, width, without_commands
from posturio_iac.render.nothing_found import count
from posturio_iac.render.text.counts_table import columns, table
from posturio_iac.render.text.skipped_list import section
from posturio_iac.render.text.summary import advice, summary
from posturio_iac.render.text.tally import Tallies, first_of, rolled_up
from posturio_iac.render.wording import COLORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.contract.context import RenderContext
    from posturio_iac.core.finding import Report
    from posturio_iac.render.text.key_entries import KeyEntry
    from posturio_iac.render.text.tally import Tally

NEXT = "Too many for one screen: posturio-iac adopt leads to a passing hook; --all lists every key.\n"
WORST, ROWS = 10, 8
"""How many keys, and how many folders, owners and rules are named."""
COLUMNS = (
    ("keys", lambda t: f"{t.keys:,}"),
    ("open", lambda t: f"{t.open:,}"),
    ("undetermined", lambda t: f"{t.undetermined:,}"),
    ("findings", lambda t: f"{t.findings:,}"),
    ("worst", lambda t: t.worst.name if t.worst is not None else ""),
)


def stream(report: Report, listed: Sequence[KeyEntry], context: RenderContext) -> Iterator[str]:
    """Yield it in pieces."""
    for block in _blocks(report, listed, context):
        yield without_commands("\n".join(block) + "\n\n")
    notes = [f"{d.level.value}: {printable(d.message)}" for d in report.diagnostics if d.about]
    for lines in (notes, advice(report, context)):
        if lines:
            yield without_commands("\n".join(lines) + "\n\n")
    yield from section(context)
    if not context.quiet:
        yield without_commands(f"{summary(report, context)}\n")
    yield NEXT


def _blocks(report: Report, listed: Sequence[KeyEntry], context: RenderContext) -> Iterator[list[str]]:
    tallies = Tallies(report)
    lists = ((tallies.folder, rolled_up(tallies.by_folder, ROWS)), ("owner", tallies.by_owner), ("rule", tallies.by_rule))
    for head, all_of_it in lists:
        counted = [tally for tally in all_of_it if tally.open or tally.undetermined]
        if counted:
            yield _table(head, counted, context)
    if listed:
        worst = sorted(listed, key=lambda entry: (-entry.worst.rank, -len(entry.findings)))[:WORST]
        head = f"The worst {count(len(worst), 'key')}:" if len(worst) < len(listed) else "Keys:"
        yield [paint(head, "bold", color=context.color), *(_line(entry, context) for entry in worst)]


def _table(head: str, counted: list[Tally], context: RenderContext) -> list[str]:
    return table(head, first_of(counted, ROWS + 1), columns(counted, COLUMNS), wide=context.columns, color=context.color)


def _line(entry: KeyEntry, context: RenderContext) -> str:
    """A key on one line, cut where the terminal ends."""
    severity = entry.worst.name.ljust(8)
    rules = ", ".join(dict.fromkeys(finding.rule.id.partition(".")[2] for finding in entry.findings))
    where = f"{printable(entry.span.path)}:{entry.span.line} " if entry.span else ""
    rest = f" {where}{entry.title}: {rules}"
    if context.columns is not None and width(f"  {severity}{rest}") > context.columns:
        while rest and width(f"  {severity}{rest}…") > context.columns:
            rest = rest[:-1]
        rest = f"{rest}…"
    return f"  {paint(severity, 'bold', COLORS[entry.worst], color=context.color)}{rest}"
