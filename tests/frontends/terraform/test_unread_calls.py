"""Known modules as people write them: pinned to a commit with a comment, forked, published privately, or with a slip in an input."""

from __future__ import annotations

from pathlib import Path

import pytest

from posturio_iac.core.finding import Level
from tests.support.search_tree import Tree
from tests.support.terraform_programs import keys, reading

COMMIT = "f37809108f86d8fbdf17f735df734bf4abe69315"
GIT = f"git::https://github.com/terraform-aws-modules/terraform-aws-iam.git//modules/iam-user?ref={COMMIT}"
REGISTRY = "terraform-aws-modules/iam/aws//modules/iam-user"


def call(source: str, comment: str = "", arguments: str = "") -> str:
    return f'module "ci" {{\n  source = "{source}" {comment}\n  name = "ci"\n{arguments}}}\n'


def unit(source: str, inputs: str = "", comment: str = "") -> dict[str, str | bytes]:
    return {"live/ci/terragrunt.hcl": f'terraform {{\n  source = "{source}" {comment}\n}}\ninputs = {{\n  name = "ci"\n{inputs}}}\n'}


@pytest.mark.parametrize(
    ("comment", "is_there"),
    [
        ("# v5.34.0", False),
        ("// commit hash of version 5.44.0", False),
        ("/* pinned: 6.2.3 */", True),
        ("", None),
        ("# the newest", None),
        ("# v5.34.0, not v6.0.0", None),
        ("# see 10.0.0.1", None),
    ],
)
def test_comment_beside_a_commit_tells_the_version(tmp_path: Path, comment: str, *, is_there: bool | None) -> None:
    found = reading(tmp_path, unit(GIT, "  create_iam_access_key = false\n", comment)).keys
    assert [key.existence is None for key in found] == ([] if is_there is False else [is_there is True])


def test_comment_beside_a_commit_counts_and_does_not_outdo_a_tag(tmp_path: Path) -> None:
    assert keys(tmp_path, call(GIT, "# v5.34.0", "  create_iam_access_key = false\n")) == {}
    (key,) = keys(tmp_path, call(GIT.replace(COMMIT, "v5.34.0"), "# v6.2.3", "  create_iam_access_key = true\n")).values()
    assert key.existence is None


@pytest.mark.parametrize(
    "source",
    [
        "git::https://github.com/binbashar/terraform-aws-iam.git//modules/iam-user?ref=v5.9.2",
        "github.com/binbashar/terraform-aws-iam//modules/iam-user?ref=v5.9.2",
        "app.terraform.io/acme/iam/aws//modules/iam-user",
        "git@gitlab.com:acme/terraform-aws-iam.git//modules/iam-user",
    ],
)
def test_forks_and_private_copies_of_known_modules_are_noted(tmp_path: Path, source: str) -> None:
    found = reading(tmp_path, call(source))
    assert found.keys == ()
    (said,) = found.diagnostics
    assert (said.level, said.path, said.line) == (Level.NOTE, "main.tf", 1)
    assert said.message == f"module.ci uses {source}, whose code is not here; it has the name of {REGISTRY}, which creates access keys"


@pytest.mark.parametrize("source", ["tfr://r.acme.example/acme/iam/aws//modules/iam-user", GIT.replace("terraform-aws-modules/", "acme/")])
def test_units_that_apply_a_fork_are_noted(tmp_path: Path, source: str) -> None:
    found = reading(tmp_path, unit(source))
    assert found.keys == ()
    assert [(said.level, said.path) for said in found.diagnostics] == [(Level.NOTE, "live/ci/terragrunt.hcl")]


def test_unit_whose_source_a_program_tells_is_noted(tmp_path: Path) -> None:
    found = reading(tmp_path, unit('${run_cmd(\\"source\\", \\"iam-user\\")}'.replace('\\"', '"')))
    (said,) = found.diagnostics
    assert (said.level, said.path) == (Level.NOTE, "live/ci/terragrunt.hcl")
    assert said.message.endswith("applies a module that is not known: run_cmd() depends on a program that it runs")


def test_copies_whose_code_is_here_are_read_and_not_noted(tmp_path: Path) -> None:
    code = 'variable "name" {\n}\nresource "aws_iam_access_key" "k" {\n  user = var.name\n}\n'
    found = keys(tmp_path, {"main.tf": call("./modules/iam-user"), "modules/iam-user/main.tf": code})
    assert list(found) == ["module.ci.aws_iam_access_key.k"]


@pytest.mark.parametrize(
    ("version", "name", "meant"),
    [
        ("6.2.3", "crete_access_key", "create_access_key"),
        ("6.2.3", "create_iam_access_key", "create_access_key"),
        ("5.30.0", "create_iam_acces_key", "create_iam_access_key"),
        ("5.30.0", "create_access_key", "create_iam_access_key"),
        ("", "crete_access_key", "create_access_key"),
    ],
)
def test_input_that_the_version_does_not_have_is_a_warning(tmp_path: Path, version: str, name: str, meant: str) -> None:
    found = reading(tmp_path, unit(f"tfr:///{REGISTRY}{version and f'?version={version}'}", f"  {name} = true\n"))
    (said,) = found.diagnostics
    assert (said.level, said.path, said.line) == (Level.WARNING, "live/ci/terragrunt.hcl", 6)
    assert said.message == f'{REGISTRY}{version and f" {version}"} has no input "{name}"; did you mean "{meant}"?'


def test_a_switch_of_an_older_version_is_heard_where_no_version_is_stated(tmp_path: Path) -> None:
    text = f'module "ci" {{\n  source = "{REGISTRY}"\n  name = "ci"\n  create_iam_access_key = false\n}}\n'
    found = reading(tmp_path, {"main.tf": text})
    assert (found.keys, found.diagnostics) == ((), ())


def test_inputs_that_the_table_does_not_list_are_no_warning(tmp_path: Path) -> None:
    given = "".join(f"  {name} = null\n" for name in ("password_length", "pgp_key", "force_destroy", "policies", "description"))
    assert reading(tmp_path, unit(f"tfr:///{REGISTRY}?version=6.2.3", given)).diagnostics == ()


def test_unit_whose_folder_is_missing_is_said_unless_it_is_in_another_repository(tmp_path: Path) -> None:
    for name, text in unit("../../modules//gone").items():
        Tree(tmp_path, git=True).write(name, str(text))
    key = {"other/main.tf": 'resource "aws_iam_access_key" "k" {\n  user = "joe"\n}\n'}
    found = reading(tmp_path, key)
    assert [(said.level, said.path, said.line) for said in found.diagnostics] == [(Level.ERROR, "live/ci/terragrunt.hcl", 2)]
    found = reading(tmp_path, unit("../../../elsewhere//gone"))
    assert [said.level for said in found.diagnostics] == [Level.NOTE]
