"""Which files can matter, found at the speed of a text search.

In a git work tree git does the search, so that ignored files and submodules stay out; elsewhere a walk does. A file that cannot
hold a key is never parsed. Nothing here imports more than a search that finds nothing needs.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.discover.finder import MIB, PRUNED, Finder
from posturio_iac.discover.kinds import NEEDLES, OTHER, Needles, kind_of
from posturio_iac.discover.selection import Selection
from posturio_iac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.discover.exclude import Exclusions

__all__ = ["NEEDLES", "Selection", "discover"]

MAX_FILE_SIZE = 10 * MIB


def discover(
    paths: Sequence[str],
    *,
    cwd: str,
    exclude: Sequence[str] = (),
    max_file_size: int = MAX_FILE_SIZE,
    needles: Sequence[bytes] = NEEDLES,
) -> Selection:
    """Search ``paths``, relative to ``cwd``, for files that hold one of ``needles``.

    A directory is searched with all that is in it; a file is searched even when git ignores it, a pattern of ``exclude`` matches it
    or its ending is not one of ours. ``max_file_size`` is in bytes.

    Raises:
        UsageError: a path does not exist, or a pattern cannot be read.
    """
    directories, files = _locate(paths or (".",), cwd)
    root = _root(os.path.realpath(cwd), directories, files)
    finder = Finder(root, Needles(needles), _exclusions(exclude), max_file_size)
    for file in files:
        path = _relative(finder, file)
        finder.examine(path, kind_of(path) or OTHER)
    for top, tree in _by_repository(directories).items():
        _search(finder, top, [_relative(finder, d) for d in tree])
    if finder.symlinks:
        finder.resolve_links()
    return Selection(finder, repository_of(root))


def _exclusions(patterns: Sequence[str]) -> Exclusions | None:
    if not patterns:
        return None
    from posturio_iac.discover.exclude import Exclusions  # noqa: PLC0415 - imports re

    return Exclusions(patterns)


def _locate(paths: Sequence[str], cwd: str) -> tuple[list[str], list[str]]:
    """Return the directories, by their real paths, and the files, by the real paths of their directories."""
    directories: list[str] = []
    files: list[str] = []
    for path in paths:
        place = os.path.join(cwd, path)
        if os.path.isdir(place):
            directories.append(os.path.realpath(place))
        elif os.path.isfile(place) and not path.endswith(("/", os.sep)):
            parent, name = os.path.split(place)
            files.append(os.path.join(os.path.realpath(parent), name))
        elif os.path.lexists(place):
            raise UsageError(f"{path}: neither a file nor a directory")
        else:
            raise UsageError(f"{path}: no such file or directory")
    return _outermost(directories), list(dict.fromkeys(files))


def _outermost(directories: Sequence[str]) -> list[str]:
    """Drop directories that are in others."""
    kept: list[str] = []
    for directory in sorted(set(directories), key=lambda d: os.path.join(d, "")):
        if not kept or not inside(directory, kept[-1]):
            kept.append(directory)
    return kept


def inside(path: str, directory: str) -> bool:
    """Tell whether ``path`` is ``directory`` or in it; both absolute and without symbolic links."""
    return path == directory or path.startswith(os.path.join(directory, ""))


def _root(cwd: str, directories: Sequence[str], files: Sequence[str]) -> str:
    """Return the current directory when all is inside, else the common parent."""
    places = [*directories, *map(os.path.dirname, files)]
    if all(inside(place, cwd) for place in places):
        return cwd
    try:
        return os.path.commonpath(places)
    except ValueError:
        raise UsageError("the paths have no directory in common: scan one drive at a time") from None


def repository_of(directory: str) -> str | None:
    """Return the top of the git work tree that holds the directory."""
    while True:
        git = os.path.join(directory, ".git")
        if os.path.lexists(os.path.join(git, "HEAD")) or os.path.isfile(git):
            return directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent


def _by_repository(directories: Sequence[str]) -> dict[str | None, list[str]]:
    trees: dict[str | None, list[str]] = {}
    for directory in directories:
        trees.setdefault(repository_of(directory), []).append(directory)
    return trees


def _relative(finder: Finder, path: str) -> str:
    """Return the path from the root with forward slashes; empty for the root itself."""
    return path[len(finder.prefix) :].replace(os.sep, "/")


def _search(finder: Finder, top: str | None, directories: Sequence[str]) -> None:
    """Search directories of one work tree, or of none."""
    walked = [d for d in directories if top is None or not PRUNED.isdisjoint(d.split("/"))]
    asked = [d for d in directories if d not in walked] if walked else directories
    if asked:
        from posturio_iac.discover import git  # noqa: PLC0415 - not needed elsewhere

        reason, ignored = git.search(finder, os.path.commonpath(asked), asked)
        walked += ignored
        if reason:
            finder.warn(f"git cannot list the files of {top}, so files that it ignores are searched as well: {reason}")
            walked += asked
    if walked:
        from posturio_iac.discover import walk  # noqa: PLC0415 - not needed elsewhere

        for directory in walked:
            nested = walk.search(finder, directory)
            if top is None:
                for repository in nested:
                    _search(finder, os.path.join(finder.root, repository), [repository])
