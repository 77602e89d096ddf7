"""A throw-away tree of files, in a git repository or not, to discover things in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from posturio_iac.search import SEARCH_TERMS, Selection, discover
from posturio_iac.search.git_tree import git_search
from tests.support.repository import Repository

MODES = ("read", "searched", "untracked", "walked")
"""In a git repository: tracked files that we read, or git searches, and files that are not tracked; and no git at all."""

KEY = 'resource "aws_iam_access_key" "ci" {\n  user = "ci"\n}\n'
TEMPLATE = "Resources:\n  Key:\n    Type: AWS::IAM::AccessKey\n    Properties:\n      UserName: ci\n"


class Tree(Repository):
    """A directory. With ``git``, it is a repository, and `write` adds what it writes to the index."""

    def __init__(self, path: Path, *, git: bool) -> None:
        if git:
            super().__init__(path)
        else:
            path.mkdir(parents=True, exist_ok=True)
        self.path, self.root, self.is_git = path, os.path.realpath(path), git

    def write(self, name: str, text: str | bytes = KEY, *, add: bool = True) -> Path:
        return super().write(name, text, add=add and self.is_git)

    def link(self, name: str, target: str, *, add: bool = True) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
        if self.is_git and add:
            self.add(name)

    def discover(
        self,
        *paths: str,
        cwd: str | None = None,
        exclude: tuple[str, ...] = (),
        max_file_size: int = 1 << 20,
        search_terms: tuple[bytes, ...] = (),
    ) -> Selection:
        return discover(
            paths, cwd=cwd or str(self.path), exclude=exclude, max_file_size=max_file_size, search_terms=(*SEARCH_TERMS, *search_terms)
        )


def make(mode: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    tree = Tree(path, git=mode != "walked")
    tree.is_git = mode in ("read", "searched")
    monkeypatch.setattr(git_search, "SMALL_INDEX", 0 if mode == "searched" else git_search.SMALL_INDEX)
    return tree


def found(selection: Selection) -> list[str]:
    return sorted((*selection.terraform, *selection.templates))


def complaints(selection: Selection) -> list[tuple[str, str | None, str]]:
    return [(d.level.value, d.path, d.message) for d in selection.diagnostics]
