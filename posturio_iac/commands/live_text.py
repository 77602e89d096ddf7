"""The format ``text`` of a live run: a table of keys, the worst first, for whoever asks which to switch off first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from posturio_iac.finding import Level, Severity, Verdict
from posturio_iac.model import Unknown
from posturio_iac.terminal import paint, printable, width, without_commands

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from posturio_iac.finding import Finding, JudgedKey, Report
    from posturio_iac.model import AccessKey, Attr

HEAD = ("severity", "key", "status", "age", "last used", "owner", "findings")
COLORS = {Severity.LOW: "cyan", Severity.MEDIUM: "yellow", Severity.HIGH: "red", Severity.CRITICAL: "magenta"}
NOBODY = "(nobody)"


def render(report: Report, *, by_owner: bool, color: bool, verbose: bool, quiet: bool) -> str:
    """Return the table, what is undetermined, and one line that sums up."""
    found = _by_key(report.active())
    listed = sorted(
        (judged for judged in report.keys if judged.verdict is Verdict.FLAGGED or verbose), key=lambda j: _badness(j, found, report)
    )
    blocks = []
    if by_owner:
        for owner in dict.fromkeys(_owner(judged.key) for judged in listed):
            theirs = [judged for judged in listed if _owner(judged.key) == owner]
            blocks.append(
                [paint(f"{owner}: {_count(len(theirs), 'key')}", "bold", color=color), *_table(theirs, found, report, color=color)]
            )
    elif listed:
        blocks.append(_table(listed, found, report, color=color))
    if not quiet:
        blocks += [block for block in (_undetermined(report, color=color),) if block]
        blocks.append([summary(report, color=color)])
    return without_commands("\n\n".join("\n".join(block) for block in blocks) + "\n") if blocks else ""


def summary(report: Report, *, color: bool) -> str:
    """One line: findings, keys, accounts, and what is open."""
    active = report.active()
    errors = sum(said.level is Level.ERROR for said in report.diagnostics)
    accounts = len({judged.key.account for judged in report.keys})
    counts = [(sum(f.severity is s for f in active), s.value) for s in sorted(Severity, reverse=True)]
    detail = f" ({', '.join(f'{n} {name}' for n, name in counts if n)})" if active else ""
    first = f"{_count(len(active), 'finding')}{detail} in {_count(len(report.keys), 'key')} of {_count(accounts, 'account')}"
    rest = [
        f"incomplete, {_count(errors, 'error')}" if errors else "",
        *(f"{report.count(v)} {v.value}" for v in (Verdict.UNDETERMINED, Verdict.SUPPRESSED) if report.count(v)),
    ]
    style = "red" if errors else "yellow" if active else "green"
    return "; ".join(part for part in (paint(first, "bold", style, color=color), *rest) if part)


def _by_key(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.address, []).append(finding)
    return found


def _badness(judged: JudgedKey, found: dict[str, list[Finding]], report: Report) -> tuple[int, int, float, str]:
    """The place in the table: by severity, then by the number of findings, then by how long it has been idle."""
    findings = found.get(judged.key.address, [])
    worst = max((f.severity.rank for f in findings), default=-1)
    return (-worst, -len(findings), -_idle(judged.key, report.as_of), judged.key.address)


def _idle(key: AccessKey, as_of: datetime) -> float:
    since = key.created if key.last_used is None else key.last_used
    return (as_of - since).total_seconds() if isinstance(since, datetime) else 0.0


def _table(keys: Sequence[JudgedKey], found: dict[str, list[Finding]], report: Report, *, color: bool) -> list[str]:
    rows = [_row(judged, found.get(judged.key.address, []), report.as_of) for judged in keys]
    widths = [max(width(row[column]) for row in (HEAD, *rows)) for column in range(len(HEAD))]
    lines = [paint(_joined(HEAD, widths), "bold", color=color)]
    for judged, row in zip(keys, rows, strict=True):
        worst = max((f.severity for f in found.get(judged.key.address, [])), default=None)
        text = _joined(row, widths)
        cell = len(row[0])
        lines.append(paint(text[:cell], "bold", COLORS[worst], color=color) + text[cell:] if worst else text)
    return lines


def _row(judged: JudgedKey, findings: Sequence[Finding], as_of: datetime) -> tuple[str, ...]:
    key = judged.key
    worst = max((f.severity for f in findings), default=None)
    return (
        worst.name if worst else judged.verdict.value,
        printable(key.address),
        key.status if isinstance(key.status, str) else "unknown",
        _days(key.created, as_of),
        _last_used(key, as_of),
        printable(_owner(key)),
        ", ".join(dict.fromkeys(f.rule.id.partition(".")[2] for f in findings)),
    )


def _joined(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell + " " * (wide - width(cell)) for cell, wide in zip(cells, widths, strict=True)).rstrip()


def _days(moment: Attr[datetime | None], as_of: datetime) -> str:
    return f"{(as_of - moment).days} d" if isinstance(moment, datetime) else "unknown"


def _last_used(key: AccessKey, as_of: datetime) -> str:
    match key.last_used:
        case None:
            return "never"
        case Unknown():
            return "unknown"
        case moment:
            place = " in ".join(word for word in key.used_for or () if word)
            return f"{(as_of - moment).days} d ago{f' ({printable(place)})' if place else ''}"


def _owner(key: AccessKey) -> str:
    match key.owner:
        case Unknown():
            return "(unknown)"
        case None | "":
            return NOBODY
        case owner:
            return owner


def _undetermined(report: Report, *, color: bool) -> list[str]:
    open_ = [judged for judged in report.keys if judged.verdict is Verdict.UNDETERMINED]
    rows = [line for judged in open_ for line in (f"  {printable(judged.key.address)}", *(f"    {printable(r)}" for r in judged.undecided))]
    return [paint("Undetermined:", "bold", color=color), *rows] if rows else []


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
