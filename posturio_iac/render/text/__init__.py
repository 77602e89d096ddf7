"""Reports on a terminal: the line that sums up, and ``concise``, one line a finding: ``path:line:column: SEVERITY rule: message``."""

from __future__ import annotations

from collections import Counter

from posturio_iac.core.finding import Diagnostic, Finding, Report, Verdict, by_severity
from posturio_iac.core.text.terminal import paint, printable, without_commands, wrapped
from posturio_iac.render import count, no_deployed_keys, no_keys
from posturio_iac.render.wording import COLORS, also, among_keys, folded, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.contract import RenderContext


def summary(report: Report, context: RenderContext) -> str:
    """One line: what was found, in how many keys and files or accounts, what is open, and how long it took."""
    deployed = context.scope is not None and context.scope.name is None
    active = report.active()
    errors = len(report.errors())
    if report.keys or active:
        found = f"{count(len(active), 'finding')} ({by_severity(Counter(f.severity for f in active))})" if active else "No findings"
        style = "red" if errors else "yellow" if active else "green"
        accounts = len({judged.key.account for judged in report.keys})
        where = count(accounts, "account") if deployed else count(report.files, "file")
        first = paint(f"{found} in {among_keys(report)} of {where}", "bold", style, color=context.color)
    elif deployed and context.scope is not None:
        first = no_deployed_keys(len(context.scope.accounts), errors=bool(errors))
    else:
        narrowed = context.scope is not None and context.scope.narrowed
        first = no_keys(report.files, color=context.color, errors=bool(errors), narrowed=narrowed)
    rest = [(report.count(Verdict.UNDETERMINED), "undetermined"), (sum(f.suppressed is not None for f in report.findings), "suppressed")]
    parts = [f"incomplete, {count(errors, 'error')}" if errors else "", ", ".join(f"{n:,} {word}" for n, word in rest if n)]
    return "; ".join(part for part in (first, *parts, f"{context.elapsed:.2f} s") if part)


def advice(report: Report, context: RenderContext) -> list[str]:
    """What is better than what was found, and the command that makes the changes."""
    if context.quiet:
        return []
    from posturio_iac.core.evidence.remedy import EXAMPLE_OWNER, place_of

    active = report.active()
    texts = dict.fromkeys(finding.rule.advice for finding in active if finding.rule.advice)
    remedies = [f.remedy for f in active if f.remedy is not None and f.framework in ("terraform", "cloudformation")]
    if any(place_of(remedy) is not None and getattr(remedy, "value", "") != EXAMPLE_OWNER for remedy in remedies):
        texts["`posturio-iac fix` shows changes as a diff, --write makes them, --unsafe adds those that replace keys."] = None
    return [line for text in texts for line in wrapped(text, "", context.columns)]


def stream(report: Report, context: RenderContext) -> Iterator[str]:
    """Yield the errors of the run and the findings, line by line; on a terminal what they add up to."""
    errors = (_error(diagnostic, context) for diagnostic in report.errors())
    findings = (
        _finding(finding, roots, context)
        for finding, roots in folded(report.active(), lambda f: (f.rule.id, f.span, f.severity, f.message, f.address))
    )
    last = [summary(report, context)] if context.columns is not None and not context.quiet else []  # programs read lines of findings only
    for lines in (errors, findings, last):
        yield from (without_commands(f"{line}\n") for line in lines)


def _finding(finding: Finding, roots: tuple[str, ...], context: RenderContext) -> str:
    where = paint(place(finding.span) or printable(finding.address), "bold", color=context.color)
    severity = paint(finding.severity.name, "bold", COLORS[finding.severity], color=context.color)
    return f"{where}: {severity} {finding.rule.id}: {printable(finding.message)}{also(finding, roots)}"


def _error(diagnostic: Diagnostic, context: RenderContext) -> str:
    where = ":".join(
        printable(str(part)) for part in (diagnostic.account, diagnostic.path, diagnostic.line, diagnostic.column) if part is not None
    )
    return f"{where}{': ' if where else ''}{paint('ERROR', 'bold', 'red', color=context.color)}: {printable(diagnostic.message)}"
