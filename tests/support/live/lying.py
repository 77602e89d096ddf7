"""An AWS that answers whatever a test wants, without a network: an account with one stale key, of which a test replaces answers.

What is replaced is the text on the wire, so botocore parses it as it does everything.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.awsrequest import AWSResponse

from posturio_iac.live.connection import calls
from tests.support.live.cloud import ACCOUNT, each_client

Answers = dict[str, Any]
"""Text, bytes, JSON, or a function of what was asked, by operation."""

OTHER = "222222222222"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRETS = ("ENVIRONMENT-SECRET-PLANTED", "ENVIRONMENT-TOKEN-PLANTED", "SESSION-SECRET-PLANTED", "SESSION-TOKEN-PLANTED")
"""What the environment and the role that is assumed hold, and nothing else may."""
REPORT = (
    "user,arn,user_creation_time,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,"
    "access_key_1_last_used_service"
)
JSON_SERVICES = ("organizations", "cloudtrail")
_CREDENTIAL = re.compile(rb"Credential=([^/]+)/")


def granted(expires: str = "2027-01-01T00:00:00Z", key_id: str = "ASIA") -> str:
    return (
        f"<Credentials><AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>{SECRETS[2]}</SecretAccessKey><SessionToken>{SECRETS[3]}"
        f"</SessionToken><Expiration>{expires}</Expiration></Credentials>"
    )


def caller(account: str = ACCOUNT, arn: str = f"arn:aws:iam::{ACCOUNT}:user/me") -> str:
    return f"<Arn>{escape(arn)}</Arn><UserId>x</UserId><Account>{escape(account)}</Account>"


def details(name: str = "ci", arn: str = "", account: str = ACCOUNT, tag: str = "payments@example.com") -> str:
    arn = arn or f"arn:aws:iam::{account}:user/{name}"
    tags = f"<Tags><member><Key>owner</Key><Value>{escape(tag)}</Value></member></Tags>" if tag else ""
    user = f"<UserName>{escape(name)}</UserName><Arn>{escape(arn)}</Arn><CreateDate>2020-01-01T00:00:00Z</CreateDate>{tags}"
    return f"<IsTruncated>false</IsTruncated><UserDetailList><member>{user}</member></UserDetailList>"


def report(name: str = "ci", arn: str = "", account: str = ACCOUNT, rotated: str = "2020-01-02T00:00:00+00:00") -> str:
    text = io.StringIO(newline="")
    cells = [name, arn or f"arn:aws:iam::{account}:user/{name}", "2020-01-01T00:00:00+00:00", "true", rotated]
    csv.writer(text).writerow([*cells, "2026-01-01T00:00:00+00:00", "eu-west-1", "s3"])
    return made_report(f"{REPORT}\n{text.getvalue()}".encode())


def made_report(content: bytes) -> str:
    return f"<Content>{base64.b64encode(content).decode()}</Content><GeneratedTime>2026-11-24T12:00:00Z</GeneratedTime>"


def keys(key_id: str = KEY_ID, created: str = "2020-01-02T00:00:00Z", status: str = "Active") -> str:
    key = f"<AccessKeyId>{escape(key_id)}</AccessKeyId><Status>{status}</Status><CreateDate>{created}</CreateDate>"
    return f"<IsTruncated>false</IsTruncated><AccessKeyMetadata><member>{key}</member></AccessKeyMetadata>"


def honest(name: str = "ci", tag: str = "payments@example.com") -> Answers:
    """The answers about one user with one stale key, in two accounts of an organization."""

    def of_account(made: Callable[..., str]) -> Callable[[dict[str, str]], str]:
        return lambda asked: made(name, account=OTHER if asked["signed_by"] == "ASIA" else ACCOUNT)

    return {
        "GetCallerIdentity": caller(),
        "GenerateCredentialReport": "<State>COMPLETE</State>",
        "GetCredentialReport": of_account(report),
        "GetAccountSummary": "<SummaryMap><entry><key>Users</key><value>1</value></entry></SummaryMap>",
        "GetAccountAuthorizationDetails": of_account(lambda name, account: details(name, account=account, tag=tag)),
        "ListUsers": of_account(lambda name, account: details(name, account=account).replace("UserDetailList", "Users")),
        "ListUserTags": "<IsTruncated>false</IsTruncated><Tags></Tags>",
        "ListAccessKeys": keys(),
        "GetAccessKeyLastUsed": "<AccessKeyLastUsed><LastUsedDate>2026-01-01T00:00:00Z</LastUsedDate><ServiceName>s3</ServiceName>"
        "<Region>eu-west-1</Region></AccessKeyLastUsed>",
        "ListServiceSpecificCredentials": "<IsTruncated>false</IsTruncated><ServiceSpecificCredentials></ServiceSpecificCredentials>",
        "ListOrganizationsFeatures": "<EnabledFeatures></EnabledFeatures>",
        "AssumeRole": granted(),
        "ListAccounts": {"Accounts": [{"Id": number, "Name": "one", "Status": "ACTIVE"} for number in (ACCOUNT, OTHER)]},
        "ListTagsForResource": {"Tags": []},
        "ListAccountsForParent": {"Accounts": [{"Id": ACCOUNT}]},
        "ListOrganizationalUnitsForParent": {"OrganizationalUnits": []},
        "LookupEvents": {"Events": []},
    }


@contextmanager
def answering(**replaced: Any) -> Iterator[None]:
    """Let AWS answer as it does honestly, but for some operations."""
    answers = {**honest(), **replaced}

    def answer(*, event_name: str, request: Any, **_: Any) -> AWSResponse:
        service, operation = event_name.split(".")[1:3]
        said, is_json = answers[operation], service in JSON_SERVICES
        if callable(said):
            said = said(_asked(request))
        if not isinstance(said, bytes):
            result = f"<{operation}Result>{said}</{operation}Result>"
            said = (json.dumps(said) if is_json else f"<{operation}Response>{result}</{operation}Response>").encode()
        kind = "application/x-amz-json-1.1" if is_json else "text/xml"
        response = AWSResponse("http://127.0.0.1", 200, {"content-type": kind}, None)
        response._content = said
        return response

    with pytest.MonkeyPatch.context() as patch:
        each_client(patch, lambda client: client.meta.events.register_last("before-send", answer))
        patch.setattr(calls, "RATES", dict.fromkeys(calls.RATES, (1e6, 10**6)))
        patch.setattr("time.sleep", lambda _: None)
        for name, value in zip(("SECRET_ACCESS_KEY", "SESSION_TOKEN"), SECRETS, strict=False):
            patch.setenv(f"AWS_{name}", value)
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
        for name in ("CONFIG_FILE", "SHARED_CREDENTIALS_FILE"):
            patch.setenv(f"AWS_{name}", "/nonexistent")
        yield


def _asked(request: Any) -> dict[str, str]:
    """Return what was asked, and with which credentials."""
    body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
    asked = json.loads(body) if body.startswith("{") else {name: values[0] for name, values in parse_qs(body).items()}
    header = request.headers.get("Authorization", b"")
    signed = _CREDENTIAL.search(header if isinstance(header, bytes) else header.encode())
    return {**asked, "signed_by": signed[1].decode() if signed else ""}
