"""The text below findings: advice that is better than mending them, and the one line that sums up a scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.finding import Finding, Level, Report, Severity, Verdict
from posturio_iac.core.text.terminal import paint, wrapped
from posturio_iac.render.nothing_found import count, no_deployed_keys, no_keys, took
from posturio_iac.render.wording import among_keys

if TYPE_CHECKING:
    from posturio_iac.contract import RenderContext


def summary(report: Report, context: RenderContext) -> str:
    """One line: what was found, in how many keys and files or accounts, what is open, and how long it took."""
    deployed = context.scope is not None and context.scope.name is None
    active = report.active()
    errors = sum(d.level is Level.ERROR for d in report.diagnostics)
    if report.keys or active:
        found = f"{count(len(active), 'finding')}{_by_severity(active)}" if active else "No findings"
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
    return "; ".join(part for part in (first, *parts, took(context.elapsed)) if part)


def advice(report: Report, context: RenderContext) -> list[str]:
    """The advice that is better than the remedies of the findings, each once."""
    texts = () if context.quiet else dict.fromkeys(finding.rule.advice for finding in report.active() if finding.rule.advice)
    return [line for text in texts for line in wrapped(text, "", context.columns)]


def _by_severity(findings: tuple[Finding, ...]) -> str:
    counts = [(sum(f.severity is s for f in findings), s.value) for s in sorted(Severity, reverse=True)]
    return f" ({', '.join(f'{n:,} {name}' for n, name in counts if n)})"
