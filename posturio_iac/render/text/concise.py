"""The format ``concise``: one line a finding, ``path:line:column: SEVERITY rule: message``, for grep and for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.finding import Diagnostic, Finding, Level, Report
from posturio_iac.core.text.terminal import paint, printable, without_commands
from posturio_iac.render.wording import COLORS, also, folded, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.contract import RenderContext


def render(report: Report, context: RenderContext) -> str:
    """The findings, and the errors of the run before them."""
    return "".join(stream(report, context))


def stream(report: Report, context: RenderContext) -> Iterator[str]:
    """Yield it line by line."""
    errors = (_error(diagnostic, context) for diagnostic in report.diagnostics if diagnostic.level is Level.ERROR)
    findings = (_finding(finding, roots, context) for finding, roots in folded(report.active(), _printed))
    for lines in (errors, findings):
        yield from (without_commands(f"{line}\n") for line in lines)


def _printed(finding: Finding) -> object:
    return (finding.rule.id, finding.span, finding.severity, finding.message, finding.address)


def _finding(finding: Finding, roots: tuple[str, ...], context: RenderContext) -> str:
    where = paint(place(finding.span) or printable(finding.address), "bold", color=context.color)
    severity = paint(finding.severity.name, "bold", COLORS[finding.severity], color=context.color)
    return f"{where}: {severity} {finding.rule.id}: {printable(finding.message)}{also(finding.framework, roots)}"


def _error(diagnostic: Diagnostic, context: RenderContext) -> str:
    where = ":".join(
        printable(str(part)) for part in (diagnostic.account, diagnostic.path, diagnostic.line, diagnostic.column) if part is not None
    )
    return f"{where}{': ' if where else ''}{paint('ERROR', 'bold', 'red', color=context.color)}: {printable(diagnostic.message)}"
