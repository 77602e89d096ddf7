"""AWS as it is where moto is not: a proxy in front of moto that both the command and the AWS CLI talk to.

Other actions go to moto as they are. The portal of the single sign-on is there too, and says that the session has ended.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest
from botocore.parsers import create_parser
from moto import backends
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import Client

from tests.support.live.fake_account import Event, FakeAws, FakeCredential
from tests.support.live.fake_answers import ANSWERS, RefusalError, denial, lookup

__all__ = ["Event", "FakeAws", "FakeCredential", "read_from", "serving"]

CREDENTIAL = re.compile(r"Credential=(?P<id>[^/]+)/[^/]*/(?P<region>[^/]+)/(?P<service>[^/]+)/")
IAM = get_service_model("iam")
backends.list_of_moto_modules = tuple(backends.list_of_moto_modules()).__iter__  # it reads the folder at each call
MOTO = Client(DomainDispatcherApplication(create_backend_app), use_cookies=False)
JSON = "application/x-amz-json-1.1"
Answer = tuple[int, str, bytes]


def _check_values(action: str, asked: dict[str, Any]) -> None:
    """Refuse a value that the model of an operation of IAM does not list."""
    shape = IAM.operation_model(action).input_shape if action in IAM.operation_names else None
    for name, value in asked.items():
        held = getattr(shape, "members", {}).get(name.partition(".")[0])
        listed = getattr(getattr(held, "member", held), "enum", ())
        if listed and value not in listed:
            raise RefusalError("ValidationError", f"{name} must be one of {', '.join(listed)}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakeAws


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"  # one connection for many calls
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Answer the portal of the single sign-on: GetRoleCredentials for a token that has expired."""
        self.server.fake.asked.append(("", "GetRoleCredentials"))
        text = {"message": "Session token not found or invalid"}
        self._send(401, "application/json", json.dumps(text).encode(), {"x-amzn-ErrorType": "UnauthorizedException"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        signed = CREDENTIAL.search(self.headers.get("authorization", ""))
        region = signed["region"] if signed else ""
        action = self.headers.get("x-amz-target", "").rpartition(".")[2]
        asked = json.loads(body) if action else dict(parse_qsl(body.decode()))
        action = action or asked.get("Action", "")
        self.server.fake.asked.append((region, action))
        try:
            self._check(region, action)
            _check_values(action, asked)
            answer = self._answer(region, action, asked, body)
        except RefusalError as refusal:
            answer = self._refusal(refusal)
        self.server.fake.meanwhile.pop(action, lambda: None)()
        self._send(*answer)

    def _answer(self, region: str, action: str, asked: dict[str, Any], body: bytes) -> Answer:
        fake = self.server.fake
        if action == "LookupEvents":
            return 200, JSON, b"" if f"blank {action}" in fake.denied else json.dumps(lookup(fake, region, asked)).encode()
        if action not in ANSWERS:
            return self._moto(body)
        told = ANSWERS[action](fake, asked, lambda: self._moto_answer(action, body))
        content = get_serializer_class("iam", "query")(IAM.operation_model(action)).serialize(told)["body"]
        return 200, "text/xml", content.encode() if isinstance(content, str) else content

    def _check(self, region: str, action: str) -> None:
        fake = self.server.fake
        if region in fake.disabled_regions:
            raise RefusalError("InvalidClientTokenId", "The security token included in the request is invalid", 403)
        if fake.throttled.get(action, 0) > 0:
            fake.throttled[action] -= 1
            raise RefusalError("Throttling", "Rate exceeded")
        if action in fake.denied:
            raise denial()

    def _refusal(self, refusal: RefusalError) -> Answer:
        if self.headers.get("x-amz-target"):
            renamed = {"Throttling": "ThrottlingException", "InvalidClientTokenId": "UnrecognizedClientException"}
            kind = renamed.get(refusal.code, f"{refusal.code}Exception")
            return 400, JSON, json.dumps({"__type": kind, "message": refusal.message}).encode()
        text = f"<ErrorResponse><Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error></ErrorResponse>"
        return refusal.status, "text/xml", text.encode()

    def _moto(self, body: bytes) -> Answer:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection", "expect")}
        response = MOTO.post(self.path, data=body, headers=headers)
        return response.status_code, response.headers.get("content-type") or "text/xml", response.data

    def _moto_answer(self, action: str, body: bytes) -> dict[str, Any]:
        """Return what moto answers, read. A refusal of moto is one of AWS."""
        status, _, content = self._moto(body)
        shape = IAM.operation_model(action).output_shape
        read = create_parser("query").parse({"body": content, "headers": {}, "status_code": status}, shape)
        if status != 200:
            raise RefusalError(read["Error"]["Code"], read["Error"].get("Message", ""), status)
        del read["ResponseMetadata"]
        return dict(read)

    def _send(self, status: int, kind: str, content: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(content)), **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(partition: str) -> Iterator[FakeAws]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.fake = FakeAws(partition)
        server.fake.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.fake
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def read_from(monkeypatch: pytest.MonkeyPatch, region: str, partition: str = "aws") -> Iterator[FakeAws]:
    """Serve an empty account, which is read from a region."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    with serving(partition) as fake:
        monkeypatch.setenv("AWS_ENDPOINT_URL", fake.address)
        monkeypatch.setattr("tests.support.live.cloud.clock", lambda: fake.now)
        yield fake
