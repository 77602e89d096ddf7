"""What a front end hands to the engine: the keys it found, and what a reader must know about the reading itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.record import dataclass

if TYPE_CHECKING:
    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.core.model import AccessKey


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading the selected files of one framework."""

    keys: tuple[AccessKey, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
