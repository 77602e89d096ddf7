"""API keys of services in Terraform: what their arguments lead to, whichever module they stand in."""

from __future__ import annotations

from pathlib import Path

import pytest

from posturio_iac.core.model import AccessKey, Effect, KeyKind, Unknown
from tests.support.terraform_programs import keys

TYPE = "aws_iam_service_specific_credential"
USER = 'resource "aws_iam_user" "u" {\n  name = "u"\n  tags = { owner = "ml" }\n}\n'


def credential(arguments: str, name: str = "k") -> str:
    return f'resource "{TYPE}" "{name}" {{\n  user_name = aws_iam_user.u.name\n{arguments}\n}}\n'


def one(folder: Path, code: str, **files: str) -> AccessKey:
    (found,) = keys(folder, {"main.tf": code, **files}).values()
    assert found.kind is KeyKind.SERVICE_CREDENTIAL
    return found


BEDROCK = '  service_name = "bedrock.amazonaws.com"\n'
VARIABLES = 'variable "days" {\n}\nvariable "service" {\n}\n'


@pytest.mark.parametrize(
    ("service", "age", "expected"),
    [
        ('"bedrock.amazonaws.com"', "60 + 30", [(Effect.ENFORCED, "90")]),
        ("var.service", "30", [(Effect.ENFORCED, "30")]),
        ('"bedrock.amazonaws.com"', "var.days", [(Effect.UNKNOWN, "")]),
        ('"codecommit.amazonaws.com"', "var.days", []),
        ('"bedrock.amazonaws.com"', "null", []),
    ],
)
def test_its_age(tmp_path: Path, service: str, age: str, expected: list[tuple[Effect, str]]) -> None:
    found = one(tmp_path, USER + VARIABLES + credential(f"  service_name = {service}\n  credential_age_days = {age}"))
    assert [(e.effect, e.value) for e in found.lifetimes] == expected


def test_service_and_user_come_from_the_call_of_its_module(tmp_path: Path) -> None:
    inner = f'variable "s" {{}}\nvariable "u" {{}}\nresource "{TYPE}" "k" {{\n  service_name = var.s\n  user_name = var.u\n}}\n'
    call = 'module "key" {\n  source = "./key"\n  s = "logs.amazonaws.com"\n  u = aws_iam_user.u.name\n}\n'
    found = one(tmp_path, USER + call, **{"key/main.tf": inner})
    assert (found.address, found.service, found.user, found.owner) == (f"module.key.{TYPE}.k", "logs.amazonaws.com", "u", "ml")


def test_a_service_that_nothing_fixes_is_unknown(tmp_path: Path) -> None:
    assert isinstance(one(tmp_path, USER + VARIABLES + credential("  service_name = var.service")).service, Unknown)


def test_an_open_service_leaves_a_second_key_open(tmp_path: Path) -> None:
    code = USER + VARIABLES + credential(BEDROCK) + credential("  service_name = var.service", "other")
    assert all(isinstance(key.active_siblings, Unknown) for key in keys(tmp_path, {"main.tf": code}).values())


def test_a_user_that_changes_on_a_schedule_replaces_it(tmp_path: Path) -> None:
    clock = 'resource "time_rotating" "t" {\n  rotation_days = 30\n}\n'
    (rotation,) = one(tmp_path, clock + USER.replace('"u"\n', '"u-${time_rotating.t.unix}"\n') + credential(BEDROCK)).lifetimes
    assert (rotation.renews, rotation.source.startswith("user_name changes with")) == (True, True)


def test_a_secret_that_stores_it_and_is_rotated_by_a_lambda_rotates_it(tmp_path: Path) -> None:
    code = (
        'resource "aws_secretsmanager_secret" "s" {\n}\n'
        'resource "aws_secretsmanager_secret_version" "s" {\n  secret_id = aws_secretsmanager_secret.s.id\n'
        f"  secret_string = {TYPE}.k.service_credential_secret\n}}\n"
        'resource "aws_secretsmanager_secret_rotation" "s" {\n  secret_id = aws_secretsmanager_secret.s.id\n'
        '  rotation_lambda_arn = "arn:aws:lambda:eu-west-1:123456789012:function:rotate"\n'
        "  rotation_rules {\n    automatically_after_days = 30\n  }\n}\n"
    )
    (rotation,) = one(tmp_path, USER + code + credential(BEDROCK)).lifetimes
    assert rotation.renews


@pytest.mark.parametrize("attribute", ["service_password", "service_credential_secret", "service_user_name", "service_name"])
def test_its_secrets_are_followed_out_of_a_module(tmp_path: Path, attribute: str) -> None:
    inner = (
        f'variable "u" {{}}\nresource "{TYPE}" "k" {{\n  service_name = "bedrock.amazonaws.com"\n  user_name = var.u\n}}\n'
        f'output "out" {{\n  value = {TYPE}.k.{attribute}\n  sensitive = true\n}}\n'
    )
    code = 'module "key" {\n  source = "./key"\n  u = aws_iam_user.u.name\n}\n'
    code += 'resource "aws_ssm_parameter" "p" {\n  type = "String"\n  value = module.key.out\n}\n'
    found = one(tmp_path, USER + code, **{"key/main.tf": inner})
    shows = attribute in ("service_password", "service_credential_secret")
    assert [e.where for e in found.exposures] == ["value of aws_ssm_parameter.p"] * shows


def test_a_rotator_of_access_keys_is_no_reason_to_remove_it(tmp_path: Path) -> None:
    rotator = 'resource "vault_aws_secret_backend_static_role" "r" {\n  username = "u"\n}\n'
    assert one(tmp_path, USER + rotator + credential(BEDROCK)).remedies.avoid is None
