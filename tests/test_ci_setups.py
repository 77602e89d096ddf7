"""Which changes let CI do the set-ups of the pages about other linters."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.repository import Repository

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / ".ci" / "setups.py"
DECISION: dict[str, Any] = runpy.run_path(str(SCRIPT))


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (["docs/checkov.md", "README.md"], ["docs/checkov.md"]),
        (["policies/cfn_lint/__init__.py"], ["policies/cfn_lint/__init__.py"]),
        (["pyproject.toml"], ["pyproject.toml"]),
        (["posturio_iac/cli.py", "docs/ci.md", "tests/hosts/test_checkov.py", "old/docs/checkov.md"], []),
        ([], []),
    ],
)
def test_a_change_concerns_them_or_not(changed: list[str], found: list[str]) -> None:
    assert DECISION["concerned"](changed) == found


def test_what_concerns_them_is_there_and_so_is_every_test_of_one() -> None:
    """A file that was moved would no longer be noticed."""
    assert [path for path in DECISION["CONCERNED"] if not (ROOT / path).exists()] == []
    tests = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*_setups.py")} - {"tests/test_ci_setups.py"}
    assert tests == {path for path in DECISION["CONCERNED"] if path.endswith("_setups.py")}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A copy of the script in a repository with two commits, the second of which is a change to a page."""
    made = Repository(tmp_path / "clone")
    made.write(".ci/setups.py", SCRIPT.read_text(encoding="utf-8"))
    made.write("docs/checkov.md", "old")
    made.commit()
    made.write("docs/checkov.md", "new")
    made.commit()
    return made


def decided(repository: Repository, *base: str) -> tuple[int, str]:
    command = [sys.executable, ".ci/setups.py", *base]
    done = subprocess.run(command, cwd=repository.path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_the_commit_before_is_the_start_on_the_main_branch(repository: Repository) -> None:
    assert decided(repository) == (0, "set-ups: done, because of docs/checkov.md\n")
    repository.write("README.md", "more")
    repository.commit()
    said = (1, "set-ups: not done, because nothing has changed since HEAD~1 that concerns them\n")
    assert decided(repository) == decided(repository, "") == said
    assert decided(repository, "HEAD~2")[0] == 0


def test_a_branch_starts_where_it_left_the_main_one(repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "change")
    for name in ("docs/cfn-lint.md", "README.md"):
        repository.write(name, "text")
        repository.commit()
    assert decided(repository) == (0, "set-ups: done, because of docs/cfn-lint.md\n")


def test_what_is_not_committed_counts(repository: Repository) -> None:
    repository.write("README.md", "more")
    repository.commit()
    repository.write("policies/new.py", "", add=False)
    assert decided(repository) == (0, "set-ups: done, because of policies/new.py\n")


def test_where_git_cannot_tell_they_are_done(repository: Repository) -> None:
    said = "set-ups: done, because git cannot tell what has changed since 0000000000000000000000000000000000000000\n"
    assert decided(repository, "0" * 40) == (0, said)


def test_newer_tags_of_known_modules_are_named(tmp_path: Path) -> None:
    """The repository of one module is a local one; those of the others cannot be asked."""
    made = Repository(tmp_path / "boldlink/terraform-aws-iam-user")
    made.write("main.tf", "")
    made.commit()
    for tag in ("1.0.4", "1.0.5", "1.0.6", "v2.0", "not-a-version"):
        made.git("tag", tag)
    environment = {
        **os.environ,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
    }
    for part, said in (
        ("boldlink/", "boldlink/iam-user/aws: 1.0.6, v2.0\n"),
        ("cytopia/", "cytopia/iam/aws: cannot ask github.com"),
    ):
        command = [sys.executable, str(ROOT / ".ci/newer.py"), part]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr, done.stdout[: len(said)]) == (1, "", said)
