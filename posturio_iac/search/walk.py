"""Searching without git: a walk through the directories."""

from __future__ import annotations

import os

from posturio_iac.errors import system_reason
from posturio_iac.search.file_search import PRUNED, FileSearch
from posturio_iac.search.kinds import calls_modules, kind_of
from posturio_iac.search.locations import is_repository

TYPE_CHECKING = False

SKIPPED = PRUNED | {".hg", ".svn", ".venv", "node_modules"}
"""Directories that a walk does not enter; where git lists the files, its own rules decide about the others."""


def walk(search: FileSearch, start: str) -> list[str]:
    """Search a directory, relative to the root; return the git repositories in it, which are not entered, nor are links."""
    repositories: list[str] = []
    pending = [start]
    while pending:
        directory = pending.pop()
        if search.step is not None:
            search.step("folder")
        listing = _list(search, directory)
        if directory != start and ".git" in [entry.name for entry in listing] and is_repository(search.prefix + directory):
            repositories.append(directory)
            continue
        base = f"{directory}/" if directory else ""
        for entry in listing:
            if entry.is_dir(follow_symlinks=False):
                if entry.name in SKIPPED:
                    search.passed_by.add(f"{base}{entry.name}/")
                    continue
                if search.exclusions and search.exclusions.cover_directory(base + entry.name):
                    search.left_out.add(f"{base}{entry.name}/")
                else:
                    pending.append(base + entry.name)
            elif kind := kind_of(entry.name):
                _take(search, entry, base + entry.name, kind)
            elif calls_modules(entry.name) and not search.skips(base + entry.name):
                search.hcl.add(base + entry.name)
    return repositories


def _list(search: FileSearch, directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(search.prefix + directory) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        search.error(f"cannot be read: {system_reason(error)}", directory or ".")
        return []


def _take(search: FileSearch, entry: os.DirEntry[str], path: str, kind: str) -> None:
    if search.exclusions and search.exclusions.cover(path):
        search.left_out.add(path)
        return
    if entry.is_symlink():
        search.symlinks[path] = kind
    elif entry.is_file(follow_symlinks=False):
        search.examine(path, kind)
