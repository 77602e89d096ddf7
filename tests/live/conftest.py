"""AWS for tests: moto's server on this machine, with dates set through its back end and no waiting."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.organizations.models import organizations_backends
from moto.server import ThreadedMotoServer

from posturio_iac.live.connection import calls, session
from posturio_iac.live.connection.calls import AwsError
from tests.support.live.cloud import ACCOUNT, AS_OF, Cloud, each_client, refusal
from tests.support.live.fake_aws import FakeAws, read_from

Deny = Callable[..., None]
Shut = Callable[..., None]
Refusal = Callable[[str, int], str | None]


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
    monkeypatch.setattr(calls, "RATES", dict.fromkeys(calls.RATES, (1e6, 10**6)))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr("botocore.retries.bucket.TokenBucket.acquire", lambda *_, **__: True)
    answer = IamResponse.get_credential_report

    def dated(self: IamResponse) -> object:
        result: Any = answer(self)
        result.result["GeneratedTime"] = AS_OF
        return result

    monkeypatch.setattr(IamResponse, "get_credential_report", dated)
    monkeypatch.setattr(IamResponse, "list_service_specific_credentials", _no_credentials, raising=False)
    return Cloud()


@pytest.fixture
def aws(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """An account with a clock, which is read from a region that shows no events of IAM."""
    del cloud  # It makes the account.
    with read_from(monkeypatch, "eu-west-1") as fake:
        yield fake


def _no_credentials(_: IamResponse) -> ActionResult:
    """Moto lacks the call; `fake_aws` has API keys of services."""
    return ActionResult({"ServiceSpecificCredentials": [], "IsTruncated": False})


@pytest.fixture
def members(organization: Callable[[int], list[Cloud]]) -> list[Cloud]:
    return organization(5)


@pytest.fixture
def organization(cloud: Cloud) -> Callable[[int], list[Cloud]]:
    """Make an organization of so many accounts, each with one stale key; the first is the caller's own."""
    return lambda accounts: _organization(cloud, accounts)


def _organization(cloud: Cloud, accounts: int) -> list[Cloud]:
    for partition in organizations_backends[ACCOUNT].values():
        partition.reset()
    client = boto3.client("organizations", region_name="us-east-1")
    client.create_organization(FeatureSet="ALL")
    created = [client.create_account(Email=f"m{n}@example.com", AccountName=f"member-{n}") for n in range(accounts - 1)]
    ids = [made["CreateAccountStatus"]["AccountId"] for made in created]
    clouds = [cloud, *(Cloud(account) for account in ids)]
    for member in clouds:
        member.backend.reset()
        member.user("ci", owner="payments@example.com")
        member.key("ci", age=70, used=60)
    client.tag_resource(ResourceId=ids[0], Tags=[{"Key": "owner", "Value": "platform@example.com"}])
    return clouds


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[Refusal], None]:
    """Let a function say, for the n-th call of all (from 1), with which code it is refused; None lets it through."""
    sent = itertools.count(1)

    def refusing(says: Refusal) -> None:
        def answer(*, event_name: str, **_: Any) -> AWSResponse | None:
            service, operation = event_name.split(".")[1:3]
            code = says(operation, next(sent))
            return None if code is None else refusal(service, code, f"no {code} for AKIAIOSFODNN7EXAMPLE")

        each_client(monkeypatch, lambda client: client.meta.events.register_last("before-send", answer))

    return refusing


@pytest.fixture
def deny(refuse: Callable[[Refusal], None]) -> Deny:
    """Make operations fail: ``deny("ListUsers")``, or ``deny("ListAccessKeys", code="NoSuchEntity")``."""
    return lambda *operations, code="AccessDenied": refuse(lambda operation, _: code if operation in operations else None)


@pytest.fixture
def shut(monkeypatch: pytest.MonkeyPatch) -> Shut:
    """Let nobody into these accounts, and everybody into all others."""
    assume = session.Connection.assumed

    def shutting(*accounts: str) -> None:
        def assumed(self: session.Connection, role: str, external_id: str | None) -> session.Connection:
            if role.split(":")[4] in accounts:
                raise AwsError("sts:AssumeRole", "AccessDenied", "not you")
            return assume(self, role, external_id)

        monkeypatch.setattr(session.Connection, "assumed", assumed)

    return shutting


@pytest.fixture
def report(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], str]], None]:
    """Change the text of the credential report."""
    made = type(cloud.backend).get_credential_report
    return lambda change: monkeypatch.setattr(type(cloud.backend), "get_credential_report", lambda self: change(made(self)))
