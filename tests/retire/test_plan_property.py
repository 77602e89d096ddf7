"""No plan, however late it runs, deletes a key that was active or used lately, and none switches off a key in use that nobody named."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from posturio_iac.config import Config
from posturio_iac.contract.write import moment as ledger_time
from posturio_iac.core.metadata.names import Names
from posturio_iac.core.model import KeyKind
from posturio_iac.core.record import replace
from posturio_iac.judge.engine import judge
from posturio_iac.judge.policy import Policy
from posturio_iac.live.build import access_keys
from posturio_iac.live.connection.calls import AwsError
from posturio_iac.live.model import Account, DeployedKey, DeployedUser, KeyEvent
from posturio_iac.live.reading.events import Trail, from_trail
from posturio_iac.live.reading.usage import UNTOLD_USE
from posturio_iac.retire.key_lives import from_ledger, with_life
from posturio_iac.retire.ledger_history import Ledger
from posturio_iac.retire.ledger_lines import KeyChangeKind
from posturio_iac.retire.letters import OwnerAnswer, note_answers
from posturio_iac.retire.plan import steps
from posturio_iac.retire.script import Validity, script
from tests.support.keys import AS_OF
from tests.support.played_scripts import ACCOUNT_ID, KEY, LATE, Played, written

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs sh")

ACCOUNT = Account(ACCOUNT_ID)
USER = DeployedUser("ci", f"arn:aws:iam::{ACCOUNT.id}:user/ci", (("owner", "payments@example.com"), ("expires", "2026-01-31")))
DAY = timedelta(days=1)
GRACE, WINDOW = 14 * DAY, 45 * DAY
CREATED = AS_OF - 200 * DAY


class World:
    """The life of one key: when it was switched on and off, and when it was used while it was on."""

    def __init__(self, switches: Iterable[datetime], uses: Iterable[datetime]) -> None:
        self.switches = sorted(set(switches))
        self.uses = sorted(use for use in uses if use > CREATED and self.active(use))

    def active(self, when: datetime) -> bool:
        return sum(switch <= when for switch in self.switches) % 2 == 0

    def used(self, when: datetime, lag: timedelta = timedelta()) -> datetime | None:
        return max((use for use in self.uses if use <= when - lag), default=None)

    def events(self, now: datetime) -> list[tuple[datetime, bool]]:
        return [(at, number % 2 == 1) for number, at in enumerate(self.switches) if at + LATE <= now]

    def last_active(self, now: datetime) -> datetime:
        """When the key was last active: now, or when it was last switched off."""
        return now if self.active(now) else max(switch for switch in self.switches if switch <= now)

    def seen(self, now: datetime, story: Story, ledger: Ledger) -> DeployedKey:
        status = "Active" if self.active(now) else "Inactive"
        key = DeployedKey(USER, KEY, status, CREATED, self.used(now, story.lag), key_id=KEY)
        if story.service:
            key = replace(key, last_used=UNTOLD_USE, kind=KeyKind.SERVICE_CREDENTIAL, service="bedrock.amazonaws.com")
        told = [KeyEvent(at, active=on) for at, on in self.events(now) if at > now - 90 * DAY]
        key = from_trail(key, Trail({KEY: told}) if story.trail else AwsError("cloudtrail:LookupEvents", "AccessDenied", "no"))
        return from_ledger([key], ledger, now)[0]


moments = st.one_of(st.integers(0, 100 * 1440), st.integers(0, 60), st.integers(13 * 1440, 15 * 1440)).map(
    lambda m: AS_OF - timedelta(minutes=m)
)
later = st.one_of(st.integers(0, 71 * 60), st.integers(0, 60)).map(lambda m: AS_OF + timedelta(minutes=m))


@dataclass(frozen=True)
class Story:
    """What happens before the plan, between it and its run, and how it is made and run."""

    switches: tuple[datetime, ...]
    """When the key was switched off, on, off and so on."""
    uses: tuple[datetime, ...] = ()
    delay: timedelta = timedelta()
    """How long after the plan its script is run."""
    observed: tuple[datetime, ...] = ()
    """When earlier runs looked, with a ledger."""
    trail: bool = True
    """True if the plan could ask CloudTrail."""
    denied: bool = False
    """True if the script cannot."""
    named: bool = False
    """True if the key is named by --include-in-use."""
    service: bool = False
    """True if it is an API key of a service, of which AWS tells no use."""
    asked: datetime | None = None
    """When its owner was asked, who may answer for 14 days; it may be after the plan."""
    answered: datetime | None = None
    """When the answer came, which may be after the plan."""
    needed: bool = False
    until: timedelta | None = None
    """For how long after the answer it is needed, in whole days; None, and an answer that it is not, count until a newer one comes."""
    lag: timedelta = timedelta()
    """How late AWS tells of a use, but for CloudTrail."""

    def stands(self, now: datetime) -> bool:
        """Whether the owner's word counts at a time."""
        if self.answered is None or self.answered > now:
            return False
        return self.until is None or not self.needed or now.date() <= (self.answered + self.until).date()

    def awaits(self, now: datetime) -> bool:
        """Whether its owner was asked after the plan, or by then and might still answer."""
        if self.asked is None or self.asked > now:
            return False
        return self.asked > AS_OF or (AS_OF.date() <= (self.asked + GRACE).date() and not self.stands(AS_OF))

    def tell(self, ledger: Ledger, name: str, after: datetime, now: datetime) -> None:
        """Let a ledger know what was asked and answered meanwhile."""
        if self.asked is not None and after < self.asked <= now:
            detail = {"owner": "payments@example.com", "answer_by": ledger_time(self.asked + GRACE)}
            ledger.note(name, KeyChangeKind.ASKED, self.asked, detail)
        if self.answered is not None and after < self.answered <= now:
            until = str((self.answered + self.until).date()) if self.needed and self.until is not None else ""
            note_answers(ledger, [OwnerAnswer(2, KEY, self.needed, "", until=until)], self.answered)


STORIES = st.builds(
    Story,
    st.lists(moments | later, max_size=5).map(tuple),
    st.lists(moments | later, max_size=4).map(tuple),
    st.integers(0, 80 * 60).map(lambda m: timedelta(minutes=m)),
    st.lists(moments, max_size=3).map(tuple),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(-80, 40 * 24).map(lambda h: AS_OF - timedelta(hours=h)),
    st.none() | st.integers(-80, 40 * 24).map(lambda h: AS_OF - timedelta(hours=h)),
    st.booleans(),
    st.none() | st.integers(0, 40).map(lambda d: d * DAY),
    st.sampled_from([timedelta(), timedelta(hours=4)]),
)
OFF = AS_OF - 40 * DAY


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STORIES)
@example(Story((OFF,), delay=DAY, asked=AS_OF - 30 * DAY))
@example(Story((OFF,), delay=DAY, asked=AS_OF - 30 * DAY, answered=AS_OF - 20 * DAY, needed=True))
@example(Story((OFF,), delay=DAY, asked=AS_OF - 30 * DAY, answered=AS_OF + timedelta(hours=1), needed=True))
@example(Story((OFF,), delay=2 * DAY, asked=AS_OF - 30 * DAY, answered=AS_OF + timedelta(hours=1), needed=True, until=0 * DAY))
@example(Story((OFF,), delay=DAY, asked=AS_OF - 30 * DAY, answered=AS_OF - 20 * DAY, needed=True, until=10 * DAY))
@example(Story((OFF,), delay=DAY, asked=AS_OF - 15 * DAY, answered=AS_OF - 20 * DAY, needed=True, until=1 * DAY))
@example(Story((), (AS_OF - 60 * DAY, AS_OF - timedelta(hours=1)), timedelta(hours=2), lag=timedelta(hours=4)))
@example(Story((), asked=AS_OF, answered=AS_OF - timedelta(hours=13), until=0 * DAY))
@example(Story((), asked=AS_OF, answered=AS_OF - timedelta(hours=13), until=0 * DAY, needed=True))
@example(Story((OFF,), delay=DAY, asked=AS_OF - 2 * DAY))
@example(Story((), (AS_OF - 60 * DAY,), DAY, asked=AS_OF - DAY))
@example(Story((), (AS_OF - 60 * DAY,), DAY, asked=AS_OF + timedelta(hours=1)))
@example(Story((OFF, AS_OF + DAY, AS_OF + DAY + timedelta(hours=1)), delay=2 * DAY, asked=AS_OF - 30 * DAY))
@example(Story((AS_OF - timedelta(minutes=5),), asked=AS_OF - 30 * DAY))
@example(Story((OFF, AS_OF - 2 * DAY, AS_OF - DAY), observed=(AS_OF - 20 * DAY,), trail=False, asked=AS_OF - 30 * DAY))
@example(Story((OFF, AS_OF - 2 * DAY), (AS_OF - 60 * DAY,), delay=DAY))
@example(Story((), (AS_OF,), DAY))
@example(Story((), (AS_OF,), DAY, service=True))
@example(Story((OFF,), delay=DAY, service=True, asked=AS_OF - 30 * DAY))
@example(Story((OFF, AS_OF + DAY, AS_OF + DAY + timedelta(hours=1)), delay=2 * DAY, service=True, asked=AS_OF - 30 * DAY))
@example(Story((AS_OF - 95 * DAY,), observed=(AS_OF - 30 * DAY,), delay=DAY, service=True, asked=AS_OF - 30 * DAY))
@example(Story((), (AS_OF - 60 * DAY, AS_OF + timedelta(hours=1)), DAY))
def test_no_key_is_touched_that_is_used_needed_awaited_or_switched_on(tmp_path: Path, story: Story) -> None:
    world, ledger = World(story.switches, story.uses), Ledger()
    for when in sorted(story.observed):
        world.seen(when, story, ledger)
    key = world.seen(AS_OF, story, ledger)
    name, now = ledger.name_of(key), AS_OF + story.delay
    ledger.note(name, KeyChangeKind.SEEN, AS_OF - 40 * DAY, {"account": ACCOUNT.id, "user": USER.arn, "id": f"****{KEY[-4:]}"})
    story.tell(ledger, name, CREATED, AS_OF)
    keys = with_life(access_keys([key], ACCOUNT, Names.default(), AS_OF), [key], ledger, Policy(Config()), AS_OF)
    report = judge(keys, as_of=AS_OF, policy=Policy(Config()))
    made = steps(report, Policy(Config()), (KEY,) if story.named and report.findings else ())
    story.tell(ledger, name, AS_OF, now)
    (tmp_path / "ledger.jsonl").write_text(ledger.text(now), encoding="utf-8")
    did, used = executed(tmp_path, world, made, now, story), world.used(now, LATE if story.lag else timedelta())
    idle = now - used if used else None
    is_needed = story.needed and story.stands(now)
    if {"delete-access-key", "delete-service-specific-credential"} & {*did}:
        assert idle is None or idle > GRACE
        fresh = any(moment - LATE < at <= moment for at in world.switches for moment in (AS_OF, now))
        assert fresh or now - world.last_active(now) > GRACE  # what was on for minutes only, unused, leaves no trace before CloudTrail's
        assert not is_needed
        assert not story.awaits(now)
        assert story.asked or story.answered, "its owner was never asked"
        if story.needed and story.answered and story.until is not None and story.answered <= now:
            assert (story.asked or CREATED).date() > (story.answered + story.until).date(), "its owner was not asked anew"
    if "update-access-key" in did and not story.named:
        assert idle is None or idle > WINDOW
        assert not is_needed
        assert not story.awaits(now)
        on = max((at for number, at in enumerate(world.switches) if number % 2 == 1 and at + LATE <= now), default=None)
        assert on is None or on < AS_OF - WINDOW or not story.trail, "somebody switched it on"
    if "update-service-specific-credential" in did:
        assert story.named, "it may be in use"
    if story.delay > timedelta(hours=72):
        assert did == []
    told = replace(story, service=False, answered=None, needed=False, until=None)
    if told == Story((OFF,), delay=DAY, asked=AS_OF - 30 * DAY) and not (story.needed and (story.until or story.stands(now))):
        assert did == ["delete-service-specific-credential" if story.service else "delete-access-key"], "what may be deleted is deleted"


def executed(folder: Path, world: World, made: list[Any], now: datetime, story: Story) -> list[str]:
    """Run the script of a plan at another time, and return what it did."""
    if all(not step.is_step for step in made):
        return []
    (folder / "log.jsonl").unlink(missing_ok=True)
    used, name = world.used(now, story.lag), "UpdateServiceSpecificCredential" if story.service else "UpdateAccessKey"
    switches = ((written(at), "Inactive" if number % 2 == 0 else "Active") for number, at in enumerate(world.switches))
    events = ({"name": name, "eventTime": at, "accessKeyId": KEY, "status": status} for at, status in switches)
    place = Played(
        folder,
        made,
        str(folder / "ledger.jsonl"),
        status="Active" if world.active(now) else "Inactive",
        created=written(CREATED),
        used=written(used) if used else "",
        events="".join(f"{name} {one['eventTime']} {json.dumps(one)}\n" for one in events),
        denied="denied" if story.denied else "",
        called=" ".join(map(written, world.uses)),
    )
    done = place.run("plan.sh", now, "--yes")
    assert "syntax" not in done.stderr
    assert "not found" not in done.stderr
    return place.told().get("did", "").split()  # an expired plan asks nothing


@pytest.mark.promise("scripts")
def test_no_name_breaks_out_of_its_line(tmp_path: Path) -> None:
    owner = "pay'ments; touch x\n$(id)`id`\n\\\x1b[2J\u202e\"b\u2028c\r"
    user = replace(USER, tags=(("owner", owner), ("expires", "2026-01-31\n")))
    key = DeployedKey(user, KEY, "Active", CREATED, None, ("s3\n", "\x1b"), key_id=KEY)
    report = judge(access_keys([key], ACCOUNT, Names.default(), AS_OF), as_of=AS_OF, policy=Policy(Config()))
    made = steps(report, Policy(Config()), ())
    text = script(ACCOUNT.id, made, Validity(AS_OF, AS_OF + DAY), "")
    assert f"disable user=ci key={KEY} " in text
    assert all(character.isprintable() or character == "\n" for character in text)
    place = Played(tmp_path, made, status="Active", created=written(CREATED), used="")
    done = place.run("plan.sh", AS_OF, "--yes")
    assert (done.returncode, done.stderr, done.stdout) == (0, "", f"disable {KEY} of ci: done\n")
