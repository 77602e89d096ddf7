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
Files = dict[str, "str | bytes"]


def stack(**changes: str) -> Files:
    """A stack with a module, as changed."""
    files = {
        "modules/user/main.tf": MODULE,
        "stack/components.tfcomponent.hcl": STACK,
        "stack/deployments.tfdeploy.hcl": DEPLOYMENTS,
    }
    return {**files, **{f"stack/{name}.hcl": text for name, text in changes.items()}}


def test_component_is_a_caller_with_the_inputs_of_the_deployments(tmp_path: Path) -> None:
    found = key(tmp_path, stack())
    assert (found.address, found.scope, found.user) == ("component.user.aws_iam_access_key.this[0]", "stack", "payments-ci")
    assert found.owner == "payments"


def test_older_ending_of_the_files(tmp_path: Path) -> None:
    files = stack()
    files["stack/components.tfstack.hcl"] = files.pop("stack/components.tfcomponent.hcl")
    assert key(tmp_path, files).user == "payments-ci"


def test_stack_in_json(tmp_path: Path) -> None:
    component = {
        "source": "../modules/user",
        "inputs": {"name": "${var.team}-ci", "enabled": True},
        "providers": {"aws": "provider.aws.main"},
    }
    provider = {"config": {"default_tags": {"tags": {"expires": "2027-01-31"}}}}
    made = {"component": {"user": component}, "variable": {"team": {"type": "string"}}, "provider": {"aws": {"main": provider}}}
    files = {
        "modules/user/main.tf": MODULE,
        "stack/main.tfcomponent.json": json.dumps(made),
        "stack/main.tfdeploy.json": json.dumps({"deployment": {"prod": {"inputs": {"team": "payments"}}}}),
    }
    found = key(tmp_path, files)
    assert (found.address, found.user) == ("component.user.aws_iam_access_key.this[0]", "payments-ci")
    assert dict(found.tags)["expires"] == "2027-01-31"


def test_inputs_in_which_deployments_differ_are_unknown(tmp_path: Path) -> None:
    files = stack()
    files["stack/deployments.tfdeploy.hcl"] = DEPLOYMENTS.replace('team    = "payments"', 'team    = "orders"')
    found = key(tmp_path, files)
    assert isinstance(found.user, Unknown)
    assert found.user.reason == "var.team is not the same known value in all deployments"


def test_key_that_only_some_deployments_make_is_judged(tmp_path: Path) -> None:
    files = stack()
    files["stack/deployments.tfdeploy.hcl"] = DEPLOYMENTS.replace("enabled = true", "enabled = false", 1)
    assert key(tmp_path, files).address == "component.user.aws_iam_access_key.this"


def test_key_that_no_deployment_makes_is_none(tmp_path: Path) -> None:
    files = stack()
    files["stack/deployments.tfdeploy.hcl"] = DEPLOYMENTS.replace("enabled = true", "enabled = false")
    assert keys(tmp_path, files) == {}


def test_secret_goes_from_component_to_component(tmp_path: Path) -> None:
    files = stack(more_tfcomponent="")
    del files["stack/more_tfcomponent.hcl"]
    files["modules/server/main.tf"] = 'variable "secret" {\n}\nresource "aws_instance" "a" {\n  user_data = var.secret\n}\n'
    files["stack/server.tfcomponent.hcl"] = (
        'component "server" {\n  source = "../modules/server"\n  inputs = {\n    secret = component.user.secret\n  }\n}\n'
    )
    (exposure,) = key(tmp_path, files).exposures
    assert exposure.where == "user_data of component.server.aws_instance.a"


def test_component_of_a_known_module(tmp_path: Path) -> None:
    files = {
        "stack/components.tfcomponent.hcl": """
component "ci" {
  source  = "terraform-aws-modules/iam/aws//modules/iam-user"
  version = "5.30.0"
  inputs = {
    name = "ci"
    tags = { expires = "2027-01-31" }
  }
}
"""
    }
    found = key(tmp_path, files)
    assert (found.address, found.user, dict(found.tags)) == ("component.ci", "ci", {"expires": "2027-01-31"})
    assert found.span is not None
    assert (found.span.path, found.span.line) == ("stack/components.tfcomponent.hcl", 2)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("stack/broken.tfcomponent.hcl", 'component "x" {\n  source = = 1\n}\n', 2),
        ("stack/broken.tfdeploy.hcl", 'deployment "x" {\n  inputs = {{}\n}\n', 2),
    ],
)
def test_file_with_a_syntax_error_is_one_sentence_and_the_rest_is_judged(tmp_path: Path, name: str, text: str, line: int) -> None:
    found = reading(tmp_path, {**stack(), name: text})
    assert {(said.level, said.path) for said in found.diagnostics} == {(Level.ERROR, name)}
    assert min(said.line or 0 for said in found.diagnostics) == line
    assert len(found.keys) == 1


def test_component_whose_folder_is_not_there_is_said(tmp_path: Path) -> None:
    files = stack()
    files["stack/gone.tfcomponent.hcl"] = 'component "gone" {\n  source = "./gone"\n}\n'
    found = reading(tmp_path, files)
    assert [(said.level, said.path, said.line) for said in found.diagnostics] == [(Level.ERROR, "stack/gone.tfcomponent.hcl", 1)]


def test_component_with_a_computed_source_is_noted_and_the_rest_is_judged(tmp_path: Path) -> None:
    files = stack()
    files["stack/other.tfcomponent.hcl"] = (
        'component "other" {\n  source = var.source\n  inputs = {\n    name = component.nowhere.x\n  }\n}\n'
    )
    found = reading(tmp_path, files)
    assert [(said.level, said.path, said.line) for said in found.diagnostics] == [(Level.NOTE, "stack/other.tfcomponent.hcl", 1)]
    assert len(found.keys) == 1


def test_input_from_a_component_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    files = stack()
    files["stack/components.tfcomponent.hcl"] = STACK.replace('"${var.team}-ci"', "component.nowhere.name")
    assert isinstance(key(tmp_path, files).user, Unknown)
