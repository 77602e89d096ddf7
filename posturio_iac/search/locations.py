"""Where to search: from the paths of the command line to directories, files and the scan root."""

from __future__ import annotations

import os
from stat import S_ISDIR, S_ISREG

from posturio_iac.errors import UsageError, system_reason
from posturio_iac.search.kinds import kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


def locate(paths: Sequence[str], cwd: str) -> tuple[list[str], list[str], list[str]]:
    """The directories and files by their real paths, and the paths that cannot be read. Raises `UsageError` for one that is missing."""
    directories, files, denied = list[str](), list[str](), list[str]()
    for path in paths:
        place = os.path.join(cwd, path) if path else ""
        try:
            mode = os.stat(place).st_mode
        except PermissionError:
            denied.append(path)
            continue
        except OSError as error:
            if not path:
                raise UsageError('a path is empty: ""') from None
            raise UsageError(f"{path}: {system_reason(error)}") from None
        except ValueError:  # a NUL byte, or text that no file system takes
            raise UsageError(f"{path!a} is not a path") from None
        if S_ISDIR(mode):
            directories.append(os.path.realpath(place))
        elif S_ISREG(mode):
            parent, name = os.path.split(place)
            files.append(os.path.join(os.path.realpath(parent), name))
        else:
            raise UsageError(f"{path}: neither a file nor a directory")
    return list(dict.fromkeys(directories)), list(dict.fromkeys(files)), denied


def root_of(cwd: str, directories: Sequence[str], files: Sequence[str]) -> str:
    """The scan root: the current directory when all paths are inside, else their common parent."""
    places = [*directories, *map(os.path.dirname, files)]
    if all(place == cwd or place.startswith(os.path.join(cwd, "")) for place in places):
        return cwd
    try:
        return os.path.commonpath(places)
    except ValueError:
        raise UsageError("the paths are on different drives: scan one drive at a time") from None


def outermost(directories: Iterable[str]) -> list[str]:
    """Drop directories inside others. Paths have forward slashes; the empty one is the root."""
    kept: list[str] = []
    for directory in sorted(set(directories), key=lambda d: f"{d}/"):
        if not kept or not (kept[-1] == "" or directory.startswith(f"{kept[-1]}/")):
            kept.append(directory)
    return kept


def repository_of(directory: str) -> str | None:
    """The top of the git work tree that holds the directory."""
    directory = directory.removesuffix(os.sep) or os.sep
    while not is_repository(directory):
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent
    return directory


def is_repository(directory: str) -> bool:
    """True if the directory is the top of a git work tree: ``.git`` is a repository, or a file that names one."""
    git = os.path.join(directory, ".git")
    return os.path.lexists(os.path.join(git, "HEAD")) or os.path.isfile(git)


_MOST_FOLDERS = 10_000


def holds_code(folder: str) -> bool:
    """True if an absolute folder holds a file of a kind that is searched, as far as it is looked at."""
    for seen, (_, _, names) in enumerate(os.walk(folder)):
        if any(map(kind_of, names)) or seen > _MOST_FOLDERS:
            return seen <= _MOST_FOLDERS
    return False


def holds_above(folder: str, known: dict[str, bool], holds: Callable[[str], bool]) -> bool:
    """True if something ``holds`` of a folder or of one above it, without recursion; ``known`` has answers, and one for the top."""
    way = []
    while (found := known.get(folder)) is None:
        way.append(folder)
        folder = folder.rpartition("/")[0]
    for below in reversed(way):
        found = known[below] = found or holds(below)
    return found
