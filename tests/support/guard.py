"""What a process did to the machine, as Python's own audit hooks tell it: files, folders, programs and sockets.

`AUDIT` is code that runs first in a process and writes each event to the file that `LOG` names; it needs the standard library alone, since
it also runs within checkov and cfn-lint. What a C library does by itself, `strace` sees, where it is there. With `ONLY` set, events are
those of a host (``host-read`` and so on) unless that text is in the path of a file of the code that does them, or that has called it.
"""

from __future__ import annotations

import json
import os
import re
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Self

LOG, ONLY = "GUARD_LOG", "GUARD_ONLY"
AUDIT = f"""
import json as _json, os as _os, sys as _sys

_sys.dont_write_bytecode = True  # that is Python's doing

def _watch():
    log = _os.open(_os.environ["{LOG}"], _os.O_WRONLY | _os.O_APPEND | _os.O_CREAT, 0o600)
    only, busy = _os.environ.get("{ONLY}"), []
    changing = tuple("os." + name for name in "rename remove mkdir rmdir chmod chown link symlink truncate utime".split())
    programs = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn")
    writing = _os.O_WRONLY | _os.O_RDWR | _os.O_CREAT | _os.O_TRUNC | _os.O_APPEND

    def path_of(value):
        return _os.path.abspath(_os.fsdecode(value)) if isinstance(value, (str, bytes, _os.PathLike)) else None

    def told(event, given):
        if event == "open" and isinstance(given[0], int):
            return None
        if event == "open":
            kind = "write" if (given[2] or 0) & writing or isinstance(given[1], str) and set(given[1]) & set("wax+") else "read"
            return [kind, path_of(given[0])]
        if event in ("os.listdir", "os.scandir"):
            return ["list", path_of(given[0] if given[0] is not None else ".")]
        if event in changing:
            return ["change", *(path_of(one) for one in given[:2] if isinstance(one, (str, bytes)))]
        if event in programs:
            words = given[1] if event == "subprocess.Popen" else [given[0] if given else event]
            return ["program", *map(_os.fsdecode, words)]
        if event.startswith(("socket.", "urllib.", "http.", "ftplib.", "smtplib.")) and event != "socket.gethostname":
            return ["socket", event, *(str(one)[:100] for one in given)]
        if event in ("import",) and given[1]:
            return ["import", path_of(given[1])]
        return None

    def is_meant():
        frame = _sys._getframe(2)
        while frame is not None and only is not None and only not in frame.f_code.co_filename:
            frame = frame.f_back
        return frame is not None

    def hook(event, given):
        if busy or event in ("compile", "exec", "object.__getattr__", "marshal.loads"):
            return
        busy.append(event)
        try:
            if found := told(event, given):
                found[0] = found[0] if is_meant() else "host-" + found[0]
                _os.write(log, (_json.dumps(found) + "\\n").encode())
        finally:
            busy.pop()

    _sys.addaudithook(hook)

_watch()
"""
RUN = f"{AUDIT}\nimport sys\nfrom posturio_iac.cli import main\nsys.exit(main(sys.argv[1:]))\n"


def _of_python() -> tuple[str, ...]:
    """The real folders that Python and our own package are read from; git tells which commit of a checkout is installed."""
    found = {
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
        *(str(Path(__file__).parents[2] / name) for name in ("posturio_iac", "policies", ".git")),
    }
    found |= {path for name, path in sysconfig.get_paths().items() if name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {path for path in sys.path if path.endswith((".zip", "lib-dynload", "site-packages", "dist-packages"))}
    return tuple({form for path in found for form in (path, os.path.realpath(path))})


PYTHON = _of_python()
_CHECKOUT = str(Path(__file__).parents[2])  # listed by Python when it looks for the metadata of what is installed


@dataclass(frozen=True)
class Deeds:
    events: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, log: Path) -> Self:
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        return cls(tuple(tuple(one or "" for one in json.loads(line)) for line in lines))

    def outside(self, allowed: Iterable[str | Path]) -> list[tuple[str, ...]]:
        """Return what was read or listed elsewhere than below ``allowed``, and not for Python's sake."""
        folders = (*PYTHON, *map(str, allowed), *(os.path.realpath(one) for one in allowed))
        looked = [event for event in self.events if event[0] in ("read", "list") and event != ("list", _CHECKOUT)]
        return [event for event in looked if not any(_below(path, folders) for path in event[1:])]

    def changed(self) -> set[str]:
        return {path for kind, *paths in self.events if kind in ("write", "change") for path in paths if path not in ("", os.devnull)}

    def programs(self) -> list[tuple[str, ...]]:
        return [event[1:] for event in self.events if event[0] == "program"]

    def sockets(self) -> list[tuple[str, ...]]:
        return [event for event in self.events if event[0] == "socket"]


def _below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


SYSTEM = (
    *("/lib", "/lib64", "/usr/lib", "/usr/local/lib", "/usr/share", "/usr/bin", "/bin"),
    *("/etc/ld.so", "/etc/localtime", "/proc", "/sys", "/dev/null", "/dev/urandom"),
)
"""Where a process looks before any of our code runs: libraries, locales, its own status."""
_CALL = re.compile(r"(?:\[pid +\d+\] |\d+ +)?(?P<name>\w+)\((?P<rest>.*)\) += (?P<result>-?\d+|\?)")
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')


def traced(log: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the system calls that succeeded, from what strace wrote: name, path, arguments."""
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        found = _CALL.match(line)
        if found and not found["result"].startswith("-"):
            path = _PATH.search(found["rest"])
            yield found["name"], path[1] if path else "", found["rest"]
