"""A network that goes wrong: a proxy in front of the endpoint that drops, cuts off, holds back or replaces answers."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

Fault = Callable[[str, int], str]
"""What happens to the n-th request (from 1) for an action: ``pass``, ``drop``, ``cut``, ``hold``, ``page``, ``lost`` (after it was
done), ``stale`` (the first answer once more), or an error code of AWS."""

PAGE = b"<html><body>Please sign in to the guest network</body></html>"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, endpoint: str, fault: Fault) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.endpoint, self.fault = urlsplit(endpoint).netloc, fault
        self.released = threading.Event()
        self.requests: dict[str, int] = {}
        self.first: dict[bytes, bytes] = {}
        self.lock = threading.Lock()

    def next(self, action: str) -> str:
        with self.lock:
            self.requests[action] = self.requests.get(action, 0) + 1
            return self.fault(action, self.requests[action])


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        while self._answer():
            pass

    def _answer(self) -> bool:
        """Answer one request; False when the connection is over."""
        first = self.rfile.readline()
        if not first:
            return False
        headers = {}
        while (line := self.rfile.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        found = re.search(rb"(?:^|&)Action=(\w+)", body)
        action = found[1].decode() if found else headers.get("x-amz-target", "").rpartition(".")[2]
        fault = self.server.next(action)
        if fault == "hold":
            self.server.released.wait(30)
        if fault in ("drop", "hold"):
            return False
        if fault == "page":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE)
            return True
        if fault not in ("pass", "cut", "lost", "stale"):
            self.wfile.write(_refusal(fault, is_json="x-amz-target" in headers))
            return True
        answer = self._passed(first.decode("latin-1"), headers, body)
        answer = self.server.first.setdefault(body, answer) if fault == "stale" else answer
        self.server.first.setdefault(body, answer)
        if fault == "lost":
            return False
        self.wfile.write(answer[: -len(answer) // 3] if fault == "cut" else answer)
        return fault != "cut"

    def _passed(self, first: str, headers: dict[str, str], body: bytes) -> bytes:
        method, path, _ = first.split(" ", 2)
        upstream = HTTPConnection(self.server.endpoint, timeout=30)
        upstream.request(method, path, body, headers)
        response = upstream.getresponse()
        content = response.read()
        head = (
            f"HTTP/1.1 {response.status} X\r\nContent-Type: {response.getheader('content-type')}\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        return head.encode() + content


def _refusal(code: str, *, is_json: bool) -> bytes:
    status = 500 if code == "ServiceFailure" else 400
    text = (
        f'{{"__type": "{code}Exception", "message": "no"}}'
        if is_json
        else f"<R><Error><Code>{code}</Code><Message>no</Message></Error></R>"
    )
    kind = "application/x-amz-json-1.1" if is_json else "text/xml"
    return f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


@contextmanager
def proxy(endpoint: str, fault: Fault) -> Iterator[str]:
    with _Server(endpoint, fault) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.released.set()
            server.shutdown()
            thread.join()
