"""The text of a scan as counts: for findings that do not fit the screen, with the worst keys and the next step, and for ``--stats``."""

from __future__ import annotations

import sys

from posturio_iac.core.text.terminal import paint, printable, width, without_commands
from posturio_iac.render import count
from posturio_iac.render.text import advice, summary
from posturio_iac.render.text.tally import Tallies, columns, counted, cut, first_of, rolled_up, table
from posturio_iac.render.wording import COLORS
from posturio_iac.scan import skipped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.contract import RenderContext
    from posturio_iac.core.finding import Report
    from posturio_iac.render.text.key_entries import KeyEntry

HEADS = {
    skipped.UNREAD: "could not be read in full",
    skipped.EXCLUDED: "excluded",
    skipped.IGNORED: "ignored by git",
    skipped.CACHE: "folders of tools",
    skipped.SUBMODULE: "submodules",
    skipped.REPOSITORY: "other repositories inside this one",
    skipped.MODULE: "modules that are not known and whose code is not here",
    skipped.TEMPLATE: "templates and scripts that are not here",
    skipped.PROGRAMS: "programs and archives that cannot be looked into",
    skipped.NOT_RUN: "programs that make keys, which no code was found to run",
    skipped.SOURCE: "sources that make a key, whose output is not here (cdk synth, pulumi preview)",
}


def section(context: RenderContext) -> Iterator[str]:
    """Yield the list with an empty line after it; nothing where it was not asked for."""
    if context.skipped is None:
        return
    lines = [paint("Not checked:", "bold", color=context.color)]
    for kind, head in HEADS.items():
        if places := [place for place in context.skipped if place.kind == kind]:
            lines.append(f"  {head}:")
            lines += [f"    {printable(place.path)}{f'  {printable(place.text)}' if place.text else ''}" for place in places]
    if not context.skipped:
        lines = [paint("Not checked: nothing was left out.", "bold", color=context.color)]
    yield without_commands("\n".join(lines) + "\n\n")


NEXT = "Too many for one screen: posturio-iac adopt leads to a passing hook; --all lists every key.\n"
WORST, ROWS = 10, 8
"""How many keys, and how many folders, owners and rules are named."""
COLUMNS = (*counted("keys", "open", "undetermined", "findings"), ("worst", lambda t: t.worst.name if t.worst is not None else ""))


def stream(report: Report, listed: Sequence[KeyEntry], context: RenderContext) -> Iterator[str]:
    """Yield it in pieces."""
    yield from (without_commands("\n".join(block) + "\n\n") for block in _blocks(report, listed, context))
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
        if left := first_of([tally for tally in all_of_it if tally.is_open], ROWS + 1):
            yield table(head, left, columns(left, COLUMNS), wide=context.columns, color=context.color)
    if listed:
        worst = sorted(listed, key=lambda entry: (-entry.worst.rank, -len(entry.findings)))[:WORST]
        head = f"The worst {count(len(worst), 'key')}:" if len(worst) < len(listed) else "Keys:"
        yield [paint(head, "bold", color=context.color), *(_line(entry, context) for entry in worst)]


def _line(entry: KeyEntry, context: RenderContext) -> str:
    """A key on one line; where the terminal is too narrow, without the rules and the beginning of its place."""
    severity = entry.worst.name.ljust(8)
    rules = ", ".join(dict.fromkeys(finding.rule.id.partition(".")[2] for finding in entry.findings))
    where = f"{printable(entry.span.path)}:{entry.span.line} " if entry.span else ""
    room = (context.columns or sys.maxsize) - len(f"  {severity} ")
    rest = f"{where}{entry.title}"
    rest = f"{rest}: {rules}" if width(f"{rest}: {rules}") <= room else cut(rest, max(room, 1))
    return f"  {paint(severity, 'bold', COLORS[entry.worst], color=context.color)} {rest}"


FOLDERS, OWNERS = 12, 8
VERDICTS = ("undetermined", "suppressed", "baselined", "open")


def stats(report: Report, context: RenderContext) -> Iterator[str]:
    """Yield the text of ``--stats``: the tables, and the line that sums up."""
    yield from _counts(report, context)
    yield from section(context)
    if not context.quiet:
        yield without_commands(f"{summary(report, context)}\n")


def _counts(report: Report, context: RenderContext) -> Iterator[str]:
    """Yield a table for each way to count, with an empty line after it; without ``--verbose``, folders are rolled up to a screenful."""
    tallies = Tallies(report)
    with_age = ("oldest", lambda t: f"{(report.as_of - t.oldest).days} d" if t.oldest is not None else "")
    of_keys = [*counted("keys", "enforced", "declared", *VERDICTS), *columns(tallies.by_folder, [with_age])]
    folders, owners = tallies.by_folder, tallies.by_owner
    if tallies.folder == "folder" and (context.depth or not context.verbose):
        folders = rolled_up(folders, FOLDERS, context.depth)
    if not context.verbose:
        folders, owners = folders if context.depth else first_of(folders, FOLDERS), first_of(owners, OWNERS)
    for head, rows, shown in (
        (tallies.folder, folders, of_keys),
        ("owner", owners, of_keys),
        ("rule", tallies.by_rule, counted("keys", *VERDICTS)),
    ):
        if rows:
            yield without_commands("\n".join(table(head, rows, shown, wide=context.columns, color=context.color)) + "\n\n")
