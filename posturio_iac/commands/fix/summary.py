"""The text of ``fix`` beside the diff, on standard error: mended findings, changes held back, and tasks for a person."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from posturio_iac.commands.output import to_stderr
from posturio_iac.core.evidence.remedy import AddTag, MergeTags
from posturio_iac.core.finding import Level
from posturio_iac.core.text.terminal import printable, without_commands
from posturio_iac.fixes.change import ChangeLevel
from posturio_iac.fixes.proof import claim_of
from posturio_iac.judge.baseline import accepted
from posturio_iac.render.nothing_found import count
from posturio_iac.render.wording import scope_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.commands.parser import Arguments
    from posturio_iac.core.finding import Finding, Report
    from posturio_iac.fixes.planner import Outcome

SHOWN = 10
_EFFECTS: dict[ChangeLevel | None, tuple[str, str]] = {
    ChangeLevel.NOTHING: ("changes nothing", "change nothing"),
    ChangeLevel.IN_PLACE: ("updates a resource in place", "update resources in place"),
    ChangeLevel.REPLACES: ("adds resources or replaces keys", "add resources or replace keys"),
}
"""The effect of one change, and of several."""


def say(report: Report, outcomes: Sequence[Outcome], given: Arguments, *, written: bool) -> None:
    """Print errors of the run, and the outcome of each finding; only errors with ``--quiet``."""
    lines = [
        f"{':'.join(str(p) for p in (d.path, d.line) if p is not None)}: error: {d.message}"
        for d in report.diagnostics
        if d.level is Level.ERROR
    ]
    if not given.quiet:
        lines += _lines(outcomes, written=written)
        known = sum(accepted(report.findings).values())
        they_are, them = ("is", "it") if known == 1 else ("are", "them")
        more = "more " if outcomes else ""
        lines += [f"{known:,} {more}{they_are} in the baseline: --no-baseline fixes {them} too."] * (known > 0)
    to_stderr(without_commands("".join(f"{printable(line)}\n" for line in lines)))


def _lines(outcomes: Sequence[Outcome], *, written: bool) -> Iterator[str]:
    mended = [o for o in outcomes if o.level is not None and not o.is_held]
    held = [o for o in outcomes if o.is_held]
    rest = [o for o in outcomes if o.level is None]
    if not outcomes:
        yield "Nothing to fix."
        return
    verb = "Fixed" if written else "Would fix"
    yield f"{verb} {count(len(mended), 'finding')}{_effects(mended)}."
    days = sorted(end for o in mended if o.remedy is not None and (end := claim_of(o.finding, o.remedy).end) is not None)
    if len(days) > 1:
        first, last = ((day - timedelta(seconds=1)).date().isoformat() for day in (days[0], days[-1]))
        when = f"on {first}" if first == last else f"from {first} to {last}"
        yield f"{len(days):,} ends fall due {when}; from the day after, each is a HIGH finding."
    if held:
        yield f"{len(held):,} more with --unsafe; the next apply would then add resources or replace keys:"
        yield from _listed([(o.finding, "") for o in held])
    if rest:
        yield f"{count(len(rest), 'finding')} left for you:"
        yield from _listed([(o.finding, o.why_not) for o in rest])


def _effects(mended: Sequence[Outcome]) -> str:
    """The effect of the mends at the next apply, as the end of a sentence: ``: at the next apply 2 change nothing``."""
    levels = Counter(o.level for o in mended)
    if not levels:
        return ""
    if len(levels) == 1:
        who = "this" if len(mended) == 1 else "they"
        return f": at the next apply {who} {_EFFECTS[mended[0].level][len(mended) > 1]}"
    *head, last = [f"{levels[level]:,} {_EFFECTS[level][levels[level] > 1]}" for level in ChangeLevel if levels[level]]
    return f": at the next apply {', '.join(head)} and {last}"


def _head(finding: Finding) -> str:
    where = f"{finding.span.path}:{finding.span.line}: " if finding.span else ""
    return f"  {where}{finding.address}: {finding.rule.id}"


def _sends_here(finding: Finding) -> bool:
    """True if the remedy says no more than that ``fix`` tries it."""
    return isinstance(finding.remedy, AddTag | MergeTags) and finding.remedy.is_shared


def _listed(found: Sequence[tuple[Finding, str]]) -> Iterator[str]:
    heads = Counter(map(_head, (finding for finding, _ in found)))
    for finding, why in found[:SHOWN]:
        head = _head(finding)
        yield f"{head} ({scope_word(finding.framework)} {finding.root or '.'})" if heads[head] > 1 else head
        if why:
            yield f"    {why}" if why == finding.remediation or _sends_here(finding) else f"    {why}: {finding.remediation}"
    if len(found) > SHOWN:
        yield f"  and {len(found) - SHOWN} more"
