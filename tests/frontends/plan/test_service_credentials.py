"""API keys of services in plans: user, service, age and secrets have other names than those of an access key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posturio_iac.core.model import Effect
from tests.support.plan_shapes import block, one, plan, refers, resource, user

TYPE = "aws_iam_service_specific_credential"
BEDROCK = "bedrock.amazonaws.com"


def credential(name: str = "ci", unknown: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    after = {"service_name": BEDROCK, "user_name": "ci", "status": "Active", **more}
    return resource(f"{TYPE}.{name}", after, {"service_credential_secret": True, **(unknown or {})}, {"service_password": True})


def test_a_user_without_a_name_is_found_by_its_reference(tmp_path: Path) -> None:
    made = resource(f"{TYPE}.ci", {"service_name": BEDROCK}, {"user_name": True})
    configuration = {"resources": [block(f"{TYPE}.ci", {"user_name": refers("aws_iam_user.ci.name", "aws_iam_user.ci")})]}
    found = one(tmp_path, plan(user("aws_iam_user.ci", None), made, configuration=configuration))
    assert found.user_address == "aws_iam_user.ci"


@pytest.mark.parametrize(("service", "effects"), [(BEDROCK, [Effect.UNKNOWN]), ("codecommit.amazonaws.com", [])])
def test_an_age_that_only_apply_tells_is_open_where_there_can_be_one(tmp_path: Path, service: str, effects: list[Effect]) -> None:
    found = one(tmp_path, plan(credential(service_name=service, unknown={"credential_age_days": True})))
    assert [e.effect for e in found.lifetimes] == effects


@pytest.mark.parametrize("secret", ["service_password", "service_credential_secret"])
def test_its_secrets_are_followed(tmp_path: Path, secret: str) -> None:
    parameter = resource("aws_ssm_parameter.p", {"type": "String"}, {"value": True}, {"value": True})
    shown = block("aws_ssm_parameter.p", {"value": refers(f"{TYPE}.ci.{secret}", f"{TYPE}.ci")})
    found = one(tmp_path, plan(credential(), parameter, configuration={"resources": [shown]}))
    assert [e.where for e in found.exposures] == ["value of aws_ssm_parameter.p"]
