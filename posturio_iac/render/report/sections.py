"""The sections of a report of joined results, for HTML and Markdown alike. Over 300 lines: one function a section."""

from __future__ import annotations

import shlex
from collections import Counter

from posturio_iac import __version__
from posturio_iac.core.evidence.remedy import EXAMPLE_OWNER
from posturio_iac.core.finding import Level, Verdict
from posturio_iac.facts.keyless import PAGE as KEYLESS
from posturio_iac.render import count
from posturio_iac.render.report import charts
from posturio_iac.render.report import document as doc
from posturio_iac.render.report import wording as say
from posturio_iac.render.report.mends import Task, has_deployed, lives, sources, tasks
from posturio_iac.render.report.parts import demerits, shown
from posturio_iac.render.wording import page_url
from posturio_iac.rules import all_rules
from posturio_iac.rules.unused_access_keys import RULE as UNUSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.contract.records import SavedFinding
    from posturio_iac.render.report.view import KeyRow, Posture

FIRST, NAMED = 10, 50
TOLD = 1000  # how many findings are told in full in the table of keys; the others name their rule
CHANGES, DRAWN, LISTED = 100, 100, 200
STATED = ("add_tag", "merge_tags", "add_comment", "add_metadata", "hide_output")
WRITTEN = ("nothing", "in_place")  # the levels of changes that ``fix --write`` makes without ``--unsafe``


def sections(posture: Posture) -> tuple[doc.Section, ...]:
    """All sections in their order."""
    return (
        *(made(posture) for made in (_first, _changes)),
        *([_trend(posture)] if len(posture.trend) > 1 else []),
        *([_timeline(posture)] if has_deployed(posture.rows) else []),
        *(made(posture) for made in (_keys, _rules, _unchecked, _basis)),
    )


def _page(rule: str) -> str:
    return page_url(rule) if rule.isascii() and rule.replace(".", "").replace("_", "").isalnum() else ""


def words(text: str, role: doc.Role = doc.Role.PLAIN, url: str = "") -> doc.Pieces:
    return (doc.Piece(text, role, url),) if text else ()


def _paragraph(*pieces: doc.Piece | str) -> doc.Paragraph:
    return doc.Paragraph(tuple(piece if isinstance(piece, doc.Piece) else doc.Piece(piece) for piece in pieces))


def _first(posture: Posture) -> doc.Section:
    every = tasks(posture.rows)
    several = len({part.unit for part in posture.parts}) > 1
    entries = tuple(tuple(_task(task, f" in {say.where(task.unit)}" if several else "")) for task in every[:FIRST])
    blocks = (doc.EntryList(entries, numbered=True, left=len(every) - FIRST),) if every else ()
    return doc.Section("first", "What to do first", blocks, "Nothing: no key is flagged or undetermined.")


def _task(task: Task, place: str) -> Iterator[doc.Block]:
    row, several = task.rows[0], len(task.rows) > 1
    finding = task.findings[0] if task.findings else None
    level = doc.Piece(finding.severity.value if finding else row.key.verdict.value, doc.Role.LEVEL)
    name = doc.Piece(count(len(task.rows), "key") if several else say.name(row.key), doc.Role.STRONG)
    title = (doc.Piece(": "), doc.Piece(say.title(finding.rule), url=_page(finding.rule))) if finding else ()
    yield _paragraph(level, " ", name, place, *title)
    yield doc.Paragraph(tuple(_facts(task)))
    if problem := say.problem(task):
        yield _paragraph(say.sentence(problem) if not finding else problem)
    if finding:
        yield doc.Paragraph((doc.Piece("Do for each: " if several else "Do: ", doc.Role.STRONG), *_mend(task.findings)))
        if finding.instead and all(other.instead == finding.instead for other in task.findings):
            yield doc.Paragraph((doc.Piece("Instead: ", doc.Role.STRONG), *_instead(finding)))
    if several and (commands := dict.fromkeys(f.remedy.command for f in task.findings if f.remedy and f.remedy.command)):
        yield doc.Commands(tuple(commands)[:NAMED])
        if len(commands) > NAMED:
            yield _paragraph(doc.Piece(f"… and {len(commands) - NAMED:,} more, one for each key in the table.", doc.Role.SOFT))
    if command := _fix(task):
        what = "Or run" if "--write" in command else "Or see the change"
        yield _paragraph(doc.Piece(what, doc.Role.STRONG), f"{place}: ", doc.Piece(command, doc.Role.COPY))
    if several:
        named = tuple((doc.Paragraph(_named(row)),) for row in task.rows[:NAMED])
        yield doc.Folded(f"The {count(len(task.rows), 'key')}", (doc.EntryList(named, left=len(task.rows) - NAMED),))
    if task.further:
        further = sorted(task.further.items(), key=lambda entry: (-entry[1], entry[0]))
        told = ", ".join(f"{title[:1].lower()}{title[1:]} ({n:,})" for title, n in ((say.title(rule), n) for rule, n in further))
        yield _paragraph(doc.Piece(f"{'They have' if several else 'It has'} more findings: {told}.", doc.Role.SOFT))


def _facts(task: Task) -> Iterator[doc.Piece]:
    row, finding = task.rows[0], task.findings[0] if task.findings else None
    says_use = finding is not None and finding.rule == UNUSED.id and say.problem(task)
    yield doc.Piece(" · ".join((*([] if says_use else say.use(task.rows)), say.owners(task.rows))), doc.Role.SOFT)
    place = "" if len(task.rows) > 1 else say.place(row.key, finding) if finding else row.key.place
    if place:
        yield doc.Piece(" · ", doc.Role.SOFT)
        yield doc.Piece(place, doc.Role.CODE, say.finding_link(row, finding) if finding else say.key_link(row))


def _mend(findings: Sequence[SavedFinding]) -> Iterator[doc.Piece]:
    """What mends all of these: the remedy itself where it is one, else what it is for each, with its own value in the table."""
    remedy = findings[0].remedy
    if len({finding.remediation for finding in findings}) > 1 and remedy is not None:
        if len({(f.remedy.summary, f.remedy.code) for f in findings if f.remedy}) == 1:
            yield from _clause(remedy.summary, remedy.code)
            return
        yield doc.Piece("its own line is in the table of keys. For the first: ")
    yield from remedied(findings[0])


def remedied(finding: SavedFinding) -> Iterator[doc.Piece]:
    """The remedy of a finding, in which code that may be copied is a piece of its own."""
    remedy = finding.remedy
    if remedy is None or remedy.then is None or not (code := remedy.command or remedy.code):
        other = remedy.otherwise if remedy else ""
        before, found, after = finding.remediation.rpartition(other) if other else (finding.remediation, "", "")
        yield from (doc.Piece(before), *words(found, doc.Role.COPY), *words(after))
        return
    yield from _clause(remedy.summary, code)
    if remedy.address not in (None, finding.address):
        yield from (doc.Piece(" in "), doc.Piece(remedy.address or "", doc.Role.CODE))
    yield doc.Piece(f", {remedy.then}." if remedy.then else ".")


def _instead(finding: SavedFinding) -> Iterator[doc.Piece]:
    yield doc.Piece(f"{', and '.join(finding.instead)}; see ")
    yield doc.Piece(f"posturio-iac explain {KEYLESS}", doc.Role.COPY)
    yield doc.Piece(".")


def _clause(summary: str, code: str) -> Iterator[doc.Piece]:
    yield doc.Piece(f"{summary[:1].upper()}{summary[1:]}{': ' if code else '.'}")
    yield from words(code, doc.Role.COPY)


def _fix(task: Task) -> str:
    levels = {finding.fix for finding in task.findings}
    if not levels or ("" in levels and not all(map(_can_be_placed, task.findings))):
        return ""
    options = () if "" in levels else ("--write",) if levels <= set(WRITTEN) else ("--write", "--unsafe")
    paths = () if task.unit.paths in ((), (".",)) else task.unit.paths
    return shlex.join(("posturio-iac", "fix", "--select", task.findings[0].rule.partition(".")[2], *options, *paths))


def _can_be_placed(finding: SavedFinding) -> bool:
    """True if a finding states an end in code, for which `fix` finds the place where a scan shows none."""
    stated = finding.remedy is not None and finding.remedy.kind in STATED and EXAMPLE_OWNER not in finding.remedy.code
    return bool(finding.fix) or (stated and finding.framework in ("terraform", "cloudformation"))


def _named(row: KeyRow) -> doc.Pieces:
    place = (doc.Piece(" "), doc.Piece(row.key.place, doc.Role.CODE, say.key_link(row))) if row.key.place else ()
    used = say.used(row.key)
    return (doc.Piece(say.name(row.key)), *place, *words(f" last used: {used}" if used else "", doc.Role.SOFT))


def _changes(posture: Posture) -> doc.Section:
    blocks: list[doc.Block] = []
    for what, found in posture.changed.items():
        blocks.append(_paragraph(doc.Piece(f"{what.value} ({len(found):,})", doc.Role.STRONG)))
        entries = []
        for change in found[:CHANGES]:
            level = (doc.Piece(change.finding.severity.value, doc.Role.LEVEL), doc.Piece(" ")) if change.finding else ()
            rule = (doc.Piece(" "), doc.Piece(change.finding.rule, url=_page(change.finding.rule))) if change.finding else ()
            note = words(f": {change.note}" if change.note else "")
            since = doc.Piece(f" {change.unit.label}, since {say.day(change.since)}", doc.Role.SOFT)
            entries.append((doc.Paragraph((*level, doc.Piece(say.name(change.key), doc.Role.STRONG), *rule, *note, since)),))
        blocks.append(doc.EntryList(tuple(entries), left=len(found) - CHANGES))
    nothing = "No key and no finding changed." if posture.compared else "No earlier result to compare with."
    return doc.Section("changes", "Changes since the last result", tuple(blocks), nothing)


def _trend(posture: Posture) -> doc.Section:
    points, units = posture.trend, len(posture.parts)
    rows = [
        (
            words(say.when(point.when)),
            words(f"{point.ends.holding:,} of {point.ends.keys:,}"),
            words(shown(point.score)),
            *(words(f"{point.verdicts[verdict]:,}") for verdict in Verdict),
            words(f"{point.units} of {units}"),
        )
        for point in points
    ]
    columns: tuple[tuple[str, str], ...] = (("Time", "text"), ("With an end", "text"), ("Score", "num"))
    columns += (*((verdict.value.capitalize(), "num") for verdict in Verdict), ("Accounts and code", "text"))
    notes = [
        "Hollow points: not all of today's accounts and code were known." if any(point.units < units for point in points) else "",
        "The results were not checked by the same rules, so they are not comparable."
        if len({result.covered.left_out for result in posture.results}) > 1
        else "",
        "Several versions of posturio-iac wrote the results; a later one may find more in the same keys."
        if len({tool for point in points for tool in point.tools}) > 1
        else "",
    ]
    table = doc.Table("trend-table", "Posture at each point in time", columns, rows)
    told = tuple(_paragraph(doc.Piece(note, doc.Role.SOFT)) for note in notes if note)
    return doc.Section("trend", "Trend", (doc.Picture("trend", charts.trend(points, units)), *told, doc.Folded("The numbers", (table,))))


def _timeline(posture: Posture) -> doc.Section:
    known = list(lives(posture.rows))
    drawn = known[:DRAWN]
    if not drawn:
        return doc.Section("timeline", "Timeline", (), "No dates are known.")
    more = f"The {len(drawn)} worst of {len(known):,} keys with a known date. " if len(known) > len(drawn) else ""
    unknown = len(posture.rows) - len(known)
    undated = f"No date is known for {count(unknown, 'key')}. " if unknown else ""
    note = f"{more}{undated}The table of keys has the dates."
    drawing = doc.Picture("timeline", charts.timeline(drawn, posture.as_of), tuple(charts.legend()))
    return doc.Section("timeline", "Timeline", (drawing, _paragraph(doc.Piece(note, doc.Role.SOFT))))


def _keys(posture: Posture) -> doc.Section:
    live, several = has_deployed(posture.rows), len({row.unit for row in posture.rows}) > 1
    columns = [("Mark", "level"), ("Key", "text"), *([("Account or code", "choice")] if several else []), ("Status", "choice")]
    columns += [("Age, days", "num"), ("Last used", "text")] if live else []
    columns += [("Ends", "text"), ("Owner", "choice"), ("What is wrong, and what to do", "text")]
    told = 0
    rows = []
    alike = Counter((row.unit, row.key.address, row.key.place) for row in posture.rows)
    for row in posture.rows:
        key = row.key
        used = (words("" if row.age is None else str(row.age)), words(say.used(key))) if live else ()
        place: doc.Pieces = (doc.BREAK, doc.Piece(key.place, doc.Role.CODE, say.key_link(row))) if key.place else ()
        place += (doc.BREAK, doc.Piece(key.address, doc.Role.CODE)) if key.deployed else ()
        place += (doc.Piece(" in "), doc.Piece(key.root or ".", doc.Role.CODE)) if alike[row.unit, key.address, key.place] > 1 else ()
        rows.append(
            (
                words(say.level(row), doc.Role.LEVEL),
                (doc.Piece(say.name(key)), *place),
                *([words(row.unit.label)] if several else []),
                words(key.status or say.NOT_KNOWN),
                *used,
                words(say.ends(key)),
                words(key.owner or "", doc.Role.CODE if "@" in (key.owner or "") else doc.Role.PLAIN),
                tuple(_why(row, posture, full=told < TOLD)),
            )
        )
        told += len(row.found)
    table = doc.Table("keys-table", "Every key, the worst first", tuple(columns), rows)
    return doc.Section("keys", "Keys", (table,) if rows else (), "None.", len(rows))


def _why(row: KeyRow, posture: Posture, *, full: bool) -> Iterator[doc.Piece]:
    shown_before = False
    for finding in row.found:
        if shown_before:
            yield doc.BREAK
        shown_before = True
        yield doc.Piece(finding.severity.value, doc.Role.LEVEL)
        yield doc.Piece(" ")
        yield doc.Piece(say.title(finding.rule), url=_page(finding.rule))
        if (place := say.place(row.key, finding)) != row.key.place:
            yield doc.Piece(" at ")
            yield doc.Piece(place, doc.Role.CODE, say.finding_link(row, finding))
        if (why := finding.suppressed) is not None:
            left = (why.until - posture.as_of).days if why.until else None
            end = "without an end" if left is None else f"until {say.until(why)}{', soon' if left < say.SOON else ''}"
            yield doc.Piece(f" Accepted {end}: {why.reason} ({why.source}).")
        elif full:
            yield doc.Piece(f": {finding.problem} ")
            yield from remedied(finding)
    if full and (better := next((f for f in row.found if f.instead and f.suppressed is None), None)):
        yield doc.Piece(" Instead: ")
        yield from _instead(better)
    for reason in row.key.undecided:
        if shown_before:
            yield doc.BREAK
        shown_before = True
        yield doc.Piece("undetermined", doc.Role.LEVEL)
        yield doc.Piece(f" {reason}.")
    if row.older:
        yield doc.Piece(" Not seen this time.", doc.Role.SOFT)


def _rules(posture: Posture) -> doc.Section:
    found = [finding for row in posture.rows for finding in row.found]
    worst = {finding.rule: finding.severity for finding in sorted(found, key=lambda finding: finding.severity.rank)}
    standards = {name: known.rule.standards for name, known in all_rules().items()}
    active, accepted = Counter(f.rule for f in found if f.suppressed is None), Counter(f.rule for f in found if f.suppressed is not None)
    rows = [
        (
            words(severity.value, doc.Role.LEVEL),
            (doc.Piece(say.title(rule)), doc.BREAK, doc.Piece(rule, doc.Role.CODE, _page(rule))),
            words(f"{active[rule]:,}"),
            words(f"{accepted[rule]:,}"),
            words("; ".join(f"{name}: {', '.join(numbers)}" for name, numbers in standards.get(rule, {}).items())),
        )
        for rule, severity in sorted(worst.items(), key=lambda entry: (-entry[1].rank, -active[entry[0]], entry[0]))
    ]
    columns = (("Severity", "level"), ("Rule", "text"), ("Findings", "num"), ("Accepted", "num"), ("Requirements", "text"))
    table = doc.Table("rules-table", "Findings by rule, and the requirements that each belongs to", columns, rows)
    note = _paragraph(doc.Piece("An accepted finding costs as much in the score as an open one: it is not fixed.", doc.Role.SOFT))
    return doc.Section("rules", "Findings by rule", (table, *([note] if accepted else [])) if rows else (), "None.", active.total())


def _unchecked(posture: Posture) -> doc.Section:
    blocks: list[doc.Block] = []
    for part in filter(lambda part: part.left_out, posture.parts):
        text = f": {count(len(part.left_out), 'rule')} left out by choice, so their findings are unknown: {', '.join(part.left_out)}."
        blocks.append(_paragraph(doc.Piece(part.unit.label, doc.Role.STRONG), text))
    for levels, summary in (((Level.ERROR,), ""), ((Level.WARNING, Level.NOTE), "warning or note")):
        entries = tuple((doc.Paragraph(say_so),) for level, say_so in diagnostics(posture) if level in levels)
        if entries:
            made = doc.EntryList(entries[:LISTED], left=len(entries) - LISTED)
            blocks.append(doc.Folded(count(len(entries), summary, "warnings and notes"), (made,)) if summary else made)
    return doc.Section("unchecked", "What could not be checked", tuple(blocks), "Nothing: everything was read.")


def diagnostics(posture: Posture) -> Iterator[tuple[Level, doc.Pieces]]:
    """What the results say beside their findings."""
    for unit, said in posture.diagnostics:
        place = f"{said.path}:{said.line}" if said.path and said.line else said.path or ""
        yield (
            said.level,
            (
                *words(f"{unit.label} " if unit else "", doc.Role.STRONG),
                *words(place, doc.Role.CODE),
                doc.Piece(f"{' ' if place else ''}{said.message}"),
            ),
        )


def _basis(posture: Posture) -> doc.Section:
    keys, flagged = (Counter(row.unit for row in posture.rows if row.key.verdict in some) for some in (Verdict, (Verdict.FLAGGED,)))
    rows = [
        (
            words(part.unit.label),
            words(f"{keys[part.unit]:,}"),
            words(f"{flagged[part.unit]:,}"),
            words(shown(part.score)),
            words(f"{part.errors:,}"),
            words(say.when(part.as_of)),
            words(part.source, doc.Role.CODE),
            words(part.tool),
        )
        for part in sorted(posture.parts, key=lambda part: (not part.errors, -demerits(part), -keys[part.unit], part.unit.label))
    ]
    columns: tuple[tuple[str, str], ...] = (
        ("Account or code", "text"),
        ("Keys", "num"),
        ("Flagged", "num"),
        ("Score", "num"),
        ("Errors", "num"),
    )
    columns += (("Seen", "text"), ("Result", "text"), ("Version", "text"))
    blocks: list[doc.Block] = [doc.Table("units-table", "Accounts and code, those with errors first, then what costs most", columns, rows)]
    earlier = [result for result in posture.results if result.source not in posture.current]
    if earlier:
        named = [
            (doc.Piece(r.source, doc.Role.CODE), doc.Piece(f" of {say.when(r.as_of)}{', ' if r is not earlier[-1] else '.'}"))
            for r in earlier
        ]
        blocks.append(_paragraph("Only for trend and changes: ", *(piece for pair in named for piece in pair)))
    if told := sources(posture):
        evidence = [(words(text), words(unit.label), words(f"{number:,}")) for text, unit, number in told]
        heads = (("Evidence", "text"), ("Account", "choice"), ("Keys", "num"))
        blocks.append(doc.Folded("Evidence about deployed keys", (doc.Table("evidence-table", "What told of keys", heads, evidence),)))
    blocks.append(doc.Folded("How the score is computed", (_paragraph(f"The score is {say.SCORE}"),)))
    blocks.append(_paragraph(doc.Piece(f"Made by posturio-iac {__version__} from saved results alone.", doc.Role.SOFT)))
    return doc.Section("basis", "What this report rests on", tuple(blocks))
