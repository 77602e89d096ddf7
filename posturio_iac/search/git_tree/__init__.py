"""Git: its listings, and child processes without importing `subprocess` where the system can start them directly."""

from __future__ import annotations

import os

from posturio_iac.core.text.textfile import is_inside
from posturio_iac.search.file_search import PRUNED, FileSearch
from posturio_iac.search.kinds import STACK_JSON, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

NAME = "git.exe" if os.name == "nt" else "git"

_NOT_THERE = 2  # the number of the error ENOENT; importing `errno` would be one import more in each search
_found: dict[tuple[str, ...], str] = {}


def find_git(*trees: str) -> str:
    """The absolute path of git, never one inside of ``trees`` (real paths) nor in the current folder. Raises FileNotFoundError."""
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
    return os.pathsep.join(folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(folder))


Exited = tuple[int, bytes, bytes]  # exit code (negative: the signal), standard output, standard error

_BLOCK = 1 << 16


def run(commands: Sequence[list[str | bytes]], environment: Mapping[str, str]) -> list[Exited]:
    """Run the commands in parallel without input, and return their results. Raises OSError when a program cannot be started."""
    if not hasattr(os, "posix_spawnp"):
        return [_run_one(command, environment) for command in commands]
    children: list[_Child] = []
    try:
        for command in commands:
            children.append(_Child(command, environment))  # noqa: PERF401 - programs that were started must be closed when a later one fails
        _drain(children)
    except BaseException:
        for child in children:
            child.kill()
        raise
    finally:
        for child in children:
            child.close()
    return [(os.waitstatus_to_exitcode(c.status), b"".join(c.output), b"".join(c.errors)) for c in children]


class _Child:
    """A running program and the pipes that it writes to."""

    def __init__(self, command: list[str | bytes], environment: Mapping[str, str]) -> None:
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        self.output: list[bytes] = []
        self.errors: list[bytes] = []
        self.pipes = {out: self.output, err: self.errors}
        self.pid = 0
        self.status = 0
        actions = (
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, out_end, 1),
            (os.POSIX_SPAWN_DUP2, err_end, 2),
        )
        try:
            self.pid = os.posix_spawnp(command[0], command, environment, file_actions=actions)
        except BaseException:
            self.close()
            raise
        finally:
            os.close(out_end)
            os.close(err_end)

    def kill(self) -> None:
        if self.pid:
            os.kill(self.pid, 9)

    def close(self) -> None:
        for pipe in self.pipes:
            os.close(pipe)
        self.pipes.clear()
        if self.pid:
            self.status = os.waitpid(self.pid, 0)[1]
            self.pid = 0


def _drain(children: Sequence[_Child]) -> None:
    import select

    sinks = {pipe: sink for child in children for pipe, sink in child.pipes.items()}
    poll = select.poll()
    for pipe in sinks:
        poll.register(pipe, select.POLLIN)
    while sinks:
        for pipe, _ in poll.poll():
            if block := os.read(pipe, _BLOCK):
                sinks[pipe].append(block)
            else:
                poll.unregister(pipe)
                del sinks[pipe]


def _run_one(command: list[str | bytes], environment: Mapping[str, str]) -> Exited:
    import subprocess

    done = subprocess.run(  # noqa: S603 - the commands are our own
        [os.fsdecode(part) for part in command], env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


class PathFilter:
    """Which of the paths that git names count, and what they are called from the root."""

    def __init__(self, search: FileSearch, base: str, directories: Sequence[str]) -> None:
        self.search = search
        self.base = f"{base}/" if base else ""
        self.directories = () if list(directories) == [base] else tuple(f"{d}/" for d in directories)
        self.code: Collection[str] = ()  # the Terraform files that git has searched, as it names them

    def files(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        """The paths from the root that count, with their kinds. Names come from git, relative to the base."""
        return ((path, kind) for path in self.plain(names) if (kind := kind_of(path)))

    def plain(self, names: Iterable[str]) -> Iterator[str]:
        """Yield the paths from the root that count, of whatever kind."""
        for name in names:
            path = self.base + name
            if (not self.directories or path.startswith(self.directories)) and not self.search.skips(path):
                yield path

    def has_code(self, path: str) -> bool:
        return path.startswith(self.directories or self.base) and path[len(self.base) :] in self.code

    def folders(self) -> Iterator[str]:
        return ((self.base + folder).rstrip("/") for folder in {name.rpartition("/")[0] for name in self.code})


_HCL = (".hcl", *STACK_JSON)


class Listing:
    """The files that git lists, by how they are to be treated; names are relative to the directory that git ran in."""

    def __init__(self, output: bytes) -> None:
        """Sort the records of ``git ls-files -v -s -c -o -d``: ``H 100644 0123abcd 0 TAB name``, ``? name``."""
        self.own: list[str] = []  # files that git does not search: it does not track them, or assumes that they are unchanged
        self.links: list[str] = []
        self.missing: list[str] = []  # tracked files that were deleted, or cannot be seen
        self.hcl: list[str] = []  # files in HCL that Terraform itself does not read
        self.pruned = any(directory.encode() in output for directory in PRUNED)  # if some may be where nothing is entered
        tracked: list[str] = []
        for record in os.fsdecode(output).split("\0"):
            state, _, name = record.partition("\t")
            untracked = record.startswith("? ")
            if record.endswith(_HCL):
                self.hcl.append(record[2:] if untracked else name)
            elif untracked:
                self.own.append(record[2:])
            elif state.startswith(("H 10", "M 10")):
                tracked.append(name)
            elif state[2:8] == "120000":
                self.links.append(name)
            elif state.startswith("R"):
                self.missing.append(name)
            elif state.startswith(("h 10", "m 10")):
                self.own.append(name)
        self.there = set(tracked).difference(self.missing)  # other tracked files
