"""What the page shows, as plain values for its template. Everything here is text, numbers, and pictures that are markup already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from posturio_iac import __version__
from posturio_iac.core.finding import Verdict
from posturio_iac.core.terminal import printable
from posturio_iac.posture.counts import ages, has_deployed, uses
from posturio_iac.posture.score import shown as shown_score
from posturio_iac.posture.timelines import lives
from posturio_iac.render.report import wording as say
from posturio_iac.render.report.charts import bars, timeline, trend
from posturio_iac.render.report.html_tables import BRIEF, cut, tables
from posturio_iac.render.wording import page_url

if TYPE_CHECKING:
    from posturio_iac.posture.view import KeyRow, Posture

FIRST = 10
"""How many keys are under "What to do first"."""
DRAWN = 100
"""How many keys the timeline draws; the table of keys has the dates of all."""
LARGE = 500
"""With more keys a browser lays out what is further down only when it comes into view."""
CHANGES = 100
"""How many changes of each kind are listed."""
LONGEST = 600
"""Longer texts are cut, which is said."""


def shown(value: Any) -> Any:
    """Return what a template puts out: markup as it is, text in which every character can be seen, and cut where it is endless."""
    if type(value) is not str:
        return "" if value is None else value
    return printable(cut(value, LONGEST))


def view(posture: Posture) -> dict[str, Any]:
    """Return the variables of the template."""
    return {
        "title": say.TITLE,
        "version": __version__,
        "as_of": say.when(posture.as_of),
        "looked_at": say.looked_at(posture),
        "verdict": say.verdict(posture),
        "score": _score(posture),
        "counts": [(verdict.value, posture.count(verdict)) for verdict in bars.STACK],
        "severities": [(severity.value, number) for severity, number in posture.severities().items()],
        "first": [_first(row) for row in posture.rows[:FIRST] if row.worst is not None or row.key.verdict is Verdict.UNDETERMINED],
        **_trend(posture),
        **_changes(posture),
        **_timeline(posture),
        **_histograms(posture),
        **tables(posture),
        "large": len(posture.rows) > LARGE,
        "rule_url": page_url,
    }


def _score(posture: Posture) -> dict[str, Any]:
    score = posture.score
    return {
        "shown": shown_score(score.value),
        "known": score.value is not None,
        "at_best": None if score.at_best is None else shown_score(score.at_best),
        "scale": Markup(trend.scale(score)),  # noqa: S704 - pictures escape what they show
        "how": say.SCORE,
        "lines": [(line.cause, line.keys, f"{line.each:g}", f"{line.demerits:g}") for line in score.lines],
        "demerits": f"{score.demerits:g}",
    }


def _first(row: KeyRow) -> dict[str, Any]:
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
            "verdicts": [point.verdicts[verdict] for verdict in bars.STACK],
            "units": f"{point.units} of {units}",
            "tools": ", ".join(point.tools),
        }
        for point in points
    ]
    several = len(points) > 1
    pictures = [Markup(trend.trend(points, units)), Markup(bars.verdicts("verdicts", points))] if several else []  # noqa: S704 - as above
    partial = any(point.units < units for point in points)
    rules = len({result.covered.left_out for result in posture.results}) > 1
    versions = len({tool for point in points for tool in point.tools}) > 1
    return {
        "trend": rows,
        "trend_pictures": pictures,
        "trend_partial": partial,
        "trend_versions": versions,
        "trend_rules": rules,
        "trend_small": trend.small(points),
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
    picture = Markup(timeline.timeline(drawn, posture.as_of)) if drawn else ""  # noqa: S704 - as above
    legend = [(Markup(sign), text) for sign, text in timeline.legend()]  # noqa: S704
    more = Markup(timeline.overview(known, posture.as_of)) if len(known) > DRAWN else ""  # noqa: S704 - as above
    return {
        "timeline": rows,
        "timeline_picture": picture,
        "overview": more,
        "legend": legend,
        "dated": len(known),
        "undated": len(posture.rows) - len(known),
    }


def _histograms(posture: Posture) -> dict[str, Any]:
    if not has_deployed(posture.rows):
        return {"histograms": []}
    made = (
        ("ages", "Age of keys", ages(posture.rows), "days since creation"),
        ("uses", "Last use of keys", uses(posture.rows), "days since last use"),
    )
    return {"histograms": [(Markup(bars.histogram(name, *rest)), rest[0], rest[1]) for name, *rest in made]}  # type: ignore[arg-type]  # noqa: S704
