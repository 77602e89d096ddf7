"""A maximum age in seconds, as an argument of a key or an input of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.origin import ArgumentOrigin
from posturio_iac.core.evidence.reason import EXPIRY_NOT_SET, EXPIRY_OFF, NO_SECONDS
from posturio_iac.core.evidence.remedy import IntervalSetting, SetArgument
from posturio_iac.core.intervals import parse_interval
from posturio_iac.core.model import Effect, Kind, Lifetime, Unknown
from posturio_iac.core.place import Place

if TYPE_CHECKING:
    from posturio_iac.core.model import Span


def max_age_lifetime(value: object, argument: str, owner: str, span: Span, header: Span | None = None) -> Lifetime:
    """The lifetime that a maximum age in seconds states, as ``argument`` of ``owner``, whose block begins with ``header``."""
    origin = ArgumentOrigin(argument, owner)
    if isinstance(value, Unknown):
        return Lifetime(Kind.ROTATION, Effect.UNKNOWN, origin, span=span, reason=value.as_reason())
    interval = parse_interval(value, "s") if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
    if interval:
        setting = IntervalSetting(Place(owner, header), argument, "s")
        return Lifetime(Kind.ROTATION, Effect.ENFORCED, origin, str(value), span, interval=interval, setting=setting)
    if value is None or interval is not None:
        remedy = SetArgument(Place(owner, header), argument, "7776000", "90 days in seconds", is_named=True)
        reason = EXPIRY_NOT_SET() if value is None else EXPIRY_OFF()
        return Lifetime(Kind.ROTATION, Effect.INERT, origin, "" if value is None else str(value), span, reason=reason, remedy=remedy)
    return Lifetime(Kind.ROTATION, Effect.UNREADABLE, origin, str(value), span, reason=NO_SECONDS())
