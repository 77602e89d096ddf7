"""A verification as text, and as JSON for ticket systems. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posturio_iac.contract import write
from posturio_iac.contract.context import FindingAges, RenderContext
from posturio_iac.contract.resolved import ResolvedFinding
from posturio_iac.core.text.terminal import harmless_json, paint, printable, without_commands, wrapped
from posturio_iac.render.nothing_found import count
from posturio_iac.render.wording import COLORS, NOBODY
from posturio_iac.retire.verify.model import DONE, FindingState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from posturio_iac.commands.live.writing.table import Style
    from posturio_iac.core.finding import Report
    from posturio_iac.retire.verify.model import FailureSigns, Verification, Verified

TITLES = {
    FindingState.OPEN: "Still open",
    FindingState.UNTOLD: "Cannot tell",
    FindingState.FAILING: "Failing",
    FindingState.NEW: "New",
    FindingState.QUIET: "No sign of failure",
    FindingState.RESOLVED: "Resolved",
}
PAINTS = dict.fromkeys(TITLES, "yellow") | {FindingState.UNTOLD: "red"} | dict.fromkeys(DONE, "green")


def text(verification: Verification, style: Style, *, quiet: bool) -> str:
    """A block for each state that occurs, and one line that sums up; without resolved findings when ``quiet``."""
    blocks = []
    for state, title in TITLES.items():
        results = [result for result in verification.results if result.state is state]
        if results and not (quiet and state in DONE):
            head = paint(f"{title}:", "bold", PAINTS[state], color=style.color)
            blocks.append([head, *(line for result in results for line in _lines(result, style))])
    if not quiet:
        blocks.append([_summary(verification, style)])
    written = "\n\n".join("\n".join(block) for block in blocks)
    return without_commands(f"{written}\n" if written else "")


def mended(verification: Verification) -> tuple[ResolvedFinding, ...]:
    """The findings that are gone, for formats that close them in other systems; those whose users fail since stay open."""
    gone = (result for result in verification.results if result.state in (*DONE, FindingState.FAILING))
    return tuple(
        ResolvedFinding(r.rule, r.severity, r.address, r.account, r.user, r.fingerprint, r.why, r.state.value, r.first_seen) for r in gone
    )


def document(
    report: Report, verification: Verification, first_seen: Mapping[str, datetime], run: Mapping[str, object] | None = None
) -> str:
    """The report of the keys that are there now as the JSON contract has it, with what became of each finding."""
    context = RenderContext(lambda _path, _line: None, "", 0.0, ages=FindingAges(first_seen), run=run)
    known = write.document(report, context)
    return harmless_json({**known, "verification": _verification(verification)}, indent=2) + "\n"


def _verification(verification: Verification) -> dict[str, Any]:
    counts = {state.value: verification.count(state) for state in FindingState}
    return {"earlier": write.moment(verification.earlier), **counts, "results": [_result(result) for result in verification.results]}


def _result(result: Verified) -> dict[str, Any]:
    return {
        "state": result.state.value,
        "why": result.why,
        "rule": result.rule,
        "severity": result.severity.value,
        "address": result.address,
        "account": result.account,
        "kind": result.kind.value,
        "user": result.user,
        "owner": result.owner,
        "status": result.status,
        "message": result.message,
        "remediation": result.remediation,
        "fingerprint": result.fingerprint,
        **({"first_seen": write.moment(result.first_seen)} if result.first_seen is not None else {}),
        **({"failures": _failures(result.failures)} if result.failures is not None else {}),
        **({"plan": dict(zip(result.plan._fields, result.plan, strict=True))} if result.plan is not None else {}),
    }


def _failures(signs: FailureSigns) -> dict[str, Any]:
    return {
        "since": write.moment(signs.since),
        "until": write.moment(signs.until),
        "regions": list(signs.regions),
        "complete": signs.complete,
        "errors": [{"name": name, "events": number} for name, number in signs.errors],
        "event_ids": list(signs.event_ids),
    }


def _lines(result: Verified, style: Style) -> Iterator[str]:
    severity = paint(result.severity.name, "bold", COLORS[result.severity], color=style.color)
    owner = printable(result.owner) if result.owner else NOBODY
    yield f"  {severity} {result.rule}  {printable(result.address)}  owner {owner}"
    yield from wrapped(printable(result.why), "    ", style.columns)
    if result.state in (FindingState.OPEN, FindingState.NEW):
        yield from wrapped(printable(result.message), "    ", style.columns)
        yield from wrapped(f"fix: {printable(result.remediation)}", "    ", style.columns)


def _summary(verification: Verification, style: Style) -> str:
    earlier = len(verification.results) - verification.count(FindingState.NEW)
    parts = [f"{verification.count(state)} {title.lower()}" for state, title in TITLES.items() if verification.count(state)]
    order = (FindingState.UNTOLD, FindingState.FAILING, FindingState.OPEN, FindingState.NEW)
    worst = next((state for state in order if verification.count(state)), FindingState.RESOLVED)
    line = (
        f"{count(earlier, 'finding')} of {write.moment(verification.earlier)}: {', '.join(parts)}"
        if parts
        else "There was nothing to verify"
    )
    return paint(line, "bold", PAINTS[worst], color=style.color)
