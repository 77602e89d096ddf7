"""The demerit of a key of a saved result in the score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posturio_iac.core.finding import DEMERITS, UNDETERMINED, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LOWEST = DEMERITS[Severity.LOW]


def cost(key: Mapping[str, Any], severities: Iterable[str]) -> float:
    """The demerit of a key of a result.

    Results state it; in older ones it follows from the findings of the key and from whether anything is undetermined. A stated demerit
    below that is raised to it.
    """
    given = key.get("demerit", 0)
    stated = float(given) if isinstance(given, (int, float)) and not isinstance(given, bool) else 0.0
    worst = max((DEMERITS[Severity(severity)] for severity in severities), default=0.0)
    undecided = bool(key.get("undecided")) or key["verdict"] == Verdict.UNDETERMINED.value
    least = (_LOWEST if stated else UNDETERMINED) if undecided else 0.0
    return max(stated, worst, least) if stated <= max(DEMERITS.values()) else max(DEMERITS.values())
