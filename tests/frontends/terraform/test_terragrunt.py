from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest

from posturio_iac.core.finding import Level
from posturio_iac.core.model import Unknown
from tests.support.search_tree import Tree
from tests.support.terraform_programs import PLAIN, key, keys, reading

UNIT = 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\nterraform {\n  source = "%s"\n}\n'
OWNER = 'Owner = "platform@example.com"'


def generating(tags: str, *, before: str = "", block: str = "") -> str:
    provider = f'provider "aws" {{\n  region = "${{local.region}}"\n  default_tags {{\n{indent(tags, "    ")}\n  }}\n}}\n{block}'
    return f'{before}generate "provider" {{\n  path     = "provider.tf"\n  contents = <<EOT\n{provider}EOT\n}}\n'


def live(tags: str, source: str = "../../../modules//iam", **more: str) -> dict[str, str | bytes]:
    return {"live/root.hcl": generating(tags, **more), "live/dev/iam/terragrunt.hcl": UNIT % source, "modules/iam/main.tf": PLAIN}


def owner(root: Path, files: dict[str, str | bytes]) -> object:
    return key(root, files).owner


TAGS = f"tags = {{\n  {OWNER}\n}}"
ALIAS = generating(TAGS).replace("region =", 'alias = "other"\n  region =')
BESIDE = {"terragrunt.hcl": 'include {\n  path = find_in_parent_folders("root.hcl")\n}\n', "main.tf": PLAIN}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(live(TAGS), True, id="of a provider that is generated"),
        pytest.param({**live("tags = local.tags"), "modules/iam/a.tf": f"locals {{\n  {TAGS}\n}}\n"}, True, id="of the module's own names"),
        pytest.param({**live(TAGS, "../../../modules/other"), "modules/other/main.tf": ""}, False, id="beside another module"),
        pytest.param({"root.hcl": generating(TAGS), **{f"iam/{name}": text for name, text in BESIDE.items()}}, True, id="beside its unit"),
        pytest.param({**live(TAGS), "modules/iam/provider.tf": 'provider "aws" {\n}\n'}, False, id="of the module's own provider"),
        pytest.param({**live(TAGS), "live/root.hcl": ALIAS}, False, id="of another alias"),
        pytest.param({**live(TAGS), "live/prod/root.hcl": b"\xff\xfe", "nomad/job.hcl": b"\0"}, True, id="beside files of others"),
    ],
)
def test_whose_default_tags_count(tmp_path: Path, files: dict[str, str | bytes], *, expected: bool) -> None:
    assert owner(tmp_path, files) == ("platform@example.com" if expected else None)


def test_place_of_a_generated_tag_is_its_line_in_the_file_of_terragrunt(tmp_path: Path) -> None:
    found = key(tmp_path, live('tags = {\n  expires = "2027-01-31"\n}', before="locals {\n}\n\n"))
    (lifetime,) = found.lifetimes
    assert lifetime.span is not None
    assert (lifetime.span.path, lifetime.span.line) == ("live/root.hcl", 11)
    assert lifetime.source == 'default tag "expires" of the provider that live/root.hcl generates'


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param('tags = {\n  Owner = "${local.owner}"\n}', id="in quotes"),
        pytest.param("tags = {\n  Owner = ${jsonencode(local.owner)}\n}", id="without quotes"),
        pytest.param('tags = {\n  Team = "a \\"b\\" ${local.team} c"\n}', id="among quotes"),
        pytest.param("tags = ${jsonencode(local.tags)}", id="all of them"),
        pytest.param("tags = var.tags", id="a variable of the module"),
    ],
)
def test_what_terragrunt_fills_in_is_unknown(tmp_path: Path, tags: str) -> None:
    files = live(tags)
    files["modules/iam/variables.tf"] = 'variable "tags" {\n}\n'
    assert isinstance(owner(tmp_path, files), Unknown)


def test_unknown_values_of_other_tags_hide_nothing(tmp_path: Path) -> None:
    found = key(tmp_path, live(f'tags = {{\n  {OWNER}\n  Environment = "${{local.env}}"\n}}'))
    assert found.owner == "platform@example.com"
    assert found.unknown_sources == ()


@pytest.mark.parametrize(
    "source",
    [
        "../../../modules/iam",
        "../../..//modules/iam",
        "${get_repo_root()}//modules/iam",
        "${get_terragrunt_dir()}/../../../modules/iam",
        '${dirname(find_in_parent_folders("root.hcl"))}/../modules/iam',
    ],
)
def test_sources_that_lead_to_the_module(tmp_path: Path, source: str) -> None:
    found = reading(tmp_path, live(f"tags = {{\n  {OWNER}\n}}", source))
    assert [key.owner for key in found.keys] == ["platform@example.com"]
    assert {said.level for said in found.diagnostics} <= {Level.NOTE}


def test_module_that_the_applied_one_calls_inherits_it(tmp_path: Path) -> None:
    files = live(f"tags = {{\n  {OWNER}\n}}", "../../../modules/stack")
    files["modules/stack/main.tf"] = 'module "iam" {\n  source = "../iam"\n}\n'
    (found,) = keys(tmp_path, files).values()
    assert (found.address, found.owner) == ("module.iam.aws_iam_access_key.ci", "platform@example.com")


def test_each_environment_has_the_owner_of_its_own_provider(tmp_path: Path) -> None:
    files = {"modules/iam/main.tf": PLAIN}
    for environment in ("dev", "prod"):
        files[f"live/{environment}/root.hcl"] = generating(f'tags = {{\n  Owner = "{environment}@example.com"\n  Team = "platform"\n}}')
        files[f"live/{environment}/iam/terragrunt.hcl"] = UNIT % "../../../modules/iam"
    found = reading(tmp_path, files)
    owners = {key.scope: key.owner for key in found.keys}
    assert owners == {"live/dev/iam": "dev@example.com", "live/prod/iam": "prod@example.com"}


def test_text_that_stands_elsewhere_or_is_no_code_is_unknown(tmp_path: Path) -> None:
    for number, contents in enumerate(('templatefile("provider.tpl", { default_tags = 1 })', "<<EOT\nprovider {{ default_tags\nEOT")):
        files = live("tags = {}")
        files["live/root.hcl"] = f'generate "provider" {{\n  path = "p.tf"\n  contents = {contents}\n}}\n'
        found = reading(tmp_path / str(number), files)
        assert [isinstance(key.owner, Unknown) for key in found.keys] == [True]
        assert [(d.level, d.path) for d in found.diagnostics] == [(Level.NOTE, "live/root.hcl")]


@pytest.mark.parametrize(
    "text", [b'generate "provider" {\n  contents = <<EOT\nprovider "aws" { default_tags {\n', b"\xff\xfe"], ids=["syntax error", "UTF-16"]
)
def test_included_file_that_cannot_be_read_leaves_the_owner_unknown_and_is_named(text: bytes, tmp_path: Path) -> None:
    found = reading(tmp_path, {**live("tags = {}"), "live/root.hcl": text})
    (only,) = found.keys
    assert isinstance(only.owner, Unknown)
    assert only.owner.reason == "part of live/root.hcl cannot be read"
    assert {(d.level, d.path) for d in found.diagnostics} == {(Level.ERROR, "live/root.hcl")}


def test_unit_beside_a_module_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    found = reading(tmp_path, {**live("tags = {}"), "modules/iam/terragrunt.hcl": b"\xff\xfe"})
    assert [(d.level, d.path) for d in found.diagnostics] == [(Level.ERROR, "modules/iam/terragrunt.hcl")]


@pytest.mark.parametrize("git", [True, False])
@pytest.mark.parametrize("small", [True, False])
def test_files_are_found_with_git_and_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, git: bool, small: bool) -> None:
    from posturio_iac.search.git_tree import git_search  # noqa: PLC0415 - changed here only

    monkeypatch.setattr(git_search, "SMALL_INDEX", git_search.SMALL_INDEX if small else 0)
    tree = Tree(tmp_path, git=git)
    for name, text in live(f"tags = {{\n  {OWNER}\n}}").items():
        tree.write(name, text)
    tree.write("ignored/terragrunt.hcl", UNIT % "../x", add=False)
    tree.write(".terragrunt-cache/x/terragrunt.hcl", UNIT % "../x", add=False)
    selection = tree.discover(".")
    assert {"live/root.hcl", "live/dev/iam/terragrunt.hcl"} <= selection.search.hcl
    assert not any(".terragrunt-cache" in path for path in selection.search.hcl)
    assert selection.searched == 4
