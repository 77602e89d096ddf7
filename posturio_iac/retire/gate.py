"""One gate for every step against a deployed key: from what is known now to act, wait or keep, with the reason. Pure.

Table, letters, plan and script carry its answer; the script asks again, of AWS and of the ledger, before each step.
"""

from __future__ import annotations

import re
from datetime import datetime

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.keys import partition_of
from posturio_iac.core.keys.life import KeyLife
from posturio_iac.core.model import NOT_ACTIVE, AccessKey, KeyKind, Unknown
from posturio_iac.core.record import Enum, dataclass, replace
from posturio_iac.core.times import plural
from posturio_iac.live.reading.events import TRAIL_REGIONS
from posturio_iac.rules import Context, all_rules, lingering_inactive_access_keys, multiple_active_access_keys, quarantined_access_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from posturio_iac.core.finding import Report, Rule
    from posturio_iac.live.request import PoliciesByKind

QUARANTINED, LINGERING = quarantined_access_keys.RULE.id, lingering_inactive_access_keys.RULE.id
OF_CODE = "Code declares it and would undo changes made by hand, so nothing is planned here. Change the code."
PUBLIC = "AWS found it in public, so it is switched off at once, even if something uses it: give that a role or a new key."
PUBLIC_IN_CODE = (
    "AWS found it in public, so switch it off at once. Code declares it and would switch it on again, so nothing is planned here: "
    "change the code."
)
BY_ROLE = "give what needs it a role, or accept the key by a suppression with an end"
USE_NOT_REPORTED = "AWS does not report when an API key of a service was used, so it stays active."
USER_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,64}")  # names that IAM allows; any other is never put into a script
KEY_ID = re.compile(r"[A-Za-z0-9_]{16,128}")


class Action(str, Enum):
    """The action for a key."""

    DISABLE = "disable"
    DELETE = "delete"
    WAIT = "wait"  # a step is due later, or after something that the reason names
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done about a key now."""

    action: Action
    why: str = ""  # the reason for waiting or keeping, or what to know before the step: a sentence, or empty
    option: str = ""  # how whoever makes the plan can switch the key off all the same: a sentence, or empty
    next: str = ""  # the same in a few words; empty where nothing is due
    asks: bool = False  # True if ``why`` is that its owner was not asked, or has not answered


def decide(key: AccessKey, rules: Collection[str], limits: Context, *, named: bool = False, alone: bool = False) -> Decision:
    """Decide about one key. ``rules`` flag it, ``limits`` hold for it, and ``named`` says that it is to be switched off in any case.

    A named or quarantined key is switched off whatever was answered; a needed one is never deleted. ``alone``: the user's other key goes.
    """
    if (hindrance := _hindrance(key)) is not None:
        return Decision(Action.KEEP, hindrance)
    declared, before = key.declaration, ""
    if declared is not None and declared.exact and (declared.restores_status or not any(one.means_unneeded for one in _known(rules))):
        return Decision(Action.KEEP, PUBLIC_IN_CODE if QUARANTINED in rules else OF_CODE)
    if declared is not None and declared.restores_status:
        before = f"Look at the code first, because it would undo changes made by hand: the key {declared.text()}."
    if key.status in NOT_ACTIVE:
        return _deletion(key, rules, limits, before)
    if key.status != "Active":
        return Decision(Action.KEEP, "Whether it is active is not known.")
    if named or QUARANTINED in rules:
        return Decision(Action.DISABLE, before or ("" if named else PUBLIC), next="to be switched off at once")
    return _disabling(key, {*rules}, limits, before, alone=alone)


def with_next(report: Report, policies: PoliciesByKind) -> Report:
    """A report whose keys tell what comes next, where the ledger knows them, and whose advice for what waits or is needed is the gate's."""
    rules: dict[str, set[str]] = {}
    for finding in report.active():
        rules.setdefault(finding.address, set()).add(finding.rule.id)
    made, waits = [], dict[str, tuple[Advice, str]]()
    for judged in report.keys:
        key = judged.key
        decision = decide(key, rules.get(key.address, ()), policies.of(key).context_for(key, report.as_of))
        if key.declaration is None and (advice := _advised(key, decision, report.as_of)) is not None:
            waits[key.address] = advice
        known = replace(key, life=replace(key.life, next=decision.next)) if key.life is not None else key
        made.append(replace(judged, key=known))
    found = (
        replace(finding, remedy=waits[finding.address][0], remediation=waits[finding.address][1]) if finding.address in waits else finding
        for finding in report.findings
    )
    return replace(report, keys=tuple(made), findings=tuple(found))


def _advised(key: AccessKey, decision: Decision, as_of: datetime) -> tuple[Advice, str] | None:
    """The advice for a key that waits or is needed, which no code declares: as data, and as sentences."""
    if decision.action is Action.WAIT and (key.life is not None or not decision.asks):
        return Advice("wait"), f"Wait. {decision.why}"
    if decision.action is Action.KEEP and key.life is not None and key.life.is_needed and key.life.stands(as_of):
        return Advice(BY_ROLE), f"{decision.why} {BY_ROLE[0].upper()}{BY_ROLE[1:]}."
    return None


def _hindrance(key: AccessKey) -> str | None:
    if key.is_root is True:
        return "Only the root user can delete this key: sign in as it, or delete it from the management account."
    if key.key_id is None:
        return "Its id could not be read."
    if not KEY_ID.fullmatch(key.key_id) or not isinstance(key.user, str) or not USER_NAME.fullmatch(key.user):
        return "IAM does not allow this name, so no command is written for it."
    if not isinstance(key.created, datetime):
        return "Its creation date is not known, so it could be mistaken for another key."
    return None


def _unreported_use(key: AccessKey) -> str | None:
    if isinstance(key.last_used, Unknown) and key.kind is KeyKind.ACCESS_KEY:
        return f"When it was last used is not known ({key.last_used.reason}), so it may be in use."
    return None


def _known(rules: Collection[str]) -> list[Rule]:
    return [one.rule for name, one in all_rules().items() if name in rules]


def _disabling(key: AccessKey, rules: set[str], limits: Context, before: str, *, alone: bool) -> Decision:
    life, as_of = key.life or KeyLife(), limits.as_of
    option = f"--include-in-use {key.key_id} plans to switch it off."
    ask = option if life.stands(as_of) else f"Ask its owner; {option}"
    if life.is_needed and life.stands(as_of):
        return Decision(Action.KEEP, f"{_answer(key, life)} So it stays active.", option, life.answer())
    late, in_use = _awaited(life, as_of), isinstance(key.last_used, datetime) and as_of - key.last_used <= limits.window
    if not any(one.means_unneeded for one in _known(rules)) and key.kind is KeyKind.ACCESS_KEY:
        held = "is" if in_use else "may be"
        return Decision(Action.KEEP, f"It {held} in use, so it stays active. {_advice(key, rules, alone=alone)}".strip(), option, late)
    if life.is_awaited(as_of) and life.answer_by is not None:
        return Decision(Action.WAIT, _question(key, life, life.answer_by), option, late, asks=True)
    if key.kind is KeyKind.SERVICE_CREDENTIAL:
        return Decision(Action.KEEP, USE_NOT_REPORTED, ask, late)
    if (unreported := _unreported_use(key)) is not None:
        return Decision(Action.KEEP, unreported, option, late)
    if in_use:
        return Decision(Action.KEEP, "It is in use, so it stays active.", ask, late)
    if life.switched_on is not None and as_of - life.switched_on <= limits.window:
        why = f"It was switched on again by {life.switched_on.date()}, so somebody needs it, and it stays active."
        return Decision(Action.KEEP, why, ask, late or "switched on again")
    return Decision(Action.DISABLE, before, next=late or "to be switched off")


def _deletion(key: AccessKey, rules: Collection[str], limits: Context, before: str) -> Decision:
    life, as_of, since = key.life or KeyLife(), limits.as_of, key.disabled_since
    if life.is_needed and life.stands(as_of):
        why = f"{_answer(key, life)} So it is not deleted; if it must work now, switch it on again."
        return Decision(Action.KEEP, why, next=life.answer())
    if not isinstance(since, datetime):
        return Decision(Action.KEEP, "It is not known how long it has been off, so it is not deleted.", next=life.answer())
    if (unreported := _unreported_use(key)) is not None:
        return Decision(Action.KEEP, unreported, next=life.answer())
    over = max(since, key.last_used if isinstance(key.last_used, datetime) else since) + limits.grace
    if as_of <= over:
        why = f"It is not deleted until it has been off for {plural(limits.grace.days, 'day')}, which is after {over.date()}."
        return Decision(Action.WAIT, why, next=f"to be deleted after {over.date()}")
    if life.is_awaited(as_of) and life.answer_by is not None:
        return Decision(Action.WAIT, _question(key, life, life.answer_by), next=_awaited(life, as_of), asks=True)
    if (unasked := _unasked(key, life)) is not None:
        return Decision(Action.WAIT, unasked, next="ask its owner", asks=True)
    if LINGERING not in rules:
        return Decision(Action.KEEP, "What is stated of it lets it stay for now, so it is not deleted.")
    if TRAIL_REGIONS.get(partition_of(key.address)) is None:
        return Decision(Action.KEEP, "This partition cannot be asked whether it was switched on again, so delete it by hand.")
    return Decision(Action.DELETE, before, next=f"may be deleted since {over.date()}")


def _awaited(life: KeyLife, as_of: datetime) -> str:
    if life.answer_by is None or (life.answered is not None and not life.is_awaited(as_of)):
        return life.answer()
    return f"answer {'late since' if life.is_late(as_of) else 'by'} {life.answer_by.date()}"


def _who(key: AccessKey, life: KeyLife) -> str:
    return "Its owner" if isinstance(key.owner, str) and key.owner else life.asked_owner or "Somebody"


def _answer(key: AccessKey, life: KeyLife) -> str:
    return f"{_who(key, life)} answered{f' on {life.answered.date()}' if life.answered else ''}: {life.answer()}."


def _question(key: AccessKey, life: KeyLife, answer_by: datetime) -> str:
    return f"{_who(key, life)} was asked, and may answer until {answer_by.date()}."


def _unasked(key: AccessKey, life: KeyLife) -> str | None:
    if life.is_needed and (life.asked is None or life.asked.date().isoformat() <= life.needed_until):
        return f"It was needed until {life.needed_until}, and its owner was not asked since: write the letter first."
    if life.answered is not None:
        return None
    if not isinstance(key.owner, str) or not key.owner:
        return None if life.asked else "Nobody is known to own it, and nobody was asked: name who is asked (ask --ask-ownerless ADDRESS)."
    if life.asked is None:
        return "Its owner was never asked whether it is needed: write the letter first."
    return (
        None
        if life.asked_owner in ("", key.owner)
        else f"Its owner of now was never asked, only {life.asked_owner}: write the letter first."
    )


def _advice(key: AccessKey, rules: set[str], *, alone: bool) -> str:
    """What its owner can do about a key that may be in use: a sentence, or empty. A user has two keys at most."""
    rest = rules - {one.id for one in _known(rules) if one.about_words}
    if not rest:
        return ""
    if rest == {multiple_active_access_keys.RULE.id}:
        return "Find out which keys of its user are needed, and then switch off the others."
    if key.active_siblings and not isinstance(key.active_siblings, Unknown) and not alone:
        return "Its user has another active key: move to that, and then switch this one off."
    return "Give its user a new key, move to it, and then switch this one off."
