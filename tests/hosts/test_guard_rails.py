"""The guard rails as an evaluator of IAM policies sees them, which is not ours and knows AWS's actions and condition keys.

The nox session ``guard_rails`` installs it and names its folder in IAM_SIMULATE.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(os.environ["IAM_SIMULATE"])
PROGRAM = """
import { readFileSync } from 'node:fs'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const all = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
const answers = []
for (const one of JSON.parse(readFileSync(0))) {
  const policies = [{ name: 'all', policy: all }, { name: 'guard', policy: one.policy }]
  const { principal, action, context: contextVariables } = one
  const found = await runSimulation({
    request: { principal, action, resource: { resource: one.resource, accountId: '123456789012' }, contextVariables },
    identityPolicies: [{ name: 'all', policy: all }],
    serviceControlPolicies: [{ orgIdentifier: 'ou-1', policies }],
    resourceControlPolicies: [],
  }, {})
  answers.push(found.overallResult ?? JSON.stringify(found))
}
console.log(JSON.stringify(answers))
"""
ALLOWED, DENIED = "Allowed", "ExplicitlyDenied"
DEPLOY, FACTORY = (f"arn:aws:iam::123456789012:role/{name}" for name in ("deploy", "user-factory"))
ROOT = Path(__file__).parents[2]
POLICIES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "policies/guard_rails").glob("*.json"))}
KEYS, BEARER, AGES = POLICIES
PAGE = (ROOT / "docs/guard-rails.md").read_text(encoding="utf-8")
MOST = 10_240
"""Characters of a service control policy: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""
LIMIT_ALONE = {"Version": "2012-10-17", "Statement": [POLICIES[AGES]["Statement"][1]]}  # what many pages show: without the Null test


def user(path: str) -> str:
    return f"arn:aws:iam::123456789012:user{path}"


def credential(service: str, days: int | None = None) -> tuple[str, str, dict[str, str]]:
    age = {} if days is None else {"iam:ServiceSpecificCredentialAgeDays": str(days)}
    return "iam:CreateServiceSpecificCredential", user("/ci"), {"iam:ServiceSpecificCredentialServiceName": service, **age}


def bearer(kind: str) -> tuple[str, str, dict[str, str]]:
    return "bedrock:CallWithBearerToken", "*", {"bedrock:BearerTokenType": kind}


CASES = [
    (KEYS, DEPLOY, ("iam:CreateAccessKey", user("/ci"), {}), DENIED),
    (KEYS, FACTORY, ("iam:CreateAccessKey", user("/ci"), {}), DENIED),
    (KEYS, DEPLOY, ("iam:CreateAccessKey", user("/keys/ci"), {}), ALLOWED),
    (KEYS, DEPLOY, ("iam:CreateAccessKey", user("/keys-of-others/ci"), {}), DENIED),
    (KEYS, DEPLOY, ("iam:CreateUser", user("/keys/new"), {}), DENIED),
    (KEYS, FACTORY, ("iam:CreateUser", user("/keys/new"), {}), ALLOWED),
    (KEYS, DEPLOY, ("iam:UpdateUser", user("/keys/ci"), {}), DENIED),
    (KEYS, DEPLOY, ("iam:CreateUser", user("/new"), {}), ALLOWED),
    (KEYS, DEPLOY, ("iam:DeleteAccessKey", user("/ci"), {}), ALLOWED),
    (AGES, DEPLOY, credential("bedrock.amazonaws.com"), DENIED),
    (AGES, DEPLOY, credential("bedrock.amazonaws.com", 90), ALLOWED),
    (AGES, DEPLOY, credential("bedrock.amazonaws.com", 91), DENIED),
    (AGES, DEPLOY, credential("logs.amazonaws.com", 36_600), DENIED),
    (AGES, DEPLOY, credential("codecommit.amazonaws.com"), DENIED),
    (AGES, DEPLOY, ("iam:DeleteServiceSpecificCredential", user("/ci"), {}), ALLOWED),
    (BEARER, DEPLOY, bearer("LONG_TERM"), DENIED),
    (BEARER, DEPLOY, bearer("SHORT_TERM"), ALLOWED),
]


def answers(requests: list[dict[str, Any]]) -> list[str]:
    program = FOLDER / "program.mjs"
    program.write_text(PROGRAM, encoding="utf-8")
    given = json.dumps(requests)
    done = subprocess.run(["node", str(program)], input=given, capture_output=True, text=True, check=True, timeout=120, cwd=FOLDER)
    found: list[str] = json.loads(done.stdout)
    return found


def asked(policy: dict[str, Any], principal: str, request: tuple[str, str, dict[str, str]]) -> dict[str, Any]:
    action, resource, context = request
    return {
        "policy": policy, "principal": principal, "action": action, "resource": resource,
        "context": {"aws:PrincipalArn": principal, **context},
    }  # fmt: skip


def test_each_request_is_answered_as_the_page_says() -> None:
    requests = [asked(POLICIES[rail], principal, request) for rail, principal, request, _ in CASES]
    assert dict(zip(map(str, CASES), answers(requests), strict=True)) == {str(case): case[-1] for case in CASES}


def test_the_exception_of_the_page_lets_passwords_pass_and_nothing_else() -> None:
    first, second = POLICIES[AGES]["Statement"]
    (text,) = re.findall(r"`(\"StringNotEquals.*)`", PAGE)
    passwords = json.loads(f"{{{text}}}")
    policy = {"Version": "2012-10-17", "Statement": [{**first, "Condition": {**first["Condition"], **passwords}}, second]}
    requests = [credential("codecommit.amazonaws.com"), credential("cassandra.amazonaws.com"), credential("bedrock.amazonaws.com")]
    assert answers([asked(policy, DEPLOY, request) for request in requests]) == [ALLOWED, ALLOWED, DENIED]


def test_a_limit_alone_lets_endless_keys_pass() -> None:
    assert answers([asked(LIMIT_ALONE, DEPLOY, credential("bedrock.amazonaws.com"))]) == [ALLOWED]


@pytest.mark.parametrize("rail", POLICIES)
def test_each_guard_rail_denies_something_and_only_denies(rail: str) -> None:
    assert any(name == rail and answer == DENIED for name, _, _, answer in CASES)
    assert {statement["Effect"] for statement in POLICIES[rail]["Statement"]} == {"Deny"}
    assert len(json.dumps(POLICIES[rail])) <= MOST
    assert f"(../policies/guard_rails/{rail}.json)" in PAGE
