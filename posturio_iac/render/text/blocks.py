"""The format ``text``: for a person who wants to mend the code."""

from __future__ import annotations

from posturio_iac.core.finding import Diagnostic, Finding, JudgedKey, Report, Verdict
from posturio_iac.core.record import grouped
from posturio_iac.core.text.terminal import paint, printable, width, without_commands, wrapped
from posturio_iac.facts.keyless import instead
from posturio_iac.render import count
from posturio_iac.render.text import advice, summary
from posturio_iac.render.text.key_entries import KeyEntry, by_place, entries
from posturio_iac.render.wording import COLORS, describe_suppression, open_beside, owner_text, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.contract import RenderContext
    from posturio_iac.core.model import Lifetime, Span

    TextBlock = Sequence[str]

LIMIT = 160


def excerpt(span: Span, line: str, *, color: bool) -> tuple[str, ...]:
    """The line that ``span`` starts on, with its number, and a line of carets below it."""
    start = min(span.column - 1, len(line))
    end = len(line) if span.end_line > span.line else min(span.end_column - 1, len(line))
    line, start, end = _cut(line, start, max(start, end))
    before, region, after = (printable(part.replace("\t", "    ")) for part in (line[:start], line[start:end], line[end:]))
    number = str(span.line)
    gutter = " " * len(number)
    bar = paint("|", "cyan", color=color)
    return (
        f"{paint(number, 'cyan', color=color)} {bar} {before}{region}{after}".rstrip(),
        f"{gutter} {bar} {' ' * width(before)}{paint('^' * max(width(region), 1), 'yellow', color=color)}",
    )


def _cut(line: str, start: int, end: int) -> tuple[str, int, int]:
    if len(line) <= LIMIT:
        return line, start, end
    first = max(0, min(start - LIMIT // 4, len(line) - LIMIT))
    last = min(len(line), first + LIMIT)
    head, tail = "…" if first else "", "…" if last < len(line) else ""
    shift = len(head) - first
    return head + line[first:last] + tail, start + shift, min(end, last) + shift


SHOWN_LINES = 6
FEW = 10  # how many keys are shown however small the screen is
LEAST = 5


def stream(report: Report, context: RenderContext) -> Iterator[str]:
    """Yield the text in pieces; where it is too long for the screen, counts and the worst keys instead."""
    listed = entries(report)
    if _is_too_long(report, listed, context):
        from posturio_iac.render.text import overview

        yield from overview.stream(report, listed, context)
        return
    for block in _blocks(report, listed, context):
        if block:
            yield without_commands("\n".join(block) + "\n\n")
    if context.skipped is not None:
        from posturio_iac.render.text.overview import section

        yield from section(context)
    if not context.quiet:
        yield without_commands(f"{summary(report, context)}\n")


def _is_too_long(report: Report, listed: Sequence[KeyEntry], context: RenderContext) -> bool:
    """True if the blocks need more lines than the screen has, making no more blocks than it can hold."""
    if context.screen is None or len(listed) + (0 if context.quiet else report.count(Verdict.UNDETERMINED)) <= FEW:
        return False
    if len(listed) * LEAST > context.screen:
        return True
    return sum(len(block) + 1 for block in _blocks(report, listed, context) if block) >= context.screen


def _blocks(report: Report, listed: Sequence[KeyEntry], context: RenderContext) -> Iterator[TextBlock]:
    for owner, theirs in _by_owner(listed).items() if context.by_owner else [("", listed)]:
        if context.by_owner:
            yield (paint(f"{owner}: {count(sum(entry.size for entry in theirs), 'key')}", "bold", color=context.color),)
        yield from (_entry(entry, context) for entry in theirs)
    yield from (_section(report, verdict, context) for verdict in _listed(report, context))
    if context.verbose:
        yield _suppressed(report, context)
    yield tuple(_diagnostic(diagnostic) for diagnostic in report.diagnostics if diagnostic.about)
    yield advice(report, context)


def _diagnostic(diagnostic: Diagnostic) -> str:
    path = diagnostic.path
    where = "" if path is None or path == diagnostic.subject else f"{printable(path)}: "
    return f"{where}{diagnostic.level.value}: {printable(diagnostic.message)}"


def _by_owner(listed: Sequence[KeyEntry]) -> dict[str, list[KeyEntry]]:
    groups = grouped(listed, lambda entry: owner_text(entry.judged.key.owner if entry.judged else None))
    ranked = sorted(groups, key=lambda owner: (-max(entry.worst.rank for entry in groups[owner]), -len(groups[owner]), owner))
    return {owner: groups[owner] for owner in ranked}


def _entry(entry: KeyEntry, context: RenderContext) -> TextBlock:
    span, findings = entry.span, entry.findings
    where, owner = place(span), f", owner {printable(entry.owner)}" if entry.owner and not context.by_owner else ""
    points_here = any(f.shows_code and f.span == span for f in findings)
    head = f"{where}{': ' if where else ''}{entry.name(every=context.verbose)}{owner}"
    return (
        paint(where, "bold", color=context.color) + head[len(where) :],
        *(f"  {row}" for row in _code(span if points_here else None, context)),
        *(line for finding in findings for line in _finding(finding, span, context)),
        *(_open(entry.judged, context) if entry.judged is not None and not context.quiet else ()),
    )


def _open(judged: JudgedKey, context: RenderContext) -> Iterator[str]:
    if rules := open_beside(judged):
        yield from wrapped(f"undetermined {', '.join(rules)}", "  ", context.columns)
        for reason in judged.undecided:
            yield from wrapped(printable(reason), "    ", context.columns)


def _finding(finding: Finding, key: Span | None, context: RenderContext) -> Iterator[str]:
    severity = paint(finding.severity.name, "bold", COLORS[finding.severity], color=context.color)
    elsewhere = None if finding.span == key else finding.span
    yield f"  {severity} {finding.rule.id}{f' at {place(elsewhere)}' if elsewhere else ''}"
    yield from wrapped(printable(finding.message), "    ", context.columns)
    yield from (f"    {row}" for row in _code(elsewhere if finding.shows_code else None, context))
    first, *rest = wrapped(f"fix: {printable(finding.remediation)}", "    ", context.columns)
    yield first.replace("fix:", paint("fix:", "green", color=context.color), 1)
    yield from rest
    yield from _change(finding, context)
    if better := instead(finding.consumers):
        first, *rest = wrapped(f"instead: {better}", "    ", context.columns)
        yield first.replace("instead:", paint("instead:", "green", color=context.color), 1)
        yield from rest


def _change(finding: Finding, context: RenderContext) -> Iterator[str]:
    change = context.change(finding)
    lines = [line for line in change.diff if line[1:].strip()] if change is not None else []
    shown = lines if len(lines) <= SHOWN_LINES + 1 else lines[:SHOWN_LINES]
    yield from (f"      {paint(printable(line), 'red' if line.startswith('-') else 'green', color=context.color)}" for line in shown)
    if len(lines) > len(shown):
        yield f"      … {len(lines) - len(shown)} more lines"


def _code(span: Span | None, context: RenderContext) -> TextBlock:
    line = context.lines(span.path, span.line) if span else None
    return excerpt(span, line, color=context.color) if span and line is not None else ()


def _listed(report: Report, context: RenderContext) -> Iterator[Verdict]:
    wanted = [] if context.quiet else [Verdict.UNDETERMINED]
    if context.verbose:
        wanted.append(Verdict.CLEAN)
    yield from (verdict for verdict in wanted if report.count(verdict))


def _section(report: Report, verdict: Verdict, context: RenderContext) -> TextBlock:
    rows = [f"{paint(verdict.value.capitalize(), 'bold', color=context.color)}:"]
    alike: dict[tuple[str, ...], list[JudgedKey]] = {}
    for judged in report.keys:
        if judged.verdict is verdict:
            is_open = verdict is Verdict.UNDETERMINED
            alike.setdefault(judged.undecided if is_open else tuple(map(_lifetime, judged.key.effective())), []).append(judged)
    for reasons, keys in alike.items():
        listed = by_place(keys)
        shown = listed if context.verbose or len(listed) <= FEW + 1 else listed[:FEW]
        rows += [f"  {_key(entry, every=context.verbose)}" for entry in shown]
        if len(shown) < len(listed):
            rest = len(keys) - sum(entry.size for entry in shown)
            rows.append(f"  … and {rest:,} more, for the same reason (--verbose lists them all):")
        rows += [line for reason in reasons for line in wrapped(printable(reason), "    ", context.columns)]
    return rows


def _key(entry: KeyEntry, *, every: bool) -> str:
    where = place(entry.span)
    return f"{where}: {entry.name(every=every)}" if where else entry.name(every=every)


def _lifetime(evidence: Lifetime) -> str:
    value = f" {evidence.value}" if evidence.value else ""
    return f"{evidence.kind.value}{value} ({evidence.effect.value}): {evidence.source}"


def _suppressed(report: Report, context: RenderContext) -> TextBlock:
    rows = []
    for finding in report.findings:
        if (why := finding.suppressed) is not None:
            rows.append(f"  {place(finding.span) or printable(finding.address)}: {finding.rule.id}")
            rows.append(f"    {describe_suppression(why)}")
    return (f"{paint('Suppressed', 'bold', color=context.color)}:", *rows) if rows else ()
