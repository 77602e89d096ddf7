"""The quick starts of the README in the real hosts, and the lines that install a release."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.command_line import shown
from tests.support.hosts.hosting import ROOT, Host, environment_with_pip, shell
from tests.support.readme import RELEASED, block, blocks, commands
from tests.support.repository import Repository, flagged

BIN = Path(sys.executable).parent


@pytest.fixture
def workspace(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "workspace")
    made.write("infra/iam.tf", flagged())
    return made


@pytest.mark.parametrize("line", commands(block(RELEASED)))
def test_a_release_is_installed_as_printed(line: str, workspace: Repository, links: Path, tmp_path: Path) -> None:
    """The wheel of this checkout stands for the release; what is installed then scans."""
    environment_with_pip(tmp_path / "venv")
    homes = {name: str(tmp_path / name.lower()) for name in ("PIPX_HOME", "PIPX_BIN_DIR", "UV_CACHE_DIR", "UV_TOOL_DIR")}
    path = os.pathsep.join([str(tmp_path / "venv/bin"), homes["PIPX_BIN_DIR"], str(BIN), os.environ["PATH"]])
    more = {**homes, "PATH": path, "UV_FIND_LINKS": str(links), "PIPX_DEFAULT_PYTHON": sys.executable}
    scan = "" if line.startswith("uvx") else "posturio-iac scan"
    code, said = shell(f"{line}\n{scan}\n", workspace, links, **more)
    assert code == 1, said
    assert ("infra/iam.tf:5:1", "MEDIUM", "iam.access_keys_without_lifetime") in shown(said)


def test_the_hook_blocks_a_commit_as_printed(host: Host, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    printed = block("# .pre-commit-config.yaml", "yaml")
    release = "repo: https://github.com/posturio/posturio-iac\n    rev: v0.1.0\n"
    assert release in printed
    ours = f"repo: {host.hooks.path}\n    rev: {host.hooks.git('rev-parse', 'HEAD').strip()}\n"
    repository.write(".pre-commit-config.yaml", printed.replace(release, ours))
    repository.commit()
    assert host.run(repository, "install")[0] == 0
    repository.write("iam.tf", flagged())
    code, said = host.commit(repository)
    assert code == 1, said
    assert ("iam.tf:5:1", "MEDIUM", "iam.access_keys_without_lifetime") in shown(said)


def test_the_gitlab_job_runs_as_printed(workspace: Repository, links: Path, tmp_path: Path) -> None:
    job = yaml.safe_load(block("# .gitlab-ci.yml", "yaml"))["access-keys"]
    environment_with_pip(tmp_path / "image")
    script = "\n".join([f'export PATH="{tmp_path / "image" / "bin"}:$PATH"', *job["script"]])
    code, said = shell(script, workspace, links, GITLAB_CI="true")
    assert code == 1, said
    assert (workspace.path / job["artifacts"]["reports"]["codequality"]).exists()


def test_the_workflow_uses_the_action_with_inputs_that_exist() -> None:
    (printed,) = (text for text in blocks("yaml") if "runs-on" in text)
    steps = yaml.safe_load(printed)["jobs"]["access-keys"]["steps"]
    inputs = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
    (ours,) = (step for step in steps if re.match(r"posturio/posturio-iac@v", step["uses"]))
    assert set(ours.get("with", {})) <= inputs.keys()
