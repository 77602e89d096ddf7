"""What a hook judges for the files that change, and what .pre-commit-hooks.yaml and action.yml promise as far as no host is needed."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from posturio_iac.commands import COMMANDS
from posturio_iac.commands import hook as hook_command
from posturio_iac.commands.fix import arguments as fix_arguments
from posturio_iac.commands.parser import parse
from posturio_iac.commands.scan import COMMAND
from posturio_iac.config.load import parse_toml
from posturio_iac.core.keys import ACCESS_KEY, KEY_TYPES, SERVICE_CREDENTIAL
from posturio_iac.scan.impact import Narrowed
from tests.support.attacks import tracked
from tests.support.command_line import MISSING, Capture, Patch, run
from tests.support.repository import AS_OF, EXPIRES, KEY, TEMPLATE, USER, Repository, clean, flagged

pytest_plugins = ["tests.support.cli_fixtures"]

Hook = Callable[..., tuple[int, list[str]]]

CALL = 'module "%s" {\n  source = "%s"\n%s}\n'
LABELS = {"modules/labels/main.tf": 'output "tags" {\n  value = { owner = "team" }\n}\n'}
CALLS_LABELS = CALL % ("labels", "../modules/labels", "")
ITSELF, UNTAGGED = "aws_iam_access_key.ci", USER.replace('{ owner = "team"%s }', "%s")
READS = UNTAGGED % ("ci", 'yamldecode(file("${path.module}/tags.yaml"))') + KEY
OF_A, OF_B = (f"modules/{name}/main.tf: {ITSELF}" for name in "ab")
UNITS = {
    **{f"modules/{name}/main.tf": 'variable "tags" {\n  type = map(any)\n}\n' + UNTAGGED % (name, "var.tags") + KEY for name in "ab"},
    **{
        f"live/{name}/terragrunt.hcl": 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n'
        f'terraform {{\n  source = "../../modules//{name}"\n}}\n'
        for name in "ab"
    },
    "live/root.hcl": "-> ../shared/root.hcl",
    "shared/root.hcl": 'inputs = yamldecode(file("common.yaml"))\n',
    "live/common.yaml": "tags: {owner: team}\n",
    "other.hcl": "",
}
REMOTE = '[core]\n\trepositoryformatversion = 0\n[remote "origin"]\n\turl = https://github.com/acme/infra.git\n'
FILLED_IN = '{ owner = templatefile("${path.module}/t.tftpl", { p = path.module }) }'
COMPUTED = ('file("${path.module}/${var.name}.yaml")', "file(local.name)", 'join("", [for f in fileset(path.module, "*") : file(f)])')
CHANGES: dict[str, tuple[dict[str, str], dict[str, list[str]]]] = {
    "a file of a module": (
        {"a/iam.tf": KEY, "a/users.tf": USER % ("ci", ""), "a/outputs.tf": ""},
        {"a/outputs.tf": [f"a/iam.tf: {ITSELF}"]},
    ),
    "a module that others call": (
        {
            "modules/user/main.tf": 'variable "tags" {\n  type = map(string)\n}\n' + UNTAGGED % ("ci", "var.tags") + KEY,
            "modules/user/empty.tf": "",
            "live/main.tf": CALL % ("ci", "../modules/user", '  tags = { owner = "team" }\n'),
        },
        {"modules/user/empty.tf": [f"modules/user/main.tf: module.ci.{ITSELF}"]},
    ),
    "callers of the module that holds the key": (
        {
            "modules/user/main.tf": flagged(),
            "modules/team/main.tf": CALL % ("user", "../user", ""),
            "live/main.tf": CALL % ("team", "../modules/team", ""),
        },
        {"live/main.tf modules/team/main.tf": [f"modules/user/main.tf: module.team.module.user.{ITSELF}"]},
    ),
    **{
        f"{name} at the top of the repository": ({"m/iam.tf": flagged(), name: text}, {name: [f"m/iam.tf: {call}{ITSELF}"]})
        for name, text, call in (
            ("main.tf", CALL % ("m", "./m", ""), "module.m."),
            ("terragrunt.hcl", 'terraform {\n  source = "./m"\n}\n', ""),
            ("main.tfcomponent.hcl", 'component "m" {\n  source = "./m"\n}\n', "component.m."),
            ("main.tfcomponent.json", '{"component": {"m": {"source": "./m"}}}', "component.m."),
        )
    },
    "a module that two roots share": (
        {
            "modules/user/main.tf": flagged(),
            **{f"live/{name}/main.tf": CALL % (name, "../../modules/user", "") for name in ("blue", "green")},
        },
        {
            "live/blue/main.tf": [f"modules/user/main.tf: module.blue.{ITSELF}"],
            "modules/user/main.tf": [f"modules/user/main.tf: module.{name}.{ITSELF}" for name in ("blue", "green")],
        },
    ),
    "a module whose outputs feed a key": (
        {**LABELS, "live/main.tf": CALLS_LABELS + UNTAGGED % ("ci", "module.labels.tags") + KEY},
        {"modules/labels/main.tf": [f"live/main.tf: {ITSELF}"]},
    ),
    "a module that feeds no key": ({**LABELS, "live/main.tf": CALLS_LABELS + flagged()}, {"modules/labels/main.tf": []}),
    "a module that a comment and a string name": (
        {**LABELS, "live/main.tf": CALLS_LABELS + '# module.labels.tags\noutput "x" {\n  value = "module.labels.tags"\n}\n' + flagged()},
        {"modules/labels/main.tf": []},
    ),
    "a module that a template in a string names": (
        {**LABELS, "live/main.tf": CALLS_LABELS + 'output "x" {\n  value = "${module.labels.tags}"\n}\n' + flagged()},
        {"modules/labels/main.tf": [f"live/main.tf: {ITSELF}"]},
    ),
    "a data file that a module reads": (
        {"live/main.tf": READS, "live/tags.yaml": "owner: team\n", "live/other.yaml": "owner: team\n"},
        {"live/tags.yaml": [f"live/main.tf: {ITSELF}"], "live/other.yaml": []},
    ),
    **{
        f"data files for {call}": (
            {"live/main.tf": flagged() + f'output "data" {{\n  value = {call}\n}}\n', "live/data/a.yaml": "", "other/a.yaml": ""},
            {"live/data/a.yaml": [f"live/main.tf: {ITSELF}"], "other/a.yaml": []},
        )
        for call in COMPUTED
    },
    "a template beside others": (
        {"a.yaml": TEMPLATE, "b.template": TEMPLATE, "values.yaml": "a: 1\n"},
        {"a.yaml": ["a.yaml: Key"], "values.yaml": []},
    ),
    "a nested template": (
        {
            "main.yaml": "Resources:\n  S:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: nested/keys.yaml\n",
            "nested/keys.yaml": TEMPLATE,
            "other.yaml": "Resources: {}\n",
        },
        {"main.yaml nested/keys.yaml": ["nested/keys.yaml: S/Key"], "other.yaml": []},
    ),
    "files that a serverless file draws in": (
        {
            "serverless.yml": "service: a\nprovider:\n  name: aws\nresources:\n  - ${file(res.yml)}\n  - ${file(more.yml)}\n",
            "res.yml": TEMPLATE,
            "more.yml": "Resources:\n  Other:\n    Type: AWS::S3::Bucket\n",
        },
        {"serverless.yml more.yml": ["res.yml: Key"]},
    ),
    "variables that the configuration names": (
        {
            "posturio-iac.toml": 'var_files = ["common.tfvars"]\n',
            "common.tfvars": "x = 1\n",
            **{f"{name}/iam.tf": flagged(name) for name in "ab"},
        },
        {"common.tfvars": [f"a/iam.tf: {ITSELF}", f"b/iam.tf: {ITSELF}"]},
    ),
    "files of Terragrunt": (
        UNITS,
        {
            "live/a/terragrunt.hcl live/a/gone.hcl": [OF_A],
            "modules/b/main.tf": [OF_B],
            "live/root.hcl shared/root.hcl live/common.yaml live/gone.hcl": [OF_A, OF_B],
            "other.hcl": [],
        },
    ),
    "a unit of Terragrunt whose module is not here": (
        {
            "live/a/terragrunt.hcl": 'terraform {\n  source = "tfr:///terraform-aws-modules/iam/aws//modules/iam-user?version=5.30.0"\n}\n'
            'inputs = {\n  name = "a"\n}\n'
        },
        {"live/a/terragrunt.hcl": ["live/a/terragrunt.hcl: aws_iam_access_key.this"]},
    ),
    "a file that a template reads": (
        {"t.tftpl": '${file("${p}/d.txt")}', "d.txt": "x", "a.tf": UNTAGGED % ("ci", FILLED_IN) + KEY},
        {"d.txt": [f"a.tf: {ITSELF}"]},
    ),
    "a module that is called by the address of its repository": (
        {".git/config": REMOTE, "m/main.tf": flagged(), "m/empty.tf": "", "live/main.tf": CALL % ("m", "github.com/acme/infra//m", "")},
        {"m/empty.tf": [f"m/main.tf: module.m.{ITSELF}"]},
    ),
    "files of a stack": (
        {
            **{f"modules/{name}/main.tf": flagged(name) for name in "ab"},
            "stack/main.tfcomponent.hcl": 'component "a" {\n  source = "../modules/a"\n}\n',
            "stack/prod.tfdeploy.hcl": 'deployment "prod" {\n  inputs = {}\n}\n',
        },
        {"stack/main.tfcomponent.hcl stack/prod.tfdeploy.hcl modules/a/main.tf": [f"modules/a/main.tf: component.a.{ITSELF}"]},
    ),
}
"""Files of a repository, and what is found when one of those changes."""


@pytest.fixture
def hook(capsys: Capture) -> Hook:
    """Run the hook; return its exit code and the addresses and files of what it finds."""

    def call(*argv: str) -> tuple[int, list[str]]:
        code, out, err = run(capsys, "hook", "--as-of", AS_OF, "--format", "json", *argv)
        assert code in (0, 1), err
        return code, sorted(f"{f['path']}: {f['address']}" for f in json.loads(out)["findings"] if f["rule"] == MISSING)

    return call


@pytest.mark.parametrize("command", [["hook"], ["fix", "--hook"]])
def test_a_file_that_never_was_is_a_mistake(repository: Repository, capsys: Capture, monkeypatch: Patch, command: list[str]) -> None:
    """``git diff --name-only`` prints paths from the top wherever it is run."""
    repository.write("infra/a/iam.tf", flagged())
    monkeypatch.chdir(repository.path / "infra")
    for name, more in (("gone.tf", ""), ("infra/a/iam.tf", f"; there is one below {repository.path}, so run this there")):
        said = f"posturio-iac: {name}: no such file or directory, and git knows none that was deleted{more}\n"
        assert run(capsys, *command, "a/iam.tf", name) == (2, "", said)


@pytest.mark.parametrize(("files", "changed"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_judged_with_all_that_it_concerns(
    repository: Repository, hook: Hook, files: dict[str, str], changed: dict[str, list[str]]
) -> None:
    tracked(repository.path, {**dict.fromkeys(" ".join(changed).split(), ""), **files}).commit()
    repository.git("rm", "-q", "--ignore-unmatch", *(set(" ".join(changed).split()) - {*files}), "none")
    for names, found in changed.items():
        assert [hook(name) for name in names.split()] == [(int(bool(found)), found)] * len(names.split()), names


def test_repository_without_keys_is_silent(repository: Repository, capsys: Capture) -> None:
    repository.write("a.yaml", "a: 1\n")
    assert run(capsys, "hook", "a.yaml") == (0, "", "")
    code, out, err = run(capsys, "hook")
    assert (code, out, err.startswith("note: no files were given, so nothing was checked")) == (0, "", True)


def test_flagged_and_broken_files_elsewhere_stay_silent(repository: Repository, capsys: Capture) -> None:
    repository.write("a/iam.tf", clean())
    repository.write("e/iam.tf", flagged("e"))
    assert run(capsys, "hook", "--as-of", AS_OF, "a/iam.tf") == (0, "", "")
    repository.write("b/iam.tf", flagged() + "resource {{{\n")
    repository.write("c/stack.yaml", TEMPLATE + "  - broken: [\n")
    repository.write("d/iam.tf", "\0GITCRYPT\0")
    assert run(capsys, "hook", "--as-of", AS_OF, "a/iam.tf") == (0, "", "")
    assert [run(capsys, "hook", "--as-of", AS_OF, name)[0] for name in ("b/iam.tf", "c/stack.yaml", "d/iam.tf")] == [3, 3, 3]


def test_variables_file_without_any_key_judges_its_module(repository: Repository, hook: Hook) -> None:
    repository.write("live/main.tf", 'variable "tags" {\n}\n' + CALL % ("user", "../modules/user", "  tags = var.tags\n"))
    module = 'variable "tags" {\n}\nresource "aws_iam_user" "ci" {\n  name = "ci"\n  tags = var.tags\n}\n' + KEY
    repository.write("modules/user/main.tf", module)
    for name in ("terraform.tfvars", "x.auto.tfvars"):
        repository.write(f"live/{name}", 'tags = { owner = "team" }\n')
        assert hook(f"live/{name}")[0] == 1
    repository.write("live/x.auto.tfvars", 'tags = { owner = "team", expires = "2027-01-31" }\n')
    assert hook("live/x.auto.tfvars") == (0, [])


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


@pytest.mark.parametrize("ignored", ["", "m/"])
@pytest.mark.parametrize("other", ["", KEY])
def test_a_module_that_git_does_not_track_is_judged_where_a_change_calls_it(
    repository: Repository, hook: Hook, ignored: str, other: str
) -> None:
    repository.write(".git/info/exclude", ignored, add=False)
    repository.write("m/main.tf", flagged(), add=False)
    repository.write("other/main.tf", other)
    repository.write("live/main.tf", CALL % ("user", "../m", ""))
    assert hook("live/main.tf")[0] == 1


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
    repository.commit()
    assert hook("a/user_override.tf")[0] == 1


def test_framework_leaves_out_the_other(repository: Repository, hook: Hook) -> None:
    repository.write("iam.tf", flagged())
    repository.write("a.yaml", TEMPLATE)
    assert hook("--framework", "terraform", "iam.tf", "a.yaml") == (1, ["iam.tf: aws_iam_access_key.ci"])
    assert hook("--framework", "cloudformation", "iam.tf", "a.yaml") == (1, ["a.yaml: Key"])
    assert len(hook("iam.tf", "a.yaml")[1]) == 2


@pytest.mark.parametrize("name", ["with space.tf", "line\nbreak.tf", "ümläut.tf", "-x.tf", "--strict=x.tf", "a'b\".tf"])
def test_odd_file_names_are_files(repository: Repository, hook: Hook, name: str) -> None:
    repository.write(name, flagged())
    repository.git("config", "core.quotepath", "true")
    (repository.path / "submodule").mkdir()  # that is not checked out
    assert hook("--fail-on", "low", "submodule", name) == (1, [f"{name}: aws_iam_access_key.ci"])


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
    assert (code, err.count("\n"), "is outside of" in err) == (2, 1, True)


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
        pytest.param(USER.replace('"ci"', '"again"', 1) % ("ci", "") + KEY.replace("user.ci", "user.again"), id="a block of the same name"),
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


def test_module_that_is_given_a_secret_is_judged_with_the_key(repository: Repository, capsys: Capture) -> None:
    repository.write("main.tf", clean() + CALL % ("m", "./m", "  secret = aws_iam_access_key.ci.secret\n"))
    repository.write("m/main.tf", 'variable "secret" {\n}\nresource "aws_instance" "a" {\n  user_data = var.secret\n}\n')
    repository.write("n/main.tf", "")
    code, out, _ = run(capsys, "hook", "--as-of", AS_OF, "--format", "json", "m/main.tf")
    assert (code, [f["rule"] for f in json.loads(out)["findings"]]) == (1, ["iam.exposed_access_key_secrets"])


def test_a_folder_that_cannot_be_read_concerns_the_files_in_it() -> None:
    narrowed = Narrowed.__new__(Narrowed)
    narrowed.changed, narrowed._impacts = frozenset({"a/b/iam.tf"}), {}
    assert [path for path in ("a", "a/b", "a/c", "b") if narrowed.concerns(path)] == ["a", "a/b"]


ROOT = Path(__file__).parents[2]
HOOKS: dict[str, dict[str, Any]] = {one["id"]: one for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())

TERRAFORM = (
    "main.tf", "a/b/main.tofu", "x.tf.json", "x.tofu.json", "override.tf", "a_override.tf.json", "terraform.tfvars",
    "terraform.tfvars.json", "x.auto.tfvars", "with space.tf", "line\nbreak.tf", "ümläut/x.tf", "-dash.tf", "root.hcl",
    "live/prod/user/terragrunt.hcl", "terragrunt.stack.hcl", "x.tfcomponent.hcl",
)  # fmt: skip
TEMPLATES = ("a.yaml", "a/b.yml", "a.json", "x.template", "serverless.yml", "x.template.json", "A.YAML", "x.cfn", "cdk.out/a.template.json")
NEITHER = (
    "main.tf.bak", "main.tfstate", "tf", "a.tf/readme.md", "main.py", "README.md", "x.tfvarsx", "yaml", "a.yamlx", "template", "x.jsonl",
    ".terraform.lock.hcl", "notes.txt", "x.tf.j2", "image.png",
)  # fmt: skip
LIVE = "posturio-iac-live"
FIX = "posturio-iac-fix"
COMMAND_LINES = {"hook": hook_command.COMMAND, "fix": fix_arguments.COMMAND}


KINDS = ((TERRAFORM, ["posturio-iac", "posturio-iac-terraform", FIX]), (TEMPLATES, ["posturio-iac", "posturio-iac-cloudformation", FIX]))


@pytest.mark.parametrize(("path", "hooks"), [(path, hooks) for paths, hooks in (*KINDS, (NEITHER, [])) for path in paths])
def test_a_file_triggers_the_hooks_of_its_kind(path: str, hooks: list[str]) -> None:
    assert [name for name in HOOKS if name != LIVE and re.search(HOOKS[name]["files"], path)] == hooks


@pytest.mark.parametrize("name", [name for name in HOOKS if name != LIVE])
def test_hook_is_one_process_that_gets_the_names(name: str) -> None:
    definition = HOOKS[name]
    assert (definition["require_serial"], definition["pass_filenames"], definition["language"]) == (True, True, "python")
    program, command, *options = shlex.split(definition["entry"])
    assert program == "posturio-iac"
    assert command in COMMANDS
    parse(COMMAND_LINES[command], [*options, "--", "x.tf"])
    assert "additional_dependencies" not in definition


def test_live_hook_runs_only_when_it_is_asked_for_and_brings_what_it_needs() -> None:
    definition = HOOKS[LIVE]
    assert (definition["stages"], definition["pass_filenames"], definition["always_run"]) == (["manual"], False, True)
    project = parse_toml((ROOT / "pyproject.toml").read_text(encoding="utf-8"), "")["project"]
    assert definition["additional_dependencies"] == project["optional-dependencies"]["live"]
    assert shlex.split(definition["entry"])[1] in COMMANDS


SCRIPTS = [step for step in ACTION["runs"]["steps"] if "run" in step]


def test_action_uses_only_githubs_cache_by_its_hash_and_puts_no_input_into_a_script() -> None:
    (other,) = (step for step in ACTION["runs"]["steps"] if "run" not in step)
    assert re.fullmatch(r"actions/cache@[0-9a-f]{40}", other["uses"])
    for step in SCRIPTS:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"


def test_action_asks_for_options_that_exist() -> None:
    flags = COMMAND.flags()
    for step in SCRIPTS:
        for flag in re.findall(r"(?<=[( ])--[a-z-]+(?= )", step["run"]):
            assert flag in flags or "-m pip" in step["run"]
    assert {"path", "fail-on", "sarif-file", "args"} <= ACTION["inputs"].keys()
