"""The set-ups of docs/cfn-lint.md, done as they are written there."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from tests.support.hosts.cfn_linting import KEY, MISSING, OVERLONG, OWNERLESS, PROGRAM, ROOT
from tests.support.hosts.hosting import Host, SetupPage, fresh_environment, of_upstream, shell
from tests.support.repository import Repository

pytestmark = pytest.mark.xdist_group("cfn-lint-setups")

PAGE = SetupPage("cfn-lint.md")
script, document = PAGE.script, PAGE.document
VERSION = version("cfn-lint")
CLEAN = KEY.replace("      UserName", "      # posturio: rotation=60d owner=payments\n      UserName")


@pytest.fixture
def workspace(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "work space")
    made.write("templates/app/good.yaml", CLEAN)
    made.write("templates/bad.yaml", KEY)
    return made


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return fresh_environment(tmp_path_factory.mktemp("environment"), f"cfn-lint=={VERSION}")


def ids(said: str) -> set[str]:
    return set(re.findall(r"\b[EWI]93\d\d\b|E000\d", said))


def test_on_a_machine(workspace: Repository, links: Path, environment: dict[str, str]) -> None:
    code, said = shell(script("pip install"), workspace, links, **environment)
    assert (code, ids(said)) == (4, {MISSING, OWNERLESS}), said
    assert "templates/bad.yaml:4:3" in said
    workspace.write("template.yaml", CLEAN.replace("60d", "80d"))
    code, said = shell(script("--configure-rule"), workspace, links, **environment)
    assert (code, ids(said)) == (4, {OVERLONG}), said
    (workspace.path / "posturio-iac").symlink_to(ROOT)
    code, said = shell(script("policies/cfn_lint"), workspace, links, **environment)
    assert (code, ids(said)) == (4, {MISSING, OWNERLESS}), said
    code, said = shell('cfn-lint -a "$(posturio-iac policies cfn-lint)" -- templates/bad.yaml', workspace, links, **environment)
    assert (code, ids(said)) == (4, {MISSING, OWNERLESS}), said


def test_the_configuration_file(workspace: Repository, links: Path) -> None:
    workspace.write(".cfnlintrc", yaml.safe_dump(document("append_rules")))
    code, said = shell(f'"{PROGRAM}"', workspace, links)
    assert (code, ids(said)) == (4, {MISSING, OWNERLESS}), said


def test_github_actions(workspace: Repository, links: Path, environment: dict[str, str]) -> None:
    install, run = (step["run"] for step in document("jobs")["jobs"]["cfn-lint"]["steps"] if "run" in step)
    code, said = shell(install, workspace, links, **environment)
    assert code == 0, said
    code, said = shell(run, workspace, links, **environment)
    assert code == 4, said
    (report,) = json.loads((workspace.path / "cfn-lint.sarif").read_text())["runs"]
    assert {result["ruleId"] for result in report["results"]} == {MISSING, OWNERLESS}


def test_pre_commit(workspace: Repository, links: Path, environment: dict[str, str], tmp_path: Path) -> None:
    upstream = Repository(tmp_path / "upstream")
    hook = {"entry": "cfn-lint", "files": "\\.(json|yaml|yml|template)$"}
    workspace.write(".pre-commit-config.yaml", yaml.safe_dump(of_upstream(upstream, "cfn-lint", hook, document("repos"))))
    workspace.write("elsewhere.yaml", KEY)
    host = Host("pre-commit", upstream, tmp_path / "home")
    more = {"PIP_FIND_LINKS": str(links), "PIP_CONSTRAINT": environment["PIP_CONSTRAINT"], "PYTHONPATH": ""}
    code, said = host.run(workspace, "run", "--all-files", offline=False, more=more)
    assert (code, ids(said)) == (1, {MISSING, OWNERLESS}), said
    assert "templates/bad.yaml:4:3" in said
    assert "elsewhere" not in said
    workspace.write("templates/bad.yaml", CLEAN)
    code, said = host.run(workspace, "run", "--all-files", more=more)
    assert code == 0, said


def test_every_example_of_the_page_is_run() -> None:
    assert len(PAGE.scripts) == 3
    assert len(PAGE.documents) == 3
