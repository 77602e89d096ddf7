"""What a user without permission is told, run as an ordinary user even when the tests run as root."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from posturio_iac.core.text import gitignore
from posturio_iac.search import Selection, git_tree
from posturio_iac.search.git_tree import git_search
from tests.support.search_tree import MODES, Tree, complaints, found, make

NOBODY = 65534
LOADED = (git_tree, gitignore, git_search)  # an ordinary user may not be allowed to read our code, so it is loaded before

Result = tuple[list[str], list[tuple[str, str | None, str]], int]


@pytest.fixture(params=MODES)
def tree(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tree]:
    """Give a tree that an ordinary user can reach and owns."""
    with tempfile.TemporaryDirectory() as directory:
        monkeypatch.setenv("HOME", directory)
        Path(directory).chmod(0o755)
        made = make(request.param, Path(directory) / "tree", monkeypatch)
        yield made
        for path in made.path.rglob("*"):
            if path.is_dir():
                path.chmod(0o755)


def as_ordinary_user(tree: Tree, discover: Callable[[], Selection]) -> Result:
    """Run ``discover`` in a child process that is not root, and own the tree as that user."""
    if os.geteuid() != 0:
        return summary(discover())
    for path in (tree.path, *tree.path.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        with os.fdopen(writer, "wb") as file:
            pickle.dump(summary(discover()), file)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        data = file.read()
    assert os.waitpid(child, 0)[1] == 0
    result: Result = pickle.loads(data)  # noqa: S301 - our own child wrote it
    return result


def summary(selection: Selection) -> Result:
    return found(selection), complaints(selection), selection.searched


DENIED = "cannot be read: permission denied"


def test_a_file_without_permission_is_named_and_the_rest_is_searched(tree: Tree) -> None:
    tree.write("good.tf")
    tree.write("a b/bad.tf").chmod(0)
    tree.write("line\nbreak.tf", "locals {}").chmod(0)
    denied = [("error", name, DENIED) for name in ("a b/bad.tf", "line\nbreak.tf")]
    assert as_ordinary_user(tree, lambda: tree.discover(".")) == (["good.tf"], denied, 1)


@pytest.mark.parametrize("name", ["bad", "line\nbreak"])
def test_a_directory_without_permission_is_named_and_the_rest_is_searched(tree: Tree, name: str) -> None:
    tree.write("good.tf")
    tree.write(f"{name}/x.tf")
    (tree.path / name).chmod(0)
    files, said, searched = as_ordinary_user(tree, lambda: tree.discover("."))
    assert (files, searched, {level for level, _, _ in said}) == (["good.tf"], 1, {"error"})
    assert "\n" in name or {("error", name, DENIED)} <= {*said} <= {("error", name, DENIED), ("error", f"{name}/x.tf", DENIED)}


def test_an_excluded_directory_without_permission_is_no_trouble(tree: Tree) -> None:
    tree.write("good.tf")
    tree.write("bad/x.tf")
    (tree.path / "bad").chmod(0)
    assert as_ordinary_user(tree, lambda: tree.discover(".", exclude=("bad/",))) == (["good.tf"], [], 1)


@pytest.mark.parametrize("name", ["bad", "bad/x.tf", "closed/x.tf"])
def test_a_named_path_without_permission_is_named_and_the_rest_is_searched(tree: Tree, name: str) -> None:
    tree.write("good.tf")
    tree.write("bad/x.tf").chmod(0)
    tree.write("closed/x.tf").chmod(0o644)
    (tree.path / "closed").chmod(0)
    if name == "bad":
        (tree.path / "bad").chmod(0)
    files, said, _ = as_ordinary_user(tree, lambda: tree.discover(name, "good.tf"))
    assert files == ["good.tf"]
    assert ("error", name, DENIED) in said
