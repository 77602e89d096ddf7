"""Connections to AWS: each is for one account, sends only reads, counts them and spreads them over time."""

from __future__ import annotations

import json
import re
import sys
import threading
import warnings
from contextlib import contextmanager
from copy import copy
from urllib.parse import urlsplit

from posturio_iac import __version__
from posturio_iac.errors import UsageError
from posturio_iac.live.connection import calls
from posturio_iac.live.connection.calls import UNEXPECTED, AwsError, Bucket, CallBudget, translated, understood

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

READING = (
    *("iam:GenerateCredentialReport", "iam:GetCredentialReport", "iam:GetAccountAuthorizationDetails", "iam:GetAccountSummary"),
    *("iam:ListUsers", "iam:ListUserTags", "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed", "iam:ListServiceSpecificCredentials"),
    "cloudtrail:LookupEvents",
)
LINKING = ("cloudformation:DescribeStackResources", "sts:GetAccessKeyInfo")
READS = frozenset(
    {
        *(*READING, *LINKING, "sts:GetCallerIdentity", "sts:AssumeRole", "iam:ListOrganizationsFeatures"),
        *("organizations:ListAccounts", "organizations:ListTagsForResource"),
        *("organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent"),
    }
)
"""Every operation that may ever be sent. A client refuses all others."""
OF_THE_LEDGER = frozenset({"s3:GetObject", "s3:PutObject"})
INSTALL = "the live check needs boto3, which is not installed: pip install boto3"
REGION = "us-east-1"  # where none is configured: IAM is the same everywhere in a partition
CONNECT_TIMEOUT, READ_TIMEOUT = 10.0, 60.0
"""Seconds."""
MOST_PAGES = 10_000  # how many pages of one answer are read; the largest organization has a quarter of that
ATTEMPTS = 8
_LOADERS: dict[str | None, Any] = {}
_CREATING = threading.Lock()  # threads may share sessions and clients, but must not create them at the same time


class ForbiddenCallError(Exception):
    """The program tried to call an operation that is not in `READS`: a bug."""


class Connection:
    """One account, seen with one set of credentials. Threads may share it."""

    def __init__(self, session: Any, budget: CallBudget, *, pool: int, region: str | None = None) -> None:
        self._session, self._budget, self._pool = session, budget, pool
        self._buckets = {service: Bucket(*rate) for service, rate in calls.RATES.items()}
        self._region = region
        self._clients: dict[str, Any] = {}
        self.caller = ""
        self._says_who = True

    @property
    def region(self) -> str:
        return self._region or self._session.get_config_variable("region") or REGION

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation such as ``iam:ListUsers`` once. Raises `AwsError` (after all retries) and `CredentialsError`."""
        service, _, name = operation.partition(":")
        with _translating(operation):
            answer: dict[str, Any] = getattr(self._client(service), _method(name))(**parameters)
            return answer

    def pages(self, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Call an operation until its answer is complete, and yield each page. Raises what `call` does."""
        service, _, name = operation.partition(":")
        with _translating(operation):
            client, method = self._client(service), _method(name)
            if client.can_paginate(method):
                pages = client.get_paginator(method).paginate(**parameters)
            else:
                pages = _marked(getattr(client, method), parameters)
            for number, page in enumerate(pages, start=1):
                yield page
                if number == MOST_PAGES:
                    raise AwsError(operation, UNEXPECTED, f"it has more than {MOST_PAGES:,} pages")

    def assumed(self, role: str, external_id: str | None) -> Connection:
        """A connection as a role, whose credentials renew themselves after an hour and allow no more than the least policy."""

        def granted() -> dict[str, str]:
            said = self._assume(role, external_id)["Credentials"]
            names = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "token": "SessionToken"}
            return {**{ours: said[theirs] for ours, theirs in names.items()}, "expiry_time": said["Expiration"].isoformat()}

        return Connection(_session_with(self._session, granted), self._budget, pool=self._pool)

    def _assume(self, role: str, external_id: str | None) -> dict[str, Any]:
        """Assume a role, with the caller as source identity where the role's trust policy allows it, else only in the session's name."""
        more = {"ExternalId": external_id} if external_id else {}
        given = {"RoleArn": role, "RoleSessionName": session_name(self.caller), "Policy": policy_text(), **more}
        if self._says_who:
            try:
                return self.call("sts:AssumeRole", **given, SourceIdentity=source_identity(self.caller))
            except AwsError as error:
                if not error.denied:
                    raise
        answer = self.call("sts:AssumeRole", **given)
        self._says_who = False
        return answer

    def in_region(self, region: str) -> Connection:
        """A connection with the same credentials to another region, which counts calls by itself as AWS does."""
        return Connection(self._session, self._budget, pool=self._pool, region=region)

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            with _CREATING:
                self._clients[service] = self._create(service)
        return self._clients[service]

    def _create(self, service: str) -> Any:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        config = Config(
            retries={"mode": "adaptive", "total_max_attempts": ATTEMPTS},
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            max_pool_connections=self._pool,
            user_agent_extra=f"posturio-iac/{__version__}",
        )
        try:
            client = self._session.create_client(service, region_name=self.region, config=config)
            if urlsplit(client.meta.endpoint_url).port == 0:  # asking for the port raises, too
                raise ValueError(client.meta.endpoint_url)
        except BotoCoreError:
            raise
        except ValueError as error:
            what = "AWS_ENDPOINT_URL, or endpoint_url in the AWS configuration, is no address such as http://localhost:4566"
            raise UsageError(f"{what} ({error})") from None
        client.meta.events.register("before-call", self._guard)
        client.meta.events.register("before-send", self._send)
        for operation in READS:
            if operation.startswith(f"{service}:"):
                method = _method(operation.partition(":")[2])
                setattr(client, method, understood(operation, getattr(client, method)))  # the paginators call it too
        return client

    def _guard(self, *, model: Any, **_: Any) -> None:
        operation = f"{model.service_model.service_name}:{model.name}"
        if operation not in READS | OF_THE_LEDGER:
            raise ForbiddenCallError(operation)

    def _send(self, *, event_name: str, **_: Any) -> None:
        service, name = event_name.split(".")[1:3]
        if service in self._buckets:
            self._buckets[service].take()
        self._budget.spend(f"{service}:{name}")


def connect(profile: str | None, budget: CallBudget, *, pool: int = 10) -> Connection:
    """A connection with the credentials of a profile, or with those that boto3 would find. Raises `UsageError`."""
    try:
        import botocore.session
        from botocore.exceptions import BotoCoreError
        from botocore.utils import validate_region_name
    except ImportError:
        raise UsageError(INSTALL) from None
    warnings.filterwarnings("ignore", module="dateutil")  # warnings about odd dates in answers
    try:
        with _CREATING:
            session = botocore.session.Session(profile=profile)
            loader = _LOADERS.setdefault(session.get_config_variable("data_path"), session.get_component("data_loader"))
            session.register_component("data_loader", loader)
            session.get_scoped_config()
            validate_region_name(session.get_config_variable("region"))
            _ask_no_code(session, profile)
    except BotoCoreError as error:
        raise UsageError(f"the AWS configuration cannot be used: {str(error).rstrip('.')}") from None
    return Connection(session, budget, pool=pool)


def _ask_no_code(session: Any, profile: str | None) -> None:
    """Let a profile that needs an MFA code fail with a sentence where nobody can type one."""
    if sys.stdin is not None and sys.stdin.isatty():
        return

    def refuse(_: str) -> str:
        text = f"the profile {profile or 'default'} requires an MFA code, which needs a terminal"
        raise UsageError(f"{text}; log in first and use that session")

    session.get_component("credential_provider").get_provider("assume-role")._prompter = refuse  # noqa: SLF001 - botocore offers no other way


def _session_with(like: Any, granted: Callable[[], dict[str, str]]) -> Any:
    """A session with other credentials that shares everything else: making a new one takes as long as several calls."""
    from botocore.credentials import RefreshableCredentials

    credentials = RefreshableCredentials.create_from_metadata(granted(), refresh_using=granted, method="assume-role")
    session = copy(like)
    session._credentials = credentials  # noqa: SLF001 - botocore offers no other way to make them renew themselves
    return session


@contextmanager
def _translating(operation: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError, RuntimeError) as error:  # the last of credentials that were given and have ended
        raise translated(operation, error) from None


def _marked(call: Callable[..., dict[str, Any]], parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
    page = call(**parameters)
    yield page
    while page.get("IsTruncated"):
        page = call(**parameters, Marker=page["Marker"])
        yield page


def _method(name: str) -> str:
    from botocore import xform_name

    return str(xform_name(name))


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "ReadAccessKeys", "Effect": "Allow", "Action": list(READING), "Resource": "*"},
        {"Sid": "LinkKeysToCode", "Effect": "Allow", "Action": list(LINKING), "Resource": "*"},
    ],
}
PROGRAM = "posturio-iac"
LONGEST = 64


def policy_text() -> str:
    return json.dumps(POLICY, separators=(",", ":"))


def session_name(caller: str) -> str:
    return f"{PROGRAM}-{source_identity(caller)}"[:LONGEST].rstrip("-") if caller else PROGRAM


def source_identity(caller: str) -> str:
    """The source identity, which CloudTrail keeps in every event: the last part of the caller's ARN, or the program."""
    name = re.sub(r"[^\w+=,.@-]", "-", caller.rpartition("/")[2].rpartition(":")[2], flags=re.ASCII)[:LONGEST]
    return name if len(name) > 1 and not name.lower().startswith("aws:") else PROGRAM
