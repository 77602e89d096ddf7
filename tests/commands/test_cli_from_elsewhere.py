"""What a scan says does not depend on the folder that it is started in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.cli import main
from tests.support.command_line import Capture, Patch
from tests.support.search_tree import Tree

KEY = 'resource "aws_iam_access_key" "ci" {\n  user = aws_iam_user.ci.name\n}\n'
USER = 'resource "aws_iam_user" "ci" {\n  name = "ci"\n}\n'
TEMPLATE = "Resources:\n  Bot: {Type: AWS::IAM::User}\n  Key: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref Bot}}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Tree:
    """A repository with a key in Terraform, in a template and in a submodule that a root module calls."""
    library = Tree(tmp_path / "library", git=True)
    library.write("main.tf", USER + KEY)
    library.commit()
    made = Tree(tmp_path / "work" / "repository", git=True)
    made.write("infra/user.tf", USER)
    made.write("infra/key.tf", KEY)
    made.write("stack.yaml", TEMPLATE)
    made.write(".github/CODEOWNERS", "infra/ @platform\n")
    made.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", library.root, "vendor")
    made.write("app/main.tf", 'module "user" {\n  source = "../vendor"\n}\n')
    return made


def scanned(path: str, capsys: Capture, *, below: str = "") -> list[tuple[Any, ...]]:
    """The findings, without the folder that leads to the repository."""
    main(["scan", "--no-config", "--exit-zero", "--format", "json", path])
    found = json.loads(capsys.readouterr().out)["findings"]
    return [(f["path"].removeprefix(below), f["line"], f["rule"], f["address"], f["root"], f["fingerprint"]) for f in found]


@pytest.mark.parametrize("part", ["", "infra", "infra/key.tf", "app"])
def test_a_repository_from_outside(part: str, repository: Tree, monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.chdir(repository.path)
    inside = scanned(part or ".", capsys)
    assert inside
    for cwd, way in ((repository.path.parent, "repository/"), (repository.path.parent.parent, "work/repository/")):
        monkeypatch.chdir(cwd)
        assert scanned(way + part, capsys, below=way) == inside


def test_a_submodule_that_is_named(repository: Tree, monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.chdir(repository.path)
    assert {found[:2] for found in scanned("vendor", capsys)} == {("vendor/main.tf", 4)}
