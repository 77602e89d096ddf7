"""What several rules share: questions about evidence, words for dates and changes, and requirements of standards."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone

from posturio_iac.core.finding import CIS
from posturio_iac.core.keys import bare
from posturio_iac.core.model import AccessKey, Effect, Kind, Lifetime
from posturio_iac.core.record import dataclass
from posturio_iac.core.times import describe_date, describe_interval, parse_date

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from posturio_iac.core.evidence.remedy import Remedy
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


def end_of_day(context: Context, after: timedelta) -> datetime:
    """24:00 on the day that comes so long after the run, because that is when a date without a time ends."""
    last = context.as_of.astimezone(timezone.utc) + after
    return datetime.combine(last.date() + timedelta(days=1), time(), timezone.utc)


def warning_of(context: Context) -> timedelta:
    """How long before its end a key is near it: where keys live shorter than twice the warning, every date would be near at once."""
    return min(context.warning, timedelta(days=context.max_lifetime.days // 2))


@dataclass(frozen=True, slots=True)
class Overdue:
    """A key that was not replaced in time."""

    since: datetime
    limit: timedelta
    rotated: Lifetime | None  # what states ``since``; None when that is the key's creation
    stated: Lifetime | None  # what states ``limit``; None when that is the maximum lifetime


def overdue(key: AccessKey, context: Context) -> Overdue | None:
    """Say whether the key is older, by its creation or stated rotation, than its own evidence allows, else than the maximum.

    Where it is open whether evidence is about this key, it must be older than with it and without.
    A stated end takes the place of an age. Beside a rotation that the code enforces, a day on which it was rotated is not its last.
    """
    effective = [e for e in key.effective() if not spent(e, context)]
    open_end = any(e.kind is Kind.EXPIRY or (e.kind is Kind.ROTATION and e.interval is None) for e in effective)
    unknown = [e for e in key.lifetimes if e.effect is Effect.UNKNOWN]
    if open_end or any(e.effect_if_ours is None or e.interval is None for e in unknown):
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
    """When the key came to be, and the evidence that says so; nothing where AWS would know it and that is unknown."""
    if key.created is not None:
        return (key.created if isinstance(key.created, datetime) else None), None
    dated = [e for e in effective if e.kind is Kind.ROTATED and e.at is not None]
    last = max(dated, key=lambda e: e.at or datetime.min.replace(tzinfo=timezone.utc), default=None)
    return (last.at, last) if last else (None, None)


SPREAD_DAYS = 7  # over how many days the ends that rules propose are spread

_IN_NAMES = frozenset("_.[")  # what a word holds that names something in code and keeps its case, such as ``aws_iam_user.ci``


def sentence(*clauses: str | Remedy) -> str:
    """Join clauses and remedies to one sentence: upper case at its start unless a name stands there, one full stop at its end."""
    from posturio_iac.core.evidence.remedy_text import describe

    parts = [(clause if isinstance(clause, str) else describe(clause)).strip() for clause in clauses]
    text = ", ".join(filter(None, parts)).rstrip(".")
    named = not _IN_NAMES.isdisjoint(text.partition(" ")[0])
    return f"{text if named else text[:1].upper() + text[1:]}."


def notes(key: AccessKey) -> str:
    """What was seen and is no lifetime, as sentences that follow a message."""
    return "".join(f" {sentence(note)}" for note in key.notes)


def unseen(key: AccessKey) -> str:
    """Why the tags of its user cannot be seen, as a clause that ends a sentence; empty where they can."""
    return f"; {key.unseen_tags.reason}" if key.unseen_tags is not None else ""


def proposed_end(key: AccessKey, context: Context) -> str:
    """A day in the last allowed week, ``2027-02-22``, chosen by the block: keys mended together do not all end on one day."""
    from zlib import crc32  # a library that a key without a finding does not need

    user = key.address.rpartition("/")[0] or key.address  # of a deployed key, since its tags are about all keys of the user
    block = f"{key.span.path}:{'.'.join(bare(key.address).split('.')[-2:])}" if key.span is not None else user
    days = (context.max_lifetime - warning_of(context)).days  # an end that is nearer would be said to be near at once
    earlier = crc32(block.encode("utf-8", "replace")) % max(min(SPREAD_DAYS, days), 1)
    return day(context.as_of + context.max_lifetime - timedelta(days=earlier))


def day(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).date().isoformat()


def end(evidence: Lifetime) -> str:
    """The end that evidence states, as the code writes it where that is a date by itself."""
    if evidence.at is None or parse_date(evidence.value) == evidence.at:
        return evidence.value.strip()
    return describe_date(evidence.at)


def by(evidence: Lifetime, limit: str) -> str:
    """What evidence says, and what is allowed: ``, but the maximum is 90 days: tag "rotation" says 365d``."""
    says = end(evidence)
    if not says or says in evidence.source:
        return f" by {evidence.source}{limit}"
    return f"{limit}: {evidence.source} says {says}"


def ago(moment: datetime, context: Context) -> str:
    return f"{describe_interval(context.as_of - moment)} ago"


def listed(names: Iterable[str]) -> str:
    """Join names as in a sentence: ``a, b and c``."""
    *head, last = names
    return f"{', '.join(head)} and {last}" if head else last


def lifetime_remedy(key: AccessKey, context: Context) -> Remedy:
    """The shortest change that gives the key a lifetime that suffices."""
    days = max(context.max_lifetime.days, 1)
    if (age := key.remedies.aging(days)) is not None:
        return age
    if context.enforced_only:
        return key.remedies.rotating(days)
    return key.remedies.stating("expires", proposed_end(key, context))


_NIST, _PCI, _OWASP = "NIST SP 800-53 Rev. 5", "PCI DSS v4.0.1", "OWASP Non-Human Identities Top 10"
# https://owasp.org/www-project-non-human-identities-top-10/2025/top-10-2025
OFFBOARDING = ((_OWASP, ("NHI1:2025 Improper Offboarding",)),)
LEAKAGE = ((_OWASP, ("NHI2:2025 Secret Leakage",)),)
LONG_LIVED = ((_OWASP, ("NHI7:2025 Long-Lived Secrets",)),)
# CIS, NIST and PCI as prowler 5.46.0 maps its checks of key rotation, unused keys, second keys and root keys.
ROTATION = (
    (CIS, ("1.4 in v1.2", "1.14 in v1.4 to v4.0.1", "1.13 in v5", "2.13 in v6", "2.12 in v7")),
    (_NIST, ("AC-2(1)", "AC-3(15)")),
    (_PCI, ("8.3.9", "8.6.3")),
    *LONG_LIVED,
)
UNUSED = (
    (CIS, ("1.12 in v1.4 to v4.0.1", "1.11 in v5", "2.11 in v6", "2.11 in v7")),
    (_NIST, ("AC-2(1)", "AC-2(3)", "AC-3(15)", "AC-6")),
    (_PCI, ("8.2.6",)),
    *OFFBOARDING,
)
ONE_KEY = ((CIS, ("1.13 in v1.4 to v4.0.1", "1.12 in v5", "2.12 in v6")),)
ROOT = (
    (CIS, ("1.4 in v1.4 to v4.0.1", "1.3 in v5", "2.3 in v6", "2.4 in v7")),
    (_NIST, ("AC-2(1)", "AC-3(15)", "AC-6", "AC-6(2)", "AC-6(10)")),
    (_PCI, ("7.2.1", "7.2.2", "8.2.2")),
    (_OWASP, ("NHI5:2025 Overprivileged NHI",)),
)
