"""The first text of ``adopt``: how many findings there are, how many can be mended at each level, and which are left to people. Pure."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Finding, Level, Report, Verdict
from posturio_iac.core.text.terminal import printable
from posturio_iac.fixes.change import ChangeLevel
from posturio_iac.judge.baseline import by_severity
from posturio_iac.render.nothing_found import count, no_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.fixes.planner import Outcome

SHOWN = 10
_EFFECTS = {
    ChangeLevel.NOTHING: "changes nothing",
    ChangeLevel.IN_PLACE: "updates in place",
    ChangeLevel.REPLACES: "adds resources or replaces keys",
}


def overview(report: Report, outcomes: Sequence[Outcome]) -> str:
    return "".join(f"{line}\n" for line in _lines(report, outcomes))


def without_owner(report: Report, findings: Sequence[Finding]) -> list[Finding]:
    owned = {(j.key.framework, j.key.scope, j.key.address) for j in report.keys if isinstance(j.key.owner, str)}
    return [finding for finding in findings if (finding.framework, finding.root, finding.address) not in owned]


def _lines(report: Report, outcomes: Sequence[Outcome]) -> Iterator[str]:
    active = report.active()
    if not report.keys:
        yield no_keys(report.files, errors=any(_errors(report)))
    else:
        folders = len({os.path.dirname(judged.key.span.path) for judged in report.keys if judged.key.span})
        severities = Counter(finding.severity for finding in active)
        told = by_severity(severities)
        where = f"{count(len(report.keys), 'key')} in {count(folders, 'folder')}"
        yield f"{where}: {count(len(active), 'finding')}{f' ({told})' if told else ''}"
    if active:
        yield ""
        yield from _mends(outcomes, len(active))
        ownerless = len(without_owner(report, active))
        if ownerless:
            yield f"  {ownerless:,} of the {len(active):,} findings are about keys without an owner; name one with --owner"
    if undetermined := report.count(Verdict.UNDETERMINED):
        yield f"  {count(undetermined, 'key')} undetermined, which fails the run only with --strict"
    errors = list(_errors(report))
    yield from (f"  {line}" for line in errors[:SHOWN])
    if len(errors) > SHOWN:
        yield f"  and {len(errors) - SHOWN} more errors; posturio-iac scan lists them"


def _mends(outcomes: Sequence[Outcome], total: int) -> Iterator[str]:
    levels = Counter(outcome.level for outcome in outcomes if outcome.level is not None)
    for level, effect in _EFFECTS.items():
        if not levels[level]:
            continue
        flag = "" if level is not ChangeLevel.REPLACES else " --unsafe"
        yield f"  {levels[level]:>7,} can be fixed by `posturio-iac fix --write{flag}`; the next apply {effect}"
    yield f"  {total - sum(levels.values()):>7,} left for you to fix, or to accept in a baseline with owner, reason and end date"


def _errors(report: Report) -> Iterator[str]:
    for diagnostic in report.diagnostics:
        if diagnostic.level is Level.ERROR:
            where = ":".join(printable(str(part)) for part in (diagnostic.path, diagnostic.line) if part is not None)
            yield f"error: {f'{where}: ' if where else ''}{printable(diagnostic.message)}"
