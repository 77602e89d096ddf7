"""Units of Terragrunt's: which module each applies and what it gives to it, as Terragrunt itself would find out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.finding import Level
from posturio_iac.core.model import AccessKey, Unknown
from posturio_iac.frontends import Reading
from posturio_iac.frontends.terraform.syntax import json_syntax
from posturio_iac.frontends.terraform.syntax.parsing import parse
from tests.support.search_tree import Tree
from tests.support.terraform_programs import Counted, reading

MODULE = """
variable "name" {
  type = string
}
variable "tags" {
  type    = map(string)
  default = {}
}
variable "enabled" {
  type    = bool
  default = true
}
resource "aws_iam_user" "this" {
  name = var.name
  tags = var.tags
}
resource "aws_iam_access_key" "this" {
  count = var.enabled ? 1 : 0
  user  = aws_iam_user.this.name
}
"""
ROOT = """
locals {
  account = read_terragrunt_config(find_in_parent_folders("account.hcl")).locals
  path    = path_relative_to_include()
}
inputs = {
  tags = { expires = local.account.expires, path = local.path }
}
"""
ACCOUNT = 'locals {\n  expires = "2027-01-31"\n}\n'
UNIT = """
include "root" {
  path = find_in_parent_folders("root.hcl")
}
terraform {
  source = "../../../modules//user"
}
inputs = {
  name = "ci"
}
"""
BARE = 'terraform {\n  source = "../mod"\n}\n'
KNOWN = "tfr:///terraform-aws-modules/iam/aws//modules/iam-user?version=5.30.0"
Files = dict[str, "str | bytes"]


def live(unit: str = UNIT) -> Files:
    files = {"modules/user/main.tf": MODULE, "live/root.hcl": ROOT, "live/prod/account.hcl": ACCOUNT}
    return {**files, "live/prod/user/terragrunt.hcl": unit}


def applying(source: str, more: str = "") -> Files:
    """A repository with one unit, whose module is not here, and ``more`` inputs."""
    files = live(UNIT.replace("../../../modules//user", source).replace("inputs = {", f"inputs = {{\n  {more}"))
    del files["modules/user/main.tf"]
    return files


def read(root: Path, files: Mapping[str, str | bytes], *paths: str, git: bool = True) -> Reading:
    Tree(root, git=git)
    return reading(root, files, *paths)


def only(root: Path, files: Mapping[str, str | bytes], *paths: str) -> AccessKey:
    """The only key of a repository that reads without problems."""
    found = read(root, files, *paths)
    assert found.diagnostics == ()
    (key,) = found.keys
    return key


def tags(key: AccessKey) -> dict[str, str]:
    return dict(key.tags)


def test_unit_is_the_root_of_its_module_with_its_inputs(tmp_path: Path) -> None:
    key = only(tmp_path, live())
    assert (key.address, key.scope, key.user) == ("aws_iam_access_key.this[0]", "live/prod/user", "ci")
    assert tags(key) == {"expires": "2027-01-31", "path": "prod/user"}
    (lifetime,) = key.lifetimes
    assert lifetime.span is not None
    assert (lifetime.span.path, lifetime.span.line) == ("live/root.hcl", 7)


SOURCE = 'terraform {\n  source = "../../../modules//user"\n}'
FROM_ENV = UNIT.replace(SOURCE, 'include "env" {\n  path = "../../_env/user.hcl"\n}')
FROM_UNIT = UNIT.replace(SOURCE, 'include "common" {\n  path = "../../common/terragrunt.hcl"\n}')
COMMON = 'terraform {\n  source = "${get_repo_root()}//modules/user"\n}\ninputs = {\n  name = "common"\n}\n'
VALUES = """
  extra_arguments "values" {
    commands           = get_terraform_commands_that_need_vars()
    required_var_files = ["${get_terragrunt_dir()}/../common.tfvars"]
    optional_var_files = ["${get_terragrunt_dir()}/missing.tfvars"]
    env_vars           = { TF_VAR_tags = "ignored" }
  }
"""


@pytest.mark.parametrize(
    ("files", "user"),
    [
        (live() | {"modules/user/provider.tf": 'provider "kubernetes" {\n  host = "x"\n}\n'}, "ci"),
        (live(FROM_ENV) | {"live/_env/user.hcl": f'{SOURCE}\ninputs = {{\n  name = "env"\n}}\n'}, "ci"),
        (live(FROM_UNIT) | {"live/common/terragrunt.hcl": COMMON}, "ci"),
        (live(UNIT.replace('//user"\n', f'//user"\n{VALUES}')) | {"live/prod/common.tfvars": 'name = "file"\n'}, "file"),
        (live() | {"modules/user/terraform.tfvars": 'name = "module"\n'}, "module"),
    ],
    ids=[
        "a module with a provider is no root where a unit applies it",
        "the source of an included file counts from the unit",
        "a unit that others include is a part of them",
        "files of values win over inputs",
        "variables files of the module win over inputs",
    ],
)
def test_what_a_unit_applies(tmp_path: Path, files: Files, user: str) -> None:
    key = only(tmp_path, files)
    assert (key.scope, key.user) == ("live/prod/user", user)


def test_each_unit_is_judged_by_itself(tmp_path: Path) -> None:
    dev = {"live/dev/account.hcl": ACCOUNT.replace("2027", "2028"), "live/dev/user/terragrunt.hcl": UNIT.replace('"ci"', '"dev"')}
    found = {key.scope: (key.user, tags(key)["expires"]) for key in read(tmp_path, live() | dev).keys}
    assert found == {"live/prod/user": ("ci", "2027-01-31"), "live/dev/user": ("dev", "2028-01-31")}


@pytest.mark.parametrize(
    ("status", "change"),
    [("", 'let an input set status of {}, and make it "Inactive"'), ("  status = var.status\n", 'set status to "Inactive"')],
)
def test_key_of_one_unit_is_switched_off_in_its_inputs_alone(tmp_path: Path, status: str, change: str) -> None:
    module = MODULE.replace("  count = var.enabled ? 1 : 0\n", status) + 'variable "status" {\n  default = "Active"\n}\n'
    key = only(tmp_path, live() | {"modules/user/main.tf": module})
    (said,) = (str(remedy.text) for remedy in key.remedies.narrower if isinstance(remedy, Advice))
    assert said == f"{change.format('aws_iam_access_key.this')} only in the inputs of live/prod/user/terragrunt.hcl"


@pytest.mark.parametrize(
    "files",
    [
        live(UNIT.replace("inputs = {", "inputs = {\n  enabled = false")),
        live() | {"modules/user/main.tf": MODULE.replace("default = true", "default = false")},
        applying(KNOWN, "create_iam_access_key = false"),
    ],
    ids=["an input", "a default that the unit leaves", "an input of a known module"],
)
def test_what_switches_a_key_off(tmp_path: Path, files: Files) -> None:
    assert read(tmp_path, files).keys == ()


@pytest.mark.parametrize(
    "source",
    [
        *("../../../modules//user", "../../../modules/user", "../../..//modules/user", "${get_repo_root()}//modules/user"),
        *("${get_terragrunt_dir()}/../../../modules//user", "${get_parent_terragrunt_dir()}/../modules//user"),
        *('${dirname(find_in_parent_folders("root.hcl"))}/../modules//user', "${get_path_to_repo_root()}/modules//user"),
        *("${path_relative_from_include()}/../modules//user", "${local.base}//user", "${include.root.locals.base}/../modules//user"),
    ],
)
def test_sources_of_local_modules(tmp_path: Path, source: str) -> None:
    unit = UNIT.replace("../../../modules//user", source).replace('"root.hcl")\n}', '"root.hcl")\n  expose = true\n}')
    files = live(f'locals {{\n  base = "../../../modules"\n}}\n{unit}')
    files["live/root.hcl"] = ROOT.replace("locals {", "locals {\n  base = get_parent_terragrunt_dir()")
    assert only(tmp_path, files).scope == "live/prod/user"


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [("", {}), ('  merge_strategy = "deep"\n', {"expires": "2027-01-31", "path": "prod/user"}), ('  merge_strategy = "no_merge"\n', {})],
)
def test_strategies_of_merging(tmp_path: Path, strategy: str, expected: dict[str, str]) -> None:
    unit = UNIT.replace('"root.hcl")\n', f'"root.hcl")\n{strategy}').replace("inputs = {", 'inputs = {\n  tags = { own = "1" }')
    assert tags(only(tmp_path, live(unit))) == {"own": "1", **expected}


MOCKED = 'dependency "names" {\n  config_path = "../names"\n  mock_outputs = { name = "mock" }\n}\n'


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ('run_cmd("whoami")', "run_cmd() depends on a program that it runs"),
        ('sops_decrypt_file("x")', "sops_decrypt_file() depends on a program that it runs"),
        ('get_env("NAME", "ci")', "get_env() depends on the environment"),
        ('frobnicate("x")', "frobnicate() is not evaluated here"),
        ("dependency.names.outputs.name", "dependency.names depends on the outputs of another unit"),
    ],
)
def test_what_a_run_decides_is_unknown(tmp_path: Path, call: str, reason: str) -> None:
    key = only(tmp_path, live(MOCKED + UNIT.replace('"ci"', call)))
    assert isinstance(key.user, Unknown)
    assert key.user.reason == reason


def test_files_beside_the_unit_are_part_of_the_module(tmp_path: Path) -> None:
    more = 'resource "aws_iam_access_key" "more" {\n  user = aws_iam_user.this.name\n}\n'
    found = read(tmp_path, live() | {"live/prod/user/more.tf": more})
    assert {key.address for key in found.keys} == {"aws_iam_access_key.this[0]", "aws_iam_access_key.more"}
    assert {(key.scope, key.user, key.user_address) for key in found.keys} == {("live/prod/user", "ci", "aws_iam_user.this")}


@pytest.mark.parametrize("overwrite", [True, False])
def test_generated_provider_may_take_the_place_of_the_modules_own(tmp_path: Path, *, overwrite: bool) -> None:
    generate = """
generate "provider" {
  path      = "provider.tf"
  if_exists = "%s"
  contents  = <<-EOT
    provider "aws" {
      default_tags {
        tags = { owner = "${local.known ? "${local.owner}@example" : "nobody"}.com" }
      }
    }
  EOT
}
locals {
  owner = "platform"
  known = true
}
"""
    files = live(generate % ("overwrite_terragrunt" if overwrite else "skip") + UNIT)
    files["modules/user/provider.tf"] = 'provider "aws" {\n  region = "eu-west-1"\n}\n'
    assert only(tmp_path, files).owner == ("platform@example.com" if overwrite else None)


def test_generated_provider_from_a_template_file(tmp_path: Path) -> None:
    generate = """
locals {
  owner = "platform@example.com"
  eks   = false
}
dependency "account" {
  config_path = "../account"
}
generate "provider" {
  path      = "provider.tf"
  if_exists = "overwrite"
  contents = templatefile("${get_parent_terragrunt_dir()}/provider.tftpl", {
    args = merge(local, { role = dependency.account.outputs.role })
  })
}
"""
    template = """provider "aws" {
  assume_role {
    role_arn = "${args.role}"
  }
%{ if args.eks ~}
  }}}
%{ endif ~}
  default_tags {
    tags = { owner = "${args.owner}" }
  }
}
"""
    key = only(tmp_path, live(generate + UNIT) | {"live/provider.tftpl": template})
    assert key.owner == "platform@example.com"


def test_paths_that_hold_only_in_the_cache_of_terragrunt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")  # where a path relative to the current folder would lose its first steps upwards
    files = live()
    files["modules/user/common.tf"] = 'module "meta" {\n  source = "../../../../../common/meta"\n}\n'
    files["live/prod/common/meta/main.tf"] = 'resource "aws_iam_access_key" "meta" {\n  user = "meta"\n}\n'
    found = read(tmp_path, files)
    assert found.diagnostics == ()
    assert {key.scope for key in found.keys} == {"live/prod/user"}
    assert [key.address for key in found.keys] == ["aws_iam_access_key.this[0]", "module.meta.aws_iam_access_key.meta"]


def test_module_that_is_not_here_stands_at_the_source_of_its_unit(tmp_path: Path) -> None:
    key = only(tmp_path, applying(KNOWN))
    assert (key.address, key.scope, key.user) == ("aws_iam_access_key.this", "live/prod/user", "ci")
    assert key.span is not None
    assert (key.span.path, key.span.line) == ("live/prod/user/terragrunt.hcl", 6)
    assert tags(key) == {"expires": "2027-01-31", "path": "prod/user"}


def test_unit_in_which_only_an_included_file_names_the_module(tmp_path: Path) -> None:
    unit = UNIT.replace('"../../../modules//user"', '"${local.base}?version=5.30.0"')
    unit = f'locals {{\n  base = read_terragrunt_config("../../_env/user.hcl").locals.base\n}}\n{unit}'
    files = {"live/root.hcl": ROOT, "live/prod/account.hcl": ACCOUNT, "live/prod/user/terragrunt.hcl": unit}
    key = only(tmp_path, {**files, "live/_env/user.hcl": f'locals {{\n  base = "{KNOWN.partition("?")[0]}"\n}}\n'})
    assert (key.scope, key.user) == ("live/prod/user", "ci")


@pytest.mark.parametrize("files", [applying(KNOWN), live()])
def test_comment_at_the_unit_states_the_end_of_its_key(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    unit = str(files["live/prod/user/terragrunt.hcl"]).replace("terraform {", "# posturio: expires=2026-12-24\nterraform {")
    key = only(tmp_path, {**files, "live/prod/user/terragrunt.hcl": unit})
    assert {lifetime.value for lifetime in key.lifetimes} == {"2027-01-31", "2026-12-24"}


@pytest.mark.parametrize("paths", [("live",), ("live/prod/user",), ("live/prod/user/terragrunt.hcl",)])
def test_modules_outside_of_what_is_scanned(tmp_path: Path, paths: tuple[str, ...]) -> None:
    found = read(tmp_path, applying(KNOWN), *paths)
    assert [key.user for key in found.keys] == ["ci"]


def test_key_of_a_module_above_the_folder_that_is_scanned_stands_at_the_source_of_its_unit(tmp_path: Path) -> None:
    Tree(tmp_path, git=True)
    found = reading(tmp_path, live(), ".", cwd="live")
    (key,) = found.keys
    assert (found.diagnostics, key.address, key.scope, key.user) == ((), "aws_iam_access_key.this[0]", "live/prod/user", "ci")
    assert key.span is not None
    assert (key.span.path, key.span.line) == ("prod/user/terragrunt.hcl", 6)


@pytest.mark.parametrize("git", [True, False])
@pytest.mark.parametrize("path", ["live", "live/prod", "live/prod/user/terragrunt.hcl", "calls", "calls/main.tf"])
def test_modules_beside_what_is_named_are_read(tmp_path: Path, path: str, *, git: bool) -> None:
    call = 'module "user" {\n  source = "../modules/user"\n  name = "ci"\n}\n'
    found = read(tmp_path, live() | {"calls/main.tf": call}, path, git=git)
    (key,) = found.keys
    assert (found.diagnostics, key.user) == ((), "ci")
    assert key.span is not None
    assert key.span.path in ("calls/main.tf", "live/prod/user/terragrunt.hcl")


TEMPLATE = """
include "root" {
  path = find_in_parent_folders("root.hcl")
}
terraform {
  source = "${get_repo_root()}//modules/user"
}
inputs = {
  name = values.name
  tags = { expires = try(values.expires, null) }
}
"""


STACKED: Files = {"modules/user/main.tf": MODULE, "root.hcl": "", "units/user/terragrunt.hcl": TEMPLATE}


def test_unit_for_stacks_that_none_here_makes_is_judged_with_unknown_values(tmp_path: Path) -> None:
    key = only(tmp_path, STACKED)
    assert isinstance(key.user, Unknown)
    assert key.user.reason == "values.name depends on the stack that generates this unit"


@pytest.mark.parametrize(
    ("more", "path", "line"),
    [
        ({"live/prod/user/terragrunt.hcl": f"{UNIT}\nx = = 1\n"}, "live/prod/user/terragrunt.hcl", 12),
        ({"live/root.hcl": f'{ROOT}include "x" {{\n  path = "../../root.hcl"\n}}\n'}, "live/root.hcl", 9),
    ],
    ids=["syntax error", "cycle"],
)
def test_bad_files_are_one_sentence_each_and_the_rest_is_judged(tmp_path: Path, more: Files, path: str, line: int) -> None:
    other = {"other/main.tf": 'resource "aws_iam_access_key" "k" {\n  user = "joe"\n}\n'}
    found = read(tmp_path, {**live(), **more, **other})
    assert [(d.level, d.path, d.line) for d in found.diagnostics] == [(Level.ERROR, path, line)]
    assert {key.scope for key in found.keys} == {"other", "live/prod/user"}


def test_units_that_include_one_another_are_said_and_both_judged(tmp_path: Path) -> None:
    circle = 'include "x" {\n  path = "../%s/terragrunt.hcl"\n}\nterraform {\n  source = "../../../modules//user"\n}\n'
    found = read(tmp_path, live() | {f"live/prod/{a}/terragrunt.hcl": circle % b for a, b in (("a", "b"), ("b", "a"))})
    assert {(d.level, d.path) for d in found.diagnostics} == {(Level.ERROR, f"live/prod/{name}/terragrunt.hcl") for name in "ab"}
    assert {key.scope for key in found.keys} == {"live/prod/user", "live/prod/a", "live/prod/b"}


def test_input_that_cannot_be_evaluated_hides_no_other(tmp_path: Path) -> None:
    key = only(tmp_path, live(UNIT.replace("inputs = {", 'inputs = {\n  other = file("/etc/hostname")')))
    assert (key.user, tags(key)["expires"]) == ("ci", "2027-01-31")


def test_files_outside_of_the_repository_are_not_read_wherever_the_scan_is_started(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    read(tmp_path / "code", live(UNIT.replace('"ci"', 'file("../../../../secret.txt")')))
    (key,) = reading(tmp_path, {}, "code").keys
    assert isinstance(key.user, Unknown)


@pytest.mark.parametrize(("argument", "is_said"), [("source", True), ("inputs", False)])
def test_unknown_function_is_said_when_it_hides_what_a_unit_applies(tmp_path: Path, argument: str, *, is_said: bool) -> None:
    old, new = ('"../../../modules//user"', 'frobnicate("x")') if argument == "source" else ('"ci"', 'frobnicate("x")')
    found = read(tmp_path, live(UNIT.replace(old, new)))
    assert [(d.level, d.path) for d in found.diagnostics] == ([(Level.ERROR, "live/prod/user/terragrunt.hcl")] if is_said else [])
    assert len(found.keys) == 1


def test_units_that_make_no_keys_are_passed_over_whatever_is_wrong_with_their_inputs(tmp_path: Path) -> None:
    unit = UNIT.replace("root.hcl", "gone.hcl").replace("//user", "//bucket")
    bucket = {"modules/bucket/main.tf": 'resource "aws_s3_bucket" "b" {\n}\n', "live/prod/bucket/terragrunt.hcl": unit}
    assert only(tmp_path, live() | bucket).scope == "live/prod/user"


def test_include_that_is_not_here_leaves_inputs_open(tmp_path: Path) -> None:
    files = live()
    del files["live/root.hcl"]
    found = read(tmp_path, files)
    (key,) = found.keys
    assert any("root.hcl" in unknown.reason for unknown in key.unknown_sources)


def test_files_that_include_one_another_over_and_over_end_in_a_sentence(tmp_path: Path) -> None:
    files = live()
    for level in range(40):
        includes = "".join(f'include "{name}" {{\n  path = "../../level{level + 1}.hcl"\n}}\n' for name in "ab")
        files[f"live/level{level}.hcl"] = includes
    files["live/level40.hcl"] = ""
    files["live/prod/loop/terragrunt.hcl"] = UNIT.replace('find_in_parent_folders("root.hcl")', '"../../level0.hcl"')
    found = read(tmp_path, files)
    (said,) = found.diagnostics
    assert (said.level, said.path) == (Level.ERROR, "live/prod/loop/terragrunt.hcl")
    assert "more than 2,000,000 steps" in said.message
    assert [key.scope for key in found.keys] == ["live/prod/user"]


def test_stacks_that_generate_one_another_come_to_an_end(tmp_path: Path) -> None:
    repository = "${get_repo_root()}//"
    blocks = "".join(f'stack "s{n}" {{\n  source = "{repository}stacks/self"\n  path = "s{n}"\n}}\n' for n in range(5))
    unit = f'unit "user" {{\n  source = "{repository}units/user"\n  path = "user"\n}}\n'
    found = read(tmp_path, {**STACKED, "stacks/self/terragrunt.stack.hcl": unit + blocks})
    assert 0 < len(found.keys) <= 1000


def test_units_take_linear_work_and_what_all_generate_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generated: list[bytes] = []

    def parsed(path: str, data: bytes) -> object:
        generated.extend([data] * data.lstrip().startswith(b"provider"))
        return parse(path, data)

    monkeypatch.setattr(json_syntax, "parse_hcl", parsed)

    def files(size: int) -> Files:
        made = {name: text for name, text in live().items() if name != "live/prod/user/terragrunt.hcl"}
        made["live/root.hcl"] = f'{ROOT}generate "p" {{\n  path     = "p.tf"\n  contents = "provider \\"aws\\" {{}}"\n}}\n'
        return {**made, **{f"live/prod/u{n}/terragrunt.hcl": UNIT for n in range(size)}}

    def work(size: int) -> int:
        budget = Counted()
        Tree(tmp_path / str(size), git=True)
        assert len(reading(tmp_path / str(size), files(size), budget=lambda: budget).keys) == size
        return budget.steps()

    assert work(20) < 2.4 * work(10)
    assert len(generated) == 1


@pytest.mark.parametrize(
    ("more", "readings"),
    [
        ({}, ["as Terraform reads the code"]),
        ({"live/.opentofu-version": "1.10.0"}, []),
        ({"live/.terraform-version": "1.10.0"}, [""]),
        ({"live/terragrunt.hcl": f'terraform_binary = "/usr/bin/tofu"\n{BARE}'}, []),
        ({"live/terragrunt.hcl": f'terraform_binary = "terraform"\n{BARE}'}, [""]),
    ],
)
def test_a_unit_is_read_by_each_engine_that_may_apply_it(tmp_path: Path, more: dict[str, str], readings: list[str]) -> None:
    files = {"live/terragrunt.hcl": BARE, "mod/main.tf": 'resource "aws_iam_access_key" "ci" {\n  user = "joe"\n}\n', "mod/main.tofu": "\n"}
    assert [key.reading for key in reading(tmp_path, files | more).keys] == readings
