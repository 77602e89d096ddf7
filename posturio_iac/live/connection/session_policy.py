"""The least policy of an account, which goes with every AssumeRole: AWS itself then refuses everything else, whatever the role allows."""

from __future__ import annotations

import json
import re

READING = (
    "iam:GenerateCredentialReport",
    "iam:GetCredentialReport",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetAccountSummary",
    "iam:ListUsers",
    "iam:ListUserTags",
    "iam:ListAccessKeys",
    "iam:GetAccessKeyLastUsed",
    "iam:ListServiceSpecificCredentials",
    "cloudtrail:LookupEvents",
)
LINKING = ("cloudformation:DescribeStackResources", "sts:GetAccessKeyInfo")
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
