"""The content of the page, as plain values for its template: text, numbers, and pictures that are markup already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from posturio_iac import __version__
from posturio_iac.posture.counts import ages, has_deployed, uses
from posturio_iac.posture.score import shown as shown_score
from posturio_iac.posture.timelines import lives
from posturio_iac.render.report import wording as say
from posturio_iac.render.report.charts import bars, timeline, trend
from posturio_iac.render.report.html_tables import tables
from posturio_iac.render.report.html_tasks import findings, first
from posturio_iac.render.report.html_text import BRIEF, cut
from posturio_iac.render.wording import page_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from posturio_iac.posture.view import Posture

DRAWN = 100
"""How many keys the timeline draws; the table of keys has the dates of all."""
LARGE = 500
"""With more keys a browser lays out sections further down only when they come into view."""
CHANGES = 100
"""How many changes of each kind are listed."""


def view(posture: Posture) -> dict[str, Any]:
    shown = _shown(posture)
    return {**shown, "sections": list(_sections(shown))}


def _sections(shown: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the sections that are not empty, with their short names."""
    says = {
        "first": ("First", shown["first"]),
        "trend": ("Trend", shown["trend_pictures"]),
        "changes": ("Changes", shown["changes"]),
        "timeline": ("Timeline", shown["timeline_picture"]),
        "use": ("Age and use", shown["histograms"]),
        "owners": ("Owners", shown["owners_known"]),
        "units": ("Accounts and code", len(shown["units"]) > 1),
        "findings": ("Findings", shown["findings"]),
        "keys": ("Keys", shown["key_count"]),
        "suppressions": ("Suppressions", shown["suppressions"]),
        "unchecked": ("Not checked", shown["errors"] or shown["undetermined"] or shown["left_out"] or shown["warnings"]),
        "basis": ("Basis", len(shown["results"]) > 1 or shown["evidence"]),
    }
    return ((name, short) for name, (short, something) in says.items() if something)


def _shown(posture: Posture) -> dict[str, Any]:
    return {
        "title": say.TITLE,
        "version": __version__,
        "as_of": say.when(posture.as_of),
        "looked_at": say.looked_at(posture),
        "verdict": say.verdict(posture),
        "score": _score(posture),
        "counts": [(verdict.value, posture.count(verdict)) for verdict in bars.STACK],
        "severities": [(severity.value, number) for severity, number in posture.severities().items()],
        **first(posture),
        **findings(posture),
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
        "scale": _picture(trend.scale(score)),
        "how": say.SCORE,
        "progress": say.progress(posture),
        "lines": [(line.cause, line.keys, f"{line.each:g}", f"{line.demerits:g}") for line in score.lines],
        "demerits": f"{score.demerits:g}",
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
    pictures = [_picture(trend.trend(points, units)), _picture(bars.verdicts("verdicts", points))] if several else []
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
    picture = _picture(timeline.timeline(drawn, posture.as_of)) if drawn else ""
    legend = [(_picture(sign), text) for sign, text in timeline.legend()]
    more = _picture(timeline.overview(known, posture.as_of)) if len(known) > DRAWN else ""
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
    return {"histograms": [(_picture(bars.histogram(name, *rest)), rest[0], rest[1]) for name, *rest in made]}  # type: ignore[arg-type]


def _picture(svg: str) -> Markup:
    """A picture of ours as markup: each escapes what it shows."""
    return Markup(svg)  # noqa: S704 - see above
