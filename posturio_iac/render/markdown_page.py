"""The format ``markdown``: a summary for a pull request or a job, in GitHub's and GitLab's Markdown."""

from __future__ import annotations

import re

from posturio_iac.core.finding import Diagnostic, Finding, JudgedKey, Level, Report, Suppression
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.terminal import printable, without_commands
from posturio_iac.core.times import describe_date
from posturio_iac.facts.keyless import remediation
from posturio_iac.render import count
from posturio_iac.render.text import summary
from posturio_iac.render.wording import also, folded, once, open_beside, page_url, position, undetermined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from posturio_iac.contract import RenderContext
    from posturio_iac.fixes.shown import ShownEdit

    T = TypeVar("T")

_MARKUP = lazy_pattern(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
_LINKS = lazy_pattern(r"(?i)(?<=#)(?=\w)|(?<=\w)(?=://)|(?<=\bwww)(?=\.)|(?<=\bmailto)(?=:)")
_MENTION = lazy_pattern(r"(?<![^\s()<>\"',;])[^\s()<>\"',;@]*@[^\s()<>\"',;]*\w")
"""An address or a name that services would turn into a link or a mention: as code it is neither, and is copied as it is."""
_LINE_START = lazy_pattern(r"^(\s*\d*)([-+.>)=:]|#)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
BREAK = "<!-- -->"  # shows nothing, and ends what GitHub and GitLab would take for an issue or an address


def plain(text: str) -> str:
    """``text`` as Markdown on one line that shows it as it is; addresses such as ``a@example.com`` become code."""
    shown = printable(text)
    parts, end = [], 0
    for found in _MENTION.finditer(shown):
        parts += [_escaped(shown[end : found.start()]), code(found[0])]
        end = found.end()
    return _LINE_START.sub(r"\1\\\2", "".join([*parts, _escaped(shown[end:])]))


def _escaped(text: str) -> str:
    return _LINKS.sub(BREAK, _MARKUP.sub(r"\\\g<0>", "".join(_ENTITIES.get(c, c) for c in text)))


def code(text: str) -> str:
    """``text`` as a code span on one line, also inside a table."""
    shown = printable(text)
    if not shown.strip() or any(c in shown for c in ("`", "|", "##")) or shown != shown.strip():
        return _code_element(shown)
    return f"`{shown}`"


def _code_element(shown: str) -> str:
    return f"<code>{''.join(c if c.isalnum() or c in ' ./' else f'&#{ord(c)};' for c in shown)}</code>"


def fenced(text: str, language: str) -> str:
    """Text as a block of code, whatever fences it holds itself."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(longest + 1, 3)
    return f"{fence}{language}\n{text}\n{fence}\n"


TITLE = "## IAM access keys"
LIMIT = 60_000  # in bytes: a comment on GitHub holds 65,536 characters, a job's summary a megabyte for all its steps


def render(report: Report, context: RenderContext) -> str:
    """A heading, the line that sums up, and a table or list for each kind of entry."""
    errors = report.errors()
    worst_first = sorted(folded(report.active()), key=lambda pair: -pair[0].severity.rank)
    left = _Budget(LIMIT, context)
    parts = [TITLE, plain(summary(report, context))]
    parts += left.section("### Incomplete", errors, _diagnostic)
    parts += left.section("", worst_first, _row, head="| severity | rule | finding | place |\n| --- | --- | --- | --- |\n")
    parts += left.section("### Changes that fix them", worst_first, _change, rest="… and more, which `posturio-iac fix` shows.")
    if not context.quiet:
        parts += left.section("### Undetermined", list(undetermined(report)), _undetermined)
        parts += left.section("### Suppressed", [(f, f.suppressed) for f in report.findings if f.suppressed is not None], _suppressed)
    others = [
        diagnostic for diagnostic in report.diagnostics if diagnostic.level is not Level.ERROR and (diagnostic.about or not context.quiet)
    ]
    parts += left.section("### Notes", once(others), _diagnostic)
    return "\n\n".join(parts) + "\n"


class _Budget:
    def __init__(self, size: int, context: RenderContext) -> None:
        self._left, self._context = size, context

    def section(
        self, heading: str, items: Sequence[T], row: Callable[[T, RenderContext], str], *, head: str = "", rest: str = ""
    ) -> list[str]:
        """The parts of a section, without rows for which there is no room; the last one counts what was left out, or is ``rest``."""
        kept: list[str] = []
        over = len(items)
        for item in items if self._left > 0 else ():
            text = row(item, self._context)
            self._left -= len(text.encode("utf-8", "replace")) + 1 if text else 0
            if self._left < 0:
                break
            kept += [text] if text else []
            over -= 1
        is_cut = any(row(item, self._context) for item in items[len(items) - over :]) if rest else bool(over)
        parts = [head + "\n".join(kept)] if kept else []
        parts += [rest or f"… and {count(over, 'more row')}."] if is_cut else []
        return [heading, *parts] if heading and parts else parts


def _row(pair: tuple[Finding, tuple[str, ...]], context: RenderContext) -> str:
    finding, roots = pair
    rule = f"[`{finding.rule.id}`]({page_url(finding.rule.id)})"
    text = f"{plain(finding.message)}{plain(also(finding, roots))}<br>Fix: {plain(remediation(finding))}"
    return f"| {finding.severity.name} | {rule} | {text} | {_place(finding, context)} |"


def _change(pair: tuple[Finding, tuple[str, ...]], context: RenderContext) -> str:
    finding, _ = pair
    change = context.change(finding)
    if change is None:
        return ""
    where = _code_element(printable(position(finding, context) if finding.span else finding.address))  # Markdown is not read in a summary
    block = _suggestion(change.suggestion, context) or fenced(without_commands("\n".join(map(printable, change.diff))), "diff")
    return f"<details><summary>{where}: <code>{finding.rule.id}</code></summary>\n\n{block}\n</details>\n"


def _suggestion(lines: ShownEdit | None, context: RenderContext) -> str:
    text = lines.text if lines is not None else ""
    if lines is None or without_commands("\n".join(map(printable, text.split("\n")))) != text:
        return ""
    span = lines.span
    end = f"-{span.end_line}" if span.end_line > span.line else ""
    return f"In place of {code(f'{context.prefix}{span.path}:{span.line}{end}')}:\n\n{fenced(text, 'suggestion')}"


def _place(finding: Finding, context: RenderContext) -> str:
    return code(position(finding, context)) if finding.span else ""


def _undetermined(judged: JudgedKey, context: RenderContext) -> str:
    span = judged.key.span
    where = f" ({code(f'{context.prefix}{span.path}:{span.line}')})" if span else ""
    rules = f" for {', '.join(map(code, beside))}" if (beside := open_beside(judged)) else ""
    return f"- {code(judged.key.address)}{where}{rules}: {'; '.join(map(plain, judged.undecided))}"


def _suppressed(pair: tuple[Finding, Suppression], context: RenderContext) -> str:
    finding, why = pair
    until = f" until {describe_date(why.until)}" if why.until else ""
    where = f" ({_place(finding, context)})" if finding.span else ""
    return f"- {code(finding.address)}{where}: `{finding.rule.id}`, by {why.source}{until}: {plain(why.reason)}"


def _diagnostic(diagnostic: Diagnostic, context: RenderContext) -> str:
    line = f":{diagnostic.line}" if diagnostic.line else ""
    where = f"{code(f'{context.prefix}{diagnostic.path}{line}')}: " if diagnostic.path not in (None, diagnostic.subject) else ""
    return f"- {where}{plain(diagnostic.message)}"
