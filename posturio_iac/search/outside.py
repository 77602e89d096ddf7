"""Local modules whose callers matter although the search does not enter them: outside of the scan root, in submodules, ignored by git."""

from __future__ import annotations

import os
import posixpath

from posturio_iac.core.text.textfile import real_path
from posturio_iac.search.kinds import TERRAFORM, kind_of
from posturio_iac.search.module_calls import content, is_ours, local_calls, sources
from posturio_iac.search.written_sources import sources_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from posturio_iac.search import Selection
    from posturio_iac.search.file_search import FileSearch


def resolve(search: FileSearch) -> None:
    """Read the symbolic links that a search has met: each real file once, under its own path where that was searched."""
    chosen: dict[str, str] = {}
    for path, kind in sorted(search.symlinks.items()):
        real = real_path(search.prefix + path)
        if not os.path.isfile(real):
            if kind is TERRAFORM and not os.path.lexists(real):
                search.warn("a symbolic link to a file that is not here; not read", path)
            continue
        if not search.fence.holds(real):
            if path not in search.read:
                search.warn("a symbolic link to a file outside of the scan root; not read", path)
            continue
        target = real[len(search.prefix) :].replace(os.sep, "/") if real.startswith(search.prefix) else real
        name = chosen.get(target, target)
        if name == path or not search.has(name):
            search.examine(path, kind)
            chosen[target] = path
        else:
            for found in (search.terraform, search.templates, *search.others.values()):
                found.discard(path)
            search.aliases[path] = name
            if kind is TERRAFORM and posixpath.dirname(path) != posixpath.dirname(name) and os.path.islink(search.prefix + path):
                search.terraform.add(path)  # of another module, which has its own values


MAX_FOLDERS = 10_000


def explore(selection: Selection, folders: Iterable[str], apart: Collection[str] = ()) -> tuple[set[str], set[tuple[str, str]]]:
    """Read ``folders`` and the local modules that they call, but those ``apart``: return which hold a search term, and the calls."""
    search = selection.search
    holding: set[str] = set()
    edges: set[tuple[str, str]] = set()
    left_out = set(selection.candidates).difference(selection.terraform)  # by a hook, though they may be of the same root module
    pending = [folder for folder in folders if folder not in apart]
    seen = {_real(selection, folder) for folder in (*pending, *apart)}
    while pending and len(seen) < MAX_FOLDERS:
        folder = pending.pop()
        there = os.path.join(selection.root, folder)
        for name in _names(there) if search.fence.folder(there) is not None else ():
            path = posixpath.join(folder, name)
            if search.calls is not None and search.has_searched(path) and not search.skips(path):
                called: Iterable[tuple[str, str]] = search.sources.get(path, ())
                holds = path in left_out
            else:
                data = content(search.prefix + path, search.max_file_size, search.fence) or b""
                called = sources(data, path)
                holds = search.search_terms.are_in_code(data, sources_in(data, path))
            if holds:
                holding.add(folder)
            for _, target in called:
                edges.add((folder, target))
                if (real := _real(selection, target)) not in seen:
                    seen.add(real)
                    pending.append(target)
    return holding, edges


def _real(selection: Selection, folder: str) -> str:
    path = os.path.join(selection.root, folder)
    return selection.search.fence.folder(path) or path


def callers(selection: Selection, unseen: Mapping[str, Iterable[str]]) -> set[str]:
    """The files of the scan in whose folders a module is called that is not searched (``unseen``) and holds a key, or leads to one."""
    calls = {(caller or ".", target) for target, found in unseen.items() if is_ours(selection, target) for caller in found}
    holding, edges = explore(selection, {target for _, target in calls})
    if not holding:
        return set()
    calls.update(local_calls(selection))
    while more := {caller for caller, target in edges | calls if target in holding} - holding:
        holding |= more
    folders = {"" if caller == "." else caller for caller, target in calls if target in holding}
    found = (posixpath.join(folder, name) for folder in folders for name in _names(os.path.join(selection.root, folder)))
    return {path for path in found if not selection.search.skips(path)}


def _names(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if kind_of(name) is TERRAFORM)
    except OSError:
        return []
