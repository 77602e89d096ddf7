"""The keys of a live run as a table, the worst first, or as short paragraphs where a terminal is too narrow for one. Pure."""

from __future__ import annotations

import textwrap
from datetime import datetime

from posturio_iac.core.keys import user_path
from posturio_iac.core.keys.life import KeyUse
from posturio_iac.core.model import AccessKey, Attr, KeyKind, Privilege, Unknown
from posturio_iac.core.record import NamedTuple, grouped
from posturio_iac.core.text.terminal import paint, printable, width
from posturio_iac.render.wording import COLORS, owner_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from posturio_iac.contract import FindingAges
    from posturio_iac.core.finding import Finding, JudgedKey, Report, Severity

PRIVILEGES = (Privilege.ADMIN, Privilege.SOME, None, Privilege.NONE)
"""Privileges by the damage of a lost key, the worst first; an unknown privilege counts as some."""
FINDINGS = "findings"
HEAD = ("severity", "account", "user", "key", "status", "age", "last used", "open for", "owner", "code", "next", FINDINGS)
GAP = 2
ALWAYS = frozenset(HEAD) - {"account", "status", "open for", "code", "next"}


class TableRow(NamedTuple):
    """A key with its findings."""

    judged: JudgedKey
    findings: tuple[Finding, ...]
    as_of: datetime
    ages: FindingAges

    @property
    def worst(self) -> Severity | None:
        return max((finding.severity for finding in self.findings), default=None)

    def urgency(self) -> tuple[int, int, float, float, str]:
        """The sort key: by severity; keys of administrators first, those without permissions last; then by idle time and age."""
        key, worst = self.judged.key, self.worst
        since = key.created if key.last_used is None else key.last_used
        badness = worst.rank if worst else -1
        return (-badness, PRIVILEGES.index(key.privilege), -self._days(since), -self._days(key.created), key.address)

    def cells(self) -> dict[str, str]:
        """The text of each column."""
        key, worst = self.judged.key, self.worst
        return {
            "severity": worst.name if worst else self.judged.verdict.value,
            "account": account_of(key),
            "user": user_of(key),
            "key": _key(key),
            "status": printable(key.status) if isinstance(key.status, str) else "unknown",
            # the clock of AWS may be ahead of ours
            "age": f"{max((self.as_of - key.created).days, 0)} d" if isinstance(key.created, datetime) else "unknown",
            "last used": _last_used(key, self.as_of),
            "open for": self._open_for(),
            "owner": owner_of(key),
            "code": _code(key),
            "next": printable(key.life.next) if key.life else "",
            FINDINGS: ", ".join(dict.fromkeys(finding.rule.id.partition(".")[2] for finding in self.findings)),
        }

    def _open_for(self) -> str:
        first = [when for finding in self.findings if (when := self.ages.first_seen.get(finding.fingerprint)) is not None]
        if not first:
            return ""
        new = self.ages.new is not None and any(finding.fingerprint in self.ages.new for finding in self.findings)
        return f"{(self.as_of - min(first)).days} d{', new' if new else ''}"

    def _days(self, moment: Attr[datetime | None]) -> float:
        return (self.as_of - moment).total_seconds() if isinstance(moment, datetime) else 0.0


class Style(NamedTuple):
    """The style of the text."""

    color: bool
    verbose: bool = False
    columns: int | None = None
    """How many columns the terminal has; None where the text goes elsewhere and may be as wide as it likes."""


def entries(report: Report, ages: FindingAges) -> list[TableRow]:
    """The keys of a report, the worst first."""
    found = grouped(report.active(), lambda finding: (finding.root, finding.address))
    made = (TableRow(judged, tuple(found.get((judged.key.scope, judged.key.address), ())), report.as_of, ages) for judged in report.keys)
    return sorted(made, key=TableRow.urgency)


def account_of(key: AccessKey) -> str:
    return f"{key.account or ''} ({printable(key.account_name)})" if key.account_name else key.account or ""


def owner_of(key: AccessKey) -> str:
    """The owner of a key, or its creator where no owner is known."""
    if key.created_by and not isinstance(key.owner, str):
        return f"(no owner; created by {printable(key.created_by.rpartition(':')[2])})"
    return owner_text(key.owner)


def _key(key: AccessKey) -> str:
    service = key.service.partition(".")[0] if isinstance(key.service, str) else ""
    return printable(f"{key.address.rpartition('/')[2]}{f' ({service})' if service else ''}")


def user_of(key: AccessKey) -> str:
    path = user_path(key.address)
    return printable(path[1:].rpartition("/")[0]) if path else "root"


def _code(key: AccessKey) -> str:
    if key.declaration is None:
        place = f"{key.span.path}:{key.span.line}" if key.span else ""
        return printable("none" if key.managed is False else place)
    places = [f"{at.span.path}:{at.span.line}" if at.span else at.address for at in key.declaration.places]
    shown = places[0] if len(places) == 1 else f"one of {len(places)}"
    return printable(shown if key.declaration.exact else f"likely {shown}")


def tables(groups: Sequence[Sequence[TableRow]], style: Style, *, without: Iterable[str] = ()) -> list[list[str]]:
    """The lines of a table for each group; where findings have no room to wrap in any group, all keys are paragraphs."""
    cells = [[entry.cells() for entry in group] for group in groups]
    every = [row for rows in cells for row in rows]
    usual = {"status": "Active", "open for": "", "code": "", "next": ""}
    more = {name for name, text in usual.items() if any(row[name] != text for row in every)}
    told = {*ALWAYS, *more, *({"account"} if len({row["account"] for row in every}) > 1 else ())}
    shown = [name for name in HEAD if name in told and name not in without]
    widths = [_widths(rows, shown, style) for rows in cells]
    if style.columns is not None and any(sum(wide.values()) + GAP * (len(shown) - 1) > style.columns for wide in widths):
        return [_paragraphs(group, rows, shown, style, style.columns) for group, rows in zip(groups, cells, strict=True)]
    return [_table(group, rows, wide, style) for group, rows, wide in zip(groups, cells, widths, strict=True)]


def _widths(rows: Sequence[Mapping[str, str]], shown: Sequence[str], style: Style) -> dict[str, int]:
    widths = {name: max(width(text) for text in (name, *(row[name] for row in rows))) for name in shown}
    if style.columns is not None:
        room = style.columns - sum(wide + GAP for name, wide in widths.items() if name != FINDINGS)
        longest = max(len(word) for text in (FINDINGS, *(row[FINDINGS] for row in rows)) for word in text.split(" "))
        widths[FINDINGS] = min(widths[FINDINGS], max(room, longest))
    return widths


def _table(group: Sequence[TableRow], rows: Sequence[Mapping[str, str]], widths: Mapping[str, int], style: Style) -> list[str]:
    lines = [paint(_joined({name: name for name in widths}, widths), "bold", color=style.color)]
    for entry, row in zip(group, rows, strict=True):
        first, *more = textwrap.wrap(row[FINDINGS], widths[FINDINGS], break_long_words=False, break_on_hyphens=False) or [""]
        text = _joined({name: first if name == FINDINGS else row[name] for name in widths}, widths)
        left = " " * sum(wide + GAP for name, wide in widths.items() if name != FINDINGS)
        lines += [_painted(text, row["severity"], entry, style), *(left + line for line in more), *_details(entry, style)]
    return lines


def _joined(row: Mapping[str, str], widths: Mapping[str, int]) -> str:
    return (" " * GAP).join(cell + " " * (widths[name] - width(cell)) for name, cell in row.items()).rstrip()


def _paragraphs(
    group: Sequence[TableRow], rows: Sequence[Mapping[str, str]], shown: Sequence[str], style: Style, columns: int
) -> list[str]:
    lines = []
    for entry, row in zip(group, rows, strict=True):
        words = {
            FINDINGS: row[FINDINGS],
            "account": f"account {row['account']}",
            "status": row["status"],
            "age": f"{row['age']} old",
            "last used": "never used" if row["last used"] == "never" else f"last used {row['last used']}",
            "open for": f"open for {row['open for']}" if row["open for"] else "",
            "owner": row["owner"] if entry.judged.key.owner is None else f"owner {row['owner']}",
            "code": f"code {row['code']}" if row["code"] else "",
            "next": f"next: {row['next']}" if row["next"] else "",
        }
        text = f"{row['severity']} {row['user']} {row['key']}: {', '.join(word for name, word in words.items() if name in shown and word)}"
        first, *more = textwrap.wrap(text, columns, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        lines += [_painted(first, row["severity"], entry, style), *more, *_details(entry, style)]
    return lines


def _painted(text: str, severity: str, entry: TableRow, style: Style) -> str:
    worst = entry.worst
    return paint(severity, "bold", COLORS[worst], color=style.color) + text[len(severity) :] if worst else text


def _details(entry: TableRow, style: Style) -> list[str]:
    if not style.verbose:
        return []
    use = entry.judged.key.use
    known = [f"    used by: {printable(use.text() if isinstance(use, KeyUse) else use.reason)}"] if use is not None else []
    fix = paint("fix:", "green", color=style.color)
    return known + [
        line
        for finding in entry.findings
        for line in (f"    {finding.rule.id}: {printable(finding.message)}", f"      {fix} {printable(finding.remediation)}")
    ]


def _last_used(key: AccessKey, as_of: datetime) -> str:
    match key.last_used:
        case None:
            return "never"
        case Unknown():
            return "not reported" if key.kind is KeyKind.SERVICE_CREDENTIAL else "unknown"
        case moment:
            days = (as_of - moment).days
            place = " in ".join(printable(word) for word in key.used_for or () if word)
            return f"{'today' if days < 1 else f'{days} d ago'}{f' ({place})' if place else ''}"
