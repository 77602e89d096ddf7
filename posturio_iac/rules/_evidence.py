"""What several rules ask about the evidence of a key's lifetime."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from typing import TYPE_CHECKING

from posturio_iac.core.model import Effect, Kind
from posturio_iac.core.record import dataclass

if TYPE_CHECKING:
    from posturio_iac.core.model import AccessKey, Lifetime
    from posturio_iac.rules import Context


def in_use(key: AccessKey) -> bool:
    """True if it is known to be an active key of a user. A root key is one finding of its own, whatever else is wrong with it."""
    return key.is_active() is True and key.is_root is not True


def spent(evidence: Lifetime, context: Context) -> bool:
    """True if it replaces the key once, and did so already: a fixed date of a rotation sets no second one."""
    once = evidence.effect is Effect.ENFORCED and evidence.kind is Kind.EXPIRY
    return once and evidence.at is not None and evidence.at <= context.as_of


def counted(key: AccessKey, context: Context) -> tuple[Lifetime, ...]:
    """The evidence that suffices: effective, not spent, and enforced where the configuration requires that."""
    return tuple(e for e in key.effective() if not spent(e, context) and (e.effect is Effect.ENFORCED or not context.enforced_only))


def has(key: AccessKey, *effects: Effect) -> bool:
    return any(e.effect in effects for e in key.lifetimes)


def passed(key: AccessKey, context: Context) -> tuple[Lifetime, ...]:
    dated = [(e.at, n, e) for n, e in enumerate(key.lifetimes) if e.effect is Effect.DECLARED and e.kind is Kind.EXPIRY and e.at]
    return tuple(e for at, _, e in sorted(dated, key=lambda entry: entry[:2]) if at <= context.as_of)


def latest_end(context: Context) -> datetime:
    return end_of_day(context, context.max_lifetime)


def end_of_day(context: Context, after: timedelta) -> datetime:
    """24:00 on the day that comes so long after the run, because that is when a date without a time ends."""
    last = context.as_of.astimezone(timezone.utc) + after
    return datetime.combine(last.date() + timedelta(days=1), time(), timezone.utc)


def warning_of(context: Context) -> timedelta:
    """Return how long before its end a key is near it: where keys live shorter than twice the warning, every date would be near at once."""
    return min(context.warning, timedelta(days=context.max_lifetime.days // 2))


@dataclass(frozen=True, slots=True)
class Overdue:
    """A key that was not replaced in time."""

    since: datetime
    limit: timedelta
    rotated: Lifetime | None
    """What states ``since``; None when that is the key's creation."""
    stated: Lifetime | None
    """What states ``limit``; None when that is the maximum lifetime."""


def overdue(key: AccessKey, context: Context) -> Overdue | None:
    """Say whether the key is older than what its own evidence states, else than the maximum; None too when that is unknown.

    Its age counts from its creation, or, where only code is known, from the day on which it says that the key was rotated.
    Where it is open whether evidence is about this key, it must be older than with it and without.
    A stated end takes the place of an age. Beside a rotation that the code enforces, a day on which it was rotated is not its last.
    """
    effective = [e for e in key.effective() if not spent(e, context)]
    open_end = any(e.kind is Kind.EXPIRY or (e.kind is Kind.ROTATION and e.interval is None) for e in effective)
    unknown = [e for e in key.lifetimes if e.effect is Effect.UNKNOWN]
    if open_end or any(e.holds is None or e.interval is None for e in unknown):
        return None
    stated = min((e for e in effective if e.interval is not None), key=lambda e: e.interval or timedelta.max, default=None)
    limit = max([stated.interval if stated and stated.interval else context.max_lifetime, *(e.interval for e in unknown if e.interval)])
    since, rotated = _birth(key, effective)
    hidden = rotated is None and stated is None and bool(key.unknown_sources)
    goes_on = rotated is not None and any(e.kind is Kind.ROTATION and e.effect is Effect.ENFORCED for e in effective)
    if since is None or hidden or goes_on or context.as_of - since <= limit:
        return None
    return Overdue(since, limit, rotated, stated)


def _birth(key: AccessKey, effective: list[Lifetime]) -> tuple[datetime | None, Lifetime | None]:
    """Return when the key came to be, and the evidence that says so; nothing where AWS would know it and that is unknown."""
    if key.created is not None:
        return (key.created if isinstance(key.created, datetime) else None), None
    dated = [e for e in effective if e.kind is Kind.ROTATED and e.at is not None]
    last = max(dated, key=lambda e: e.at or datetime.min.replace(tzinfo=timezone.utc), default=None)
    return (last.at, last) if last else (None, None)
