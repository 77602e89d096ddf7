"""Git, and child processes without importing `subprocess` where the system can start them directly."""

from __future__ import annotations

import os

from posturio_iac.core.text.textfile import is_inside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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

    __slots__ = ("errors", "output", "pid", "pipes", "status")

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
