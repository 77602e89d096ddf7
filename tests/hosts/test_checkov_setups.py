"""The set-ups of docs/checkov.md, done as they are written there, with the wheel of this checkout as if it were published."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from tests.support.hosts.checkov_running import KEY, MISSING, OWNERLESS, ROOT
from tests.support.hosts.hosting import UV, Host, SetupPage, fresh_environment, of_upstream, shell
from tests.support.repository import Repository

pytestmark = pytest.mark.xdist_group("checkov-setups")

PAGE = SetupPage("checkov.md")
script, document = PAGE.script, PAGE.document
VERSION = version("checkov")


@pytest.fixture
def workspace(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "work space")
    made.write("infra/main.tf", KEY)
    return made


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return fresh_environment(tmp_path_factory.mktemp("environment"), f"checkov=={VERSION}")


def ids(said: str) -> set[str]:
    return set(re.findall(r"Check: (CKV_POSTURIO_\d+): [^\n]*\n\tFAILED", said))


def test_on_a_machine(workspace: Repository, links: Path, environment: dict[str, str]) -> None:
    code, said = shell(script("pip install"), workspace, links, **environment)
    assert (code, ids(said)) == (1, {MISSING, OWNERLESS}), said
    shutil.copytree(ROOT, workspace.path / "posturio-iac", ignore=shutil.ignore_patterns(".*", "fixtures", "tests", "__pycache__"))
    code, said = shell(script("posturio-iac/policies/checkov"), workspace, links, **environment)
    assert (code, ids(said)) == (1, {MISSING, OWNERLESS}), said


def test_from_the_repository(workspace: Repository, links: Path, hooks: Repository, environment: dict[str, str]) -> None:
    text = script("--external-checks-git").replace("https://github.com/posturio/posturio-iac.git", f"file://{hooks.path}")
    code, said = shell(text, workspace, links, **environment)
    assert (code, ids(said)) == (1, {MISSING, OWNERLESS}), said


def test_github_actions(workspace: Repository, links: Path, environment: dict[str, str]) -> None:
    install, run = (step["run"] for step in document("jobs")["jobs"]["checkov"]["steps"] if "run" in step)
    code, said = shell(install, workspace, links, **environment)
    assert code == 0, said
    code, said = shell(run, workspace, links, **environment)
    assert (code, ids(said)) == (1, {MISSING, OWNERLESS}), said
    (report,) = json.loads((workspace.path / "checkov.sarif").read_text())["runs"]
    assert {result["ruleId"] for result in report["results"]} >= {MISSING, OWNERLESS}


def test_pre_commit(workspace: Repository, links: Path, environment: dict[str, str], tmp_path: Path) -> None:
    upstream = Repository(tmp_path / "upstream")
    hook = {"entry": "checkov -d .", "pass_filenames": False, "always_run": False, "files": "\\.tf$"}
    workspace.write(".pre-commit-config.yaml", yaml.safe_dump(of_upstream(upstream, "checkov", hook, document("repos"))))
    host = Host("pre-commit", upstream, tmp_path / "home")
    more = {"PIP_FIND_LINKS": str(links), "PIP_CONSTRAINT": environment["PIP_CONSTRAINT"], "PYTHONPATH": ""}
    code, said = host.run(workspace, "run", "--all-files", offline=False, more=more)
    assert (code, ids(said)) == (1, {MISSING, OWNERLESS}), said


def test_a_hook_without_our_package_fails_instead_of_running_without_our_checks(tmp_path: Path) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    (bare / "sh").symlink_to("/bin/sh")
    (bare / "checkov").write_text("#!/bin/sh\necho clean\n")
    (bare / "checkov").chmod(0o755)
    (hook,) = document("repos")["repos"][0]["hooks"]
    done = subprocess.run(shlex.split(hook["entry"]), env={"PATH": str(bare)}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, "posturio-iac" in done.stderr) == (127, "", True)


@pytest.mark.parametrize("order", [("posturio-iac", "checkov"), ("checkov", "posturio-iac")], ids="-then-".join)
def test_both_work_whichever_is_installed_first(order: tuple[str, str], workspace: Repository, links: Path, tmp_path: Path) -> None:
    place = tmp_path / "venv"
    subprocess.run([*UV, "venv", "-q", "--python", sys.executable, str(place)], check=True)
    python = str(place / "bin" / "python")
    for name in order:
        wanted = f"checkov=={VERSION}" if name == "checkov" else name
        subprocess.run([*UV, "pip", "install", "-q", "--python", python, "--find-links", str(links), wanted], check=True)
    subprocess.run([*UV, "pip", "check", "-q", "--python", python], check=True)
    path = {"PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": ""}
    code, said = shell("posturio-iac scan infra", workspace, links, **path)
    assert (code, "iam.access_keys_without_lifetime" in said) == (1, True), said
    text = 'checkov --directory infra --framework terraform --external-checks-dir "$(posturio-iac policies checkov)"'
    code, said = shell(text, workspace, links, **path)
    assert (code, ids(said)) == (1, {MISSING, OWNERLESS}), said


def test_every_example_of_the_page_is_run() -> None:
    assert len(PAGE.scripts) == 3
    assert len(PAGE.documents) == 2
