"""Code that is read in several ways, by Terraform and by OpenTofu for one: of the readings of a block the worst holds."""

from __future__ import annotations

from posturio_iac.core.finding import Finding, JudgedKey, Verdict

_GRAVITY = (Verdict.CLEAN, Verdict.SUPPRESSED, Verdict.UNDETERMINED, Verdict.FLAGGED)
Judged = tuple[JudgedKey, list[Finding]]


def worst_readings(parts: list[Judged]) -> list[Judged]:
    """The keys, without those that are only another reading of a block and say no more about it than one that stays."""
    by_place: dict[object, list[Judged]] = {}
    for part in parts:
        by_place.setdefault(part[0].key.span, []).append(part)
        by_place.setdefault((part[0].key.address, part[0].key.scope), []).append(part)
    left_out: set[int] = set()
    for part in (one for one in parts if one[0].key.reading):
        key = part[0].key
        same = [one for one in by_place[key.address, key.scope] if one is not part and id(one) not in left_out and one[0].key.reading]
        others = [one for one in by_place[key.span] if one[0].key.scope != key.scope and id(one) not in left_out]
        if any(_weight(one) >= _weight(part) for one in same) or any(_covers(one, part) for one in others):
            left_out.add(id(part))
    return [part for part in parts if id(part) not in left_out]


def _weight(part: Judged) -> tuple[int, int]:
    return _GRAVITY.index(part[0].verdict), len(part[1])


def _covers(one: Judged, other: Judged) -> bool:
    rules = {finding.rule.id for finding in one[1]}
    return _weight(one)[0] >= _weight(other)[0] and all(finding.rule.id in rules for finding in other[1])
