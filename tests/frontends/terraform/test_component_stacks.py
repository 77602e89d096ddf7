"""Stacks of HCP Terraform: components call modules, deployments give inputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from posturio_iac.core.finding import Level
from posturio_iac.core.model import Unknown
from tests.support.terraform_programs import key, keys, reading

MODULE = """
variable "name" {
  type = string
}
variable "enabled" {
  default = true
}
resource "aws_iam_user" "this" {
  name = var.name
}
resource "aws_iam_access_key" "this" {
  count = var.enabled ? 1 : 0
  user  = aws_iam_user.this.name
}
output "secret" {
  value     = aws_iam_access_key.this[0].secret
  sensitive = true
}
"""
STACK = """
required_providers {
  aws = {
    source = "hashicorp/aws"
  }
}
variable "team" {
  type = string
}
variable "enabled" {
  type = bool
}
provider "aws" "main" {
  config {
    region = "eu-west-1"
    default_tags {
      tags = { owner = var.team }
    }
  }
}
component "user" {
  source = "../modules/user"
  inputs = {
    name    = "${var.team}-ci"
    enabled = var.enabled
  }
  providers = {
    aws = provider.aws.main
  }
}
"""
DEPLOYMENTS = """
locals {
  team = "payments"
}
deployment "dev" {
  inputs = {
    team    = local.team
    enabled = true
  }
}
deployment "prod" {
  inputs = {
    team    = "payments"
    enabled = true
  }
}
"""
COMPONENTS, DEPLOYED = "stack/components.tfcomponent.hcl", "stack/deployments.tfdeploy.hcl"
STACKED = {"modules/user/main.tf": MODULE, COMPONENTS: STACK, DEPLOYED: DEPLOYMENTS}


def test_component_is_a_caller_with_the_inputs_of_the_deployments(tmp_path: Path) -> None:
    found = key(tmp_path, STACKED)
    assert (found.address, found.scope, found.user) == ("component.user.aws_iam_access_key.this[0]", "stack", "payments-ci")
    assert found.owner == "payments"


def test_older_ending_of_the_files_and_an_input_that_is_a_set(tmp_path: Path) -> None:
    module = 'variable "name" {}\nvariable "enabled" {}\nresource "aws_iam_access_key" "k" {\n  for_each = var.name\n  user = each.key\n}'
    stack = STACK.replace('"${var.team}-ci"', "var.team").replace("= string", "= any")
    deployed = DEPLOYMENTS.replace('"payments"', 'toset(["payments"])')
    files = {"modules/user/main.tf": module, "stack/components.tfstack.hcl": stack, DEPLOYED: deployed}
    assert key(tmp_path, files).user == "payments"


def test_stack_in_json(tmp_path: Path) -> None:
    given = {"inputs": {"name": "${var.team}-ci", "enabled": True}, "providers": {"aws": "provider.aws.main"}}
    provider = {"config": {"default_tags": {"tags": {"expires": "2027-01-31"}}}}
    made = {"component": {"user": {"source": "../modules/user", **given}}, "variable": {"team": {"type": "string"}}}
    files = {
        "modules/user/main.tf": MODULE,
        "stack/main.tfcomponent.json": json.dumps({**made, "provider": {"aws": {"main": provider}}}),
        "stack/main.tfdeploy.json": json.dumps({"deployment": {"prod": {"inputs": {"team": "payments"}}}}),
    }
    found = key(tmp_path, files)
    assert (found.address, found.user) == ("component.user.aws_iam_access_key.this[0]", "payments-ci")
    assert dict(found.tags)["expires"] == "2027-01-31"


def test_inputs_in_which_deployments_differ_are_unknown(tmp_path: Path) -> None:
    user = key(tmp_path, {**STACKED, DEPLOYED: DEPLOYMENTS.replace('team    = "payments"', 'team    = "orders"')}).user
    assert isinstance(user, Unknown)
    assert user.reason == "var.team is not the same known value in all deployments"


@pytest.mark.parametrize(("without", "found"), [(1, ["component.user.aws_iam_access_key.this"]), (2, [])], ids=["some", "all"])
def test_key_that_deployments_do_not_make(tmp_path: Path, without: int, found: list[str]) -> None:
    files = {**STACKED, DEPLOYED: DEPLOYMENTS.replace("enabled = true", "enabled = false", without)}
    assert list(keys(tmp_path, files)) == found


def test_secret_goes_from_component_to_component(tmp_path: Path) -> None:
    server = 'component "server" {\n  source = "../modules/server"\n  inputs = {\n    secret = component.user.secret\n  }\n}\n'
    shown = 'variable "secret" {\n}\nresource "aws_instance" "a" {\n  user_data = var.secret\n}\n'
    (exposure,) = key(tmp_path, {**STACKED, "modules/server/main.tf": shown, "stack/server.tfcomponent.hcl": server}).exposures
    assert exposure.where == "user_data of component.server.aws_instance.a"


KNOWN = """
component "ci" {
  source  = "terraform-aws-modules/iam/aws//modules/iam-user"
  version = "5.30.0"
  inputs = {
    name = "ci"
    tags = { expires = "2027-01-31" }
  }
}
"""


def test_component_of_a_known_module(tmp_path: Path) -> None:
    found = key(tmp_path, {COMPONENTS: KNOWN})
    assert (found.address, found.user, dict(found.tags)) == ("component.ci", "ci", {"expires": "2027-01-31"})
    assert found.span is not None
    assert (found.span.path, found.span.line) == (COMPONENTS, 2)


@pytest.mark.parametrize(
    ("name", "text", "level", "line"),
    [
        ("stack/broken.tfcomponent.hcl", 'component "x" {\n  source = = 1\n}\n', Level.ERROR, 2),
        ("stack/broken.tfdeploy.hcl", 'deployment "x" {\n  inputs = {{}\n}\n', Level.ERROR, 2),
        ("stack/gone.tfcomponent.hcl", 'component "gone" {\n  source = "./gone"\n}\n', Level.NOTE, 1),
        ("stack/other.tfcomponent.hcl", 'component "other" {\n  source = var.source\n}\n', Level.NOTE, 1),
    ],
    ids=["a syntax error", "a syntax error of a deployment", "a folder that is not there", "a computed source"],
)
def test_what_is_wrong_beside_a_component_is_said_and_the_rest_is_judged(
    tmp_path: Path, name: str, text: str, level: Level, line: int
) -> None:
    found = reading(tmp_path, {**STACKED, name: text})
    assert {(said.level, said.path) for said in found.diagnostics} == {(level, name)}
    assert min(said.line or 0 for said in found.diagnostics) == line
    assert len(found.keys) == 1


def test_input_from_a_component_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    files = {**STACKED, COMPONENTS: STACK.replace('"${var.team}-ci"', "component.nowhere.name")}
    assert isinstance(key(tmp_path, files).user, Unknown)
