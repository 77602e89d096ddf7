from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from posturio_iac.core.keys import ACCESS_KEY, KEY_TYPES, SERVICE_CREDENTIAL
from posturio_iac.impact import Narrowed
from tests.support.command_line import MISSING, Capture, Patch, run
from tests.support.repository import AS_OF, EXPIRES, KEY, TEMPLATE, USER, Repository, clean, flagged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Hook = Callable[..., tuple[int, list[str]]]

CALL = 'module "%s" {\n  source = "%s"\n%s}\n'


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: Patch) -> Repository:
    made = Repository(tmp_path / "repository")
    monkeypatch.chdir(made.path)
    return made


@pytest.fixture
def hook(capsys: Capture) -> Hook:
    """Run the hook; return its exit code and the addresses and files of what it finds."""

    def call(*argv: str) -> tuple[int, list[str]]:
        code, out, err = run(capsys, "hook", "--as-of", AS_OF, "--format", "json", *argv)
        assert code in (0, 1), err
        return code, sorted(f"{f['path']}: {f['address']}" for f in json.loads(out)["findings"] if f["rule"] == MISSING)

    return call


def test_paths_from_the_top_in_a_folder_below_are_told(repository: Repository, capsys: Capture, monkeypatch: Patch) -> None:
    """``git diff --name-only`` prints such paths wherever it is run."""
    repository.write("infra/a/iam.tf", flagged())
    monkeypatch.chdir(repository.path / "infra")
    code, _, err = run(capsys, "hook", "infra/a/iam.tf", "gone.tf")
    assert (code, err) == (
        0,
        f"warning: there is no infra/a/iam.tf below the current folder, but below {repository.path}; run the hook there\n",
    )
    code, _, err = run(capsys, "hook", "a/iam.tf", "gone.tf")
    assert (code, "warning" in err) == (1, False)


def test_whole_module_of_a_changed_file_is_judged(repository: Repository, hook: Hook) -> None:
    repository.write("a/iam.tf", KEY)
    repository.write("a/users.tf", USER % ("ci", ""))
    repository.write("a/outputs.tf", "")
    assert hook("a/outputs.tf") == (1, ["a/iam.tf: aws_iam_access_key.ci"])


def test_nothing_is_printed_for_a_clean_commit(repository: Repository, capsys: Capture) -> None:
    repository.write("a/iam.tf", clean())
    repository.write("b/iam.tf", flagged("b"))
    assert run(capsys, "hook", "--as-of", AS_OF, "a/iam.tf") == (0, "", "")


def test_repository_without_keys_is_silent(repository: Repository, capsys: Capture) -> None:
    repository.write("a.yaml", "a: 1\n")
    assert run(capsys, "hook", "a.yaml") == (0, "", "")
    code, out, err = run(capsys, "hook")
    assert (code, out, err.startswith("note: no files were given, so nothing was checked")) == (0, "", True)


def test_broken_files_elsewhere_stay_silent(repository: Repository, capsys: Capture) -> None:
    repository.write("a/iam.tf", clean())
    repository.write("b/iam.tf", flagged() + "resource {{{\n")
    repository.write("c/stack.yaml", TEMPLATE + "  - broken: [\n")
    repository.write("d/iam.tf", "\0GITCRYPT\0")
    assert run(capsys, "hook", "--as-of", AS_OF, "a/iam.tf") == (0, "", "")
    assert run(capsys, "hook", "--as-of", AS_OF, "b/iam.tf")[0] == 3
    assert run(capsys, "hook", "--as-of", AS_OF, "c/stack.yaml")[0] == 3
    assert run(capsys, "hook", "--as-of", AS_OF, "d/iam.tf")[0] == 3


def test_change_in_a_module_judges_the_modules_that_call_it(repository: Repository, hook: Hook) -> None:
    repository.write("modules/user/main.tf", 'variable "tags" {\n}\n' + (USER % ("ci", "")).replace('{ owner = "team" }', "var.tags") + KEY)
    repository.write("live/main.tf", CALL % ("ci", "../modules/user", '  tags = { owner = "team" }\n'))
    repository.write("modules/user/empty.tf", "")
    assert hook("modules/user/empty.tf") == (1, ["modules/user/main.tf: module.ci.aws_iam_access_key.ci"])


def test_change_in_a_caller_judges_the_module_that_holds_the_key(repository: Repository, hook: Hook) -> None:
    repository.write("modules/user/main.tf", flagged())
    repository.write("modules/team/main.tf", CALL % ("user", "../user", ""))
    repository.write("live/main.tf", CALL % ("team", "../modules/team", ""))
    found = (1, ["modules/user/main.tf: module.team.module.user.aws_iam_access_key.ci"])
    assert hook("live/main.tf") == found
    assert hook("modules/team/main.tf") == found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("main.tf", CALL % ("m", "./m", "")),
        ("terragrunt.hcl", 'terraform {\n  source = "./m"\n}\n'),
        ("main.tfcomponent.hcl", 'component "m" {\n  source = "./m"\n}\n'),
        ("main.tfcomponent.json", '{"component": {"m": {"source": "./m"}}}'),
    ],
)
def test_change_at_the_top_of_the_repository_judges_what_it_calls(repository: Repository, hook: Hook, name: str, text: str) -> None:
    repository.write("m/iam.tf", flagged())
    repository.write(name, text)
    code, found = hook(name)
    assert (code, len(found)) == (1, 1)


def test_variables_file_without_any_key_judges_its_module(repository: Repository, hook: Hook) -> None:
    repository.write("live/main.tf", 'variable "tags" {\n}\n' + CALL % ("user", "../modules/user", "  tags = var.tags\n"))
    module = 'variable "tags" {\n}\nresource "aws_iam_user" "ci" {\n  name = "ci"\n  tags = var.tags\n}\n' + KEY
    repository.write("modules/user/main.tf", module)
    for name in ("terraform.tfvars", "x.auto.tfvars"):
        repository.write(f"live/{name}", 'tags = { owner = "team" }\n')
        assert hook(f"live/{name}")[0] == 1
    repository.write("live/x.auto.tfvars", 'tags = { owner = "team", expires = "2027-01-31" }\n')
    assert hook("live/x.auto.tfvars") == (0, [])


def test_roots_that_share_a_module_are_judged_one_by_one(repository: Repository, hook: Hook) -> None:
    repository.write("modules/user/main.tf", flagged())
    for name in ("blue", "green"):
        repository.write(f"live/{name}/main.tf", CALL % (name, "../../modules/user", ""))
    assert hook("live/blue/main.tf") == (1, ["modules/user/main.tf: module.blue.aws_iam_access_key.ci"])
    assert len(hook("modules/user/main.tf")[1]) == 2


def test_module_whose_outputs_feed_a_key_counts(repository: Repository, hook: Hook) -> None:
    repository.write("modules/labels/main.tf", 'output "tags" {\n  value = { owner = "team" }\n}\n')
    user = 'resource "aws_iam_user" "ci" {\n  name = "ci"\n  tags = module.labels.tags\n}\n'
    repository.write("live/main.tf", CALL % ("labels", "../modules/labels", "") + user + KEY)
    assert hook("modules/labels/main.tf") == (1, ["live/main.tf: aws_iam_access_key.ci"])


def test_sibling_module_without_influence_stays_silent(repository: Repository, hook: Hook) -> None:
    repository.write("modules/bucket/main.tf", 'resource "aws_s3_bucket" "b" {\n}\n')
    repository.write("live/main.tf", CALL % ("bucket", "../modules/bucket", "") + flagged())
    assert hook("modules/bucket/main.tf") == (0, [])


def test_data_file_that_a_module_reads_counts(repository: Repository, hook: Hook) -> None:
    user = 'resource "aws_iam_user" "ci" {\n  name = "ci"\n  tags = yamldecode(file("${path.module}/tags.yaml"))\n}\n'
    repository.write("live/main.tf", user + KEY)
    repository.write("live/tags.yaml", "owner: team\n")
    repository.write("live/other.yaml", "owner: team\n")
    assert hook("live/tags.yaml")[0] == 1
    assert hook("live/other.yaml") == (0, [])


@pytest.mark.parametrize(
    "call", ['file("${path.module}/${var.name}.yaml")', "file(local.name)", 'join("", [for f in fileset(path.module, "*") : file(f)])']
)
def test_data_file_with_a_computed_name_counts_below_the_module(repository: Repository, hook: Hook, call: str) -> None:
    repository.write("live/main.tf", flagged() + f'output "data" {{\n  value = {call}\n}}\n')
    repository.write("live/data/tags.yaml", "owner: team\n")
    repository.write("other/tags.yaml", "owner: team\n")
    assert hook("live/data/tags.yaml")[0] == 1
    assert hook("other/tags.yaml") == (0, [])


@pytest.mark.parametrize("kind", [ACCESS_KEY, SERVICE_CREDENTIAL])
def test_user_that_another_module_declares_counts(repository: Repository, hook: Hook, kind: str) -> None:
    repository.write("keys/main.tf", f'resource "{kind}" "ci" {{\n  {KEY_TYPES[kind]} = "ci"\n}}\n')
    repository.write("users/main.tf", USER % ("ci", ""))
    assert hook("users/main.tf") == (1, [f"keys/main.tf: {kind}.ci"])
    repository.write("users/main.tf", USER % ("ci", EXPIRES))
    assert hook("keys/main.tf") == (0, [])


def test_untracked_neighbour_is_not_judged(repository: Repository, hook: Hook) -> None:
    repository.write("a/iam.tf", clean())
    repository.write("a/more.tf", flagged().replace('"ci"', '"more"').replace("user.ci", "user.more"), add=False)
    repository.write("new/iam.tf", flagged(), add=False)
    assert hook("a/iam.tf") == (0, [])


def test_untracked_file_does_not_mend_what_is_committed(repository: Repository, hook: Hook) -> None:
    repository.write("a/iam.tf", KEY)
    repository.write("a/users.tf", USER % ("ci", ""))
    repository.write("a/override.tf", USER % ("ci", EXPIRES), add=False)
    repository.write("a/terraform.tfvars", "x = 1\n", add=False)
    assert hook("a/iam.tf")[0] == 1


def test_deleted_metadata_is_found_by_the_next_run_that_sees_the_module(repository: Repository, hook: Hook) -> None:
    repository.write("a/iam.tf", 'resource "aws_iam_user" "ci" {\n  name = "ci"\n  tags = { owner = "team" }\n}\n' + KEY)
    repository.write("a/user_override.tf", USER % ("ci", EXPIRES))
    assert hook("a/iam.tf") == (0, [])
    repository.commit()
    repository.git("rm", "-q", "a/user_override.tf")
    assert hook("a/iam.tf")[0] == 1
    assert hook("a/user_override.tf")[0] == 1


def test_template_is_judged_as_a_whole_and_alone(repository: Repository, hook: Hook) -> None:
    repository.write("a.yaml", TEMPLATE)
    repository.write("b.template", TEMPLATE)
    repository.write("values.yaml", "a: 1\n")
    assert hook("a.yaml") == (1, ["a.yaml: Key"])
    assert hook("values.yaml") == (0, [])


def test_nested_template_is_judged_with_its_parent(repository: Repository, hook: Hook) -> None:
    nested = "Resources:\n  Keys:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: nested/keys.yaml\n"
    repository.write("main.yaml", nested)
    repository.write("nested/keys.yaml", TEMPLATE)
    repository.write("other.yaml", "Resources: {}\n")
    assert hook("main.yaml") == (1, ["nested/keys.yaml: Keys/Key"])
    assert hook("nested/keys.yaml")[0] == 1
    assert hook("other.yaml") == (0, [])


def test_file_that_a_serverless_file_draws_in_counts(repository: Repository, hook: Hook) -> None:
    repository.write("serverless.yml", "service: a\nprovider:\n  name: aws\nresources:\n  - ${file(res.yml)}\n  - ${file(more.yml)}\n")
    repository.write("res.yml", TEMPLATE)
    repository.write("more.yml", "Resources:\n  Other:\n    Type: AWS::S3::Bucket\n")
    assert hook("serverless.yml") == (1, ["res.yml: Key"])
    assert hook("more.yml") == (1, ["res.yml: Key"])


def test_framework_leaves_out_the_other(repository: Repository, hook: Hook) -> None:
    repository.write("iam.tf", flagged())
    repository.write("a.yaml", TEMPLATE)
    assert hook("--framework", "terraform", "iam.tf", "a.yaml") == (1, ["iam.tf: aws_iam_access_key.ci"])
    assert hook("--framework", "cloudformation", "iam.tf", "a.yaml") == (1, ["a.yaml: Key"])
    assert len(hook("iam.tf", "a.yaml")[1]) == 2


def test_file_of_variables_that_the_configuration_names_concerns_every_module(repository: Repository, hook: Hook) -> None:
    repository.write("posturio-iac.toml", 'var_files = ["common.tfvars"]\n')
    repository.write("common.tfvars", "x = 1\n")
    repository.write("a/iam.tf", flagged("a"))
    repository.write("b/iam.tf", flagged("b"))
    assert len(hook("common.tfvars")[1]) == 2


@pytest.mark.parametrize("name", ["with space.tf", "line\nbreak.tf", "ümläut.tf", "-x.tf", "--strict=x.tf", "a'b\".tf"])
def test_odd_file_names_are_files(repository: Repository, hook: Hook, name: str) -> None:
    repository.write(name, flagged())
    repository.git("config", "core.quotepath", "true")
    assert hook("--fail-on", "low", name) == (1, [f"{name}: aws_iam_access_key.ci"])


@pytest.mark.parametrize("command", [["hook"], ["fix", "--hook"]])
@pytest.mark.parametrize("folder", [".", "a", "../top/a"])
def test_folders_are_no_files_that_changed(repository: Repository, capsys: Capture, folder: str, command: list[str]) -> None:
    repository.write("a/iam.tf", flagged())
    code, _, err = run(capsys, *command, "a/iam.tf", folder.replace("top", repository.path.name))
    assert (code, err.count("\n"), "is a folder, but a hook takes the files that changed; scan checks folders" in err) == (2, 1, True)


def test_names_are_relative_to_the_current_folder_and_reported_from_the_top(repository: Repository, hook: Hook, monkeypatch: Patch) -> None:
    repository.write("a/iam.tf", flagged())
    monkeypatch.chdir(repository.path / "a")
    assert hook("iam.tf") == (1, ["a/iam.tf: aws_iam_access_key.ci"])


def test_file_outside_the_repository_is_refused(repository: Repository, capsys: Capture) -> None:
    repository.write("a/iam.tf", flagged())
    code, _, err = run(capsys, "hook", "../elsewhere.tf")
    assert (code, err.count("\n")) == (2, 1)
    assert "is outside of" in err


def test_suppressions_that_another_module_needs_are_not_called_idle(repository: Repository, capsys: Capture) -> None:
    suppression = f'[[suppressions]]\nrule = "{MISSING}"\naddress = "*"\nreason = "known"\nuntil = 2027-06-30\n'
    repository.write("posturio-iac.toml", suppression)
    repository.write("a/iam.tf", clean())
    code, out, _ = run(capsys, "hook", "--as-of", AS_OF, "a/iam.tf")
    assert (code, "suppresses nothing" in out, "suppresses findings by place (1)" in out) == (0, False, True)


def test_hook_and_scan_find_the_same(repository: Repository, capsys: Capture) -> None:
    repository.write("modules/user/main.tf", flagged())
    repository.write(
        "live/main.tf", CALL % ("ci", "../modules/user", "") + flagged("live").replace('"ci" {', '"me" {').replace("user.ci", "user.me")
    )
    repository.write("stack.yaml", TEMPLATE)
    _, out, _ = run(capsys, "scan", "--as-of", AS_OF, "--format", "json")
    scanned = json.loads(out)["findings"]
    _, out, _ = run(capsys, "hook", "--as-of", AS_OF, "--format", "json", "live/main.tf", "stack.yaml", "modules/user/main.tf")
    assert json.loads(out)["findings"] == scanned
    assert len(scanned) > 2


@pytest.mark.parametrize("changed", ["modules/user/main.tf", "modules/team/main.tf"])
def test_module_behind_a_broken_call_is_judged_as_scan_judges_it(repository: Repository, capsys: Capture, changed: str) -> None:
    repository.write("modules/user/main.tf", flagged())
    repository.write("modules/team/main.tf", CALL % ("user", "../user", ""))
    repository.write("live/main.tf", CALL % ("team", "../modules/team", "  tags = = {}\n"))

    def found(*argv: str) -> tuple[int, list[dict[str, Any]]]:
        code, out, _ = run(capsys, *argv, "--as-of", AS_OF, "--format", "json")
        return code, json.loads(out)["findings"]

    judged = found("hook", changed)
    assert judged == found("scan", ".")
    assert (judged[0], [f["address"] for f in judged[1] if f["rule"] == MISSING]) == (3, ["module.user.aws_iam_access_key.ci"])


def test_reference_in_a_comment_or_a_string_feeds_nothing(repository: Repository, hook: Hook) -> None:
    repository.write("modules/labels/main.tf", 'output "tags" {\n  value = {}\n}\n')
    text = '# module.labels.tags\noutput "x" {\n  value = "module.labels.tags"\n}\n'
    repository.write("live/main.tf", CALL % ("labels", "../modules/labels", "") + text + flagged())
    assert hook("modules/labels/main.tf") == (0, [])
    repository.write(
        "live/main.tf", CALL % ("labels", "../modules/labels", "") + text.replace('"module', '"${module.labels.tags}') + flagged()
    )
    assert hook("modules/labels/main.tf")[0] == 1


def test_repository_without_git_is_judged_from_the_current_folder(tmp_path: Path, hook: Hook, monkeypatch: Patch) -> None:
    (tmp_path / "iam.tf").write_text(flagged())
    monkeypatch.chdir(tmp_path)
    assert hook("iam.tf")[0] == 1


def borrower(name: str) -> str:
    """A module with a key for the user that whoever calls it names."""
    return 'variable "user" {\n}\n' + f'resource "aws_iam_access_key" "{name}" {{\n  user = var.user\n}}\n'


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(borrower("second"), id="an input"),
        pytest.param('resource "aws_iam_access_key" "second" {\n  user = "ci"\n}\n', id="the same name"),
        pytest.param(
            USER.replace('"ci"', '"again"', 1) % ("ci", "") + KEY.replace("user.ci", "user.again"),
            id="a block of the same name",
        ),
        pytest.param(
            'data "aws_iam_user" "x" {\n  user_name = "ci"\n}\n' + KEY.replace("aws_iam_user.ci.name", "data.aws_iam_user.x.user_name"),
            id="data",
        ),
    ],
)
def test_second_key_of_the_same_user_in_another_module_counts(repository: Repository, capsys: Capture, other: str) -> None:
    user = USER % ("ci", EXPIRES)
    first = user + KEY + 'output "user" {\n  value = aws_iam_user.ci.name\n}\n'
    repository.write("modules/first/main.tf", first)
    repository.write("modules/second/main.tf", other)
    for number in range(3):
        repository.write(f"modules/m{number}/main.tf", flagged(f"u{number}"))
    calls = CALL % ("first", "../modules/first", "") + CALL % ("second", "../modules/second", "  user = module.first.user\n")
    repository.write("live/main.tf", calls + "".join(CALL % (f"m{n}", f"../modules/m{n}", "") for n in range(3)))

    def several(*argv: str) -> set[str]:
        _, out, err = run(capsys, *argv, "--as-of", AS_OF, "--format", "json")
        found = json.loads(out)["findings"]
        assert not err
        return {f["address"] for f in found if f["rule"] == "iam.multiple_active_access_keys" and "first" in f["address"]}

    found = several("hook", "modules/first/main.tf")
    assert found == several("scan", ".")
    assert bool(found) == ("aws_iam_user.again" not in other)


def test_modules_apart_are_not_read(repository: Repository, hook: Hook, monkeypatch: Patch) -> None:
    from posturio_iac.frontends.terraform.modules import folder  # noqa: PLC0415 - watched here only

    repository.write("modules/a/main.tf", flagged("a"))
    for number in range(3):
        repository.write(f"modules/m{number}/main.tf", flagged(f"u{number}"))
    repository.write("live/main.tf", CALL % ("a", "../modules/a", "") + "".join(CALL % (f"m{n}", f"../modules/m{n}", "") for n in range(3)))
    read: list[str] = []
    load = folder.load

    def watched(root: str, path: str, *rest: Any, **more: Any) -> folder.Module:
        read.append(path)
        return load(root, path, *rest, **more)

    monkeypatch.setattr(folder, "load", watched)
    assert hook("modules/a/main.tf") == (1, ["modules/a/main.tf: module.a.aws_iam_access_key.ci"])
    assert sorted(read) == ["live", "modules/a"]


UNIT = 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\nterraform {\n  source = "../../modules//%s"\n}\n'
TAGGED = 'variable "tags" {\n  default = {}\n}\n' + USER.replace('{ owner = "team"%s }', "var.tags") + KEY


@pytest.fixture
def units(repository: Repository) -> Repository:
    """A repository in which Terragrunt applies two modules with keys."""
    for name in ("a", "b"):
        repository.write(f"modules/{name}/main.tf", TAGGED % name)
        repository.write(f"live/{name}/terragrunt.hcl", UNIT % name)
    repository.write("live/root.hcl", 'inputs = yamldecode(file("common.yaml"))\n')
    repository.write("live/common.yaml", "tags: {owner: team}\n")
    return repository


@pytest.mark.usefixtures("units")
@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ("live/a/terragrunt.hcl", ["a"]),
        ("modules/b/main.tf", ["b"]),
        ("live/root.hcl", ["a", "b"]),
        ("live/common.yaml", ["a", "b"]),
        ("live/gone.hcl", ["a", "b"]),
        ("live/a/gone.hcl", ["a"]),
        ("other.hcl", []),
    ],
)
def test_changed_file_of_terragrunt_is_a_change_of_its_units(units: Repository, hook: Hook, changed: str, found: list[str]) -> None:
    if changed == "other.hcl":
        units.write(changed, "")
    assert hook(changed) == (int(bool(found)), [f"modules/{name}/main.tf: aws_iam_access_key.ci" for name in found])


def test_unit_whose_module_is_not_here_is_judged_when_it_changes(repository: Repository, hook: Hook) -> None:
    source = "tfr:///terraform-aws-modules/iam/aws//modules/iam-user?version=5.30.0"
    repository.write("live/a/terragrunt.hcl", f'terraform {{\n  source = "{source}"\n}}\ninputs = {{\n  name = "a"\n}}\n')
    assert hook("live/a/terragrunt.hcl") == (1, ["live/a/terragrunt.hcl: aws_iam_access_key.this"])


def test_module_that_is_given_a_secret_is_judged_with_the_key(repository: Repository, capsys: Capture) -> None:
    repository.write("main.tf", clean() + CALL % ("m", "./m", "  secret = aws_iam_access_key.ci.secret\n"))
    repository.write("m/main.tf", 'variable "secret" {\n}\nresource "aws_instance" "a" {\n  user_data = var.secret\n}\n')
    repository.write("n/main.tf", "")
    code, out, _ = run(capsys, "hook", "--as-of", AS_OF, "--format", "json", "m/main.tf")
    assert (code, [f["rule"] for f in json.loads(out)["findings"]]) == (1, ["iam.exposed_access_key_secrets"])


@pytest.mark.parametrize("changed", ["stack/main.tfcomponent.hcl", "stack/prod.tfdeploy.hcl", "modules/a/main.tf"])
def test_changed_file_of_a_stack_is_a_change_of_its_components(repository: Repository, hook: Hook, changed: str) -> None:
    repository.write("modules/a/main.tf", flagged("a"))
    repository.write("modules/b/main.tf", flagged("b"))
    repository.write("stack/main.tfcomponent.hcl", 'component "a" {\n  source = "../modules/a"\n}\n')
    repository.write("stack/prod.tfdeploy.hcl", 'deployment "prod" {\n  inputs = {}\n}\n')
    assert hook(changed) == (1, ["modules/a/main.tf: component.a.aws_iam_access_key.ci"])


def test_a_folder_that_cannot_be_read_concerns_the_files_in_it() -> None:
    narrowed = Narrowed.__new__(Narrowed)
    narrowed.changed, narrowed._impacts = frozenset({"a/b/iam.tf"}), {}
    assert [path for path in ("a", "a/b", "a/c", "b") if narrowed.concerns(path)] == ["a", "a/b"]
