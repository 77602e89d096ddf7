"""The gate answers as a model of thirty lines does, for any history of a key, and says why; what the log of a plan tells of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.keys.life import KeyLife
from posturio_iac.core.model import AccessKey, KeyKind, Unknown
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


OFF = History(active=False, off_since=20, rules=frozenset({LINGERING}))
IDLE = History(used=100, rules=frozenset({"iam.unused_access_keys"}))


@pytest.mark.parametrize(
    ("story", "action", "why"),
    [
        (
            replace(OFF, asked=20, answered=6, needed=True),
            Action.KEEP,
            "Its owner answered on 2026-11-18: needed. So it is not deleted; if it must work now, switch it on again.",
        ),
        (replace(OFF, asked=6), Action.WAIT, "Its owner was asked, and may answer until 2026-12-02."),
        (OFF, Action.WAIT, "Its owner was never asked whether it is needed: write the letter first."),
        (replace(OFF, owner=False), Action.WAIT, "Nobody is known to own it, and nobody was asked: name who is asked "),
        (replace(OFF, asked=20), Action.DELETE, ""),
        (replace(IDLE, asked=0), Action.WAIT, "Its owner was asked, and may answer until 2026-12-08."),
        (replace(IDLE, asked=1, answered=300, needed=True), Action.KEEP, "Its owner answered on 2026-01-28: needed. So it stays active."),
        (replace(IDLE, switched_on=2), Action.KEEP, "It was switched on again by 2026-11-22, so somebody needs it, and it stays active."),
        (replace(IDLE, used=0, rules=frozenset({QUARANTINED})), Action.DISABLE, "AWS found it in public, so it is switched off at once"),
    ],
)
def test_what_people_said_and_did_holds(story: History, action: Action, why: str) -> None:
    decision = decide(key_of(story), story.rules, LIMITS)
    assert (decision.action, decision.why[: len(why)]) == (action, why)


def test_a_letter_to_an_earlier_owner_asked_nobody() -> None:
    asked = key_of(replace(OFF, asked=30))
    moved = decide(replace(asked, owner="shop"), {LINGERING}, LIMITS)
    assert (moved.action, moved.why) == (Action.WAIT, "Its owner of now was never asked, only payments: write the letter first.")


def test_a_status_that_is_not_known_is_no_status() -> None:
    assert isinstance(NOT_ASKED("AWS"), Unknown)
    key = replace(key_of(IDLE), status=NOT_ASKED("AWS"))
    assert decide(key, {"iam.unused_access_keys"}, LIMITS, named=True).action is Action.KEEP


def line(step: str, outcome: str, minute: int) -> str:
    return json.dumps(
        {"at": f"2026-11-24T10:{minute:02}:00Z", "step": step, "outcome": outcome, "why": "", "key_id": "AKIAIOSFODNN7EXAMPLE"}
    )


def test_a_key_that_was_switched_on_again_is_not_off() -> None:
    found, lost = read_log("\n".join([line("disable", "done", 1), line("enable", "done", 2)]))
    assert ([(entry.step, entry.text()) for entry in found.values()], lost) == (
        [("enable", "switched on again by the plan on 2026-11-24 10:02 UTC")],
        0,
    )


def test_a_line_that_cannot_be_read_is_counted() -> None:
    found, lost = read_log("\n".join([line("disable", "done", 1), line("dance", "done", 2), "{"]))
    assert ([entry.step for entry in found.values()], lost) == (["disable"], 2)
