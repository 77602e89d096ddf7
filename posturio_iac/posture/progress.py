"""Progress that the score alone does not show: how many keys end, and how much of the debt was closed lately."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from posturio_iac.core.model import Effect
from posturio_iac.core.record import dataclass
from posturio_iac.posture.parts import identities

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from posturio_iac.posture.parts import ResultPart
    from posturio_iac.posture.series import Series

WINDOW = timedelta(days=30)
WITHOUT_END = frozenset(
    f"iam.{name}"
    for name in (
        "access_keys_without_lifetime",
        "expired_access_keys",
        "inert_access_key_rotation",
        "overdue_access_key_rotations",
        "overlong_access_key_lifetimes",
        "unreadable_access_key_lifetimes",
    )
)
"""Rules whose findings say that the end of a key does not hold, suppressed or not."""
_DEAD = ("Inactive", "Expired")
_EFFECTIVE = (Effect.ENFORCED.value, Effect.DECLARED.value)


@dataclass(frozen=True, slots=True)
class DebtChange:
    """The demerits of the same accounts and code at two times."""

    days: int
    """How long ago the first one was."""
    before: float
    closed: float
    """Demerits that keys lost, including deleted keys."""
    added: float
    """Demerits that keys gained, including new keys."""

    @property
    def now(self) -> float:
        return self.before - self.closed + self.added

    @property
    def less(self) -> float | None:
        """The share of the debt that is gone, negative where it grew; None where there was none."""
        return (self.closed - self.added) / self.before if self.before else None


@dataclass(frozen=True, slots=True)
class Progress:
    """Numbers that move from one report to the next, however large the debt is."""

    keys: int
    """How many can be used: neither inactive nor expired."""
    with_end: int
    """How many of them end or rotate, by evidence that no finding doubts."""
    debt: DebtChange | None
    """None where there is no earlier result to compare with."""


def progress(series: Series, parts: Sequence[ResultPart]) -> Progress:
    """The progress up to ``parts``, which are the newest ones of ``series``."""
    alive = [(part, key) for part in parts for key in part.keys if key.status not in _DEAD]
    doubted = {(id(part), f.framework, f.root, f.address) for part in parts for f in part.found if f.rule in WITHOUT_END}
    ending = sum(
        (id(part), key.framework, key.root, key.address) not in doubted and any(e.effect in _EFFECTIVE for e in key.lifetime)
        for part, key in alive
    )
    return Progress(len(alive), ending, _debt(series, parts))


def _debt(series: Series, parts: Sequence[ResultPart]) -> DebtChange | None:
    """Compare with the newest results that are 30 days old, else with the oldest ones."""
    now = max((part.as_of for part in parts), default=None)
    earlier = series.points[:-1]
    if now is None or not earlier:
        return None
    old_enough = [point for point in earlier if point <= series.point(now - WINDOW)]
    start = series.at(old_enough[-1] if old_enough else earlier[0])
    pairs = [(then, part) for part in parts for then in start if _is_comparable(then, part)]
    if not pairs:
        return None
    before, after = (_demerits(pair[number] for pair in pairs) for number in (0, 1))
    moved = [after.get(name, 0.0) - before.get(name, 0.0) for name in dict.fromkeys((*before, *after))]
    days = (now - min(then.as_of for then, _ in pairs)).days
    return DebtChange(days, sum(before.values()), -sum(d for d in moved if d < 0), sum(d for d in moved if d > 0))


def _is_comparable(then: ResultPart, now: ResultPart) -> bool:
    """True if both cover the same users, by the same rules, at different times."""
    return then.unit == now.unit and not now.unit.narrowed and then.left_out == now.left_out and then.as_of < now.as_of


def _demerits(parts: Iterable[ResultPart]) -> dict[object, float]:
    return {(part.unit, identity): key.demerit for part in parts for identity, key in identities(part.keys)}
