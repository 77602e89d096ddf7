"""Root modules that ``terraform init`` has been run in: the code of the modules they call lies in ``.terraform``, which is not searched.

Where such code holds a key, the files of the root module matter, whatever their own content.
"""

from __future__ import annotations

import os

from posturio_iac.search.kinds import TERRAFORM, kind_of, spelled_out

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.search.file_search import FileSearch

MANIFEST = ".terraform/modules/modules.json"
"""Where ``terraform init`` lists the modules that it has installed, below the folder of the root module."""


def is_initialised(directory: str) -> bool:
    """True if modules are installed below a root module. Most have none, and `os.path.exists` is slow to say no."""
    return os.access(f"{directory}/{MANIFEST}", os.F_OK)


def add_callers(search: FileSearch, directories: Sequence[str]) -> None:
    """Add the searched files of each initialised root module in ``directories`` whose installed modules hold one of the search terms."""
    inside = () if "" in directories else tuple(f"{directory}/" for directory in directories)
    read = [path for path, kind in search.read.items() if kind is TERRAFORM and (path.startswith(inside) or not inside)]
    folders = {path.rpartition("/")[0] for path in read}.union(*(keep.folders() for keep in search.trees))
    initialised = [folder for folder in folders if is_initialised(search.prefix + folder)]
    for folder in sorted(initialised):
        if _holds_key(search, os.path.join(search.root, folder, ".terraform", "modules")):
            code = (*read, *(path for keep in search.trees for path, _ in keep.files(keep.code)))
            search.terraform.update(path for path in code if path.rpartition("/")[0] == folder)


def _holds_key(search: FileSearch, directory: str) -> bool:
    return any(search.search_terms.make_keys(spelled_out(data), TERRAFORM) for data in _texts(directory, search))


def _texts(directory: str, search: FileSearch) -> Iterator[bytes]:
    from posturio_iac.search.module_calls import content

    if not search.fence.holds(directory):
        return
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            if kind_of(name) is TERRAFORM and (data := content(path, search.max_file_size, search.fence)) is not None:
                yield data
