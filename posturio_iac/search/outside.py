"""Local modules that the search does not enter: above the scan root or beside what is searched, in submodules, ignored by git.

Callers of one that holds a key matter.
"""

from __future__ import annotations

import os
import posixpath

from posturio_iac.search.kinds import TERRAFORM, kind_of, spelled_out
from posturio_iac.search.module_calls import content, local_calls, sources

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Iterable

    from posturio_iac.search.file_search import FileSearch
    from posturio_iac.search.selection import Selection


MAX_FOLDERS = 10_000


def explore(selection: Selection, folders: Iterable[str], apart: frozenset[str] = frozenset()) -> tuple[set[str], set[tuple[str, str]]]:
    """Read ``folders`` (relative to the root) and the local modules that they call, except those in ``apart``.

    Return the folders that hold a search term, and the calls among them.
    """
    search_terms = selection.finder.search_terms
    holding: set[str] = set()
    edges: set[tuple[str, str]] = set()
    pending = [folder for folder in folders if folder not in apart]
    seen = {_real(selection, folder) for folder in (*pending, *apart)}
    while pending and len(seen) < MAX_FOLDERS:
        folder = pending.pop()
        for name, data in _texts(os.path.join(selection.root, folder), selection.finder):
            if search_terms.texts_are_in(spelled_out(data), TERRAFORM):
                holding.add(folder)
            path = posixpath.join(folder, name)
            known = selection.finder.sources.get(path)
            for _, target in sources(data, path) if known is None else known:
                edges.add((folder, target))
                if (real := _real(selection, target)) not in seen:
                    seen.add(real)
                    pending.append(target)
    return holding, edges


def _real(selection: Selection, folder: str) -> str:
    path = os.path.join(selection.root, folder)
    return selection.finder.fence.folder(path) or path


def _texts(folder: str, finder: FileSearch) -> Iterable[tuple[str, bytes]]:
    if finder.fence.folder(folder) is None:
        return
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        if kind_of(name) is TERRAFORM and (data := content(os.path.join(folder, name), finder.max_file_size, finder.fence)) is not None:
            yield name, data


def callers(selection: Selection) -> set[str]:
    """The files of the scan in whose folders a module is called that is not searched and holds a key, or leads to one."""
    calls = set(local_calls(selection))
    outside = {target for _, target in calls if _is_outside(selection, target)}
    holding, edges = explore(selection, outside) if outside else (set(), set())
    while more := {caller for caller, target in edges | calls if target in holding} - holding:
        holding |= more
    folders = {"" if caller == "." else caller for caller, target in calls if target in holding}
    found = (posixpath.join(folder, name) for folder in folders for name in _names(os.path.join(selection.root, folder)))
    return {path for path in found if not selection.finder.skips(path)}


def _names(folder: str) -> list[str]:
    return [name for name in os.listdir(folder) if kind_of(name) is TERRAFORM] if os.path.isdir(folder) else []


def _is_outside(selection: Selection, target: str) -> bool:
    if target == ".." or target.startswith("../"):
        return True
    places = selection.finder.places
    if "" not in places and not any(target == place or target.startswith(f"{place}/") for place in places):
        return True
    parts = target.split("/")
    folders = {"/".join(parts[: i + 1]) for i in range(len(parts))} - selection.finder.repositories
    return any(os.path.lexists(os.path.join(selection.root, folder, ".git")) for folder in folders)
