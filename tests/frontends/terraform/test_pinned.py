"""A folder is not parsed for the name of a known module that makes no key at the version it is pinned to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.frontends.terraform.modules import folder
from tests.support.command_line import Patch
from tests.support.terraform_programs import PLAIN, reading

SOURCE = "github.com/ministryofjustice/cloud-platform-terraform-rds-instance"
IDLE = f'module "rds" {{\n  source = "{SOURCE}?ref=9.2.0"\n}}\n'  # a call of a version that makes no key; up to 5.x it does
OLD = IDLE.replace("9.2.0", "5.0.0")
TOLD = 'module "u" {\n  source  = "terraform-aws-modules/iam/aws//modules/iam-user"\n  version = "5.34.0"\n'
TOLD += "  create_iam_access_key = %s # as told\n}\n"
"""A call of a version that makes a key unless it is told not to."""
REGISTRY = 'module "user" {\n  source  = "boldlink/iam-user/aws"\n  version = "%s"\n}\n'


def loaded(monkeypatch: pytest.MonkeyPatch, root: Path, files: Mapping[str, str | bytes]) -> tuple[list[str], list[str]]:
    """The folders that reading the files parses, and the addresses of the keys."""
    parsed: list[str] = []
    load = folder.load

    def watched(root: str, path: str, *rest: Any, **more: Any) -> folder.Module:
        parsed.append(path)
        return load(root, path, *rest, **more)

    monkeypatch.setattr(folder, "load", watched)
    return [key.address for key in reading(root, files).keys], sorted(parsed)


@pytest.mark.parametrize(
    "files",
    [
        {"a/main.tf": IDLE},
        {"a/main.tf": IDLE + 'locals {\n  x = "iam-user"\n}\n'},
        {"a/main.tf": REGISTRY % "1.1.0"},
        {"a/main.tf": TOLD % "false"},
        {"a/main.tf": TOLD % "false" + IDLE},
        {"a/main.tf": IDLE.replace("rds-instance?ref=9.2.0", "s3-bucket?ref=5.0.0") + REGISTRY % "1.1.0"},
        {"a/main.tf.json": json.dumps({"module": {"rds": {"source": f"{SOURCE}?ref=9.2.0"}}})},
    ],
)
def test_a_folder_with_idle_calls_only_is_not_parsed(tmp_path: Path, monkeypatch: Patch, files: Mapping[str, str]) -> None:
    assert loaded(monkeypatch, tmp_path, {**files, "b/main.tf": PLAIN}) == (["aws_iam_access_key.ci"], ["b"])


@pytest.mark.parametrize(
    ("files", "keys"),
    [
        pytest.param({"a/main.tf": IDLE + PLAIN}, ["aws_iam_access_key.ci"], id="a key beside it"),
        pytest.param({"a/main.tf": IDLE, "a/iam.tf": PLAIN}, ["aws_iam_access_key.ci"], id="a key in another file"),
        pytest.param({"a/main.tf": IDLE, "a/old.tf": OLD.replace('"rds"', '"old"')}, ["module.old"], id="another version in another file"),
        pytest.param({"a/main.tf": IDLE + OLD.replace('"rds"', '"old"')}, ["module.old"], id="another version in the same file"),
        pytest.param({"a/main.tf": IDLE, "a/x_override.tf": OLD}, ["module.rds"], id="an override"),
        pytest.param({"a/main.tf": IDLE.replace("?ref=9.2.0", "?ref=main")}, ["module.rds"], id="a branch"),
        pytest.param({"a/main.tf": REGISTRY.replace('"%s"', "var.v")}, [], id="a version that is no constant"),
        pytest.param({"a/main.tf": TOLD % "true"}, ["module.u"], id="a key is asked for"),
        pytest.param({"a/main.tf": TOLD % "var.off" + 'variable "off" {\n  default = false\n}\n'}, ["module.u"], id="a variable"),
        pytest.param({"a/main.tf": TOLD.replace("create_iam_access_key", "# create") % "false"}, ["module.u"], id="a comment"),
        pytest.param({"a/main.tf": TOLD % "false", "a/b_override.tf": TOLD % "true"}, ["module.u"], id="an override turns it on"),
    ],
)
def test_a_folder_that_may_make_a_key_is_parsed(tmp_path: Path, monkeypatch: Patch, files: Mapping[str, str], keys: list[str]) -> None:
    assert loaded(monkeypatch, tmp_path, files) == (keys, ["a"])


def test_the_version_that_is_installed_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {"Key": "m.user", "Source": "registry.terraform.io/boldlink/iam-user/aws", "Version": "1.0.1", "Dir": ".terraform/m"}
    call, listed = 'module "m" {\n  source = "./m"\n}\n', json.dumps({"Modules": [installed]})
    files = {"main.tf": call, "m/main.tf": REGISTRY % ">= 1.0", ".terraform/modules/modules.json": listed}
    keys, parsed = loaded(monkeypatch, tmp_path, files)
    assert (keys, parsed) == (["module.m.module.user"], ["", "m"])
