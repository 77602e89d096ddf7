"""Root modules that ``terraform init`` has been run in: the code of the modules they call lies in ``.terraform``, which is not searched.

Where such code holds a key, the files of the root module matter, whatever their own content.
"""

from __future__ import annotations

import os

from posturio_iac.search.kinds import TERRAFORM, kind_of, spelled_out

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.search.file_search import FileSearch

MAX_DIRECTORIES = 300
"""How many directories are searched for a ``.terraform``, starting at the top."""
MANIFEST = ".terraform/modules/modules.json"
"""Where ``terraform init`` lists the modules that it has installed, below the folder of the root module."""
_SKIPPED = frozenset(("node_modules", ".git", ".terraform", ".terragrunt-cache", ".venv"))


def is_initialised(directory: str) -> bool:
    """Tell whether modules are installed below a root module. Most have none, and `os.path.exists` is slow to say no."""
    return os.access(f"{directory}/{MANIFEST}", os.F_OK)


def add_callers(finder: FileSearch, directories: list[str]) -> None:
    """Add the Terraform files of each initialised root module whose installed modules hold one of the search terms."""
    for directory in _below(finder, directories) if finder.trees else _with_code(finder, directories):
        if is_initialised(directory) and _holds_key(finder, os.path.join(directory, ".terraform", "modules")):
            paths = (os.path.relpath(file, finder.root).replace(os.sep, "/") for file in _content(directory)[1])
            finder.terraform.update(path for path in paths if not finder.skips(path))


def _with_code(finder: FileSearch, directories: list[str]) -> list[str]:
    """Return the directories of the Terraform files in ``directories``, all of which were read here."""
    found = {path.rpartition("/")[0] for path, kind in finder.read.items() if kind is TERRAFORM}
    if "" not in directories:
        inside = tuple(f"{directory}/" for directory in directories)
        found = {directory for directory in found if f"{directory}/".startswith(inside)}
    highest = sorted(found, key=lambda directory: (directory.count("/"), directory))[:MAX_DIRECTORIES]
    return [os.path.join(finder.root, directory) for directory in highest]


def _below(finder: FileSearch, directories: list[str]) -> Iterator[str]:
    """Yield ``directories`` and those below them, where git has searched the files."""
    pending = [os.path.join(finder.root, directory) for directory in directories]
    for _ in range(MAX_DIRECTORIES):
        if not pending:
            return
        yield (directory := pending.pop(0))
        pending += _content(directory)[0]


def _content(directory: str) -> tuple[list[str], list[str]]:
    """Return the directories and the Terraform files in a directory."""
    below, files = [], []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _SKIPPED:
                        below.append(entry.path)
                elif kind_of(entry.name) is TERRAFORM:
                    files.append(entry.path)
    except OSError:
        return [], []
    return sorted(below), sorted(files)


def _holds_key(finder: FileSearch, directory: str) -> bool:
    return any(finder.search_terms.texts_are_in(spelled_out(data), TERRAFORM) for data in _texts(directory, finder))


def _texts(directory: str, finder: FileSearch) -> Iterator[bytes]:
    from posturio_iac.search.module_calls import content

    if not finder.fence.holds(directory):
        return
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            if kind_of(name) is TERRAFORM and (data := content(path, finder.max_file_size, finder.fence)) is not None:
                yield data
