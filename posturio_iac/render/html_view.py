"""What the page shows, as plain values for its template. Everything here is text, numbers, and pictures that are markup already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from posturio_iac import __version__
from posturio_iac.finding import Level, Verdict
from posturio_iac.posture.counts import ages, has_deployed, owners, sources, standings, uses
from posturio_iac.posture.lives import lives
from posturio_iac.posture.score import shown as shown_score
from posturio_iac.render import posture_words as say
from posturio_iac.render import svg_bars, svg_timeline, svg_trend
from posturio_iac.render.words import page_url
from posturio_iac.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.posture.counts import Group
    from posturio_iac.posture.view import Posture, Row

FIRST = 10
"""How many keys are under "What to do first"."""
DRAWN = 100
"""How many keys the timeline draws; the table of keys has the dates of all."""
FINDINGS = 1000
"""How many findings are told in full; the table of keys names the rules of all."""
LARGE = 500
"""With more keys a browser lays out what is further down only when it comes into view."""
CHANGES = 100
"""How many changes of each kind are listed."""
SOON = 30
"""Days before its end from when on a suppression is marked."""
LONGEST = 600
"""Longer texts are cut, which is said."""
BRIEF = 120
"""The same for names in tables."""


def shown(value: Any) -> Any:
    """Return what a template puts out: markup as it is, text in which every character can be seen, and cut where it is endless."""
    if type(value) is not str:
        return "" if value is None else value
    return printable(cut(value, LONGEST))


def cut(text: str, most: int) -> str:
    """Return at most so many characters of a text, and how many there are more."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} more characters)"


def view(posture: Posture) -> dict[str, Any]:
    """Return the variables of the template."""
    return {
        "title": say.TITLE,
        "version": __version__,
        "as_of": say.when(posture.as_of),
        "looked_at": say.looked_at(posture),
        "verdict": say.verdict(posture),
        "score": _score(posture),
        "counts": [(verdict.value, posture.count(verdict)) for verdict in svg_bars.STACK],
        "severities": [(severity.value, number) for severity, number in posture.severities().items()],
        "first": [_first(row) for row in posture.rows[:FIRST] if row.worst is not None or row.key.verdict is Verdict.UNDETERMINED],
        **_trend(posture),
        **_changes(posture),
        **_timeline(posture),
        **_histograms(posture),
        **_tables(posture),
        "findings_limit": FINDINGS,
        "large": len(posture.rows) > LARGE,
        "rule_url": page_url,
    }


def _score(posture: Posture) -> dict[str, Any]:
    score = posture.score
    return {
        "shown": shown_score(score.value),
        "known": score.value is not None,
        "at_best": shown_score(score.at_best),
        "scale": Markup(svg_trend.scale(score)),  # noqa: S704 - pictures escape what they show
        "how": say.SCORE,
        "lines": [(line.cause, line.keys, f"{line.each:g}", f"{line.demerits:g}") for line in score.lines],
        "demerits": f"{score.demerits:g}",
    }


def _first(row: Row) -> dict[str, Any]:
    finding = row.active[0] if row.active else None
    return {
        "level": say.level(row),
        "name": cut(say.name(row.key), BRIEF),
        "unit": row.unit.label,
        "place": row.key.place,
        "owner": row.key.owner,
        "message": say.message(row.key, finding) if finding else "; ".join(row.key.undecided),
        "fix": finding.remediation if finding else "",
        "more": max(len(row.active) - 1, 0),
    }


def _trend(posture: Posture) -> dict[str, Any]:
    points, units = posture.trend, len(posture.parts)
    rows = [
        {
            "when": say.when(point.when),
            "score": shown_score(point.score.value),
            "demerits": f"{point.score.demerits:g}",
            "keys": point.keys,
            "verdicts": [point.verdicts[verdict] for verdict in svg_bars.STACK],
            "units": f"{point.units} of {units}",
            "tools": ", ".join(point.tools),
        }
        for point in points
    ]
    several = len(points) > 1
    pictures = [Markup(svg_trend.trend(points, units)), Markup(svg_bars.verdicts("verdicts", points))] if several else []  # noqa: S704 - as above
    partial = any(point.units < units for point in points)
    versions = len({tool for point in points for tool in point.tools}) > 1
    return {
        "trend": rows,
        "trend_pictures": pictures,
        "trend_partial": partial,
        "trend_versions": versions,
        "trend_small": svg_trend.small(points),
    }


def _changes(posture: Posture) -> dict[str, Any]:
    groups = [
        {
            "heading": what.value,
            "total": len(found),
            "changes": [
                {
                    "name": cut(say.name(change.key), BRIEF),
                    "unit": change.unit.label,
                    "rule": change.finding.rule if change.finding else "",
                    "level": change.finding.severity.value if change.finding else "",
                    "note": change.note,
                    "since": say.day(change.since),
                }
                for change in found[:CHANGES]
            ],
        }
        for what, found in posture.changed.items()
    ]
    compared = [(unit.label, say.when(before), say.when(now)) for unit, before, now in posture.compared]
    return {"changes": groups, "compared": compared, "alone": len(posture.parts) - len(compared), "changes_limit": CHANGES}


def _timeline(posture: Posture) -> dict[str, Any]:
    known = list(lives(posture.rows))
    drawn = known[:DRAWN]
    rows = [
        {
            "name": cut(say.name(life.row.key), BRIEF),
            "unit": life.row.unit.label,
            "dates": [
                say.day(life.created),
                say.used(life.row.key),
                say.last_day(life.ends) if life.ends else "",
                say.day(life.disabled) if life.disabled else "",
            ],
        }
        for life in drawn
    ]
    picture = Markup(svg_timeline.timeline(drawn, posture.as_of)) if drawn else ""  # noqa: S704 - as above
    legend = [(Markup(sign), text) for sign, text in svg_timeline.legend()]  # noqa: S704
    return {"timeline": rows, "timeline_picture": picture, "legend": legend, "dated": len(known), "undated": len(posture.rows) - len(known)}


def _histograms(posture: Posture) -> dict[str, Any]:
    if not has_deployed(posture.rows):
        return {"histograms": []}
    made = (
        ("ages", "Age of keys", ages(posture.rows), "days since creation"),
        ("uses", "Last use of keys", uses(posture.rows), "days since last use"),
    )
    return {"histograms": [(Markup(svg_bars.histogram(name, *rest)), rest[0], rest[1]) for name, *rest in made]}  # type: ignore[arg-type]  # noqa: S704


def _tables(posture: Posture) -> dict[str, Any]:
    told = sources(posture)
    marks = {(source.text, source.unit): number for number, source in enumerate(told, start=1)}
    found = [(row, finding) for row in posture.rows for finding in row.active]
    found.sort(key=lambda pair: -pair[1].severity.rank)
    return {
        "owners": [_group(group) for group in owners(posture.rows)],
        "units": [
            {
                **_group(standing.group),
                "score": shown_score(standing.score.value),
                "as_of": say.when(standing.part.as_of),
                "errors": standing.errors,
                "behind": (posture.as_of - standing.part.as_of).days,
            }
            for standing in standings(posture)
        ],
        "keys": (_key(row, marks) for row in posture.rows),
        "key_count": len(posture.rows),
        "findings": [_finding(row, finding) for row, finding in found[:FINDINGS]],
        "finding_count": len(found),
        "evidence": [(s.text, s.unit.label, say.when(s.when), (posture.as_of - s.when).days, s.keys) for s in told],
        "suppressions": _suppressions(posture),
        "errors": _said(posture, (Level.ERROR,)),
        "warnings": _said(posture, (Level.WARNING, Level.NOTE)),
        "undetermined": [
            (cut(say.name(row.key), BRIEF), row.unit.label, row.key.place, row.key.undecided) for row in posture.rows if row.key.undecided
        ][:FINDINGS],
        "undetermined_count": sum(bool(row.key.undecided) for row in posture.rows),
        "results": [
            (r.source, say.when(r.as_of), r.tool, len(r.keys), "yes" if r.source in posture.current else "only for trend and changes")
            for r in posture.results
        ],
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "name": cut(group.name, BRIEF),
        "numbers": [group.keys, group.flagged, group.undetermined, group.suppressed],
        "worst": group.worst.value if group.worst else "",
        "oldest": group.oldest,
        "idlest": group.idlest,
        "demerits": f"{group.demerits:g}",
    }


def _key(row: Row, marks: dict[Any, int]) -> tuple[Any, ...]:
    """Return the cells of a row of the table of keys, in its order."""
    key = row.key
    rules = ", ".join(dict.fromkeys(finding.short_rule for finding in row.active))
    why = rules or ("; ".join(key.undecided) if key.verdict is Verdict.UNDETERMINED else "")
    return (
        say.level(row),
        cut(say.name(key), BRIEF),
        cut(key.place, BRIEF),
        row.unit.label,
        key.status or say.NOT_KNOWN,
        "" if row.age is None else row.age,
        say.used(key),
        cut(say.ends(key), BRIEF),
        cut(key.owner or "", BRIEF),
        cut(why, BRIEF * 2),
        [marks[text, row.unit] for text in dict.fromkeys(key.evidence) if (text, row.unit) in marks],
        row.older,
    )


def _finding(row: Row, finding: Any) -> dict[str, Any]:
    return {
        "level": finding.severity.value,
        "rule": finding.rule,
        "name": cut(say.name(row.key), BRIEF),
        "unit": row.unit.label,
        "address": row.key.address if row.key.deployed else "",
        "place": say.place(row.key, finding),
        "message": say.message(row.key, finding),
        "fix": finding.remediation,
    }


def _suppressions(posture: Posture) -> list[dict[str, Any]]:
    made = []
    for row in posture.rows:
        for finding in row.found:
            if (why := finding.suppressed) is not None:
                left = (why.until - posture.as_of).days if why.until else None
                made.append(
                    {
                        "name": cut(say.name(row.key), BRIEF),
                        "unit": row.unit.label,
                        "rule": finding.rule,
                        "level": finding.severity.value,
                        "reason": why.reason,
                        "source": why.source,
                        "until": say.until(why),
                        "mark": "no end" if left is None else "soon" if left < SOON else "",
                        "left": left,
                    }
                )
    return sorted(made, key=lambda entry: (entry["left"] is None, entry["left"] or 0, entry["name"]))


def _said(posture: Posture, levels: Sequence[Level]) -> list[tuple[str, str, str, str]]:
    return [
        (
            said.level.value,
            unit.label if unit else "",
            f"{said.path}:{said.line}" if said.path and said.line else said.path or "",
            said.message,
        )
        for unit, said in posture.said
        if said.level in levels
    ]
