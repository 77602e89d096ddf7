"""AWS for tests: moto's server on this machine, with dates set through its back end and no waiting."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.server import ThreadedMotoServer

from posturio_iac.live import calls
from tests.live.cloud import AS_OF, Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The endpoint."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def cloud(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> Cloud:
    """An empty account, with credentials for it in the environment and the report made at the time of the run."""
    for backends in iam_backends.values():
        for backend in backends.values():
            backend.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setattr(calls.Bucket.__init__, "__defaults__", (1e6, 10**6))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    answer = IamResponse.get_credential_report

    def dated(self: IamResponse) -> object:
        result: Any = answer(self)
        result.result["GeneratedTime"] = AS_OF
        return result

    monkeypatch.setattr(IamResponse, "get_credential_report", dated)
    return Cloud()
