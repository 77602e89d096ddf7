"""How many usable keys have an end that holds: the one number that means something at every size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import NOT_ACTIVE, Effect
from posturio_iac.core.record import dataclass
from posturio_iac.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.posture.parts import ResultPart

_EFFECTIVE = (Effect.ENFORCED.value, Effect.DECLARED.value)


@dataclass(frozen=True, slots=True)
class Ends:
    """The keys that can be used, and those of them that end or rotate."""

    keys: int
    """How many can be used: neither inactive nor expired."""
    holding: int
    """How many of them end or rotate, by evidence that no finding doubts."""

    @property
    def percent(self) -> int | None:
        """A whole number; nothing is rounded to none or to all. None without keys."""
        if not self.keys:
            return None
        share = self.holding / self.keys
        return min(max(round(share * 100), 1), 99) if 0 < share < 1 else round(share * 100)


def ends(parts: Sequence[ResultPart]) -> Ends:
    """The keys of ``parts`` that can be used, and how many of them end."""
    alive = [(part, key) for part in parts for key in part.keys if key.status not in NOT_ACTIVE]
    denying = {name for name, one in all_rules().items() if one.rule.denies_end}
    doubted = {(id(part), f.framework, f.root, f.address) for part in parts for f in part.found if f.rule in denying}
    holding = sum(
        (id(part), key.framework, key.root, key.address) not in doubted and any(e.effect in _EFFECTIVE for e in key.lifetime)
        for part, key in alive
    )
    return Ends(len(alive), holding)
