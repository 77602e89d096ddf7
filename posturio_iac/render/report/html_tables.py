"""The rows of the tables on the page, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posturio_iac.core.finding import Level, Verdict
from posturio_iac.posture.counts import has_deployed, owners, sources, standings
from posturio_iac.posture.score import shown as shown_score
from posturio_iac.render.report import wording as say
from posturio_iac.render.report.html_text import BRIEF, cut, key_link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.posture.counts import KeyGroup
    from posturio_iac.posture.view import KeyRow, Posture

KEYS = 20_000
"""How many keys the table shows at most."""
UNDECIDED = 1000
"""How many undetermined keys are listed in full."""
SOON = 30
"""How many days before its end a suppression is marked."""


def tables(posture: Posture) -> dict[str, Any]:
    """The rows of each table, and how many there are where not all are shown."""
    told = sources(posture)
    marks = {(source.text, source.unit): number for number, source in enumerate(told, start=1)}
    return {
        "owners": [_group(group) for group in owners(posture.rows)],
        "owners_known": any(row.key.owner for row in posture.rows),
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
        "keys": (_key(row, marks) for row in posture.rows[:KEYS]),
        "key_count": len(posture.rows),
        "keys_left": max(len(posture.rows) - KEYS, 0),
        "columns": {
            "unit": len({row.unit for row in posture.rows}) > 1,
            "deployed": has_deployed(posture.rows),
            "evidence": bool(told),
        },
        "evidence": [(s.text, s.unit.label, s.keys) for s in told],
        "suppressions": _suppressions(posture),
        "errors": _said(posture, (Level.ERROR,)),
        "warnings": _said(posture, (Level.WARNING, Level.NOTE)),
        "left_out": say.not_asked(posture),
        "undetermined": [
            (cut(say.name(row.key), BRIEF), row.unit.label, row.key.place, row.key.undecided) for row in posture.rows if row.key.undecided
        ][:UNDECIDED],
        "undetermined_count": sum(bool(row.key.undecided) for row in posture.rows),
        "results": [
            (r.source, say.when(r.as_of), r.tool, len(r.keys), "yes" if r.source in posture.current else "only for trend and changes")
            for r in posture.results
        ],
    }


def _group(group: KeyGroup) -> dict[str, Any]:
    return {
        "name": cut(group.name, BRIEF),
        "numbers": [group.keys, group.flagged, group.undetermined, group.suppressed],
        "worst": group.worst.value if group.worst else "",
        "oldest": group.oldest,
        "idlest": group.idlest,
        "demerits": f"{group.demerits:g}",
    }


def _key(row: KeyRow, marks: dict[Any, int]) -> tuple[Any, ...]:
    """The cells of a row of the table of keys, in its order."""
    key = row.key
    rules = ", ".join(dict.fromkeys(finding.short_rule for finding in row.active))
    why = rules or ("; ".join(key.undecided) if key.verdict is Verdict.UNDETERMINED else "")
    return (
        say.level(row),
        cut(say.name(key), BRIEF),
        cut(key.place, BRIEF),
        key_link(row),
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
            diagnostic.level.value,
            unit.label if unit else "",
            f"{diagnostic.path}:{diagnostic.line}" if diagnostic.path and diagnostic.line else diagnostic.path or "",
            diagnostic.message,
        )
        for unit, diagnostic in posture.diagnostics
        if diagnostic.level in levels
    ]
