"""Sixty days: those of docs/live-sixty-days.md as the page tells them, and those of 26 users."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

from docs import live_story
from docs.live_story import TOOL, Story
from tests.support.live.cloud import ACCOUNT
from tests.support.live.fake_aws import FakeAws

DAY = timedelta(days=1)
LEDGER = "--ledger ledger.jsonl"
SECURITY = "security@example.com"
QUARANTINE = "AWSCompromisedKeyQuarantineV3"
MIGRATED = "2026-12-14"  # day 20


def test_the_page_shows_what_happens() -> None:
    """Seconds long: fifteen commands and the scripts of three plans are run, one after the other."""
    text = live_story.PAGE.read_text(encoding="utf-8")
    assert live_story.page(text) == text, "run docs/live_story.py"
    assert "Whether anything misses a key that is off cannot be told from AWS" in " ".join(text.split())


class Kind(NamedTuple):
    """Two users, each with a key."""

    age: float
    used: float | None
    answer: tuple[int, str] = (-1, "")
    """On which day the owner answers, and what: the last cells of the table of a letter."""
    uses: range = range(0)
    """Days on which the key is used."""
    ends: str | None = None
    """The status on the last day; None is deleted."""


KINDS = {
    "idle": Kind(70, 60, (4, "no,,,")),
    "silent": Kind(70, 60),  # has another key, which is used every day
    "never": Kind(60, None),
    "nobodys": Kind(80, 60),  # has no tag that names an owner
    "off": Kind(400, 100),  # is off since long ago, as is the key of "kept"
    "leaked": Kind(70, 1, uses=range(1)),
    "until": Kind(70, 60, (4, f"yes,{MIGRATED},the migration,Pat")),
    "late": Kind(70, 60, (22, "yes,,a restore test,Pat"), ends="Inactive"),
    "kept": Kind(400, 100, (9, "yes,,the archive,Pat"), ends="Inactive"),
    "needed": Kind(70, 60, (4, "yes,,the close of the year,Pat"), ends="Active"),
    "busy": Kind(400, 1, uses=range(61), ends="Active"),
    "woken": Kind(70, 60, uses=range(9, 61), ends="Active"),
    "mended": Kind(70, 60, uses=range(18, 61), ends="Active"),  # is switched on again by its user
}
USERS = {f"AKIA{name.upper():X<12}{place:02}0{n}": (name, f"{name}{n}") for place, name in enumerate(KINDS) for n in range(2)}
"""Kind and name of the user of each key."""
SECOND = [f"AKIAIOSFODNN7SECON{n:02}" for n in range(2)]


class Account:
    """26 users, and what is true of their keys."""

    def __init__(self, aws: FakeAws, folder: Path) -> None:
        self.aws, self.folder, self.story = aws, folder, Story(aws, folder)
        self.used: dict[str, datetime] = {}
        self.off = dict.fromkeys(USERS, aws.now - 40 * DAY)
        self.asked: dict[str, datetime] = {}
        aws.root_keys = 1
        for key, (kind, user) in USERS.items():
            aws.user(user, **({} if kind == "nobodys" else {"owner": f"{kind}@example.com"}))
            live_story.key(aws, user, key, KINDS[kind].age, KINDS[kind].used)
            if kind in ("off", "kept"):
                aws.switch(key, "Inactive", days_ago=40)
            if kind == "leaked":
                policy = SimpleNamespace(arn=f"arn:aws:iam::aws:policy/{QUARANTINE}", name=QUARANTINE)
                aws.backend.users[user].managed_policies[policy.arn] = policy
        for number, key in enumerate(SECOND):
            live_story.key(aws, f"silent{number}", key, 80, 1)

    def statuses(self) -> dict[str, str | None]:
        return {key: self.aws.status(key) for key in USERS}

    def type(self, command: str, code: int = 0) -> str:
        shown, found = self.story.run(command)
        assert (found, "error" in shown) == (code, False), f"{command}\n{shown}"
        return shown

    def live_on(self, day: int) -> None:
        """Let workloads and owners do what they do on a day."""
        self.aws.now = self.story.started + day * DAY
        for key in SECOND:
            self.aws.use(key)
        for key, (kind, user) in USERS.items():
            if (kind, day) == ("mended", 17):
                self.aws.switch(key, "Active", by=user)
            if day in KINDS[kind].uses:
                self.aws.use(key)
                self.used[key] = self.aws.now
            if day == KINDS[kind].answer[0]:
                (self.folder / "a.csv").write_text(f"key_id,needed,until,note,answered_by\n{key},{KINDS[kind].answer[1]}\n")
                assert self.type(f"{TOOL} retire ask {LEDGER} --answers a.csv") == "1 answer recorded\n"

    def ask_and_plan(self, day: int) -> None:
        """Ask who has not answered, and take the steps that are due. Nothing else is done to keys."""
        self.type(f"{TOOL} retire ask letters-{day} {LEDGER} --reply-to {SECURITY} --ask-ownerless {SECURITY}")
        for path in (self.folder / f"letters-{day}").glob("*.csv"):
            for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
                self.asked.setdefault(row["key_id"], self.aws.now)
        self.type(f"{TOOL} retire plan plan-{day} {LEDGER}")
        before = self.statuses()
        self.type(f"sh plan-{day}/run.sh --yes")
        for key, status in self.statuses().items():
            if status != before[key]:
                self.check(key, status, day)

    def check(self, key: str, status: str | None, day: int) -> None:
        """What a script did to a key was due."""
        kind, now = USERS[key][0], self.aws.now
        answered, (said, *_) = KINDS[kind].answer[0] in range(day), KINDS[kind].answer[1].split(",")
        assert not answered or said == "no" or (kind == "until" and day > 20), f"{key} is needed"
        assert kind == "leaked" or now - self.used.get(key, now - 60 * DAY) > 45 * DAY, f"{key} is in use"
        assert kind == "leaked" or answered or now - self.asked[key] > 14 * DAY, f"{key} is not due"
        assert status == "Inactive" or (now - self.off[key] > 14 * DAY and key in self.asked), f"{key} is in its grace"
        self.off[key] = now


def test_sixty_days_of_26_users_need_nothing_but_letters_and_scripts() -> None:
    """Half a minute long."""
    plans = (0, 5, 10, 15, 20, 25, 30, 40, 60)
    with live_story.account() as (aws, folder):
        account = Account(aws, folder)
        for day in range(61):
            account.live_on(day)
            if day in plans:
                account.ask_and_plan(day)
        assert account.statuses() == {key: KINDS[kind].ends for key, (kind, _) in USERS.items()}
        assert {aws.status(key) for key in SECOND} == {"Active"}
        told = account.type(f"{TOOL} retire verify {' '.join(f'plan-{day}' for day in plans)} {LEDGER}", 1)
        assert told.endswith("\n29 keys of 2026-11-24 12:00 UTC: 15 still open, 14 resolved\n")
        account.type(f"{TOOL} retire evidence evidence plan-15 plan-60 {LEDGER}")
        account.type(f"{TOOL} retire evidence evidence --check")
        brought_back = next(key for key, (kind, _) in USERS.items() if kind == "late")
        account.type(f"sh plan-15/{ACCOUNT}-undo.sh {brought_back}")
        assert aws.status(brought_back) == "Active"
        assert "needed (a restore test)" in account.type(f"{TOOL} live {LEDGER}", 1)
