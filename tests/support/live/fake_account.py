"""One account of AWS with a clock: moto holds its users and keys, and this what moto lacks: API keys of services, events, a root user.

What a test refuses is refused to everybody, to the command and to the scripts of a plan alike.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from moto.iam.models import AccessKeyLastUsed, iam_backends

from tests.support.live import aws_cli
from tests.support.live.cloud import ACCOUNT, AS_OF

BEDROCK = "bedrock.amazonaws.com"


@dataclass
class Event:
    at: datetime
    key_id: str
    status: str
    name: str = "UpdateAccessKey"
    by: str = ""
    """Name of the user who did it, where a test names one."""


@dataclass
class CallEvent:
    at: datetime
    user: str
    call: str
    error: str = ""
    region: str = "eu-west-1"
    key_id: str = ""
    by_token: bool = False


@dataclass
class FakeCredential:
    user: str
    id: str
    service: str
    created: datetime
    expires: datetime | None
    status: str = "Active"

    def seen(self, now: datetime) -> str:
        """Its status at a time: AWS itself says when it has expired."""
        return "Expired" if self.expires is not None and self.expires <= now else self.status


@dataclass
class FakeAws:
    partition: str = "aws"
    now: datetime = AS_OF
    address: str = ""
    events: list[Event] = field(default_factory=list)
    calls: list[CallEvent] = field(default_factory=list)
    credentials: list[FakeCredential] = field(default_factory=list)
    root_keys: int = 0
    page: int = 100
    """How many entries a page has at most; AWS may give fewer than it was asked for."""
    report: tuple[datetime, str] | None = None
    """When the credential report was made, and its text; it is kept for four hours."""
    report_building: int = 0
    denied: set[str] = field(default_factory=set)
    throttled: dict[str, int] = field(default_factory=dict)
    meanwhile: dict[str, Callable[[], object]] = field(default_factory=dict)
    """What happens in the account after the next request for an action, before whoever asked can do anything else."""
    disabled_regions: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def backend(self) -> Any:
        return iam_backends[ACCOUNT][self.partition]

    def user(self, name: str, **tags: str) -> None:
        user = self.backend.create_user(self.backend.region_name, name, "/", [{"Key": n, "Value": v} for n, v in tags.items()])
        user.create_date = AS_OF - timedelta(days=1000)

    def key(self, user: str, age: float, used: float | None = None, status: str = "Active", by: str = "") -> str:
        if user not in self.backend.users:
            self.user(user, owner="payments@example.com")
        made = self.backend.create_access_key(user_name=user)
        made.create_date, made.status = self.now - timedelta(days=age), status
        self.backend.access_keys[made.access_key_id] = made
        if used is not None:
            self.use(made.access_key_id, used)
        if by:
            self.created(made.access_key_id, by)
        return str(made.access_key_id)

    def credential(self, user: str, age: float, ends: float | None = None, status: str = "Active", service: str = BEDROCK) -> str:
        """An API key of a service, made so many days ago, which AWS ends in so many days; its id."""
        if user not in self.backend.users:
            self.user(user, owner="payments@example.com")
        end = None if ends is None else self.now + timedelta(days=ends)
        made = FakeCredential(user, f"ACCA{len(self.credentials):016}", service, self.now - timedelta(days=age), end, status)
        self.credentials.append(made)
        return made.id

    def use(self, key_id: str, days_ago: float = 0) -> None:
        self.held(key_id).last_used = AccessKeyLastUsed(self.now - timedelta(days=days_ago), "s3", "eu-west-1")

    def created(self, key_id: str, by: str) -> None:
        self.events.append(Event(self.held(key_id).create_date, key_id, "Active", "CreateAccessKey", by))

    def called(self, user: str, call: str, error: str = "", days_ago: float = 0, **more: Any) -> None:
        """Let a user make a call so many days ago, of which CloudTrail keeps an event; ``more`` are fields of it."""
        self.calls.append(CallEvent(self.now - timedelta(days=days_ago), user, call, error, **more))

    def held(self, key_id: str) -> Any:
        keys = [key for user in self.backend.users.values() for key in user.access_keys if key.access_key_id == key_id]
        return next(iter([*keys, *(one for one in self.credentials if one.id == key_id)]))

    def switch(self, key_id: str, status: str, days_ago: float = 0, by: str = "") -> None:
        """Switch a key on or off so many days ago, with an event of a user."""
        held = self.held(key_id)
        held.status = status
        name = "UpdateServiceSpecificCredential" if isinstance(held, FakeCredential) else "UpdateAccessKey"
        self.events.append(Event(self.now - timedelta(days=days_ago), key_id, status, name, by))

    def on_and_off(self, key_id: str) -> None:
        """Switch a key on and off again, some minutes ago."""
        for days, status in ((0.03, "Active"), (0.02, "Inactive")):
            self.switch(key_id, status, days)

    def status(self, key_id: str) -> str | None:
        try:
            held = self.held(key_id)
        except StopIteration:
            return None
        return held.seen(self.now) if isinstance(held, FakeCredential) else str(held.status)

    def rotated(self, key: Any) -> datetime:
        """Return what the report calls the last rotation of a key: when it was created, or last switched."""
        switches = [event.at for event in self.events if event.key_id == key.access_key_id]
        made: datetime = key.create_date
        return max([made, *switches])

    def run(self, script: Path, folder: Path, *words: str, installed: bool = False) -> subprocess.CompletedProcess[str]:
        return aws_cli.run(script, folder / "shims", self.now, self.address, words, installed=installed)
