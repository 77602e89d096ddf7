"""Symbolic links to files, which are read after all else."""

from __future__ import annotations

import os

from posturio_iac.core.text.textfile import real_path

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from posturio_iac.search.file_search import FileSearch


def resolve(search: FileSearch) -> None:
    """Read the symbolic links that a search has met: each real file once, under its own path where that was searched."""
    chosen: dict[str, str] = {}
    for path, kind in sorted(search.symlinks.items()):
        real = real_path(search.prefix + path)
        if not os.path.isfile(real):
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
            search.links.append((path, name))
