"""Masks key ids in whatever a run tells: every text of every record. Pure."""

from __future__ import annotations

from posturio_iac.core.finding import Rule
from posturio_iac.core.keys import KeyIdMask
from posturio_iac.core.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    T = TypeVar("T")


class Mask(KeyIdMask):
    """Masks ids in records as well as in text."""

    def hide(self, record: T) -> T:
        """A report, a verification or any part of them without ids. Fingerprints stay: they are digests."""
        hidden: T = self._hidden(record)
        return hidden

    def _hidden(self, value: Any) -> Any:
        if type(value) is str:
            return self.text(value)
        if type(value) is tuple:
            return tuple(map(self._hidden, value))
        if isinstance(value, Rule) or not (names := getattr(value, "__match_args__", ())):
            return value
        changed = {name: new for name in names if (new := self._hidden(old := getattr(value, name))) is not old}
        return replace(value, **changed) if changed else value
