"""What earlier runs tell of keys: since when they have been off, and where they stand between finding and deletion. Pure."""

from __future__ import annotations

from datetime import datetime

from posturio_iac.core.keys.life import KeyLife
from posturio_iac.core.model import NOT_ACTIVE, AccessKey, Unknown
from posturio_iac.core.record import replace
from posturio_iac.live.reading.events import MEMORY, NO_EVENT, off
from posturio_iac.retire.ledger_history import Ledger, digest_of
from posturio_iac.retire.ledger_lines import KeyChangeKind, moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from posturio_iac.judge.policy import Policy
    from posturio_iac.live.model import DeployedKey


def name_of(key: AccessKey) -> str | None:
    return None if key.key_id is None or key.is_root is True else digest_of(key.address.rpartition("/")[0], key.key_id)


def with_life(
    keys: Iterable[AccessKey], deployed: Iterable[DeployedKey], ledger: Ledger, policy: Policy, as_of: datetime
) -> tuple[AccessKey, ...]:
    """Return the keys with their lifecycle in the ledger; ``deployed`` are the same keys as AWS and the ledger describe them."""
    seen = {ledger.name_of(key): key for key in deployed if key.key_id is not None}
    return tuple(key if (name := name_of(key)) is None else _told(key, seen.get(name), name, ledger, policy, as_of) for key in keys)


def _told(key: AccessKey, deployed: DeployedKey | None, name: str, ledger: Ledger, policy: Policy, as_of: datetime) -> AccessKey:
    seen = ledger.of(name, KeyChangeKind.SEEN)
    creator = str(seen.detail.get("created_by", "")) if seen is not None and key.owner is None else ""
    asked, answered = ledger.of(name, KeyChangeKind.ASKED), ledger.of(name, KeyChangeKind.ANSWERED)
    owner = key.owner if isinstance(key.owner, str) and key.owner else str(asked.detail.get("owner", "")) if asked else ""
    if answered is not None and answered.detail.get("needed") is not True and owner:
        letters = (change for change in reversed(ledger.keys[name]) if change.kind is KeyChangeKind.ASKED and change.at <= answered.at)
        if next((str(letter.detail.get("owner", "")) for letter in letters), "") not in ("", owner):
            answered = None  # what an earlier owner does not need, the owner of now may
    on_again = [when for when in (deployed.switched_on if deployed else None, ledger.seen_on_again(name)) if when is not None]
    life = KeyLife(
        asked=asked.at if asked else None,
        asked_owner=str(asked.detail.get("owner", "")) if asked else "",
        answer_by=moment(asked.detail["answer_by"]) if asked and "answer_by" in asked.detail else None,
        answered=answered.last if answered else None,
        is_needed=answered.detail.get("needed") is True if answered else None,
        needed_until=str(answered.detail.get("until", "")) if answered else "",
        note=str(answered.detail.get("note", "")) if answered else "",
        delete_on=_delete_on(key, policy, as_of),
        switched=deployed.switched if deployed else None,
        switched_on=max(on_again, default=None),
        rests_on_ledger=deployed is not None and deployed.rests_on_ledger,
    )
    if ledger.hold is not None and as_of.date() <= ledger.hold.date() and not (life.is_needed and life.stands(as_of)):
        life = replace(life, answer_by=ledger.hold, answered=None, is_needed=None)
    return replace(key, life=None if life == KeyLife() else life, created_by=creator or None)


def _delete_on(key: AccessKey, policy: Policy, as_of: datetime) -> datetime | None:
    if key.status not in NOT_ACTIVE or not isinstance(key.disabled_since, datetime):
        return None
    used = key.last_used if isinstance(key.last_used, datetime) else key.disabled_since
    return max(key.disabled_since, used) + policy.context_for(key, as_of).grace


def from_ledger(keys: Iterable[DeployedKey], ledger: Ledger, as_of: datetime) -> tuple[DeployedKey, ...]:
    """The keys with the facts from earlier observations, and add today's observations to ``ledger``."""
    return tuple(key if key.key_id is None or key.user.is_root else _remembered(key, ledger, as_of) for key in keys)


def _remembered(key: DeployedKey, ledger: Ledger, as_of: datetime) -> DeployedKey:
    if not off(key):
        if key.status == "Active":
            ledger.saw(ledger.name_of(key), KeyChangeKind.ACTIVE, as_of)
        return key
    told = key.disabled_since if isinstance(key.disabled_since, datetime) else None
    on_again = [when for when in (key.last_used, key.switched_on, key.switched, told) if isinstance(when, datetime)]
    active = ledger.of(ledger.name_of(key), KeyChangeKind.ACTIVE)
    first = ledger.saw_inactive(key, as_of, not_before=max(on_again, default=None))
    if told is not None and (active is None or active.last <= told):
        return key
    if isinstance(key.last_used, Unknown) and not (key.is_credential and key.disabled_since == NO_EVENT):
        return key  # it may have been used, and so switched on, between two observations
    if key.is_credential:  # its use tells nothing, and events, which tell of no switching on, go back only so far
        first = max(first, as_of - MEMORY)
    told_by = f"first seen inactive by our ledger on {first.date()}"
    return replace(key, disabled_since=first, rests_on_ledger=True, evidence=(*key.evidence, told_by))
