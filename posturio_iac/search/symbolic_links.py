"""Symbolic links to files, which are read after all else."""

from __future__ import annotations

import os

from posturio_iac.core.text.textfile import real_path

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from posturio_iac.search.file_search import FileSearch


def resolve(finder: FileSearch) -> None:
    """Read the symbolic links that a search has met: each real file once, under its own path where that was searched."""
    chosen: dict[str, str] = {}
    for path, kind in sorted(finder.symlinks.items()):
        real = real_path(finder.prefix + path)
        if not os.path.isfile(real):
            continue
        if not finder.fence.holds(real):
            if path not in finder.read:
                finder.warn("a symbolic link to a file outside of the scan root; not read", path)
            continue
        target = real[len(finder.prefix) :].replace(os.sep, "/") if real.startswith(finder.prefix) else real
        name = chosen.get(target, target)
        if name == path or not finder.has(name):
            finder.examine(path, kind)
            chosen[target] = path
        else:
            for found in (finder.terraform, finder.templates, *finder.others.values()):
                found.discard(path)
            finder.links.append((path, name))
