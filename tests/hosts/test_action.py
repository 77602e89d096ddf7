"""The shell of action.yml and of docs/ci.md, run as it is written."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml

from tests.support.hosts.hosting import OFFLINE, ROOT, environment_with_pip, plant, ran, shell
from tests.support.repository import Repository, clean, flagged

REQUIREMENTS, PLACE = ".ci/requirements.txt", "steps.wheels.outputs.place"
pytestmark = pytest.mark.xdist_group("action")

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
NAME, CACHE, INSTALL, SCAN = ACTION["runs"]["steps"]
PAGE = (ROOT / "docs/ci.md").read_text()
BLOCKS = re.findall(r"```(yaml|sh)\n(.*?)```", PAGE, re.DOTALL)


class Runner:
    def __init__(self, hooks: Repository, temporary: Path, workspace: Repository, python: Path) -> None:
        self.workspace, self.python = workspace, python
        self.files = {name: temporary / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in self.files.values():
            path.touch()
        self.environment = {
            **os.environ,
            **{name: str(path) for name, path in self.files.items()},
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(workspace.path),
            "GITHUB_ACTION_PATH": str(hooks.path),
            "RUNNER_TEMP": str(temporary),
            "RUNNER_OS": "Linux",
            "PYTHONPATH": ".",
        }
        self.named: dict[str, str] = {}
        """What expressions of later steps stand for: outputs of earlier ones."""

    def step(self, step: Mapping[str, Any], inputs: Mapping[str, str], *, offline: bool) -> tuple[int, str]:
        given = {name: str(declared["default"]) for name, declared in ACTION["inputs"].items()} | {"python": str(self.python), **inputs}
        made = self.named | {f"inputs.{name}": value for name, value in given.items()}
        filled = {name: re.sub(r"\$\{\{ ([\w.-]+) }}", lambda found: made[found[1]], text) for name, text in step["env"].items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace.path,
            env=self.environment | filled | (OFFLINE if offline else {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            encoding="utf-8",
        )
        return done.returncode, done.stdout

    def name(self) -> None:
        code, said = self.step(NAME, {}, offline=True)
        assert code == 0, said
        self.named |= {f"steps.{NAME['id']}.outputs.{name}": value for name, value in self.outputs().items()}
        self.files["GITHUB_OUTPUT"].write_text("")

    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.files["GITHUB_OUTPUT"].read_text().splitlines())


@pytest.fixture(scope="session")
def installed(hooks: Repository, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    temporary = tmp_path_factory.mktemp("runner")
    environment_with_pip(temporary / "python")
    workspace = Repository(tmp_path_factory.mktemp("hostile") / "workspace")
    runner = Runner(hooks, temporary, workspace, temporary / "python/bin/python")
    plant(runner.workspace)
    runner.name()
    code, said = runner.step(INSTALL, {}, offline=False)
    assert code == 0, said
    return runner


@pytest.fixture
def runner(hooks: Repository, installed: Runner, tmp_path: Path) -> Runner:
    workspace = Repository(tmp_path / "work space")
    workspace.write("infra/iam.tf", flagged())
    workspace.write("clean dir/iam.tf", clean())
    made = Runner(hooks, tmp_path, workspace, installed.python)
    made.named = installed.named
    return made


def test_the_key_of_the_cache_changes_with_what_is_installed(hooks: Repository, installed: Runner, tmp_path: Path) -> None:
    again = Runner(hooks, tmp_path, Repository(tmp_path / "nothing"), installed.python)
    again.name()
    key = "steps.wheels.outputs.key"
    assert key in CACHE["with"]["key"]
    assert again.named[key] == installed.named[key]
    changed = Repository(tmp_path / "changed")
    changed.write(REQUIREMENTS, (hooks.path / REQUIREMENTS).read_text() + "\n")
    other = Runner(changed, tmp_path, Repository(tmp_path / "nothing"), installed.python)
    other.name()
    assert other.named[key] != installed.named[key]


@pytest.mark.parametrize("changed", [False, True])
def test_wheels_from_the_cache_need_their_hashes(hooks: Repository, installed: Runner, tmp_path: Path, changed: bool) -> None:
    runner = Runner(hooks, tmp_path, Repository(tmp_path / "nothing"), installed.python)
    runner.name()
    wheels = Path(runner.named[PLACE]) / "wheels"
    assert CACHE["with"]["path"] == f"${{{{ {PLACE} }}}}/{wheels.name}"
    shutil.copytree(Path(installed.named[PLACE]) / wheels.name, wheels)
    if changed:
        wheel = next(wheels.glob("pathspec-*.whl"))
        with ZipFile(wheel, "a") as archive:
            archive.writestr("pathspec/planted.py", "")
    code, said = runner.step(INSTALL, {}, offline=True)
    assert (code != 0, "HASHES" in said) == (changed, changed), said


@pytest.mark.promise("strangers' modules")
def test_no_step_runs_a_module_of_the_checkout(installed: Runner, runner: Runner) -> None:
    assert ran(installed.workspace) == []
    plant(runner.workspace)
    code, said = runner.step(SCAN, {"args": "--as-of=2026-12-01"}, offline=True)
    assert (code, ran(runner.workspace)) == (1, []), said


@pytest.mark.parametrize("command", ["- <<< 'import hashlib'", "-m venv --help", "-m pip --version", "-m posturio_iac --version"])
def test_planted_modules_run_where_python_is_not_isolated(command: str, runner: Runner, links: Path) -> None:
    """The tests of isolation rest on this."""
    plant(runner.workspace)
    shell(f"{sys.executable} {command} || true", runner.workspace, links, PYTHONPATH="")
    assert ran(runner.workspace)


def test_findings_fail_the_step_with_annotations_a_summary_and_sarif(runner: Runner) -> None:
    code, said = runner.step(SCAN, {"sarif-file": "out put.sarif", "args": "--as-of\n2026-12-01\n"}, offline=True)
    assert code == 1, said
    assert "file=infra/iam.tf,line=5" in said
    assert runner.outputs() == {"exit-code": "1", "sarif-file": "out put.sarif"}
    assert json.loads((runner.workspace.path / "out put.sarif").read_text())["version"] == "2.1.0"
    assert "aws_iam_access_key.ci" in runner.files["GITHUB_STEP_SUMMARY"].read_text()


def test_clean_paths_pass(runner: Runner) -> None:
    code, said = runner.step(SCAN, {"path": "clean dir\n", "args": "--as-of\n2026-12-01"}, offline=True)
    assert code == 0, said
    assert runner.outputs() == {"exit-code": "0"}


def test_fail_on_decides(runner: Runner) -> None:
    code, said = runner.step(SCAN, {"fail-on": "never", "args": "--as-of\r\n2026-12-01\r\n"}, offline=True)
    assert code == 0, said
    code, said = runner.step(SCAN, {"fail-on": "sometimes"}, offline=True)
    assert code == 2, said


def test_inputs_are_never_run(runner: Runner) -> None:
    for name in ("path", "fail-on", "sarif-file", "args"):
        runner.step(SCAN, {name: "$(touch owned); `touch owned`; ' \" | touch owned"}, offline=True)
    assert not (runner.workspace.path / "owned").exists()


def test_path_that_looks_like_an_option_is_a_path(runner: Runner) -> None:
    runner.workspace.write("-x/iam.tf", flagged())
    code, said = runner.step(SCAN, {"path": "-x", "args": "--as-of=2026-12-01"}, offline=True)
    assert code == 1, said
    assert "-x/iam.tf" in said


def test_generic_example_runs_as_printed(runner: Runner, links: Path) -> None:
    (script,) = re.findall(r"<!-- executed by tests/hosts/test_action.py -->\n```sh\n(.*?)```", PAGE, re.DOTALL)
    plant(runner.workspace)
    code, said = shell(script, runner.workspace, links, PYTHONPATH=".")
    assert (code, ran(runner.workspace)) == (1, []), said
    assert "<testsuite" in (runner.workspace.path / "posturio-iac.xml").read_text()


def test_gitlab_job_runs_as_printed(runner: Runner, links: Path, tmp_path: Path) -> None:
    documents = [yaml.safe_load(text) for language, text in BLOCKS if language == "yaml"]
    (job,) = (document["access-keys"] for document in documents if "access-keys" in document)
    environment_with_pip(tmp_path / "image")
    install = [line for line in job["before_script"] if "apt-get" not in line]
    script = "\n".join([f'export PATH="{tmp_path / "image" / "bin"}:$PATH"', *install, *job["script"]])
    plant(runner.workspace)
    code, said = shell(script, runner.workspace, links, GITLAB_CI="true", PYTHONPATH="", **job["variables"])
    assert (code, ran(runner.workspace)) == (1, []), said
    report = json.loads((runner.workspace.path / job["artifacts"]["reports"]["codequality"]).read_text())
    assert report[0]["location"]["path"] == "infra/iam.tf"


def test_workflows_on_the_page_use_inputs_that_exist() -> None:
    found = 0
    for language, text in BLOCKS:
        for step in (
            re.findall(r"- uses: posturio/posturio-iac@.*\n((?:          .*\n|        with:\n)*)", text) if language == "yaml" else ()
        ):
            assert set(re.findall(r"^ {10}([\w-]+):", step, re.MULTILINE)) <= ACTION["inputs"].keys()
            found += 1
    assert found == 2
