"""The format ``text``: for a person who wants to mend the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.dates import describe_date
from posturio_iac.core.finding import Level, Severity, Verdict
from posturio_iac.core.terminal import paint, printable, without_commands, wrapped
from posturio_iac.render.excerpt import excerpt
from posturio_iac.render.nothing_found import count, no_keys, took
from posturio_iac.render.wording import also, folded, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.contract.context import RenderContext
    from posturio_iac.core.finding import Finding, JudgedKey, Report
    from posturio_iac.core.model import Lifetime, Span

SHOWN_LINES = 3
"""How many lines of a change are shown."""
COLORS = {Severity.LOW: "cyan", Severity.MEDIUM: "yellow", Severity.HIGH: "red", Severity.CRITICAL: "magenta"}


def render(report: Report, context: RenderContext) -> str:
    """Return the findings with their code, what is undetermined, and one line that sums up."""
    blocks = [_finding(finding, roots, context) for finding, roots in folded(report.active())]
    blocks += [_section(report, verdict, context) for verdict in _listed(report, context)]
    if context.verbose:
        blocks.append(_suppressed(report, context))
    blocks.append(tuple(f"{said.level.value}: {printable(said.message)}" for said in report.diagnostics if said.about))
    blocks.append(_advice(report, context))
    text = "".join("\n".join(block) + "\n\n" for block in blocks if block)
    return without_commands(text if context.quiet else f"{text}{summary(report, context)}\n")


def _advice(report: Report, context: RenderContext) -> tuple[str, ...]:
    """Return what is better than the changes of the findings, each once."""
    said = () if context.quiet else dict.fromkeys(finding.rule.advice for finding in report.active() if finding.rule.advice)
    return tuple(line for advice in said for line in wrapped(advice, "", context.columns))


def summary(report: Report, context: RenderContext) -> str:
    """One line: what was found, in how many keys and files, what is open, and how long it took."""
    active = report.active()
    errors = sum(d.level is Level.ERROR for d in report.diagnostics)
    if report.keys or active:
        found = f"{count(len(active), 'finding')}{_by_severity(active)}" if active else "No findings"
        style = "red" if errors else "yellow" if active else "green"
        first = paint(f"{found} in {count(len(report.keys), 'key')} of {count(report.files, 'file')}", "bold", style, color=context.color)
    else:
        first = no_keys(report.files, color=context.color, errors=bool(errors))
    rest = [(report.count(Verdict.UNDETERMINED), "undetermined"), (sum(f.suppressed is not None for f in report.findings), "suppressed")]
    parts = [f"incomplete, {count(errors, 'error')}" if errors else "", ", ".join(f"{n} {word}" for n, word in rest if n)]
    return "; ".join(part for part in (first, *parts, took(context.elapsed)) if part)


def place(span: Span | None) -> str:
    """``path:line:column``, safe to print; empty for what stands in no file."""
    return f"{printable(span.path)}:{span.line}:{span.column}" if span else ""


def _finding(finding: Finding, roots: tuple[str, ...], context: RenderContext) -> tuple[str, ...]:
    severity = paint(finding.severity.name, "bold", COLORS[finding.severity], color=context.color)
    where = paint(place(finding.span) or printable(finding.address), "bold", color=context.color)
    return (
        f"{where}: {severity} {finding.rule.id}",
        *wrapped(f"{sentence(finding)}{also(roots)}", "  ", context.columns),
        *(f"  {row}" for row in _code(finding.span if finding.shows_code else None, context)),
        *_fix(finding, context),
        *_change(finding, context),
    )


def _fix(finding: Finding, context: RenderContext) -> list[str]:
    first, *rest = wrapped(f"fix: {printable(finding.remediation)}", "  ", context.columns)
    return [first.replace("fix:", paint("fix:", "green", color=context.color), 1), *rest]


def _change(finding: Finding, context: RenderContext) -> Iterator[str]:
    """Yield the first lines of the change that `posturio-iac fix` would make."""
    change = context.change(finding)
    lines = change.diff if change is not None else ()
    for line in lines[:SHOWN_LINES]:
        yield f"    {paint(printable(line), 'red' if line.startswith('-') else 'green', color=context.color)}"
    if len(lines) > SHOWN_LINES:
        yield f"    … {count(len(lines) - SHOWN_LINES, 'more line')}"


def _code(span: Span | None, context: RenderContext) -> tuple[str, ...]:
    line = context.lines(span.path, span.line) if span else None
    return excerpt(span, line, color=context.color) if span and line is not None else ()


def _listed(report: Report, context: RenderContext) -> Iterator[Verdict]:
    wanted = [] if context.quiet else [Verdict.UNDETERMINED]
    if context.verbose:
        wanted.append(Verdict.CLEAN)
    yield from (verdict for verdict in wanted if report.count(verdict))


def _section(report: Report, verdict: Verdict, context: RenderContext) -> tuple[str, ...]:
    rows = [f"{paint(verdict.value.capitalize(), 'bold', color=context.color)}:"]
    for judged in report.keys:
        if judged.verdict is verdict:
            rows.append(f"  {_key(judged)}")
            reasons = judged.undecided if verdict is Verdict.UNDETERMINED else map(_lifetime, judged.key.effective())
            rows += [line for reason in reasons for line in wrapped(printable(reason), "    ", context.columns)]
    return tuple(rows)


def _key(judged: JudgedKey) -> str:
    where = place(judged.key.span)
    return f"{where}: {printable(judged.key.address)}" if where else printable(judged.key.address)


def _lifetime(evidence: Lifetime) -> str:
    value = f" {evidence.value}" if evidence.value else ""
    return f"{evidence.kind.value}{value} ({evidence.effect.value}): {evidence.source}"


def _suppressed(report: Report, context: RenderContext) -> tuple[str, ...]:
    rows = []
    for finding in report.findings:
        if (why := finding.suppressed) is not None:
            until = f" until {describe_date(why.until)}" if why.until else ""
            rows.append(f"  {place(finding.span) or printable(finding.address)}: {finding.rule.id}")
            rows.append(f"    {why.source}{until}: {printable(why.reason)}")
    return (f"{paint('Suppressed', 'bold', color=context.color)}:", *rows) if rows else ()


def _by_severity(findings: tuple[Finding, ...]) -> str:
    counts = [(sum(f.severity is s for f in findings), s.value) for s in sorted(Severity, reverse=True)]
    return f" ({', '.join(f'{n} {name}' for n, name in counts if n)})"
