"""Nothing outside of the scanned folder and its repository is read, whatever the code says; the sentence that refuses it names the file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from posturio_iac.commands.live.ledger_store import FileStore
from posturio_iac.commands.retire.folders import write_folder
from posturio_iac.errors import OutputError
from tests.support.attacks import SOUND, posturio, put
from tests.support.attacks import bounded_scan as scan
from tests.support.command_line import MISSING, shown

pytestmark = pytest.mark.promise("outside")

HIDDEN = "hidden-name"
TEMPLATE = "Parameters:\n  name: {Type: String}\nResources:\n  Key:\n    Type: AWS::IAM::AccessKey\n    Properties: {UserName: !Ref name}\n"
KEY = 'variable "name" {}\nresource "aws_iam_access_key" "k" {\n  user = var.name\n}\n'
MODULE = f'resource "aws_iam_access_key" "out" {{\n  user = "{HIDDEN}"\n}}\n'
FILES = {"parameters": "values.json", "var_files": "values.tfvars", "baseline": "baseline.json", "source": "mod"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder in no repository with a sound key; beside it lies what nobody may read."""
    put(tmp_path, "outside/values.json", json.dumps({"name": HIDDEN}))
    put(tmp_path, "outside/values.tfvars", f'name = "{HIDDEN}"\n')
    put(tmp_path, "outside/mod/main.tf", MODULE)
    put(tmp_path, "outside/CODEOWNERS", f"* @{HIDDEN}\n")
    put(tmp_path, "outside/baseline.json", json.dumps({"version": 1, "findings": []}))
    put(tmp_path, "root/sound.tf", SOUND)
    return tmp_path / "root"


def refuses(root: Path, said: str) -> bool:
    """Whether a scan says what leads outside, shows nothing of it, and judges the rest."""
    code, out, err = scan(root)
    return (code, said in err, HIDDEN in out + err, ("sound.tf:1:1", "MEDIUM", MISSING) in shown(out)) == (3, True, False, True)


@pytest.mark.parametrize("way", ["../outside/", "{outside}/"])
@pytest.mark.parametrize(("option", "name"), FILES.items())
def test_outside_parameters_and_outside_var_files(root: Path, way: str, option: str, name: str) -> None:
    path = way.format(outside=root.parent / "outside") + name
    value = [path] if option in ("parameters", "var_files") else path
    put(root, "posturio-iac.toml", f"{option} = {json.dumps(value)}\n")
    put(root, "stack.yaml", TEMPLATE)
    put(root, "main.tf", KEY)
    code, out, err = scan(root, "--format", "json")
    assert (code, out) == (2, "")
    assert err.startswith(f"posturio-iac: posturio-iac.toml: {option}: ")
    assert "leads outside of the scanned folder and its repository" in err
    assert HIDDEN not in err


def test_a_link_does_not_lead_a_configuration_outside(root: Path) -> None:
    (root / "in.json").symlink_to("../outside/values.json")
    put(root, "posturio-iac.toml", 'parameters = ["in.json"]\n')
    put(root, "stack.yaml", TEMPLATE)
    code, out, err = scan(root)
    assert (code, out) == (2, "")
    assert "in.json' leads outside" in err


NAMED = {"--var-file" if name == "var_files" else f"--{name}": file for name, file in FILES.items()}
NAMED |= {"--config": "posturio-iac.toml", "": "link.tf"}
"""The options that name files, and a file outside of the root for each; without an option it is one to scan, by a link that leads there."""


@pytest.mark.promise("named")
@pytest.mark.parametrize(("option", "name"), [*NAMED.items(), ("", "../outside/mod/main.tf")])
def test_what_the_command_line_names_may_be_outside_and_is_bounded(root: Path, option: str, name: str) -> None:
    put(root, "stack.yaml", TEMPLATE)
    put(root, "main.tf", KEY)
    put(root.parent, "outside/posturio-iac.toml", 'parameters = ["values.json"]\nfail_on = "critical"\n')
    if name == "link.tf":
        (root / name).symlink_to("../outside/mod/main.tf")
    words = (option, f"../outside/{name}", ".") if option else (name,)
    code, out, err = scan(root, "--format", "json", *words)
    assert (code, "outside of" in err) == (0 if option == "--config" else 1, False)
    users = {key["user"] for key in json.loads(out)["keys"]}
    assert (HIDDEN in users) == (option not in ("--baseline", "--source"))
    if option not in ("", "--source"):
        os.truncate(root.parent / "outside" / name, 1 << 40)
        code, _, err = scan(root, "--format", "json", *words)
        assert (code in (2, 3), "exceeds the limit of" in err) == (True, True), err


def test_a_configuration_may_name_what_is_elsewhere_in_its_repository(root: Path) -> None:
    (root / ".git").mkdir()
    put(root, ".git/HEAD", "ref: refs/heads/main\n")
    put(root, "common/values.tfvars", 'name = "joe"\n')
    put(root, "posturio-iac.toml", 'var_files = ["common/values.tfvars"]\n')
    put(root, "app/main.tf", KEY)
    _, out, _ = scan(root / "app", "--format", "json")
    assert [key["user"] for key in json.loads(out)["keys"]] == ["joe"]


def test_a_linked_file_of_the_repository_is_told_as_one_that_gives_a_value(root: Path) -> None:
    put(root.parent, ".git/HEAD", "ref: refs/heads/main\n")
    user = 'resource "aws_iam_user" "u" {\n  name = "u"\n  tags = { expires = var.name }\n}\n'
    put(root, "main.tf", KEY.replace("var.name", "aws_iam_user.u.name") + user)
    (root / "prod.tfvars").symlink_to("../outside/values.tfvars")
    assert "--var-file prod.tfvars gives it one" in scan(root)[1]


@pytest.mark.parametrize("name", ["terraform.tfvars", "x.auto.tfvars"])
def test_outside_tfvars_link(root: Path, name: str) -> None:
    put(root, "main.tf", KEY)
    (root / name).symlink_to("../outside/values.tfvars")
    assert refuses(root, f"{name}: error: leads outside of the scanned folder and its repository and was not read")


def test_outside_module_folder_link(root: Path) -> None:
    put(root, "main.tf", 'module "m" {\n  source = "./d/mod"\n}\n')
    (root / "d").symlink_to("../outside")
    assert refuses(root, 'main.tf:1:1: error: module "m": its source ./d/mod leads outside')


@pytest.mark.parametrize("folder", ["../outside/mod", "{outside}/mod"])
def test_outside_modules_json(root: Path, folder: str) -> None:
    put(root, "main.tf", 'module "m" {\n  source = "acme/keys/aws"\n}\n')
    entry = {"Key": "m", "Source": "acme/keys/aws", "Version": "1.0.0", "Dir": folder.format(outside=root.parent / "outside")}
    put(root, ".terraform/modules/modules.json", json.dumps({"Modules": [entry]}))
    assert refuses(root, '.terraform/modules/modules.json: error: the folder of module "m" leads outside')


def test_outside_codeowners_link(root: Path) -> None:
    (root / "CODEOWNERS").symlink_to("../outside/CODEOWNERS")
    code, out, err = scan(root, "--format", "json")
    assert code == 1
    assert HIDDEN not in out + err


def test_outside_tf_link(root: Path) -> None:
    (root / "x.tf").symlink_to("../outside/mod/main.tf")
    put(root, "call/main.tf", 'module "m" {\n  source = "../"\n}\n')
    assert refuses(root, "x.tf: error: leads outside")


def test_a_lock_file_outside_does_not_tell_the_engine(root: Path) -> None:
    put(root.parent, "outside/lock.hcl", 'provider "registry.opentofu.org/hashicorp/aws" {}\n')
    (root / ".terraform.lock.hcl").symlink_to("../outside/lock.hcl")
    put(
        root,
        "sound.tf",
        'terraform {\n  required_version = ">= 1.12"\n}\nresource "time_rotating" "r" {\n  rotation_days = 30\n}\n'
        'resource "aws_iam_user" "u" {\n  name = "ci"\n}\nresource "aws_iam_access_key" "k" {\n  user = aws_iam_user.u.name\n'
        "  lifecycle {\n    replace_triggered_by = [time_rotating.r]\n  }\n}\n",
    )
    assert "iam.inert_access_key_rotation" in scan(root)[1]


@pytest.mark.promise("devices")
@pytest.mark.parametrize("name", ["terraform.tfvars", "terragrunt.hcl", "CODEOWNERS", ".terraform.lock.hcl", "x.tf", "stack.yaml"])
@pytest.mark.parametrize("device", ["memory", "pipe"])
def test_a_device_in_the_place_of_a_file_stops_nothing(root: Path, name: str, device: str) -> None:
    if device == "memory":
        (root / name).symlink_to("/dev/zero")
    else:
        os.mkfifo(root / name)
    code, out, _ = scan(root)
    assert code in (1, 3)
    assert "sound.tf:1:1" in out


@pytest.mark.promise("devices")
@pytest.mark.parametrize("name", ["posturio-iac.toml", "pyproject.toml"])
def test_a_configuration_that_is_a_pipe_is_refused(root: Path, name: str) -> None:
    os.mkfifo(root / name)
    code, _, err = scan(root)
    assert (code, "posturio-iac.toml: is not a regular file" in err) == ((2, True) if name == "posturio-iac.toml" else (1, False))


@pytest.mark.promise("devices")
@pytest.mark.parametrize("option", ["var_files", "parameters"])
def test_a_configuration_that_names_a_pipe_is_refused(root: Path, option: str) -> None:
    os.mkfifo(root / "pipe")
    put(root, "posturio-iac.toml", f'{option} = ["pipe"]\n')
    code, _, err = scan(root)
    assert (code, "is not a regular file" in err) == (2, True)


def test_a_configuration_is_no_link_out_of_the_folder(root: Path) -> None:
    put(root.parent, "outside/c.toml", f'strange = "{HIDDEN}"\n')
    (root / "posturio-iac.toml").symlink_to("../outside/c.toml")
    code, _, err = scan(root)
    assert (code, "leads outside" in err, HIDDEN in err) == (2, True, False)


@pytest.mark.promise("links out")
@pytest.mark.parametrize(
    ("link", "argv"),
    [
        ("posturio-iac-baseline.json", ("baseline", "--reason", "known", "--until", "2099-12-31")),
        (".github", ("adopt", "--write", "ci=github")),
    ],
)
def test_write_through_link_that_leads_out(root: Path, link: str, argv: tuple[str, ...]) -> None:
    outside = sorted((root.parent / "outside").rglob("*"))
    (root / link).symlink_to("../outside" if link == ".github" else "../outside/new.json")
    code, _, err = posturio(root, *argv)
    assert (code, sorted((root.parent / "outside").rglob("*"))) == (3, outside)
    assert "a symbolic link leads outside of" in err


@pytest.mark.promise("links out")
@pytest.mark.parametrize(
    ("link", "argv"),
    [
        ("out.sarif", ("scan", "--format", "sarif", "--output", "out.sarif")),
        ("posturio-iac-baseline.json", ("baseline", "--reason", "known", "--until", "2099-12-31")),
        (".pre-commit-config.yaml", ("adopt", "--write", "hook")),
        ("main.tf", ("fix", "--write", "--allow-dirty")),
    ],
)
def test_nothing_is_written_into_git(root: Path, link: str, argv: tuple[str, ...]) -> None:
    put(root, ".git/HEAD", "ref: refs/heads/main\n")
    put(root, ".git/hooks/x", SOUND if link == "main.tf" else "")
    before = (root / ".git/hooks/x").read_text()
    (root / link).symlink_to(".git/hooks/x")
    code, _, err = posturio(root, *argv)
    assert (root / ".git/hooks/x").read_text() == before
    assert (root / link).is_symlink()
    assert link == "main.tf" or (code in (2, 3) and ".git" in err)


@pytest.mark.promise("links out")
@pytest.mark.parametrize("target", ["../outside", ".git"])
def test_the_live_check_writes_through_no_link(root: Path, target: str) -> None:
    put(root, ".git/HEAD", "ref: refs/heads/main\n")
    (root / "away").symlink_to(target)
    (root / "ledger.jsonl").symlink_to(f"{target}/ledger.jsonl")
    with pytest.raises(OutputError):
        write_folder({"a": "b"}, str(root / "away/plan"), "the plan")
    with pytest.raises(OutputError):
        FileStore(str(root / "ledger.jsonl")).load()
    assert not (root / target / "plan").exists()


@pytest.mark.promise("links out")
def test_an_output_does_not_follow_a_link_of_the_repository(root: Path) -> None:
    put(root, ".git/HEAD", "ref: refs/heads/main\n")
    target = root.parent / "outside" / "report.json"
    (root / "report.json").symlink_to("../outside/report.json")
    (root / "reports").symlink_to("../outside")
    for name in ("report.json", "reports/report.json"):
        code, _, err = scan(root, "--format", "json", "--output", name)
        assert (code, target.exists()) == (3, False)
        assert f"cannot write {name}: a symbolic link leads outside of" in err
