"""Which files can matter, found at the speed of a text search.

In a git work tree git does the search, so that ignored files and submodules stay out; elsewhere a walk does. A file that cannot
hold a key is never parsed. Modules here import no more than a search without results needs.
"""

from __future__ import annotations

import os

from posturio_iac.core.text.textfile import MIB, Fence
from posturio_iac.search.file_search import PRUNED, FileSearch
from posturio_iac.search.installed import add_callers
from posturio_iac.search.kinds import OTHER, SEARCH_TERMS, SearchTerms, calls_modules, kind_of
from posturio_iac.search.locations import locate, outermost, repository_of, root_of
from posturio_iac.search.selection import Selection

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["SEARCH_TERMS", "Selection", "discover"]

MAX_FILE_SIZE = 10 * MIB


def discover(
    paths: Sequence[str],
    *,
    cwd: str,
    exclude: Sequence[str] = (),
    configured: tuple[Sequence[str], str] = ((), ""),
    max_file_size: int = MAX_FILE_SIZE,
    search_terms: Sequence[bytes] = SEARCH_TERMS,
    apart: Sequence[str] = (),
    step: Callable[[str], object] | None = None,
) -> Selection:
    """Search ``paths``, relative to ``cwd``; a named file whatever git and ``exclude`` say. ``configured`` patterns are of a folder."""
    directories, files, denied = locate(paths or (".",), cwd)
    root = root_of(os.path.realpath(cwd), directories, files)
    named = [os.path.realpath(file) for file in files]
    exclusions = None
    if exclude or configured[0]:
        from posturio_iac.core.text.gitignore import Exclusions

        exclusions = Exclusions(exclude, configured[0], os.path.realpath(configured[1] or root), root)
    search = FileSearch(root, SearchTerms(search_terms), exclusions, max_file_size, Fence(repository_of(root) or root, named))
    search.apart = frozenset(real[len(search.prefix) :].replace(os.sep, "/") for real in map(os.path.realpath, apart))
    search.step = step
    for path in denied:
        search.error("cannot be read: permission denied", path)
    for file in files:
        path = _relative(search, file)
        kind = kind_of(path) or OTHER
        search.examine(path, kind)
        if calls_modules(path):
            search.hcl.add(path)
        if os.path.islink(file):
            search.symlinks[path] = kind
    places = [*directories, *dict.fromkeys(map(os.path.dirname, files))]
    for place in places[len(directories) :]:
        _note(search, repository_of(place))
    searched = [_relative(search, d) for d in directories]
    search.places = tuple(searched)
    _search_all(search, searched)
    add_callers(search, searched)
    if search.hcl:
        from posturio_iac.search.units import add_callers as add_units

        add_units(search, whole="" not in searched or root != (repository_of(root) or root))
    if search.symlinks:
        from posturio_iac.search.outside import resolve

        resolve(search)
    if search.exclusions is not None and search.exclusions.spent:
        from posturio_iac.core.text.gitignore import MOST_COMPARISONS

        text = f"the exclude patterns with wildcards need more than {MOST_COMPARISONS:,} comparisons with files, so not all that they mean"
        search.error(f"{text} was left out; name whole files and folders")
    selection = Selection(search, repository_of(root) or (repository_of(os.path.commonpath(places)) if places else None))
    if selection.terraform or not (unseen := _unseen(search)):
        return selection
    from posturio_iac.search.outside import callers

    search.terraform.update(callers(selection, unseen))
    return Selection(search, selection.repository)


def _unseen(search: FileSearch) -> dict[str, set[str]]:
    """The folders of local modules that were not searched, such as those that git ignores, each with the folders that may call it."""
    from posixpath import join, normpath

    seen = search.folders()
    found: dict[str, set[str]] = {}
    for folder, sources in search.local.items():
        for source in sources:
            target = normpath(join(folder, os.fsdecode(source).replace("\\", "/")))
            if target not in seen and target != "." and os.path.isdir(search.prefix + target):
                found.setdefault(target, set()).add(folder)
    return found


def _relative(search: FileSearch, path: str) -> str:
    return path[len(search.prefix) :].replace(os.sep, "/")


def _search_all(search: FileSearch, directories: Sequence[str]) -> None:
    """Search with the git of the work tree that each directory is in, or without git; repositories inside another one are not ours."""
    trees: dict[str, list[str]] = {}
    plain: list[str] = []
    for directory in directories:
        top = repository_of(search.prefix + directory)
        if top is None:
            plain.append(directory)
        else:
            trees.setdefault(top, []).append(directory)
    for repository in _walk(search, outermost(plain)):
        trees.setdefault(search.prefix + repository, []).append(repository)
    for top, named in trees.items():
        _note(search, top)
        _walk(search, _git(search, top, named))


def _note(search: FileSearch, top: str | None) -> None:
    if top is not None and f"{top}{os.sep}".startswith(search.prefix):
        search.repositories.add(_relative(search, top))


def _git(search: FileSearch, top: str, named: Sequence[str]) -> list[str]:
    """Search directories of one work tree with git, and return those that remain for a walk."""
    copies = [d for d in named if not PRUNED.isdisjoint(d.split("/"))]
    asked = [d for d in named if d not in copies]
    if not asked:
        return copies
    from posturio_iac.search.git_tree import git_search

    reason, ignored = git_search.list_files(search, top, asked)
    if not reason:
        return copies + ignored
    search.warn(f"git cannot list the files of {top}, so ignored files are searched too: {reason}")
    return outermost(named)


def _walk(search: FileSearch, directories: Sequence[str]) -> list[str]:
    """Search directories without git, and return the repositories in them."""
    if not directories:
        return []
    from posturio_iac.search import walk

    return [repository for directory in directories for repository in walk.walk(search, directory)]
