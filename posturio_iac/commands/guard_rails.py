"""AWS Organizations policies that prevent keys without an end: ``docs/guard-rails.md``, and ``explain guard-rails``."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

NAME = "guard-rails"
_CREATE_CREDENTIAL = "iam:CreateServiceSpecificCredential"
_AGE, _SERVICE = "iam:ServiceSpecificCredentialAgeDays", "iam:ServiceSpecificCredentialServiceName"

PASSWORDS = {"StringNotEqualsIgnoreCase": {_SERVICE: ["codecommit.amazonaws.com", "cassandra.amazonaws.com"]}}
"""Leaves those services out of a condition that take no age."""


class GuardRail(NamedTuple):
    """One service control policy."""

    title: str
    text: str
    """What it does and what it leaves open: Markdown."""
    statements: tuple[dict[str, Any], ...]

    def document(self) -> dict[str, Any]:
        """The policy as AWS Organizations takes it."""
        return {"Version": "2012-10-17", "Statement": list(self.statements)}


GUARD_RAILS = (
    GuardRail(
        "Access keys only for users below one path",
        """\
Access keys can be created only for users below `/keys/`, and only one role can create such users or move others there. Without the second
statement, anybody who may create users could create one with that path. A member account's root user cannot get an access key either.""",
        (
            {"Sid": "NoAccessKeys", "Effect": "Deny", "Action": "iam:CreateAccessKey", "NotResource": "arn:*:iam::*:user/keys/*"},
            {
                "Sid": "NoUsersWithKeys",
                "Effect": "Deny",
                "Action": ["iam:CreateUser", "iam:UpdateUser"],
                "Resource": "arn:*:iam::*:user/keys/*",
                "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:*:iam::*:role/user-factory"}},
            },
        ),
    ),
    GuardRail(
        "No API key of a service without an age, or with too high an age",
        f"""\
A key for Amazon Bedrock, CloudWatch Logs and other services that is created without an age never ends. A limit alone is not enough:
a condition on a number is not met if the request contains none, so it allows exactly these keys. The `Null` test denies them.
Passwords for CodeCommit and Keyspaces cannot have an age, so they are denied too. If you still need them, add to the first
condition: `{json.dumps(PASSWORDS)[1:-1]}`.""",
        (
            {
                "Sid": "NoEndlessKeys",
                "Effect": "Deny",
                "Action": _CREATE_CREDENTIAL,
                "Resource": "*",
                "Condition": {"Null": {_AGE: "true"}},
            },
            {
                "Sid": "NoLongKeys",
                "Effect": "Deny",
                "Action": _CREATE_CREDENTIAL,
                "Resource": "*",
                "Condition": {"NumericGreaterThan": {_AGE: "90"}},
            },
        ),
    ),
    GuardRail(
        "No use of long-term keys for Amazon Bedrock",
        """\
The two policies above concern new keys. This one affects existing keys: calls with a long-term key are denied. Short-term keys,
which end with their creator's session and after 12 hours at most, still work.""",
        (
            {
                "Sid": "NoLongTermBedrockKeys",
                "Effect": "Deny",
                "Action": "bedrock:CallWithBearerToken",
                "Resource": "*",
                "Condition": {"StringEquals": {"bedrock:BearerTokenType": "LONG_TERM"}},
            },
        ),
    ),
)


def page() -> str:
    parts = (f"## {rail.title}\n\n{rail.text}\n\n```json\n{json.dumps(rail.document(), indent=2)}\n```\n" for rail in GUARD_RAILS)
    return "\n".join([_HEAD, *parts, _FOOT])


_HEAD = """# Guard rails

The rules find keys without an end after somebody has written them. These service control policies prevent such keys, whether code, the
console or a script creates them. Attach them to an organizational unit in AWS Organizations, first to one with a test account.
"""

_FOOT = """## What they do not do

- They do not apply to the management account of the organization. The first two leave existing keys alone; `posturio-iac live` finds those.
- They do not end a key. Only an age does, if a key can have one.
- Terraform runs into them when it applies (`AccessDenied … with an explicit deny in a service control policy`), not when it plans.

## How they are tested

Each policy is evaluated by an independent implementation of IAM's policy language (`nox -s guard_rails`): requests that it must
deny, requests that it must allow, and keys without an age, which the limit alone would allow. It knows the actions and the condition
keys of AWS's [service authorization reference](https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html).
No test has been run in a real organization.
"""
