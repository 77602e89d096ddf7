"""What the tool is installed by, beside the action and the hooks: the image, GitLab's component and the workflow of a release."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import posturio_iac
from tests.support.command_line import MISSING, shown
from tests.support.hosts.hosting import ROOT, plant, ran, shell, wheel
from tests.support.repository import Repository, clean, flagged

BIN = Path(sys.executable).parent
SPEC, JOBS = (ROOT / "templates/scan.yml").read_text(encoding="utf-8").split("\n---\n")
INPUTS: dict[str, dict[str, Any]] = yaml.safe_load(SPEC)["spec"]["inputs"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
RELEASE: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))


@pytest.fixture
def workspace(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "workspace")
    made.write("old/iam.tf", flagged("old"))
    made.commit("before the branch")
    made.write("new/iam.tf", clean())
    made.commit("the branch")
    return made


def job(**inputs: str) -> dict[str, Any]:
    """The job of the component with inputs filled in, as GitLab does before it reads the YAML."""
    given = {name: str(declared.get("default")) for name, declared in INPUTS.items()} | inputs
    assert given.keys() == INPUTS.keys()
    text = re.sub(r"\$\[\[ inputs\.([\w-]+) ]]", lambda found: given[found[1]], JOBS)
    made: dict[str, Any] = yaml.safe_load(text)["posturio-iac"]
    return made


def run_job(lines: list[str], workspace: Repository, links: Path, **more: str) -> tuple[int, str]:
    """Run lines of the job over a checkout full of hostile modules, of which none may run."""
    plant(workspace)
    variables = {name: str(value) for name, value in job()["variables"].items() if name not in more}
    code, said = shell("\n".join(lines), workspace, links, **variables, GITLAB_CI="true", PYTHONPATH=".", **more)
    assert ran(workspace) == []
    return code, said


@pytest.fixture(scope="module")
def tool(links: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    code, said = run_job([*job()["before_script"], 'echo "$TOOL"'], Repository(tmp_path_factory.mktemp("hostile") / "workspace"), links)
    assert code == 0, said
    return said.split()[-1]


@pytest.mark.xdist_group("component")
def test_the_component_finds_keys(workspace: Repository, links: Path, tool: str) -> None:
    made = job()
    code, said = run_job(made["script"], workspace, links, TOOL=tool)
    assert code == 1, said
    assert ("old/iam.tf:5:1", "MEDIUM", MISSING) in shown(said)
    assert (workspace.path / made["artifacts"]["reports"]["codequality"]).exists()


@pytest.mark.xdist_group("component")
def test_the_component_judges_what_a_merge_request_changes(workspace: Repository, links: Path, tool: str) -> None:
    base = workspace.git("rev-parse", "HEAD~1").strip()
    more = {"POSTURIO_CHANGED_ONLY": "true", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
    code, said = run_job(job(**{"changed-only": "true"})["script"], workspace, links, TOOL=tool, **more)
    assert code == 0, said


@pytest.mark.xdist_group("component")
def test_inputs_of_the_component_have_their_effect(workspace: Repository, links: Path, tool: str) -> None:
    code, said = run_job(job(**{"fail-on": "never", "path": "old"})["script"], workspace, links, TOOL=tool, POSTURIO_PATH="old")
    assert code == 0, said
    assert "1 key" in said
    assert INPUTS["version"]["default"] == posturio_iac.__version__


def test_the_image_is_built_from_files_that_suffice(tmp_path: Path) -> None:
    """Its build stage is executed without Docker: only what it copies is there."""
    sources = [word for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]]
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{name}" for name in sources} <= set(ignored)
    for name in sources:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tmp_path / name).parent.mkdir(exist_ok=True)
        copy(ROOT / name, tmp_path / name)
    wheel(tmp_path, tmp_path / "out")
    assert list((tmp_path / "out").glob("posturio_iac-*.whl"))


def test_the_image_runs_as_nobody_in_particular() -> None:
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert 'ENTRYPOINT ["posturio-iac"]' in DOCKERFILE


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "Dockerfile"],
        ["zizmor", "--offline", "--no-progress", "--quiet", ".github", "action.yml"],
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", ".github/workflows/ci.yml", ".github/workflows/release.yml"],
        ["check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml"],
        ["check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml"],
    ],
    ids=lambda command: f"{command[0]} {command[-1]}",
)
def test_linters_of_others_have_nothing_to_say(command: list[str]) -> None:
    done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tag_of_a_release_is_the_version() -> None:
    (step,) = (step for step in RELEASE["jobs"]["build"]["steps"] if step.get("name") == "The tag is the version")
    for tag, code in ((f"v{posturio_iac.__version__}", 0), ("v9.9.9", 1)):
        environment = {"PATH": f"{BIN}:/usr/bin:/bin", "GITHUB_REF_NAME": tag}
        done = subprocess.run(["bash", "-eo", "pipefail", "-c", step["run"]], cwd=ROOT, env=environment, check=False)
        assert done.returncode == code
