"""The format ``gitlab``: GitLab's Code Quality report, a JSON array of issues.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format. Issues whose fingerprints are equal collapse into one.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

from posturio_iac.core.finding import Diagnostic, Finding, Level, Report, Severity
from posturio_iac.core.text.terminal import harmless_json, printable
from posturio_iac.facts.keyless import remediation
from posturio_iac.render.wording import look, repository_path, scope_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from posturio_iac.contract import RenderContext

SEVERITIES = {Severity.LOW: "minor", Severity.MEDIUM: "major", Severity.HIGH: "critical", Severity.CRITICAL: "blocker"}


def render(report: Report, context: RenderContext) -> str:
    """An issue for each finding that is not suppressed, and for each error that leaves the run incomplete."""
    active = report.active()
    looks = Counter(map(look, active))
    issues = [_finding(finding, context, named=looks[look(finding)] > 1) for finding in active]
    issues += [_diagnostic(diagnostic, context) for diagnostic in report.diagnostics if diagnostic.is_always_shown]
    return harmless_json(_distinct(issues), indent=2) + "\n"


def _finding(finding: Finding, context: RenderContext, *, named: bool) -> dict[str, Any]:
    root = f" ({scope_word(finding.framework)} {printable(finding.root) or '.'})" if named else ""
    path = repository_path(finding.span, context) if finding.span else finding.address
    return {
        "description": f"{printable(finding.message)}{root} Fix: {printable(remediation(finding))}",
        "check_name": finding.rule.id,
        "fingerprint": finding.fingerprint,
        "severity": SEVERITIES[finding.severity],
        "location": {"path": printable(path), "lines": {"begin": finding.span.line if finding.span else 1}},
    }


def _diagnostic(diagnostic: Diagnostic, context: RenderContext) -> dict[str, Any]:
    path = printable(context.prefix + diagnostic.path) if diagnostic.path is not None else "."
    error = diagnostic.level is Level.ERROR
    message = f"{'posturio-iac could not finish: ' if error else ''}{printable(diagnostic.message)}"
    return {
        "description": message,
        "check_name": "incomplete" if error else diagnostic.about,
        "fingerprint": sha256(f"{path}\0{message}".encode()).hexdigest()[:32],
        "severity": "critical" if error else "info",
        "location": {"path": path, "lines": {"begin": diagnostic.line or 1}},
    }


def _distinct(issues: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each issue but the first of those that share a fingerprint another one, the same in each run."""
    seen: dict[str, int] = {}
    for issue in issues:
        given = issue["fingerprint"]
        number = seen[given] = seen.get(given, 0) + 1
        if number > 1:
            issue["fingerprint"] = sha256(f"{given}\0{number}".encode()).hexdigest()[:32]
    return issues
