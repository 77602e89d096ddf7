"""Which files can matter, found at the speed of a text search.

In a git work tree git does the search, so that ignored files and submodules stay out; elsewhere a walk does. A file that cannot
hold a key is never parsed. Modules here import no more than a search without results needs.
"""

from __future__ import annotations

import os

from posturio_iac.core.text.textfile import FOR_PART, MIB, Fence
from posturio_iac.errors import system_reason
from posturio_iac.search.file_search import PRUNED, FileSearch
from posturio_iac.search.kinds import OTHER, SEARCH_TERMS, TERRAFORM, SearchTerms, calls_modules, kind_of
from posturio_iac.search.locations import is_repository, locate, outermost, repository_of, root_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["MANIFEST", "SEARCH_TERMS", "SKIPPED", "Selection", "discover", "is_initialised"]

SKIPPED = PRUNED | {".hg", ".svn", ".venv", "node_modules"}
"""Directories that a walk does not enter; where git lists the files, its own rules decide about the others."""
MAX_FILE_SIZE = 10 * MIB
MANIFEST = ".terraform/modules/modules.json"
"""Where ``terraform init`` lists the modules that it has installed, below the folder of the root module."""


class Selection:
    """The files of one scan that can matter. Immutable by agreement."""

    apart: Callable[[], frozenset[str]] | None = None
    """Tells which folders hold only keys that are unrelated to those that count."""
    tracked: Callable[[str], bool] | None = None  # which files may be read at all; None means all

    def __init__(self, search: FileSearch, repository: str | None) -> None:
        self.root = search.root  # absolute, without symbolic links
        self.repository = repository
        """The top of the git work tree that holds the root, else of the one below it that holds all that is searched."""
        self.terraform = tuple(sorted(search.terraform))  # files of these tools with a search term: from the root, with forward slashes
        self.candidates = self.terraform  # what findings and remedies may point at, of the whole of which this may be a part
        self.templates = tuple(sorted(search.templates))  # YAML and JSON files, and named ones of unknown kind
        self.others = {kind: tuple(sorted(paths)) for kind, paths in search.others.items()}  # of kinds that front ends add
        self.drawn: dict[str, set[str]] = {}  # the texts of templates that code reads or fills in, each with the files
        self.embedded: dict[str, set[str]] = {}  # those files, each with the addresses of the keys that were judged in that code
        self.searched = search.searched
        self.diagnostics = search.diagnostics()
        self.search = search

    @property
    def is_empty(self) -> bool:
        return not (self.terraform or self.templates or any(self.others.values()) or self.diagnostics)

    def of_kind(self, kind: str) -> tuple[str, ...]:
        return {"terraform": self.terraform, "template": self.templates}.get(kind) or self.others.get(kind, ())

    def with_text(self, path: str, data: bytes) -> Selection:
        """The selection as it is with ``data`` as the content of one file, whatever the disk holds."""
        self.search.put(path, data)
        return Selection(self.search, self.repository)


def discover(  # noqa: PLR0913 - what a caller gives is kept apart
    paths: Sequence[str],
    *,
    cwd: str,
    exclude: Sequence[str] = (),
    configured: tuple[Sequence[str], str] = ((), ""),
    max_file_size: int = MAX_FILE_SIZE,
    search_terms: Sequence[bytes] = SEARCH_TERMS,
    apart: Sequence[str] = (),
    step: Callable[[str], object] | None = None,
    settles: Callable[[Fence], bool] = lambda _: True,
) -> Selection:
    """Search ``paths``, relative to ``cwd``; a named file whatever git and ``exclude`` say. ``configured`` patterns are of a folder.

    Unless it ``settles`` that, inside of the bounds of the search, files that name some program count, and are in `FileSearch.naming`.
    """
    directories, files, denied = locate(paths or (".",), cwd)
    root = root_of(os.path.realpath(cwd), directories, files)
    named = [os.path.realpath(file) for file in files]
    exclusions = None
    if exclude or configured[0]:
        from posturio_iac.core.text.gitignore import Exclusions

        exclusions = Exclusions(exclude, configured[0], os.path.realpath(configured[1] or root), root)
    fence = Fence(repository_of(root) or root, named)
    fence.base = fence.top if repository_of(root) else os.path.commonpath([*directories, *map(os.path.dirname, files)])
    search = FileSearch(root, SearchTerms(search_terms), exclusions, max_file_size, fence)
    search.apart = frozenset(real[len(search.prefix) :].replace(os.sep, "/") for real in map(os.path.realpath, apart))
    search.step = step
    search.naming = None if settles(fence) else {}
    if search.naming is not None or fence.top not in map(os.path.realpath, directories):
        fence.most = FOR_PART
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
    _add_initialised(search, searched)
    if search.hcl or search.nesting or search.symlinks or search.linked:
        from posturio_iac.search.module_calls import add_linked, add_nesting, add_units, resolve

        add_linked(search, SKIPPED)
        add_units(search, whole="" not in searched or root != (repository_of(root) or root))
        add_nesting(search)
        resolve(search)
    if search.exclusions is not None and search.exclusions.spent:
        from posturio_iac.core.text.gitignore import MOST_COMPARISONS

        text = f"the exclude patterns with wildcards need more than {MOST_COMPARISONS:,} comparisons with files, so not all that they mean"
        search.error(f"{text} was left out; name whole files and folders")
    selection = Selection(search, repository_of(root) or (repository_of(os.path.commonpath(places)) if places else None))
    return selection if selection.terraform else with_callers(selection)


def with_callers(selection: Selection) -> Selection:
    """The selection with the files that call modules which were not searched, and which hold keys or lead to some."""
    if not (unseen := _unseen(selection.search)):
        return selection
    from posturio_iac.search.module_calls import callers

    selection.search.terraform.update(callers(selection, unseen))
    return Selection(selection.search, selection.repository)


def _unseen(search: FileSearch) -> dict[str, set[str]]:
    """The folders of local modules that were not searched, such as those that git ignores, each with the folders that may call it."""
    from posixpath import join, normpath

    seen = search.folders()
    found: dict[str, set[str]] = {}
    for folder, sources in search.local.items():
        for source in sources if folder in seen else ():
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
        (plain if top is None else trees.setdefault(top, [])).append(directory)
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
    return [repository for directory in directories for repository in _walk_below(search, directory)]


def _walk_below(search: FileSearch, start: str) -> list[str]:
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
            elif entry.is_symlink():
                search.linked.add(base + entry.name)
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
    elif entry.is_symlink():
        search.symlinks[path] = kind
    elif entry.is_file(follow_symlinks=False):
        search.examine(path, kind)


def is_initialised(directory: str) -> bool:
    """True if modules are installed below a root module. Most have none, and `os.path.exists` is slow to say no."""
    return os.access(f"{directory}/{MANIFEST}", os.F_OK)


def _add_initialised(search: FileSearch, directories: Sequence[str]) -> None:
    """Add the searched files of each initialised root module in ``directories`` whose modules matter, and those that call some."""
    inside = () if "" in directories else tuple(f"{directory}/" for directory in directories)
    read = [path for path, kind in search.read.items() if kind is TERRAFORM and (path.startswith(inside) or not inside)]
    folders = {path.rpartition("/")[0] for path in read}.union(*(keep.folders() for keep in search.trees))
    for folder in sorted(folder for folder in folders if is_initialised(search.prefix + folder)):
        there = _texts(os.path.join(folder, os.path.dirname(MANIFEST)), search)
        if True in {search.matters(path, TERRAFORM, data, installed=True) for path, data in there}:  # all of them are noted
            code = (*read, *(path for keep in search.trees for path, _ in keep.files(keep.code)))
            search.terraform.update(path for path in code if path.rpartition("/")[0] == folder or path in search.elsewhere)


def _texts(directory: str, search: FileSearch) -> Iterator[tuple[str, bytes]]:
    from posturio_iac.search.module_calls import content

    for folder, _, names in os.walk(search.prefix + directory) if search.fence.holds(search.prefix + directory) else ():
        for name in names:
            file = os.path.join(folder, name)
            if kind_of(name) is TERRAFORM and (data := content(file, search.max_file_size, search.fence)) is not None:
                search.keep(path := _relative(search, file), data)
                yield path, data
