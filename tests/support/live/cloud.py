"""Makes users and keys in moto with the dates that a test wants, and looks at them as the command does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from moto.iam.models import AccessKeyLastUsed, iam_backends

from posturio_iac.cli import main
from posturio_iac.live.connection import session

Capsys = pytest.CaptureFixture[str]
AS_OF = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
ACCOUNT = "123456789012"


def ago(days: float) -> datetime:
    """So many days before the run."""
    return AS_OF - timedelta(days=days)


@dataclass
class Cloud:
    """One account of moto."""

    account: str = ACCOUNT
    keys: list[str] = field(default_factory=list)

    @property
    def backend(self) -> Any:
        return iam_backends[self.account]["aws"]

    def user(self, name: str, path: str = "/", **tags: str) -> str:
        """A user with tags, whose ARN this returns."""
        user = self.backend.create_user(self.backend.region_name, user_name=name, path=path, tags=_pairs(tags))
        user.create_date = ago(1000)
        return str(user.arn)

    def tag(self, user: str, name: str, value: str) -> None:
        self.backend.tag_user(user, [{"Key": name, "Value": value}])

    def key(self, user: str, *, age: float, used: float | None = None, status: str = "Active", service: str = "s3") -> str:
        """A key of a user, whom this makes if need be, created and used so many days ago; its id. Users are as old as their oldest key."""
        if user not in self.backend.users:
            self.user(user, owner="payments@example.com")
        owner = self.backend.users[user]
        owner.create_date = ago(age) if not owner.access_keys else min(owner.create_date, ago(age))
        key = self.backend.create_access_key(user_name=user)
        key.create_date, key.status = ago(age), status
        key.last_used = None if used is None else AccessKeyLastUsed(ago(used), service, "eu-west-1")
        self.keys.append(key.access_key_id)
        return str(key.access_key_id)


def _pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in tags.items()]


@dataclass(frozen=True)
class Answer:
    """What a run said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def result(self) -> Any:
        return {name: held for name, held in self.json.items() if name != "run"}

    @property
    def results(self) -> Any:
        """What became of each key, as ``retire verify`` says."""
        return self.json["verification"]["results"]

    def found(self) -> set[tuple[str, str]]:
        return {(f["address"].partition(":user/")[2] or f["address"], f["rule"].partition(".")[2]) for f in self.json["findings"]}

    def calls(self) -> dict[str, int]:
        """Calls by operation, as the last line that counts them says."""
        for line in reversed(self.err.splitlines()):
            pairs = [entry.rpartition(" ") for entry in line.partition(": ")[2].split(", ")]
            if all(":" in name and count.isdigit() for name, _, count in pairs):
                return {name: int(count) for name, _, count in pairs}
        raise AssertionError(self.err)


def rules(answer: Answer) -> list[tuple[str, str]]:
    """The user and the rule of each finding."""
    users = {key["address"]: key["user"] for key in answer.json["keys"]}
    return sorted((users[f["address"]], f["rule"].partition(".")[2]) for f in answer.json["findings"])


def stale_and_busy(cloud: Cloud) -> None:
    for name, used in (("stale", 60), ("busy", 1)):
        cloud.key(name, age=70, used=used)


def at(days: float) -> tuple[str, str]:
    return "--as-of", (AS_OF + timedelta(days=days)).isoformat()


def clock() -> datetime:
    """The time of a run, unless ``--as-of`` says another; `read_from` puts that of its account in place of it."""
    return AS_OF


def kept(capsys: Capsys, folder: Path, *argv: str) -> str:
    """Run the check and keep its result: the path."""
    path = folder / "earlier.json"
    path.write_text(live(capsys, *argv).out, encoding="utf-8")
    return str(path)


def live(capsys: Capsys, *argv: str, json_format: bool = True) -> Answer:
    """Run ``posturio-iac live`` at the time of the tests."""
    return _run(capsys, ["live", "--no-config", *(("--format", "json") if json_format else ())], argv)


def retire(capsys: Capsys, step: str, *argv: str, json_format: bool = True) -> Answer:
    """Run a step of ``posturio-iac retire`` likewise; verify alone has a format."""
    return _run(capsys, ["retire", step, "--no-config", *(("--format", "json") if json_format and step == "verify" else ())], argv)


PLAYED = {"--as-of": "", "--workers": "posturio_iac.commands.live.run.WORKERS", "--region": "AWS_DEFAULT_REGION"}
"""Words that a test gives beside the options: the time, how many calls are made at once, and the region of the environment."""


def _run(capsys: Capsys, head: list[str], argv: tuple[str, ...]) -> Answer:
    words, now = list(argv), clock()
    head = [word for word in head if word != "--no-config" or "--config" not in words]
    with pytest.MonkeyPatch.context() as patch:
        for word, target in PLAYED.items():
            if word not in words:
                continue
            place = words.index(word)
            value = words[place + 1]
            del words[place : place + 2]
            if word == "--as-of":
                now = datetime.fromisoformat(value.replace("Z", "+00:00"))
            elif word == "--workers":
                patch.setattr(target, int(value))
            else:
                patch.setenv(target, value)
        for command in ("live", "retire"):
            patch.setattr(f"posturio_iac.commands.{command}.command.now", lambda: now)
        code = main([*head, *words])
    out, err = capsys.readouterr()
    assert "Traceback" not in err, err
    return Answer(code, out, err)


def each_client(patch: pytest.MonkeyPatch, change: Callable[[Any], object]) -> None:
    """Change each client of boto3 that a connection makes."""
    create = session.Connection._create

    def created(self: session.Connection, service: str) -> Any:
        client = create(self, service)
        change(client)
        return client

    patch.setattr(session.Connection, "_create", created)


def answer_for(patch: pytest.MonkeyPatch, account: str, answer: Callable[..., Any]) -> None:
    """Let a function answer every request that is made with the role in an account."""
    assume = session.Connection.assumed

    def assumed(self: session.Connection, role: str, external_id: str | None) -> session.Connection:
        connection = assume(self, role, external_id)
        if account in role:
            patch.setattr(connection, "_send", answer)
        return connection

    patch.setattr(session.Connection, "assumed", assumed)


@contextmanager
def enforced() -> Iterator[None]:
    """Let moto check the permissions of every call."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("moto.core.authorization.ActionAuthenticatorMixin.request_count", 0)
        patch.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0)
        yield


def refusal(service: str, code: str, message: str) -> AWSResponse:
    """What AWS answers when it refuses a call, in the language of the service."""
    if service in ("cloudtrail", "organizations"):
        name = code if code.endswith("Exception") else f"{code}Exception"
        body, kind = json.dumps({"__type": name, "message": message}), "x-amz-json-1.1"
    else:
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        kind = "xml"
    response = AWSResponse("http://127.0.0.1", 403, {"content-type": f"application/{kind}"}, None)
    response._content = body.encode()
    return response
