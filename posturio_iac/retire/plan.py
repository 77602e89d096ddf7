"""Plans what to do about flagged keys: which to switch off, which to delete, and why the others stay as they are. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from posturio_iac.core.model import KeyKind, Unknown
from posturio_iac.live.reading.switches import TRAIL_REGIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from posturio_iac.core.finding import Finding, JudgedKey, Report
    from posturio_iac.core.model import AccessKey
    from posturio_iac.judge.policy import Policy

QUARANTINED = "iam.quarantined_access_keys"
DISABLING = frozenset({"iam.unused_access_keys", "iam.expired_access_keys", QUARANTINED})
"""Rules whose findings mean that the key is not needed, or should have ended."""
LINGERING = "iam.lingering_inactive_access_keys"
OF_CODE = "Code declares it and would undo changes made by hand, so nothing is planned here. Change the code."
SEVERAL = "iam.multiple_active_access_keys"
OF_WORDS = frozenset({"iam.ownerless_access_keys", "iam.unmanaged_access_keys", "iam.unreadable_access_key_lifetimes"})
"""Rules whose findings are about what is said of a key, so a new key would be flagged as well."""
NEEDED = "It may be in use, so it stays active."
PUBLIC = "AWS found it in public, so switch it off at once, and then give what needs it a role or a new key."
PUBLIC_IN_CODE = f"{PUBLIC} Code declares it and would switch it on again, so nothing is planned here. Change the code too."
UNTOLD = "AWS does not report when an API key of a service was used, so it stays active."
USER_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,64}")
"""Names that IAM allows; any other is never put into a script."""
KEY_ID = re.compile(r"[A-Za-z0-9_]{16,128}")


class Action(str, Enum):
    """The action for a key."""

    DISABLE = "disable"
    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Step:
    """One key of a plan."""

    key: AccessKey
    findings: tuple[Finding, ...]
    action: Action
    why: str
    """Why a key is kept, or what to know before the step: a sentence, or empty."""
    option: str = ""
    """How whoever makes the plan can switch the key off all the same: a sentence, or empty."""

    @property
    def owner(self) -> str:
        """Who answers for the key, for a reader."""
        return owner_of(self.key)

    @property
    def is_public(self) -> bool:
        """True if AWS found the key in public, so nobody should wait until nothing needs it."""
        return any(finding.rule.id == QUARANTINED for finding in self.findings)

    def remark(self) -> str:
        """Return what whoever runs the plan should know about the key."""
        return f"{self.why} {self.option}".strip()

    def document(self) -> dict[str, Any]:
        place = {"address": self.key.address, "account": self.key.account}
        return {**place, "action": self.action.value, "owner": self.owner, "why": self.remark()}


class NamesNothingError(Exception):
    """A named key is not a flagged key; the text is a sentence without a full stop."""


def steps(report: Report, policy: Policy, include: Collection[str]) -> list[Step]:
    """A step for each flagged key, by account, owner and address. The report holds key ids in full.

    ``include`` names keys in use that are switched off all the same: by key id, by the name of the user or its ARN.

    Raises:
        NamesNothingError: one of the names fits no flagged key, or users of that name in several accounts.

    """
    found: dict[str, list[Finding]] = {}
    for finding in report.active():
        found.setdefault(finding.address, []).append(finding)
    flagged = [judged for judged in report.keys if judged.key.address in found]
    _check(include, flagged)
    made = [_step(judged.key, tuple(found[judged.key.address]), report.as_of, policy, include) for judged in flagged]
    return sorted(made, key=lambda step: (step.key.account or "", step.owner, step.key.address))


def owner_of(key: AccessKey) -> str:
    """The owner of a key for a reader, or its creator where no owner is known."""
    if isinstance(key.owner, str) and key.owner:
        return key.owner
    return f"unknown, created by {key.created_by}" if key.created_by else "unknown"


def _check(include: Collection[str], flagged: list[JudgedKey]) -> None:
    for name in include:
        accounts = {judged.key.account for judged in flagged if name in _names(judged.key)}
        if not accounts:
            raise NamesNothingError(f"--include-in-use {name} matches no flagged key; give a full key ID, or a user")
        if len(accounts) > 1:
            text = f"--include-in-use {name} matches users in {len(accounts)} accounts"
            raise NamesNothingError(f"{text}; give the ARN of the right one")


def _names(key: AccessKey) -> tuple[object, ...]:
    return key.key_id, key.user, key.address.rpartition("/")[0]


def _step(key: AccessKey, findings: tuple[Finding, ...], as_of: datetime, policy: Policy, include: Collection[str]) -> Step:
    rules = {finding.rule.id for finding in findings}
    if (hindrance := _hindrance(key)) is not None:
        return Step(key, findings, Action.KEEP, hindrance)
    declared = key.declaration
    if declared is not None and declared.exact and (declared.restores_status or not rules & DISABLING):
        return Step(key, findings, Action.KEEP, PUBLIC_IN_CODE if QUARANTINED in rules else OF_CODE)
    before = (
        f"Look at the code first, because it would undo changes made by hand: the key {declared.text()}."
        if _restored(key) and declared
        else ""
    )
    if LINGERING in rules:
        why = _why_not_deleted(key, as_of, policy)
        return Step(key, findings, Action.KEEP if why else Action.DELETE, why or before)
    named = any(name in include for name in _names(key))
    if rules & DISABLING or named:
        in_use = None if named else _why_in_use(key, as_of, policy)
        if in_use is not None and QUARANTINED in rules:
            in_use = PUBLIC, f"It may be in use, so only --include-in-use {key.key_id} plans that."
        return Step(key, findings, Action.KEEP, *in_use) if in_use else Step(key, findings, Action.DISABLE, before)
    if key.kind is KeyKind.SERVICE_CREDENTIAL:
        return Step(key, findings, Action.KEEP, *(_why_in_use(key, as_of, policy) or ("",)))
    advice = _advice(key, rules)
    return Step(key, findings, Action.KEEP, f"{NEEDED} {advice}".strip(), f"--include-in-use {key.key_id} plans to switch it off.")


def _advice(key: AccessKey, rules: set[str]) -> str:
    """Return what its owner can do about a key that may be in use: a sentence, or empty. A user has two keys at most."""
    if not rules - OF_WORDS:
        return ""
    if rules <= OF_WORDS | {SEVERAL}:
        return "Find out which keys of its user are needed, and then switch off the others."
    if key.active_siblings and not isinstance(key.active_siblings, Unknown):
        return "Its user has another active key: move to that, and then switch this one off."
    return "Give its user a new key, move to it, and then switch this one off."


def _restored(key: AccessKey) -> bool:
    return key.declaration is not None and key.declaration.restores_status


def _hindrance(key: AccessKey) -> str | None:
    """Return why a script can do nothing about a key."""
    if key.is_root is True:
        return "Only the root user can delete this key: sign in as it, or delete it from the management account."
    if key.key_id is None:
        return "Its id could not be read."
    if not KEY_ID.fullmatch(key.key_id) or not isinstance(key.user, str) or not USER_NAME.fullmatch(key.user):
        return "IAM does not allow this name, so no command is written for it."
    if not isinstance(key.created, datetime):
        return "Its creation date is not known, so it could be mistaken for another key."
    if isinstance(key.last_used, Unknown) and key.kind is KeyKind.ACCESS_KEY:
        return f"When it was last used is not known ({key.last_used.reason}), so it may be in use."
    return None


def _why_in_use(key: AccessKey, as_of: datetime, policy: Policy) -> tuple[str, str] | None:
    """Return why an active key is not switched off, and how it would be: its owner needs it, or it was used within its window."""
    option = f"--include-in-use {key.key_id} plans to switch it off."
    if key.life is not None and key.life.is_needed and key.life.answered is not None:
        return f"Its owner answered on {key.life.answered.date()}: {key.life.answer()}. So it stays active.", option
    if key.kind is KeyKind.SERVICE_CREDENTIAL:
        return UNTOLD, f"Ask its owner; {option}"
    window = policy.context_for(key, as_of).window
    if isinstance(key.last_used, datetime) and as_of - key.last_used <= window:
        return "It is in use, so it stays active.", f"Ask its owner; {option}"
    return None


def _why_not_deleted(key: AccessKey, as_of: datetime, policy: Policy) -> str | None:
    """Return why a key that is switched off is not deleted yet."""
    grace = policy.context_for(key, as_of).grace
    if not isinstance(key.disabled_since, datetime):
        return "It is not known how long it has been off, so it is not deleted."
    if as_of - key.disabled_since <= grace or (isinstance(key.last_used, datetime) and as_of - key.last_used <= grace):
        return f"It is not deleted until it has been off for {grace.days} days."
    if TRAIL_REGIONS.get(key.address.split(":")[1]) is None:
        return "This partition cannot be asked whether it was switched on again in the meantime, so delete it by hand."
    return None


def by_account(made: list[Step]) -> Iterator[tuple[str, list[Step]]]:
    for account in dict.fromkeys(step.key.account or "" for step in made):
        yield account, [step for step in made if (step.key.account or "") == account]
