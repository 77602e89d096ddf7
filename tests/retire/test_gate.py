"""The gate answers as a model of thirty lines does, for any history of a key, and says why; what the log of a plan tells of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.keys.life import KeyLife
from posturio_iac.core.model import AccessKey, Declaration, KeyKind, Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import NOT_ASKED
from posturio_iac.retire.gate import LINGERING, QUARANTINED, Action, decide
from posturio_iac.retire.plan import read_log
from posturio_iac.rules import Context
from tests.support.keys import AS_OF, access_key

DAY = timedelta(days=1)
GRACE, WINDOW = 14 * DAY, 45 * DAY
LIMITS = Context(as_of=AS_OF, max_lifetime=90 * DAY, window=WINDOW, grace=GRACE, enforced_only=False, warning=14 * DAY)
ADDRESS = "arn:aws:iam::123456789012:user/ci/AKIAIOSFODNN7EXAMPLE"


@dataclass(frozen=True)
class History:
    """What happened to a key, in days before now; None is never."""

    active: bool = True
    off_since: int | None = None
    used: int | None = None
    switched_on: int | None = None
    asked: int | None = None
    days_to_answer: int = 14
    answered: int | None = None
    needed: bool = False
    until: int | None = None
    """Days from now to the last day for which the answer counts."""
    owner: bool = True
    rules: frozenset[str] = frozenset()
    named: bool = False
    service: bool = False
    use_unknown: bool = False


def before(days: int | None) -> datetime | None:
    return None if days is None else AS_OF - days * DAY


def key_of(story: History) -> AccessKey:
    asked = before(story.asked)
    life = KeyLife(
        asked=asked,
        asked_owner="payments" if story.owner else "security",
        answer_by=asked + story.days_to_answer * DAY if asked else None,
        answered=before(story.answered),
        is_needed=story.needed if story.answered is not None else None,
        needed_until=str((AS_OF + story.until * DAY).date()) if story.until is not None else "",
        switched_on=before(story.switched_on),
    )
    since = before(story.off_since)
    return replace(
        access_key(),
        address=ADDRESS,
        framework="aws",
        user="ci",
        key_id="AKIAIOSFODNN7EXAMPLE",
        created=AS_OF - 400 * DAY,
        status="Active" if story.active else "Inactive",
        owner="payments" if story.owner else None,
        last_used=NOT_ASKED("AWS") if story.use_unknown else before(story.used),
        disabled_since=None if story.active else since or NOT_ASKED("AWS"),
        kind=KeyKind.SERVICE_CREDENTIAL if story.service else KeyKind.ACCESS_KEY,
        life=None if life == KeyLife() else life,
    )


def model(story: History) -> Action:
    """The promises, as a person would say them."""
    stands = story.answered is not None and (story.until is None or story.until >= 0)
    is_needed = stands and story.needed
    may_answer = not stands and story.asked is not None and story.asked <= story.days_to_answer
    recent = min(days for days in (story.used, story.switched_on, 9999) if days is not None)
    if story.active:
        if story.named or QUARANTINED in story.rules:
            return Action.DISABLE
        if is_needed or (not story.service and "iam.unused_access_keys" not in story.rules):
            return Action.KEEP
        if may_answer:
            return Action.WAIT
        if story.service or story.use_unknown or recent * DAY <= WINDOW:
            return Action.KEEP
        return Action.DISABLE
    if is_needed or story.off_since is None or (story.use_unknown and not story.service):
        return Action.KEEP
    if min(story.off_since, story.off_since if story.used is None or story.use_unknown else story.used) * DAY <= GRACE:
        return Action.WAIT
    if may_answer or (story.asked is None and story.answered is None):
        return Action.WAIT
    return Action.DELETE if LINGERING in story.rules else Action.KEEP


days = st.one_of(st.none(), st.sampled_from([0, 1, 13, 14, 15, 44, 45, 46, 90, 200]))
HISTORIES = st.builds(
    History,
    active=st.booleans(),
    off_since=days,
    used=days,
    switched_on=days,
    asked=days,
    days_to_answer=st.sampled_from([1, 14, 30]),
    answered=days,
    needed=st.booleans(),
    until=st.sampled_from([None, None, -30, -1, 0, 1, 30]),
    owner=st.booleans(),
    rules=st.frozensets(st.sampled_from(["iam.unused_access_keys", QUARANTINED, LINGERING, "iam.ownerless_access_keys"])),
    named=st.booleans(),
    service=st.booleans(),
    use_unknown=st.booleans(),
)


@given(HISTORIES)
def test_the_gate_answers_as_the_model_does(story: History) -> None:
    decision = decide(key_of(story), story.rules, LIMITS, named=story.named)
    assert decision.action is model(story), decision.why
    if decision.action in (Action.KEEP, Action.WAIT):
        assert decision.why.endswith("."), "who is not helped is told why"


OFF = History(active=False, off_since=20, asked=40, rules=frozenset({LINGERING}))
IDLE = History(used=100, rules=frozenset({"iam.unused_access_keys"}))
USED = History(used=45, rules=frozenset({"iam.multiple_active_access_keys", "iam.ownerless_access_keys"}))
CODE = Declaration((Place("aws_iam_access_key.ci", None),), exact=True, source="state x")
TURNS: tuple[dict[str, Any], ...] = (
    {"owner": False},
    *({"used": used} for used in (None, 0, 14, 44, 46)),
    *({"switched_on": on} for on in (45, 46)),
    *({"asked": asked} for asked in (None, 0, 14, 15)),
    *({"answered": 6, "needed": needed, "until": until} for needed in (True, False) for until in (None, -1, 0, 30)),
    *({"off_since": off} for off in (None, 13, 14, 15)),
    *({"rules": frozenset(names)} for names in ((), (QUARANTINED,), ("iam.overdue_access_key_rotations",))),
    {"named": True},
    {"service": True},
    {"use_unknown": True},
)
"""What may be otherwise in a history."""
FACTS: tuple[dict[str, Any], ...] = (
    {"is_root": True},
    *({"key_id": key_id} for key_id in (None, "AKIA", "AKIAIOSFODNN7EXAMPL-")),
    *({"user": user} for user in (None, "a b", "u" * 65)),
    {"created": NOT_ASKED("AWS")},
    {"status": NOT_ASKED("AWS")},
    {"status": "Expired"},
    {"address": ADDRESS.replace(":aws:", ":aws-iso:")},
    {"owner": "shop"},
    {"active_siblings": ("arn:aws:iam::123456789012:user/ci/other",)},
    *({"declaration": replace(CODE, exact=exact, restores_status=status)} for exact in (True, False) for status in (True, False)),
)
"""What may be otherwise in a key."""


def decisions() -> str:
    """The answer of the gate to each of some histories, with one or two turns."""
    told = list[str]()
    for base in (OFF, IDLE, USED):
        for turns in ((), *combinations(TURNS, 1), *combinations(TURNS, 2), *((fact,) for fact in FACTS)):
            story = replace(base, **{name: value for turn in turns for name, value in turn.items() if turn not in FACTS})
            key = replace(key_of(story), **{name: value for turn in turns for name, value in turn.items() if turn in FACTS})
            decision = decide(key, story.rules, LIMITS, named=story.named)
            said = [decision.action.value, decision.why, decision.option, decision.next, "asks" * decision.asks]
            told.append(f"{turns}: {' | '.join(said)}\n")
    return "".join(told)


def test_a_status_that_is_not_known_is_no_status() -> None:
    assert isinstance(NOT_ASKED("AWS"), Unknown)
    key = replace(key_of(IDLE), status=NOT_ASKED("AWS"))
    assert decide(key, {"iam.unused_access_keys"}, LIMITS, named=True).action is Action.KEEP


def line(step: str, at: int) -> str:
    return json.dumps({"at": f"2026-11-24T10:{at:02}:00Z", "step": step, "outcome": "done", "why": "", "key_id": "AKIAIOSFODNN7EXAMPLE"})


def test_the_last_line_about_a_key_counts_and_what_cannot_be_read_is_counted() -> None:
    found, lost = read_log("\n".join([line("disable", 1), line("enable", 2), line("dance", 3), "{"]))
    told = [(entry.step, entry.text()) for entry in found.values()]
    assert (told, lost) == ([("enable", "switched on again by the plan on 2026-11-24 10:02 UTC")], 2)
    (stays,) = read_log("\n".join([line("disable", 1), line("enable", 2).replace("done", "kept")]))[0].values()
    assert stays.step == "disable", "a run that takes no step changes nothing"
