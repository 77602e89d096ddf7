"""Plans what to do about flagged keys, and about those that are off and wait to be deleted: one step a key, as the gate decides. Pure."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from posturio_iac.core.finding import Finding, JudgedKey, Report, Verdict
from posturio_iac.core.keys.life import KeyLife
from posturio_iac.core.model import NOT_ACTIVE, AccessKey, Unknown
from posturio_iac.core.record import NamedTuple, dataclass, grouped
from posturio_iac.core.times import parse_date
from posturio_iac.live.reading.events import MEMORY
from posturio_iac.retire.gate import QUARANTINED, Action, Decision, decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any

    from posturio_iac.judge.policy import Policy

SETTLED = timedelta(hours=1)  # how old an event is that CloudTrail has shown for certain: its promise is 15 minutes


@dataclass(frozen=True, slots=True)
class Step:
    """One key of a plan."""

    key: AccessKey
    findings: tuple[Finding, ...]
    decision: Decision
    idle: datetime  # since when it counts as idle if nothing calls with it, as far as CloudTrail can tell
    is_forced: bool = False
    grace: timedelta = timedelta()  # how long it is off before it may be deleted

    @property
    def action(self) -> Action:
        return self.decision.action

    @property
    def is_step(self) -> bool:
        return self.action in (Action.DISABLE, Action.DELETE)

    @property
    def owner(self) -> str:
        """The owner of the key for a reader, or its creator where no owner is known."""
        if isinstance(self.key.owner, str) and self.key.owner:
            return self.key.owner
        none = "owner unknown" if isinstance(self.key.owner, Unknown) else "no owner"
        return f"{none}, created by {self.key.created_by}" if self.key.created_by else none

    @property
    def is_public(self) -> bool:
        return any(finding.rule.id == QUARANTINED for finding in self.findings)

    def remark(self) -> str:
        return f"{self.decision.why} {self.decision.option}".strip()

    def known(self, as_of: datetime) -> datetime:
        """Until when the plan knows every event that switched the key: a later one is news, which keeps the key.

        Where only the ledger tells since when a key has been off, every event since that day is news.
        """
        life = self.key.life or KeyLife()
        if self.action is Action.DELETE and life.rests_on_ledger and isinstance(self.key.disabled_since, datetime):
            return self.key.disabled_since
        return max(life.switched or as_of - SETTLED, as_of - SETTLED)

    def document(self) -> dict[str, Any]:
        place = {"address": self.key.address, "account": self.key.account}
        return {**place, "action": self.action.value, "owner": self.owner, "why": self.remark()}


class NamesNothingError(Exception):
    """A named key is not a flagged key; the text is a sentence without a full stop."""


def steps(report: Report, policy: Policy, include: Collection[str]) -> list[Step]:
    """A step for each key, by account, owner and address; ``include`` names keys or users in use. Raises `NamesNothingError`."""
    found = grouped(report.active(), lambda finding: finding.address)
    _check(include, [judged for judged in report.keys if judged.key.address in found])
    chosen = [judged.key for judged in report.keys if judged.key.address in found or _waits(judged)]

    def step(key: AccessKey, *, alone: bool = False) -> Step:
        theirs = tuple(found.get(key.address, ()))
        rules, named = {finding.rule.id for finding in theirs}, any(name in include for name in _names(key))
        limits = policy.context_for(key, report.as_of)
        decision = decide(key, rules, limits, named=named, alone=alone)
        idle = report.as_of - min(limits.window, MEMORY)
        return Step(key, theirs, decision, idle, named or QUARANTINED in rules, limits.grace)

    made = [step(key) for key in chosen]
    going = [one.key for one in made if one.action is Action.DISABLE]
    users = {_user(key): key.address for key in going}
    made = [step(one.key, alone=users.get(_user(one.key), one.key.address) != one.key.address) for one in made]
    return sorted(made, key=lambda step: (step.key.account or "", step.owner != step.key.owner, step.owner, step.key.address))


def _waits(judged: JudgedKey) -> bool:
    key = judged.key
    off = key.status in NOT_ACTIVE and isinstance(key.disabled_since, datetime)
    return off and key.is_root is not True and judged.verdict is not Verdict.SUPPRESSED


def _user(key: AccessKey) -> str:
    return key.address.rpartition("/")[0]


def _check(include: Collection[str], flagged: list[JudgedKey]) -> None:
    for name in include:
        accounts = {judged.key.account for judged in flagged if name in _names(judged.key)}
        if not accounts:
            raise NamesNothingError(f"--include-in-use {name} matches no flagged key; give a full key ID, or a user")
        if len(accounts) > 1:
            text = f"--include-in-use {name} matches users in {len(accounts)} accounts"
            raise NamesNothingError(f"{text}; give the ARN of the right one")


def _names(key: AccessKey) -> tuple[object, ...]:
    return key.key_id, key.user, _user(key)


def by_account(made: list[Step]) -> Iterator[tuple[str, list[Step]]]:
    for account in dict.fromkeys(step.key.account or "" for step in made):
        yield account, [step for step in made if (step.key.account or "") == account]


NOT_TAKEN = ("kept", "refused")
OUTCOMES = ("begun", "done", "failed", *NOT_TAKEN)
WORDS = {"disable": "switch it off", "delete": "delete it", "enable": "switch it on again"}
DONE = {"disable": "switched off", "delete": "deleted", "enable": "switched on again"}


class Entry(NamedTuple):
    """The last line of the log about one key that shows what became of it."""

    at: str
    step: str  # ``disable``, ``delete`` or ``enable``
    outcome: str
    why: str
    caller: str

    def text(self) -> str:
        """Describe the step: a clause without a full stop."""
        day = self.at[:16].replace("T", " ")
        match self.outcome:
            case "done":
                return f"{DONE[self.step]} by the plan on {day} UTC{f', run by {self.caller}' if self.caller else ''}"
            case "begun":
                return f"the plan began to {WORDS[self.step]} on {day} UTC, and its log does not show whether it did"
            case "refused":
                return f"whoever was asked did not let the plan {WORDS[self.step]} on {day} UTC"
            case _:
                return f"the plan did not {WORDS[self.step]} on {day} UTC: {self.why or 'its log does not show why'}"


def read_log(text: str) -> tuple[dict[str, Entry], int]:
    """The last entry about each key by its id, and how many lines cannot be read; a step that was done stays so when a rerun keeps it."""
    found: dict[str, Entry] = {}
    lines, lost = list[tuple[str, Entry]](), 0
    for line in filter(None, text.splitlines()):
        try:
            entry = json.loads(line)
            words = {name: str(entry[name]) for name in ("at", "step", "outcome", "why")}
            told = Entry(**words, caller=str(entry.get("caller", "")))
            if told.step not in WORDS or told.outcome not in OUTCOMES or parse_date(told.at) is None:
                raise ValueError
            lines.append((str(entry["key_id"]), told))
        except (ValueError, RecursionError, LookupError, TypeError):
            lost += 1
    for key_id, told in sorted(lines, key=lambda entry: entry[1].at):
        before = found.get(key_id)
        # A second run of the script may find that the first one had taken the step, and one that takes none changes nothing.
        stays = before is not None and (
            before.outcome in ("done", "begun") if told.outcome in NOT_TAKEN else before[1:3] == (told.step, "done")
        )
        if not stays:
            found[key_id] = told
    return found, lost
