"""Wording that the formats for services and people share: places, sentences and links."""

from __future__ import annotations

from posturio_iac import DOCS
from posturio_iac.core.finding import Diagnostic, Finding, JudgedKey, Level, Report, Severity, Suppression, Verdict
from posturio_iac.core.model import Attr, Span, Unknown
from posturio_iac.core.record import grouped, replace
from posturio_iac.core.text.terminal import printable
from posturio_iac.core.times import describe_date
from posturio_iac.render import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from posturio_iac.contract import RenderContext

COLORS = {Severity.LOW: "cyan", Severity.MEDIUM: "yellow", Severity.HIGH: "red", Severity.CRITICAL: "magenta"}
NAMED = 3  # how many of many names are shown, unless all are asked for; and of how many accounts or files the same is said one by one
NO_OWNER, UNKNOWN = "(no owner)", "(unknown)"


def page_url(rule: str) -> str:
    return f"{DOCS}/rules/{rule}.md"


def place(span: Span | None) -> str:
    """``path:line:column``, safe to print; empty for what stands in no file."""
    return f"{printable(span.path)}:{span.line}:{span.column}" if span else ""


def owner_text(owner: Attr[str | None]) -> str:
    """The owner of a key, safe to print, with a word where there is none or it is not known."""
    return UNKNOWN if isinstance(owner, Unknown) else printable(owner) if owner else NO_OWNER


def describe_suppression(why: Suppression) -> str:
    """Where a suppression stands, until when, and why; safe to print."""
    until = f" until {describe_date(why.until)}" if why.until else ""
    return f"{why.source}{until}: {printable(why.reason)}"


def repository_path(span: Span, context: RenderContext) -> str:
    """The path from the top of the repository, as services expect it; its bytes are not made printable."""
    return context.prefix + span.path


def fails(finding: Finding, context: RenderContext) -> bool:
    return context.fail_on != "never" and finding.severity >= Severity(context.fail_on)


def position(finding: Finding, context: RenderContext) -> str:
    """``path:line`` from the top of the repository, safe to print; empty for what stands in no file."""
    return f"{printable(repository_path(finding.span, context))}:{finding.span.line}" if finding.span else ""


def undetermined(report: Report) -> Iterator[JudgedKey]:
    """Yield the keys whose verdict is undetermined, and flagged ones that further rules may flag."""
    return (judged for judged in report.keys if judged.verdict is Verdict.UNDETERMINED or open_beside(judged))


def open_beside(judged: JudgedKey) -> tuple[str, ...]:
    return judged.undecided_rules if judged.verdict is Verdict.FLAGGED else ()


def open_sentence(judged: JudgedKey) -> str:
    """Say what is undetermined about a key, and why, on one line that is safe to print."""
    rules = f" for {', '.join(beside)}" if (beside := open_beside(judged)) else ""
    return f"{printable(judged.key.address)} is undetermined{rules}: {'; '.join(map(printable, judged.undecided))}"


def look(finding: Finding) -> object:
    """What a reader sees of a finding. Several root modules that share a module give findings that look the same."""
    return (finding.rule.id, finding.span, finding.severity, finding.message, finding.remediation, finding.address)


def folded(findings: Iterable[Finding], by: Callable[[Finding], object] = look) -> list[tuple[Finding, tuple[str, ...]]]:
    """Each finding once, with the further root modules that give the same one, ``by`` what is printed of it."""
    groups = grouped(findings, by)
    return [(first, tuple(dict.fromkeys(f.root for f in rest if f.root != first.root))) for first, *rest in groups.values()]


def also(finding: Finding, roots: Sequence[str]) -> str:
    """The root modules of a finding that others share, after a space; empty when there are none."""
    return f" (in {several(finding.framework, [finding.root, *roots])})" if roots else ""


def several(framework: str, roots: Sequence[str], *, every: bool = False) -> str:
    """Root modules in words: ``2 root modules: prod, test``; the templates of stacks in CloudFormation."""
    return f"{count(len(roots), scope_word(framework))}: {listed([root or '.' for root in roots], every=every)}"


def scope_word(framework: str) -> str:
    return "template" if framework == "cloudformation" else "root module"


def listed(names: Sequence[str], *, every: bool = False) -> str:
    """Names as text: the first few and the number of the others, or ``every`` one. Safe to print."""
    shown = names if every or len(names) <= NAMED + 1 else names[:NAMED]
    more = f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else ""
    return f"{', '.join(map(printable, shown))}{more}"


def among_keys(report: Report) -> str:
    """How many keys have findings, and of how many: ``5 of the 6 keys``; ``6 keys`` where all have, or none has, any."""
    flagged, keys = report.count(Verdict.FLAGGED), len(report.keys)
    return f"{flagged:,} of the {count(keys, 'key')}" if 0 < flagged < keys else count(keys, "key")


def once(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics, with one for many that say the same of different accounts or files; errors name each file that was not read."""
    same = grouped(diagnostics, lambda diagnostic: (diagnostic.level, diagnostic.about, _neutral(diagnostic)))
    return [one for alike in same.values() for one in (alike if len(_subjects(alike)) <= NAMED else [_of_many(alike)])]


def _subject(diagnostic: Diagnostic) -> str | None:
    return diagnostic.account or (None if diagnostic.level is Level.ERROR else diagnostic.path)


def _neutral(diagnostic: Diagnostic) -> object:
    subject = _subject(diagnostic)
    place = None if diagnostic.account or subject else (diagnostic.path, diagnostic.line, diagnostic.column)
    return subject is None, bool(diagnostic.account), place, diagnostic.template


def _subjects(alike: Sequence[Diagnostic]) -> list[str]:
    return list(dict.fromkeys(_subject(diagnostic) or "" for diagnostic in alike))


def _of_many(alike: Sequence[Diagnostic]) -> Diagnostic:
    first, subjects = alike[0], _subjects(alike)
    named = ", ".join(printable(subject) for subject in subjects[1:NAMED])
    rest = f"{len(subjects) - 1:,} more "
    rest += f"accounts: {named} and {len(subjects) - NAMED:,} more" if first.account else f"files, such as {named}; --format json lists all"
    return replace(first, template=f"{first.template}; the same holds for {rest}")
