"""Code, states and stacks for tests of the link."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse, StackResourceDTO
from moto.core.responses import ActionResult
from moto.iam.models import AccessKey

from tests.support.live.cloud import ACCOUNT
from tests.support.repository import BOT

ROTATED = """\
resource "time_rotating" "ci" {
  rotation_days = 20
}

resource "time_static" "ci" {
  rfc3339 = time_rotating.ci.rfc3339
}

resource "aws_iam_access_key" "ci" {
  user = "ci"
  lifecycle {
    replace_triggered_by  = [time_static.ci]
    create_before_destroy = true
  }
}
"""
TEMPLATE = BOT


class Tree:
    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str) -> str:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return path

    def state(self, document: dict[str, Any], path: str = "x.tfstate") -> str:
        return self.write(path, json.dumps(document))


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    root = tmp_path / "tree"
    root.mkdir()
    monkeypatch.chdir(root)
    return Tree(root)


@pytest.fixture(autouse=True)
def stacks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Make a stack: ``stacks("mail", TEMPLATE)`` returns the id of its key.

    moto asks for a stack by its name alone; here it finds the one that holds a physical id, and refuses others as AWS does.
    """
    for backends in cloudformation_backends.values():
        for backend in backends.values():
            backend.reset()

    def described(self: CloudFormationResponse) -> ActionResult:
        asked = self._get_param("PhysicalResourceId")
        for stack in self.cloudformation_backend.stacks.values():
            if asked in [getattr(resource, "physical_resource_id", None) for resource in stack.stack_resources]:
                return ActionResult({"StackResources": [StackResourceDTO(stack, resource) for resource in stack.stack_resources]})
        raise ValidationError(asked, message=f"Stack for {asked} does not exist")

    monkeypatch.setattr(CloudFormationResponse, "describe_stack_resources", described)

    def create(name: str, template: str, region: str = "us-east-1") -> str:
        backend = cloudformation_backends[ACCOUNT][region]
        stack = backend.create_stack(name=name, template=template, parameters={}, tags={})
        resources: list[Any] = list(stack.stack_resources)
        return next(str(resource.physical_resource_id) for resource in resources if isinstance(resource, AccessKey))

    return create
