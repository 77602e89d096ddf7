"""What the tests in real hosts share: this checkout as a repository of hooks, and pre-commit or prek with the hooks installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from tests.support.repository import Repository

ROOT = Path(__file__).parents[3]
SHIPPED = ("posturio_iac", "policies", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "action.yml", ".ci")
DEFINITIONS: tuple[dict[str, Any], ...] = tuple(yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text()))
HOSTS = ("pre-commit", "prek")
UV = (sys.executable, "-m", "uv")
NOWHERE = "http://127.0.0.1:9"
OFFLINE = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"), NOWHERE) | {
    "PIP_NO_INDEX": "1",
    "UV_OFFLINE": "1",
}
_COLORS = re.compile(r"\x1b\[[0-9;]*m")


def checkout(place: Path, *, everything: bool = False) -> Repository:
    """Return this checkout as a repository with one commit, as a tag of a release would be: what is shipped, or ``everything``."""
    made = Repository(place)
    wanted = () if everything else SHIPPED
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-c", "-o", "--exclude-standard", "--", *wanted], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    made.git("add", "-A")
    made.commit("release")
    return made


class SetupPage:
    def __init__(self, name: str) -> None:
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        self.scripts: list[str] = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        self.documents: list[dict[str, Any]] = [yaml.safe_load(one) for one in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]

    def script(self, part: str) -> str:
        (found,) = (text for text in self.scripts if part in text)
        return found

    def document(self, part: str) -> dict[str, Any]:
        (found,) = (one for one in self.documents if part in one)
        return found


def fresh_environment(place: Path, requirement: str) -> dict[str, str]:
    """The variables of a fresh environment for pip, in which only one version of the host may be installed."""
    subprocess.run([sys.executable, "-m", "venv", str(place / "venv")], check=True)
    (place / "constraints.txt").write_text(f"{requirement}\n")
    path = f"{place / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "PIP_CONSTRAINT": str(place / "constraints.txt"), "PYTHONPATH": ""}


class Host:
    def __init__(self, name: str, hooks: Repository, home: Path) -> None:
        self.program = str(Path(sys.executable).with_name(name))
        self.hooks = hooks
        self.home = home
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "PRE_COMMIT_HOME": str(home),
            "PREK_HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{role}_{part}": "test@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")},
        }

    def configuration(self, *hooks: str, args: str = '[--as-of, "2026-12-01"]') -> str:
        uses = "".join(f"  - id: {hook}\n    args: {args}\n" for hook in hooks)
        return f"repos:\n- repo: {self.hooks.path}\n  rev: {self.hooks.git('rev-parse', 'HEAD').strip()}\n  hooks:\n{uses}"

    def run(self, repository: Repository, *arguments: str, offline: bool = True, more: dict[str, str] | None = None) -> tuple[int, str]:
        return self._call(repository, [self.program, *arguments], offline=offline, more=more)

    def commit(self, repository: Repository, *arguments: str) -> tuple[int, str]:
        return self._call(repository, ["git", "commit", "-q", "-m", "change", *arguments], offline=True)

    def _call(self, repository: Repository, command: list[str], *, offline: bool, more: dict[str, str] | None = None) -> tuple[int, str]:
        environment = self.environment | (OFFLINE if offline else {}) | (more or {})
        done = subprocess.run(
            command, cwd=repository.path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, encoding="utf-8"
        )
        return done.returncode, _COLORS.sub("", done.stdout)


def environment_with_pip(place: Path) -> None:
    """Make an environment that holds pip alone, as the image of a CI job does; ``python -m venv`` takes five seconds for it."""
    subprocess.run([*UV, "venv", "--quiet", "--seed", "--python", sys.executable, str(place)], check=True)


def wheel(source: Path, place: Path) -> None:
    subprocess.run([*UV, "build", "--quiet", "--wheel", "--out-dir", str(place), str(source)], check=True)


HOSTILE = ("hashlib", "json", "sitecustomize", "venv/__init__", "venv/__main__", "pip/__init__", "pip/__main__", "posturio_iac/__init__")


def plant(workspace: Repository) -> None:
    """Write modules that Python finds first where it looks into the working directory, each of which leaves a trace when it runs."""
    for name in HOSTILE:
        workspace.write(f"{name}.py", f"open({str(workspace.path.with_suffix('.ran'))!r}, 'a').write({name!r} + '\\n')\n", add=False)


def ran(workspace: Repository) -> list[str]:
    trace = workspace.path.with_suffix(".ran")
    return trace.read_text().split() if trace.exists() else []


def shell(script: str, workspace: Repository, links: Path, **more: str) -> tuple[int, str]:
    """Run a script as if the wheel in ``links`` were published; return its exit code and all that it prints."""
    environment = {**os.environ, "PIP_FIND_LINKS": f"{os.environ.get('PIP_FIND_LINKS', '')} {links}".strip(), **more}
    command = ["bash", "-eo", "pipefail", "-c", script]
    done = subprocess.run(
        command, cwd=workspace.path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True
    )
    return done.returncode, done.stdout


def of_upstream(upstream: Repository, linter: str, hook: dict[str, Any], configuration: dict[str, Any]) -> dict[str, Any]:
    """Make a repository of hooks that runs the linter which is installed here, and return the configuration with it in place of theirs."""
    described = {"id": linter, "name": linter, "language": "python", **hook}
    upstream.write(".pre-commit-hooks.yaml", yaml.safe_dump([described]))
    requirements = [f"{linter}=={version(linter)}"]
    upstream.write("setup.py", f"from setuptools import setup\nsetup(name='hook', py_modules=[], install_requires={requirements})\n")
    configuration["repos"][0] |= {"repo": str(upstream.path), "rev": upstream.commit()}
    return configuration
