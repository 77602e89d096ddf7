"""AWS as it is where moto is not: a proxy in front of moto with a clock of its own, and a CloudTrail that knows of IAM in one region only.

Events come fifteen minutes late. What a test refuses is refused to everybody, to the command and to the scripts of a plan alike.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from moto.iam.models import AccessKeyLastUsed, iam_backends

from tests.support.live.cloud import ACCOUNT, AS_OF

if TYPE_CHECKING:
    from collections.abc import Iterator

LATE = timedelta(minutes=15)
HOMES = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
"""AWS's notice names us-east-1; the others are its counterparts."""
CREDENTIAL = re.compile(r"Credential=(?P<id>[^/]+)/[^/]*/(?P<region>[^/]+)/(?P<service>[^/]+)/")
BIN = Path(__file__).parents[3] / ".venv/bin"


@dataclass
class Event:
    """One UpdateAccessKey."""

    at: datetime
    key_id: str
    status: str


@dataclass
class FakeAws:
    """One account behind the proxy."""

    partition: str = "aws"
    now: datetime = AS_OF
    address: str = ""
    events: list[Event] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    """Actions that are refused."""
    broken: dict[str, str] = field(default_factory=dict)
    """Answers in place of moto's, by action."""
    root: str = ""
    """The line of the root user in the report, from ``user_creation_time`` on."""
    rotated: dict[str, datetime] = field(default_factory=dict)
    """What the report says for last_rotated of a key, where it is not its creation."""
    root_keys: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Region and action of each request."""

    @property
    def backend(self) -> Any:
        return iam_backends[ACCOUNT][self.partition]

    def user(self, name: str, **tags: str) -> None:
        user = self.backend.create_user(self.backend.region_name, name, "/", [{"Key": n, "Value": v} for n, v in tags.items()])
        user.create_date = AS_OF - timedelta(days=1000)

    def key(self, user: str, age: float, used: float | None = None, status: str = "Active") -> str:
        made = self.backend.create_access_key(user_name=user)
        made.create_date, made.status = self.now - timedelta(days=age), status
        self.backend.access_keys[made.access_key_id] = made
        if used is not None:
            self.use(made.access_key_id, used)
        return str(made.access_key_id)

    def use(self, key_id: str, days_ago: float = 0) -> None:
        """Use a key so many days ago."""
        self.held(key_id).last_used = AccessKeyLastUsed(self.now - timedelta(days=days_ago), "s3", "eu-west-1")

    def held(self, key_id: str) -> Any:
        """Return a key of moto."""
        return next(key for user in self.backend.users.values() for key in user.access_keys if key.access_key_id == key_id)

    def switch(self, key_id: str, status: str, days_ago: float = 0) -> None:
        """Switch a key on or off so many days ago, with an event."""
        self.held(key_id).status = status
        self.events.append(Event(self.now - timedelta(days=days_ago), key_id, status))

    def status(self, key_id: str) -> str | None:
        """Return the status of a key; None when it was deleted."""
        return next((str(k.status) for u in self.backend.users.values() for k in u.access_keys if k.access_key_id == key_id), None)

    def run(self, script: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a script of a plan with the clock of this account."""
        shims = folder / "shims"
        shims.mkdir(exist_ok=True)
        date = shims / "date"
        shown = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        date.write_text(f"#!/bin/sh\ncase $2 in +%s) echo {int(self.now.timestamp())} ;; *) echo {shown} ;; esac\n", encoding="utf-8")
        date.chmod(0o755)
        aws = Path(os.path.realpath(BIN / "aws")) if (BIN / "aws").exists() else Path("aws")
        environment = os.environ | {"PATH": f"{shims}:{aws.parent}:{os.environ['PATH']}", "AWS_ENDPOINT_URL": self.address}
        return subprocess.run(
            ["sh", str(script), *words], capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL, timeout=240, check=False
        )

    def lookup(self, region: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer LookupEvents: newest first, late, and empty in every region but one."""
        start, end = (_moment(asked.get(name)) for name in ("StartTime", "EndTime"))
        told = [e for e in self.events if e.at + LATE <= self.now and (start is None or e.at >= start) and (end is None or e.at <= end)]
        here = sorted(told, key=lambda e: e.at, reverse=True) if region == HOMES[self.partition] else []
        return {"Events": [_written(event) for event in here]}


def _moment(value: Any) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(float(value), tz=AS_OF.tzinfo)


def _written(event: Event) -> dict[str, Any]:
    detail = {"eventName": "UpdateAccessKey", "requestParameters": {"accessKeyId": event.key_id, "status": event.status}}
    return {"EventTime": event.at.timestamp(), "EventName": "UpdateAccessKey", "CloudTrailEvent": json.dumps(detail)}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    upstream: str
    fake: FakeAws


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        fake, signed = self.server.fake, CREDENTIAL.search(self.headers.get("authorization", ""))
        region = signed["region"] if signed else ""
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        action = asked.get("Action") or self.headers.get("x-amz-target", "").rpartition(".")[2]
        fake.asked.append((region, action))
        if action in fake.denied:
            self._refuse(action)
        elif action == "LookupEvents":
            self._answer(200, "application/x-amz-json-1.1", json.dumps(fake.lookup(region, json.loads(body))).encode())
        else:
            self._pass(action, asked, body)

    def _refuse(self, action: str) -> None:
        if action == "LookupEvents":
            self._answer(400, "application/x-amz-json-1.1", json.dumps({"__type": "AccessDeniedException", "message": "no"}).encode())
        else:
            text = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
            self._answer(403, "text/xml", text.encode())

    def _pass(self, action: str, asked: dict[str, str], body: bytes) -> None:
        fake = self.server.fake
        upstream = HTTPConnection(self.server.upstream, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection", "expect")}
        upstream.request("POST", self.path, body, headers)
        response = upstream.getresponse()
        content = response.read()
        if response.status == 200 and action == "UpdateAccessKey":
            fake.events.append(Event(fake.now, asked["AccessKeyId"], asked["Status"]))
        if action == "GetAccountSummary" and fake.root_keys:
            flag = rb"<key>AccountAccessKeysPresent</key>\s*<value>\d+</value>"
            content = re.sub(flag, b"<key>AccountAccessKeysPresent</key><value>1</value>", content)
        self._answer(response.status, response.getheader("content-type") or "text/xml", content)

    def _answer(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(upstream: str, partition: str) -> Iterator[FakeAws]:
    """Serve an account in front of moto."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.upstream, server.fake = urlsplit(upstream).netloc, FakeAws(partition)
        server.fake.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.fake
        finally:
            server.shutdown()
            thread.join()
