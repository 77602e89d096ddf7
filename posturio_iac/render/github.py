"""The format ``github``: workflow commands of GitHub Actions, which keeps ten of a kind a step: the worst come first."""

from __future__ import annotations

from posturio_iac.core.finding import Diagnostic, Exit, Finding, Level, Report, Severity
from posturio_iac.core.text.terminal import TEXT_SHARP, inert, printable
from posturio_iac.facts.keyless import remediation
from posturio_iac.render.text import summary
from posturio_iac.render.wording import also, fails, folded, open_sentence, repository_path, undetermined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.contract import RenderContext
    from posturio_iac.core.model import Span


def render(report: Report, context: RenderContext) -> str:
    """One annotation for each error, finding, warning and undetermined key, and the line that sums up."""
    worst_first = sorted(folded(report.active()), key=lambda pair: -pair[0].severity.rank)
    rows = [_diagnostic(diagnostic, context) for diagnostic in report.errors()]
    rows += [_finding(finding, roots, context) for finding, roots in worst_first]
    rows += [_diagnostic(diagnostic, context) for diagnostic in report.diagnostics if diagnostic.level is Level.WARNING]
    rows += [
        _diagnostic(diagnostic, context)
        for diagnostic in report.diagnostics
        if diagnostic.level is Level.NOTE and diagnostic.is_always_shown
    ]
    if not context.quiet:
        rows += [_command("notice", _place(j.key.span, context), "undetermined", open_sentence(j)) for j in undetermined(report)]
        rows.append(summary(report, context))
    return "".join(f"{inert(row, TEXT_SHARP)}\n" for row in rows) or "\n"


def _finding(finding: Finding, roots: tuple[str, ...], context: RenderContext) -> str:
    title = f"{finding.rule.id} ({finding.severity.name})"
    message = f"{printable(finding.message)}{also(finding, roots)}\nFix: {printable(remediation(finding))}"
    return _command(_kind(finding, context), _place(finding.span, context), title, message)


def _kind(finding: Finding, context: RenderContext) -> str:
    if context.exit_code != Exit.CLEAN and fails(finding, context):
        return "error"
    return "notice" if finding.severity is Severity.LOW else "warning"


def _diagnostic(diagnostic: Diagnostic, context: RenderContext) -> str:
    where: dict[str, object] = {}
    if diagnostic.path is not None:
        where = {"file": context.prefix + diagnostic.path} | ({"line": diagnostic.line} if diagnostic.line else {})
    kind = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}[diagnostic.level]
    title = "posturio-iac: incomplete" if diagnostic.level is Level.ERROR else "posturio-iac"
    return _command(kind, where, title, printable(diagnostic.message))


def _place(span: Span | None, context: RenderContext) -> dict[str, object]:
    if span is None:
        return {}
    where: dict[str, object] = {"file": repository_path(span, context), "line": span.line, "endLine": span.end_line}
    return where | ({"col": span.column, "endColumn": span.end_column} if span.end_line == span.line else {})


def _command(kind: str, where: dict[str, object], title: str, message: str) -> str:
    stated = {**where, "title": title}
    texts = {name: "%0A".join(_data(printable(part)) for part in str(value).split("\n")) for name, value in stated.items()}
    properties = ",".join(f"{name}={text.replace(':', '%3A').replace(',', '%2C')}" for name, text in texts.items())
    return f"::{kind} {properties}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
