"""Ages that end a key of Terraform: in days by AWS, or in seconds by a module; and the changes for a key whose block is not seen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from posturio_iac.core.evidence.reason import AGE_OUT_OF_RANGE, EXPIRY_NOT_SET, EXPIRY_OFF, NO_SECONDS, TAKES_NO_AGE
from posturio_iac.core.evidence.remedy import AddBlock, CreateFirst, IntervalSetting, Remedies, RemoveArgument, SetArgument
from posturio_iac.core.intervals import parse_interval
from posturio_iac.core.keys.resource_types import AGE, LONGEST_AGE, takes_age
from posturio_iac.core.model import Effect, Kind, Lifetime, Span, Unknown
from posturio_iac.core.place import ArgumentOrigin, Place

if TYPE_CHECKING:
    from posturio_iac.core.evidence.remedy import Declaring


NOTE = "days after its creation; AWS sets it once, so the next apply replaces the key"
"""The explanation of an age in a remedy."""


def age_lifetime(value: object, service: object, owner: Place, span: Span | None, argument: str = AGE) -> Lifetime | None:
    """The lifetime that an age states, as ``argument`` of ``owner``, or None; ``service`` is a name or `Unknown`."""
    if value is None:
        return None
    origin = ArgumentOrigin(argument, owner.address)
    if isinstance(service, str) and not takes_age(service):
        # An age that may be null cannot end a password either.
        return None if isinstance(value, Unknown) else _refused(value, service, origin, owner, span)
    if isinstance(value, Unknown):
        return Lifetime(Kind.EXPIRY, Effect.UNKNOWN, origin, span=span, reason=value.as_reason())
    days = _whole(value)
    if days is None or not 1 <= days <= LONGEST_AGE:
        reason = AGE_OUT_OF_RANGE(str(LONGEST_AGE))
        remedy = SetArgument(owner, argument, "90", "days after its creation", is_named=True)
        return Lifetime(Kind.EXPIRY, Effect.UNREADABLE, origin, str(value), span, reason=reason, remedy=remedy)
    setting = IntervalSetting(owner, argument)
    return Lifetime(Kind.EXPIRY, Effect.ENFORCED, origin, str(days), span, interval=timedelta(days=days), setting=setting)


def _refused(value: object, service: str, origin: ArgumentOrigin, owner: Place, span: Span | None) -> Lifetime:
    remedy = RemoveArgument(owner, origin.path, owner.address)
    return Lifetime(Kind.EXPIRY, Effect.INERT, origin, str(value), span, reason=TAKES_NO_AGE(service), remedy=remedy)


def _whole(value: object) -> int | None:
    """The whole number that Terraform would convert a value to, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def age_of(key: Place, service: object, argument: str = AGE, *, given: bool = False) -> SetArgument | None:
    """The change that lets AWS end a key, where it is known that it can; a null that is ``given`` needs a person's look."""
    return SetArgument(key, argument, "", NOTE, needs_person=given) if isinstance(service, str) and takes_age(service) else None


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


INACTIVE = '"Inactive"'  # the status of a disabled key, as HCL writes it


def remedies_in_code(kind: str, name: str, declare: Declaring, service: object = None) -> Remedies:
    """The changes for a key of a type, called ``name``, whose block is not seen; ``declare`` states a lifetime."""
    key = Place(f"{kind}.{name}")
    disable = SetArgument(key, "status", INACTIVE, needs_person=True)
    return Remedies(declare, AddBlock(key, name), disable, CreateFirst(key), age=age_of(key, service))
