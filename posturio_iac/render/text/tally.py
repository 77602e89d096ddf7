"""Counts of a report by folder or account, by owner and by rule, and as columns under each other. Pure."""

from __future__ import annotations

from collections import Counter
from posixpath import dirname

from posturio_iac.core.finding import Finding, JudgedKey, Report, Severity, Verdict
from posturio_iac.core.model import Effect, Unknown
from posturio_iac.core.record import grouped
from posturio_iac.core.text.terminal import paint, printable, width
from posturio_iac.render.wording import NO_OWNER, owner_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    Column = tuple[str, Callable[["Tally"], str]]

BASELINE = "baseline"


class Tally:
    """The counts of one folder, account, owner or rule. A plain class, since it is counted up."""

    def __init__(self, name: str) -> None:
        self.name, self.counts = name, Counter[str]()
        self.worst: Severity | None = None
        self.oldest: datetime | None = None

    @property
    def is_open(self) -> bool:
        return bool(self.counts["open"] or self.counts["undetermined"])

    def add_key(self, judged: JudgedKey, hidden_by: frozenset[str]) -> None:
        """Count a key: by its end, and by its verdict."""
        effects = {evidence.effect for evidence in judged.key.effective()}
        self.counts.update(keys=1, enforced=int(Effect.ENFORCED in effects), declared=int(effects == {Effect.DECLARED}))
        self.add(judged.verdict, hidden_by)
        created = judged.key.created
        self._oldest(None if isinstance(created, Unknown) else created)

    def add(self, verdict: Verdict, hidden_by: frozenset[str]) -> None:
        """Count a verdict; findings that only a baseline hides are counted apart."""
        is_known = verdict is Verdict.SUPPRESSED and hidden_by == {BASELINE}
        self.counts["baselined" if is_known else "open" if verdict is Verdict.FLAGGED else verdict.value] += 1

    def add_finding(self, finding: Finding) -> None:
        self.counts["findings"] += 1
        self._worst(finding.severity)

    def add_all(self, other: Tally) -> None:
        """Add the counts of another one."""
        self.counts.update(other.counts)
        self._worst(other.worst)
        self._oldest(other.oldest)

    def _worst(self, severity: Severity | None) -> None:
        self.worst = max((one for one in (self.worst, severity) if one is not None), default=None)

    def _oldest(self, created: datetime | None) -> None:
        self.oldest = min((one for one in (self.oldest, created) if one is not None), default=None)


class Tallies:
    """The counts of a report, each list sorted by the oldest key where ages are known, then by the most open findings."""

    def __init__(self, report: Report) -> None:
        found = grouped(report.findings, lambda finding: finding.identity)
        self.folder = "account" if report.keys and all(judged.key.account for judged in report.keys) else "folder"
        groups = {name: _Group() for name in (_folder, _owner)}
        rules = _Group()
        for judged in report.keys:
            theirs = found.get(judged.key.identity, [])
            hidden_by = frozenset(finding.suppressed.source for finding in theirs if finding.suppressed is not None)
            for name_of, group in groups.items():
                tally = group[name_of(judged)]
                tally.add_key(judged, hidden_by)
                for finding in theirs:
                    if finding.suppressed is None:
                        tally.add_finding(finding)
            _count_rules(judged, theirs, rules)
        self.by_folder, self.by_owner = (groups[name].ranked() for name in (_folder, _owner))
        self.by_owner.sort(key=lambda tally: tally.name != NO_OWNER)
        self.by_rule = rules.ranked()


class _Group(dict[str, Tally]):
    def __missing__(self, name: str) -> Tally:
        return self.setdefault(name, Tally(name))

    def ranked(self) -> list[Tally]:
        return sorted(self.values(), key=_rank)


def first_of(tallies: list[Tally], most: int) -> list[Tally]:
    """At most so many counts; the last one is about all that are left."""
    if len(tallies) <= most:
        return tallies
    rest = Tally(f"({len(tallies) - most + 1:,} others)")
    for tally in tallies[most - 1 :]:
        rest.add_all(tally)
    return [*tallies[: most - 1], rest]


def rolled_up(folders: list[Tally], most: int, depth: int = 0) -> list[Tally]:
    """The counts by the deepest level with at most ``most`` folders, by the first level that differs where that has more, or by a depth."""
    parts = [folder.name.split("/") for folder in folders]
    names = [["/".join(part[:depth]) for part in parts] for depth in range(1, max(map(len, parts), default=0) + 1)]
    chosen = max((level for level, some in enumerate(names) if len(set(some)) <= most), default=0)
    if depth:
        chosen = min(depth, len(names)) - 1
    elif chosen + 1 < len(names) and len(set(names[chosen])) == 1:
        chosen += 1
    group = _Group()
    for name, folder in zip(names[chosen] if names else (), folders, strict=True):
        group[name].add_all(folder)
    return group.ranked()


def _rank(tally: Tally) -> tuple[float, int, int, int, str]:
    age = tally.oldest.timestamp() if tally.oldest is not None else float("inf")
    return age, -(tally.worst.rank if tally.worst is not None else -1), -tally.counts["open"], -tally.counts["keys"], tally.name


def _count_rules(judged: JudgedKey, theirs: Iterable[Finding], rules: _Group) -> None:
    by_rule = grouped(theirs, lambda finding: finding.rule.id)
    for rule, findings in by_rule.items():
        tally = rules[rule]
        tally.counts["keys"] += 1
        active = [finding for finding in findings if finding.suppressed is None]
        for finding in active:
            tally.add_finding(finding)
        hidden_by = frozenset(finding.suppressed.source for finding in findings if finding.suppressed is not None)
        tally.add(Verdict.FLAGGED if active else Verdict.SUPPRESSED, hidden_by)
    for rule in judged.undecided_rules:
        if rule not in by_rule:
            rules[rule].counts["keys"] += 1
            rules[rule].add(Verdict.UNDETERMINED, frozenset())


def _folder(judged: JudgedKey) -> str:
    if judged.key.span is None or judged.key.account:
        return printable(judged.key.account or judged.key.scope or ".")
    return printable(dirname(judged.key.span.path) or ".")


def _owner(judged: JudgedKey) -> str:
    return owner_text(judged.key.owner)


GAP = "  "
LEAST = 12


def counted(*names: str) -> tuple[Column, ...]:
    return tuple((name, lambda tally, name=name: f"{tally.counts[name]:,}") for name in names)


def columns(tallies: Sequence[Tally], chosen: Sequence[Column]) -> list[Column]:
    return [column for column in chosen if any(column[1](tally) not in ("", "0") for tally in tallies)]


def table(head: str, tallies: Sequence[Tally], shown: Sequence[Column], *, wide: int | None, color: bool) -> list[str]:
    """The lines of a table; ``head`` stands above the names, of which the beginning is cut where there is no room."""
    rows = [[tally.name, *(text(tally) for _, text in shown)] for tally in tallies]
    lines = [[head, *(name for name, _ in shown)], *rows]
    widths = [max(width(line[number]) for line in lines) for number in range(len(lines[0]))]
    if wide is not None:
        rest = sum(widths[1:]) + len(GAP) * (len(widths) - 1)
        widths[0] = min(widths[0], max(wide - rest, LEAST))
    made = [_row(line, widths) for line in lines]
    return [paint(made[0], "bold", color=color), *made[1:]]


def _row(line: Sequence[str], widths: Sequence[int]) -> str:
    name = cut(line[0], widths[0])
    numbers = (" " * (wide - width(text)) + text for text, wide in zip(line[1:], widths[1:], strict=True))
    return GAP.join((name + " " * (widths[0] - width(name)), *numbers)).rstrip()


def cut(text: str, most: int) -> str:
    """Cut the beginning of a text that is too wide: the end of a path tells more."""
    if width(text) <= most:
        return text
    while width(text) > most - 1:
        text = text[1:]
    return f"…{text}"
