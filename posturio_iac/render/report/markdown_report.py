"""A joined view as Markdown, for wikis, tickets and mail: the content of the page, without its pictures and with shorter lists."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from posturio_iac import __version__
from posturio_iac.core.finding import Level, Verdict
from posturio_iac.posture.counts import ages, has_deployed, owners, sources, standings, uses
from posturio_iac.posture.mends import tasks
from posturio_iac.posture.score import shown
from posturio_iac.posture.timelines import declared_end
from posturio_iac.render.markdown_text import code, plain
from posturio_iac.render.nothing_found import count
from posturio_iac.render.report import wording as say
from posturio_iac.render.wording import page_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from posturio_iac.posture.counts import HistogramBar, KeyGroup
    from posturio_iac.posture.mends import Task
    from posturio_iac.posture.view import KeyRow, Posture

FIRST = 10
ROWS = 200
"""How many rows a table has at most; the last line says how many more there are."""
LONGEST = 400
BAR = 30
"""How many characters the longest bar has."""


def page(posture: Posture) -> str:
    """The report."""
    sections = (_head, _first, _trend, _changes, _dates, _histograms, _owners, _units, _findings, _suppressed, _unchecked, _basis)
    parts = [part for section in sections for part in section(posture)]
    return "\n\n".join(parts) + "\n"


def _head(posture: Posture) -> Iterator[str]:
    score = posture.score
    yield f"# {say.TITLE}"
    yield f"{plain(say.looked_at(posture))}, as of {say.when(posture.as_of)}."
    yield f"**Score: {shown(score.value)}{' of 100' if score.value is not None else ''}.** {plain(say.verdict(posture))}"
    verdicts = " · ".join(f"{verdict.value} {posture.count(verdict):,}" for verdict in Verdict)
    found = " · ".join(f"{severity.value} {number:,}" for severity, number in posture.severities().items())
    yield f"Keys: {verdicts}. Open findings: {found}."
    if progress := say.progress(posture):
        yield plain(progress)
    yield f"The score is {plain(say.SCORE)}"
    rows = [(line.cause, f"{line.keys:,}", f"{line.each:g}", f"{line.demerits:g}") for line in score.lines]
    yield from _table(("because", "keys", "each", "demerits"), [*rows, ("d", "", "", f"{score.demerits:g}")] if rows else [])


def _first(posture: Posture) -> Iterator[str]:
    yield "## What to do first"
    every = tasks(posture.rows)
    if not every:
        yield "Nothing: no key is flagged or undetermined."
        return
    yield "\n".join(f"{number}. {_to_do(task)}" for number, task in enumerate(every[:FIRST], start=1))
    yield from filter(None, [_more(len(every) - FIRST, "task")])


def _to_do(task: Task) -> str:
    """One task: severity, keys, their use, what is wrong, and what to do."""
    row, several = task.rows[0], len(task.rows) > 1
    place = code(_cut(row.key.place)) if row.key.place and not several else ""
    known = "; ".join(filter(None, (_words(say.where(task.unit)), place, *map(_words, (*say.use(task.rows), say.owners(task.rows))))))
    problem = say.problem(task) or f"{say.title(task.findings[0].rule)}."
    which = f"**{count(len(task.rows), 'key')}**" if several else _name(row)
    fix = f" **Do{' for each' if several else ''}:** {_words(say.mend(task.findings))}{_written(task)}" if task.findings else ""
    return f"**{say.level(row)}** {which} ({known}): {_words(problem)}{fix}"


def _written(task: Task) -> str:
    """The code that a task writes for each of its keys, unless the sentence about them holds it."""
    remedy = task.findings[0].remedy
    return f" {code(_cut(remedy.code))}" if remedy and remedy.code and len(task.rows) > 1 else ""


def _trend(posture: Posture) -> Iterator[str]:
    yield "## Trend"
    units = len(posture.parts)
    yield from _table(
        ("time", "score", "demerits", "keys", *(v.value for v in Verdict), "accounts and code"),
        [
            (
                say.when(p.when),
                shown(p.score.value),
                f"{p.score.demerits:g}",
                f"{p.keys:,}",
                *(f"{p.verdicts[v]:,}" for v in Verdict),
                f"{p.units} of {units}",
            )
            for p in posture.trend
        ],
    )


def _changes(posture: Posture) -> Iterator[str]:
    yield "## Changes since the last result"
    if not posture.compared:
        yield "No earlier result to compare with."
    elif not posture.changed:
        yield "No key and no finding changed."
    for what, found in posture.changed.items():
        yield f"### {what.value} ({len(found):,})"
        yield from _list(
            f"{f'**{c.finding.severity.value}** ' if c.finding else ''}{code(_cut(say.name(c.key)))}"
            f"{f' {_rule(c.finding.rule)}' if c.finding else ''}{f': {_words(c.note)}' if c.note else ''}"
            f" ({_words(c.unit.label)}, since {say.day(c.since)})"
            for c in found
        )


def _dates(posture: Posture) -> Iterator[str]:
    yield "## Keys"
    rows = [
        (
            say.level(row),
            _name(row),
            _words(row.unit.label),
            _words(row.key.status or say.NOT_KNOWN),
            say.day(row.key.created) if row.key.created else "",
            say.used(row.key),
            _words(say.ends(row.key)),
            say.day(row.key.disabled_since) if row.key.disabled_since else "",
            _words(row.key.owner or ""),
        )
        for row in posture.rows[:ROWS]
    ]
    yield from _table(("mark", "key", "account or code", "status", "created", "last used", "ends", "disabled", "owner"), rows)
    past = sum((end := declared_end(row.key)) is not None and end < posture.as_of for row in posture.rows)
    notes = [_more(len(posture.rows) - len(rows), "key"), f"{count(past, 'key')} past its declared end." if past else ""]
    yield from (note for note in notes if note)


def _histograms(posture: Posture) -> Iterator[str]:
    if not has_deployed(posture.rows):
        return
    for title, bins in (("Age of keys", ages(posture.rows)), ("Last use of keys", uses(posture.rows))):
        yield f"## {title}"
        yield from _table(("days", "keys", "active", "not active", ""), list(_bars(bins)))


def _bars(bins: Sequence[HistogramBar]) -> Iterator[tuple[str, ...]]:
    most = max((b.total for b in bins), default=0) or 1
    for b in bins:
        yield b.label, f"{b.total:,}", f"{b.active:,}", f"{b.other:,}", "▇" * -(-b.total * BAR // most)


def _owners(posture: Posture) -> Iterator[str]:
    yield "## By owner"
    groups = owners(posture.rows)
    yield from _table(
        ("owner", "keys", "flagged", "undetermined", "suppressed", "worst", "demerits"),
        [(_words(g.name), *_counts(g), f"{g.demerits:g}") for g in groups[:ROWS]],
    )
    yield from filter(None, [_more(len(groups) - ROWS, "owner")])


def _units(posture: Posture) -> Iterator[str]:
    yield "## By account and code"
    found = standings(posture)
    yield from _table(
        ("account or code", "score", "keys", "flagged", "undetermined", "suppressed", "worst", "errors", "seen"),
        [
            (
                _words(s.unit.label),
                shown(s.score.value),
                *_counts(s.group),
                f"{s.errors:,}",
                say.when(s.part.as_of),
            )
            for s in found[:ROWS]
        ],
    )
    yield from filter(None, [_more(len(found) - ROWS, "account or scan", "accounts or scans")])


def _counts(group: KeyGroup) -> tuple[str, ...]:
    """The numbers of keys of a group: all, flagged, undetermined, suppressed; and its worst severity."""
    numbers = (group.keys, group.flagged, group.undetermined, group.suppressed)
    return (*(f"{number:,}" for number in numbers), group.worst.value if group.worst else "")


def _findings(posture: Posture) -> Iterator[str]:
    found = [(row, finding) for row in posture.rows for finding in row.active]
    found.sort(key=lambda pair: -pair[1].severity.rank)
    yield f"## Findings ({len(found):,})"
    yield from _table(
        ("severity", "key", "finding", "what to do", "rule", "place"),
        [
            (
                f.severity.value,
                _name(row),
                _words(f.problem),
                _words(f.remediation),
                _rule(f.rule),
                code(_cut(place)) if (place := say.place(row.key, f)) else "",
            )
            for row, f in found[:ROWS]
        ],
    )
    yield from filter(None, [_more(len(found) - ROWS, "finding")] if found else ["None."])
    numbers = Counter(f.rule for _, f in found)
    yield from _table(
        ("rule", "findings", "requirements"),
        [(_rule(rule), f"{number:,}", "; ".join(texts)) for rule, number in numbers.items() if (texts := say.standards(rule))],
    )


def _suppressed(posture: Posture) -> Iterator[str]:
    pairs = [(row, f, f.suppressed) for row in posture.rows for f in row.found if f.suppressed is not None]
    pairs.sort(key=lambda entry: (entry[2].until is None, say.until(entry[2])))
    yield f"## Suppressions ({len(pairs):,})"
    yield from _table(
        ("key", "rule", "reason", "ends", "stands in"),
        [(_name(row), _rule(f.rule), _words(why.reason), say.until(why), _words(why.source)) for row, f, why in pairs[:ROWS]],
    )
    yield from filter(None, [_more(len(pairs) - ROWS, "suppression")] if pairs else ["None."])


def _unchecked(posture: Posture) -> Iterator[str]:
    yield "## What could not be checked"
    errors = [
        f"{f'{_words(unit.label)}: ' if unit else ''}{f'{code(_cut(d.path))}: ' if d.path else ''}{_words(d.message)}"
        for unit, d in posture.diagnostics
        if d.level is Level.ERROR
    ]
    open_ = [
        f"{_name(row)} ({_words(row.unit.label)}): {_words('; '.join(row.key.undecided))}" for row in posture.rows if row.key.undecided
    ]
    left_out = say.not_asked(posture)
    yield from (f"{_words(unit)}: {_words(text)}" for unit, text in left_out)
    if not errors and not open_ and not left_out:
        yield "Nothing: everything was read, and every key was decided."
    if errors:
        yield f"### Not read, called or decided ({len(errors):,})"
        yield from _list(errors)
    if open_:
        yield f"### Keys about which something is undetermined ({len(open_):,})"
        yield from _list(open_)


def _basis(posture: Posture) -> Iterator[str]:
    yield "## What this report rests on"
    rows = [
        (code(_cut(r.source)), say.when(r.as_of), _words(r.tool), f"{len(r.keys):,}", "yes" if r.source in posture.current else "no")
        for r in posture.results
    ]
    yield from _table(("result", "as of", "version", "keys", "counts now"), rows)
    told = sources(posture)
    yield from _table(
        ("evidence", "account", "keys"),
        [(_words(s.text), _words(s.unit.label), f"{s.keys:,}") for s in told[:ROWS]],
    )
    yield from filter(None, [_more(len(told) - ROWS, "piece of evidence", "pieces of evidence")])
    yield f"Made by posturio-iac {__version__} from saved results alone."


def _name(row: KeyRow) -> str:
    return code(_cut(say.name(row.key)))


def _rule(rule: str) -> str:
    return f"[`{rule}`]({page_url(rule)})" if rule.replace(".", "").replace("_", "").isalnum() and rule.isascii() else code(_cut(rule))


def _words(text: str) -> str:
    return plain(_cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text) - LONGEST:,} more characters)"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def _list(entries: Iterable[str]) -> Iterator[str]:
    every = list(entries)
    yield "\n".join(f"- {entry}" for entry in every[:ROWS])
    yield from filter(None, [_more(len(every) - ROWS, "entry", "entries")])


def _more(number: int, noun: str, plural: str = "") -> str:
    if number <= 0:
        return ""
    return f"… and {number:,} more {noun if number == 1 else plural or f'{noun}s'}."
