"""When to look for garbage: between the parts of a run, when nothing of the last one is needed any more."""

from __future__ import annotations

import gc

_WORTH = 20_000
"""Objects that were made since the last look, without which looking costs more than it gives."""


def free_last_part() -> None:
    """Free what the last part of a run has left in circles, as modules and their scopes refer to each other.

    What outlives a part is kept for good and not looked at again, so that many parts cost no more than each by itself.
    """
    if gc.isenabled() and (gc.get_count()[0] > _WORTH or gc.get_count()[1]):
        gc.collect(1)
