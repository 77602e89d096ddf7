"""The format ``markdown``: a summary for a pull request or a job, in GitHub's and GitLab's Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.dates import describe_date
from posturio_iac.core.finding import Level
from posturio_iac.core.terminal import printable, without_commands
from posturio_iac.render.markdown_text import code, fenced, plain
from posturio_iac.render.nothing_found import count
from posturio_iac.render.text.summary import summary
from posturio_iac.render.wording import also, folded, page_url, position, undetermined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.contract.context import RenderContext
    from posturio_iac.core.finding import Diagnostic, Finding, JudgedKey, Report

TITLE = "## IAM access keys"
LIMIT = 60_000
"""In bytes: a comment on GitHub holds 65,536 characters, a job's summary a megabyte for all its steps."""


def render(report: Report, context: RenderContext) -> str:
    """Return a heading, the line that sums up, and a table or list for each kind of thing that there is to say."""
    errors = [_diagnostic(said, context) for said in report.diagnostics if said.level is Level.ERROR]
    worst_first = sorted(folded(report.active()), key=lambda pair: -pair[0].severity.rank)
    left = _Budget(LIMIT)
    parts = [TITLE, plain(summary(report, context))]
    parts += left.section("### Incomplete", "", errors)
    parts += left.section(
        "", "| severity | rule | finding | place |\n| --- | --- | --- | --- |\n", [_row(*pair, context) for pair in worst_first]
    )
    parts += left.section("### Changes that mend them", "", list(filter(None, (_change(f, context) for f, _ in worst_first))))
    if not context.quiet:
        parts += left.section("### Undetermined", "", [_undetermined(judged, context) for judged in undetermined(report)])
        parts += left.section("### Suppressed", "", [_suppressed(f, context) for f in report.findings if f.suppressed is not None])
    others = [said for said in report.diagnostics if said.level is not Level.ERROR and (said.about or not context.quiet)]
    parts += left.section("### Notes", "", [_diagnostic(said, context) for said in others])
    return "\n\n".join(parts) + "\n"


class _Budget:
    """How much may still be written."""

    __slots__ = ("_left",)

    def __init__(self, size: int) -> None:
        """Start with ``size`` bytes."""
        self._left = size

    def section(self, heading: str, head: str, rows: Sequence[str]) -> list[str]:
        """Return the parts of a section: nothing without rows, and a last part that counts the rows for which there is no room."""
        kept: list[str] = []
        for row in rows:
            self._left -= len(row.encode("utf-8", "replace")) + 1
            if self._left < 0:
                break
            kept.append(row)
        parts = [heading] if heading and rows else []
        parts += [head + "\n".join(kept)] if kept else []
        return [*parts, f"… and {count(len(rows) - len(kept), 'more row')}."] if len(kept) < len(rows) else parts


def _row(finding: Finding, roots: tuple[str, ...], context: RenderContext) -> str:
    rule = f"[`{finding.rule.id}`]({page_url(finding.rule.id)})"
    message = "" if finding.message == finding.address else plain(finding.message)
    known = f"{code(finding.address)}<br>" if finding.address not in finding.message else ""
    text = f"{known}{message}{plain(also(roots))}<br>Fix: {plain(finding.remediation)}"
    return f"| {finding.severity.name} | {rule} | {text} | {_place(finding, context)} |"


def _change(finding: Finding, context: RenderContext) -> str:
    """Return the change that `posturio-iac fix` would make, folded; empty where a person has to decide."""
    change = context.change(finding)
    if change is None:
        return ""
    where = code(position(finding, context)) if finding.span else code(finding.address)
    diff = fenced(without_commands("\n".join(map(printable, change.diff))), "diff")
    return f"<details><summary>{where}: <code>{finding.rule.id}</code></summary>\n\n{diff}\n</details>\n"


def _place(finding: Finding, context: RenderContext) -> str:
    return code(position(finding, context)) if finding.span else ""


def _undetermined(judged: JudgedKey, context: RenderContext) -> str:
    span = judged.key.span
    where = f" ({code(f'{context.prefix}{span.path}:{span.line}')})" if span else ""
    return f"- {code(judged.key.address)}{where}: {'; '.join(map(plain, judged.undecided))}"


def _suppressed(finding: Finding, context: RenderContext) -> str:
    why = finding.suppressed
    if why is None:
        return ""
    until = f" until {describe_date(why.until)}" if why.until else ""
    where = f" ({_place(finding, context)})" if finding.span else ""
    return f"- {code(finding.address)}{where}: `{finding.rule.id}`, by {why.source}{until}: {plain(why.reason)}"


def _diagnostic(said: Diagnostic, context: RenderContext) -> str:
    line = f":{said.line}" if said.line else ""
    where = f"{code(f'{context.prefix}{said.path}{line}')}: " if said.path is not None else ""
    return f"- {where}{plain(said.message)}"
