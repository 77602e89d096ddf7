"""The git that is run: the first one in an absolute folder of PATH outside of the scanned code.

The system's own search would take one from the current folder, on Windows always and elsewhere where PATH has an empty or relative entry:
a file that a stranger may have committed.
"""

from __future__ import annotations

import os

from posturio_iac.core.text.textfile import is_inside

NAME = "git.exe" if os.name == "nt" else "git"

_NOT_THERE = 2
"""The number of the error ENOENT; importing `errno` would be one import more in each search."""
_found: dict[tuple[str, ...], str] = {}


def find_git(*trees: str) -> str:
    """The absolute path of git, never one inside of ``trees``, which are real paths, nor in the current folder.

    Raises:
        FileNotFoundError: there is none.

    """
    key = (os.environ.get("PATH", ""), *trees)
    if key not in _found:
        _found[key] = _search(trees)
    return _found[key]


def _search(trees: tuple[str, ...]) -> str:
    here = os.path.realpath(os.curdir)
    refused = [tree for tree in trees if tree != os.path.dirname(tree)]  # a scan of / contains every program
    for folder in safe_path().split(os.pathsep):
        path = os.path.join(folder, NAME)
        if not (os.path.isfile(path) and os.access(path, os.X_OK)):
            continue
        places = (os.path.realpath(folder), os.path.realpath(path))
        if here not in (places[0], os.path.dirname(places[1])) and not any(is_inside(place, tree) for place in places for tree in refused):
            return path
    raise FileNotFoundError(_NOT_THERE, "there is no git on PATH outside of the scanned folder")


def safe_path() -> str:
    """PATH without its empty and relative entries."""
    return os.pathsep.join(folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(folder))
