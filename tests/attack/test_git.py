"""A repository's own configuration, its work tree and the current folder start no program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.attacks import SOUND, bounded, bounded_scan, fill, posturio, put, report, scan, tracked
from tests.support.command_line import environment
from tests.support.repository import Repository

pytestmark = pytest.mark.promise("git")

GIT = shutil.which("git") or "git"
FOLDER = str(Path(GIT).parent)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = tracked(tmp_path / "repository", {"sound.tf": "# one\n", "quiet.tf": "# two\n"})
    made.commit()
    put(made.path, "sound.tf", SOUND)
    return made


def trap(repository: Repository) -> str:
    path = put(repository.path.parent, "trap.sh", f"#!/bin/sh\ntouch '{repository.path.parent}/ran'\ncat\n")
    path.chmod(0o755)
    return str(path)


def planted(repository: Repository, place: str) -> None:
    put(repository.path, place, f"#!/bin/sh\ntouch '{repository.path.parent}/ran'\nexec {GIT} \"$@\"\n").chmod(0o755)


def ran(repository: Repository) -> bool:
    return (repository.path.parent / "ran").exists()


@pytest.mark.parametrize("name", ["x", "a.b", "a=b", "ü x"])
@pytest.mark.parametrize("kind", ["clean", "process", "smudge"])
def test_exec_clean_filter(repository: Repository, kind: str, name: str) -> None:
    repository.git("config", f"filter.{name}.{kind}", trap(repository))
    repository.git("config", f"filter.{name}.required", "true")
    drivers = "".join(f"*.tf filter={driver}\n" for driver in ([name] if name.isascii() and " " not in name else ["x"]))
    put(repository.path, ".git/info/attributes", drivers)
    index = repository.path / ".git" / "index"
    moment = index.stat().st_mtime_ns
    for file in ("sound.tf", "quiet.tf"):
        os.utime(repository.path / file, ns=(moment, moment))
    code, out, _ = scan(repository.path, "--changed-since", "main", "--format", "json")
    assert (code, ran(repository)) == (1, False)
    assert [key["address"] for key in json.loads(out)["keys"]] == ["aws_iam_access_key.sound"]


def test_exec_clean_filter_in_an_index_that_feigns_its_time(repository: Repository) -> None:
    """Git reads a file whose time is not before that of the index, whatever else it knows of the file."""
    repository.git("config", "filter.x.clean", trap(repository))
    put(repository.path, ".git/info/attributes", "* filter=x\n")
    put(repository.path, "quiet.tf", "# TWO\n")
    past = 1_000_000_000
    os.utime(repository.path / "quiet.tf", (past, past))
    repository.git("-c", "filter.x.clean=cat", "add", "quiet.tf")
    put(repository.path, "quiet.tf", "# two\n")
    os.utime(repository.path / "quiet.tf", (past, past))
    os.utime(repository.path / ".git" / "index", (past, past))
    (repository.path.parent / "ran").unlink(missing_ok=True)
    assert scan(repository.path, "--changed-since", "main")[0] == 1
    assert not ran(repository)


@pytest.mark.parametrize(
    "option",
    ["core.fsmonitor", "core.sshCommand", "core.pager", "pager.ls-files", "pager.grep", "core.editor", "diff.external", "core.askPass"],
)
@pytest.mark.parametrize("arguments", [("scan",), ("scan", "--changed-since", "main"), ("hook", "sound.tf")])
def test_programs_of_the_configuration_do_not_run(repository: Repository, arguments: tuple[str, ...], option: str) -> None:
    repository.git("config", option, trap(repository))
    fill(repository.path)
    repository.git("-c", "core.fsmonitor=false", "add", "-A")
    (repository.path.parent / "ran").unlink(missing_ok=True)
    posturio(repository.path, *arguments)
    assert not ran(repository)


@pytest.mark.parametrize("hook", ["post-index-change", "pre-commit", "reference-transaction", "fsmonitor-watchman"])
def test_hooks_of_the_repository_do_not_run(repository: Repository, hook: str) -> None:
    shutil.copy(trap(repository), repository.path / ".git" / "hooks" / hook)
    assert scan(repository.path, "--changed-since", "main")[0] == 1
    assert not ran(repository)


@pytest.mark.parametrize("old", [False, True], ids=["git", "a git of before 2024"])
def test_objects_that_are_missing_are_not_fetched(repository: Repository, tmp_path: Path, old: bool) -> None:
    """A promisor remote may name a program. Git knows GIT_NO_LAZY_FETCH since 2.44; what forbids all protocols it has known for longer."""
    settings = {"extensions.partialClone": "origin", "remote.origin.promisor": "true", "protocol.ext.allow": "always"}
    for name, value in {**settings, "remote.origin.url": f"ext::{trap(repository)}"}.items():
        repository.git("config", name, value)
    tree = repository.git("rev-parse", "HEAD^{tree}").strip()
    (repository.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    put(tmp_path, "old/git", f'#!/bin/sh\nunset GIT_NO_LAZY_FETCH\nexec {GIT} "$@"\n').chmod(0o755)
    more = {"PATH": os.pathsep.join([str(tmp_path / "old"), FOLDER])} if old else {"GIT_NO_LAZY_FETCH": "0"}
    code, _, err = bounded_scan(repository.path, "--changed-since", "main", more=more)
    assert (code, ("transport 'ext' not allowed" if old else "git says") in err, ran(repository)) == (2, True, False)


_WINDOWS = """\
import os, sys
del os.posix_spawnp
from posturio_iac.search import git_tree
git_tree.NAME = "git.exe"
from posturio_iac.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.promise("git alone")
@pytest.mark.parametrize("arguments", [("scan",), ("scan", "--changed-since", "main"), ("hook", "sound.tf")])
def test_exec_git_in_folder_on_windows(repository: Repository, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Its CreateProcess looks in the current folder before PATH, so programs are named by their absolute path."""
    put(repository.path, "git.exe", f"#!/bin/sh\n: >'{tmp_path}/ran'\nexec {GIT} \"$@\"\n").chmod(0o755)
    put(tmp_path, "program files/git.exe", f"#!/bin/sh\n: >'{tmp_path}/used'\nexec {GIT} \"$@\"\n").chmod(0o755)
    path = os.pathsep.join([".", str(tmp_path / "program files")])
    command = [sys.executable, "-c", _WINDOWS, *arguments]
    done = subprocess.run(command, cwd=repository.path, env=environment(PATH=path), capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, ran(repository), (tmp_path / "used").exists()) == (1, False, True), done.stderr


@pytest.mark.promise("git alone")
@pytest.mark.parametrize("entry", ["", ".", "bin", "{root}", "{root}/bin"])
def test_exec_git_in_folder(repository: Repository, entry: str) -> None:
    for place in ("git", "bin/git"):
        planted(repository, place)
    path = os.pathsep.join([entry.format(root=repository.path), FOLDER, str(Path(sys.executable).parent)])
    for arguments in (("scan",), ("scan", "--changed-since", "main"), ("hook", "sound.tf")):
        code, out, _ = bounded(repository.path, *arguments, more={"PATH": path})
        assert (code, ran(repository), "sound.tf:1:1" in out) == (1, False, arguments[0] == "scan" or "sound.tf:1:1" in out)


@pytest.mark.promise("git alone")
def test_a_git_that_the_path_reaches_by_a_link_into_the_repository_does_not_run(repository: Repository, tmp_path: Path) -> None:
    planted(repository, "bin/git")
    (tmp_path / "tools").symlink_to("repository/bin")
    code, _, _ = bounded_scan(repository.path, more={"PATH": os.pathsep.join([str(tmp_path / "tools"), FOLDER])})
    assert (code, ran(repository)) == (1, False)


@pytest.mark.promise("git alone")
def test_without_another_git_the_one_in_the_folder_does_not_run(repository: Repository) -> None:
    planted(repository, "bin/git")
    code, out, err = bounded_scan(repository.path, more={"PATH": str(repository.path / "bin")})
    assert (code, ran(repository), "sound.tf:1:1" in out) == (1, False, True)
    assert "git cannot be started: there is no git on PATH" in err


def test_a_file_that_was_only_touched_has_not_changed(repository: Repository) -> None:
    repository.git("add", "-A")
    base = repository.commit()
    os.utime(repository.path / "sound.tf", (1_900_000_000, 1_900_000_000))
    assert report(repository.path, "--changed-since", base)["keys"] == []
    put(repository.path, "sound.tf", SOUND.replace("\n", "\r\n"))
    assert report(repository.path, "--changed-since", base)["keys"] == []
    assert report(repository.path.parent, str(repository.path), "--changed-since", base)["keys"] == []
    put(repository.path, "sound.tf", SOUND + "# more\n")
    assert len(report(repository.path, "--changed-since", base)["keys"]) == 1
