"""How rules put dates, intervals and changes into sentences."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING
from zlib import crc32

from posturio_iac.core.addresses import bare
from posturio_iac.core.dates import describe_date, parse_date
from posturio_iac.core.intervals import describe_interval
from posturio_iac.rules._evidence import warning_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.model import AccessKey, Lifetime
    from posturio_iac.rules import Context

ROTATE_WITHIN_90_DAYS = ("1.4 in v1.2", "1.14 in v1.4 to v4.0.1", "1.13 in v5", "2.13 in v6", "2.12 in v7")
"""The recommendation on rotation in each version of the CIS AWS Foundations Benchmark."""
UNUSED_FOR_45_DAYS = ("1.12 in v1.4 to v4.0.1", "1.11 in v5", "2.11 in v6", "2.11 in v7")
"""The recommendation on unused credentials."""
SPREAD_DAYS = 7
"""Over how many days the ends that rules propose are spread."""

_IN_NAMES = frozenset("_.[")
"""What a word holds that names something in code and keeps its case, such as ``aws_iam_user.ci``."""


def sentence(*clauses: str | Remedy) -> str:
    """Join clauses and remedies to one sentence: upper case at its start unless a name stands there, one full stop at its end."""
    from posturio_iac.core.evidence.remedy_text import describe

    told = [(clause if isinstance(clause, str) else describe(clause)).strip() for clause in clauses]
    text = ", ".join(filter(None, told)).rstrip(".")
    named = not _IN_NAMES.isdisjoint(text.partition(" ")[0])
    return f"{text if named else text[:1].upper() + text[1:]}."


def notes(key: AccessKey) -> str:
    """What was seen and is no lifetime, as sentences that follow a message."""
    return "".join(f" {sentence(note)}" for note in key.notes)


def unseen(key: AccessKey) -> str:
    """Why the tags of its user cannot be seen, as a clause that ends a sentence; empty where they can."""
    return f"; {key.unseen_tags.reason}" if key.unseen_tags is not None else ""


def allowed(context: Context) -> str:
    """The maximum lifetime: ``90 days``."""
    return describe_interval(context.max_lifetime)


def proposed_end(key: AccessKey, context: Context) -> str:
    """A day in the last week that is allowed as an end: ``2027-02-22``.

    Which one follows from the block that declares the key. So keys that are mended together do not all end on one day, and all that one
    block makes do: its instances, and those of each call of its module, whose end stands in the same code.
    """
    block = f"{key.span.path if key.span is not None else ''}:{'.'.join(bare(key.address).split('.')[-2:])}"
    days = (context.max_lifetime - warning_of(context)).days  # an end that is nearer would be said to be near at once
    earlier = crc32(block.encode("utf-8", "replace")) % max(min(SPREAD_DAYS, days), 1)
    return day(context.as_of + context.max_lifetime - timedelta(days=earlier))


def day(moment: datetime) -> str:
    """The day in UTC on which something happened."""
    return moment.astimezone(timezone.utc).date().isoformat()


def end(evidence: Lifetime) -> str:
    """The end that evidence states, as the code writes it where that is a date by itself."""
    if evidence.at is None or parse_date(evidence.value) == evidence.at:
        return evidence.value.strip()
    return describe_date(evidence.at)


def by(evidence: Lifetime, limit: str) -> str:
    """What evidence says, and what is allowed: ``, but the maximum is 90 days: tag "rotation" says 365d``.

    Where the source itself shows its value, or there is none to show, it is ``by`` that source.
    """
    says = end(evidence)
    if not says or says in evidence.source:
        return f" by {evidence.source}{limit}"
    return f"{limit}: {evidence.source} says {says}"


def ago(moment: datetime, context: Context) -> str:
    """How long ago something was: ``85 days ago``."""
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
