"""The one place that opens a text of the scanned code: which files may be read, of which kind, and how much of them.

The content of a repository must not decide which files of this machine are read, nor how long that takes: a path that leads out of the
fence, is no regular file or is larger than the limit is refused with a sentence.
"""

from __future__ import annotations

import os
import sys
from stat import S_ISREG

from posturio_iac.core.text.decoding import decode, not_text
from posturio_iac.errors import more_than, system_reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

MIB = 1 << 20
LIMIT = 10 * MIB
"""Limit in bytes for files that belong to the run rather than to the code: configuration, baseline, CODEOWNERS, lists of modules."""
LARGE = 512 * MIB  # limit in bytes for saved results, of which one of 20,000 keys has about 30 MB, and for states
STDIN = "-"
OUTSIDE = "leads outside of the scanned folder and its repository and was not read"
"""The clause that follows the name of a link, or of a file that a configuration names."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe in a file's place must not block
_LONGEST = 4096  # a path, beyond which no system opens one


class UnreadableError(Exception):
    """A file cannot be read; the message is a clause that follows its name."""


class OutsideError(UnreadableError):
    """A file is outside of the fence."""


class LinkError(UnreadableError):
    """A file is a symbolic link that is not to be followed."""


class TooLargeError(UnreadableError):
    """A file is larger than the limit. ``size`` is in bytes, where it is known."""

    def __init__(self, limit: int, size: int | None = None) -> None:
        self.size = size
        super().__init__(more_than(size, limit))


class MissingError(UnreadableError):
    """There is no such file."""


MOST_PROGRAMS, FOR_PART = 20_000, 2_500  # files of a work tree that are searched for programs that make keys


class Fence:
    """The bounds of reading: everything below one folder, and the files that the command line names."""

    def __init__(self, top: str, named: Iterable[str] = ()) -> None:
        """Allow what is below ``top``, a real path, and ``named``, which are real paths as well."""
        self.top = self.base = top  # and the folder that all paths of the command line share, for code without a repository
        self.most = MOST_PROGRAMS  # how many files of a work tree are searched for programs that make keys
        self.passed: set[str] = set()  # names of folders and of prose that a walk has passed by
        self.edited: Mapping[str, bytes] = {}  # texts that are read instead of those on the disk, by their real paths
        self.named = set(named)
        self._real: dict[str, str | None] = {}
        self._names: dict[str, frozenset[str]] = {}
        self.sizes: dict[str, int] = {}  # how many bytes each file has that was opened
        self.makers: dict[Any, Any] = {}  # what is known of the programs of a work tree that make keys
        self.programs: dict[Any, Any] = {}  # what `posturio_iac.search.named_programs` has looked into
        self.run: dict[str, bool] = {}  # programs that code runs and templates that are read, or False for what only an expression takes
        self.beyond: set[tuple[str, str]] = set()  # files of code that name more than that looks into, each with what is said of it

    def names(self, folder: str) -> frozenset[str]:
        """The names in a folder (absolute); none of one that leads outside or cannot be listed. Each is listed once."""
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(() if (found := self.folder(folder)) is None else os.listdir(found))
            except OSError:
                self._names[folder] = frozenset()
        return self._names[folder]

    def top_of(self, folder: str) -> str:
        """The top of the work tree around a folder (absolute), or without one the folder that was to be searched."""
        bound = self.base if is_inside(folder, self.base) else self.top
        while len(folder) > len(bound) and ".git" not in self.names(folder):
            folder = os.path.dirname(folder)
        return folder

    def walk(self, top: str, skipped: frozenset[str]) -> Iterator[tuple[str, list[str]]]:
        """Yield a folder and those below it, links followed, each once, with its names sorted; ``skipped`` names folders to pass by."""
        seen, pending = set[str | None]((None,)), [top]
        while pending:  # without recursion, as deep as folders are
            if (real := self.folder(folder := pending.pop())) in seen:
                continue
            seen.add(real)
            try:
                with os.scandir(folder) as found:  # of a link that leads to itself `is_dir` raises an error
                    entries = [(one.name, os.path.isdir(one) if one.is_symlink() else one.is_dir()) for one in found]
            except OSError:
                continue
            folders = {name for name, is_folder in entries if is_folder}
            layered = {"node_modules"} if os.path.basename(folder) == "nodejs" else set()  # where layers and canaries have their own code
            self.passed |= skipped.intersection(folders) - {".git"}
            pending += (os.path.join(folder, name) for name in sorted(folders - (skipped - layered), reverse=True))
            yield folder, sorted(name for name, is_folder in entries if not is_folder)

    def holds(self, path: str) -> bool:
        """True if an absolute path, its links followed, stays inside; one that no system opens does not."""
        if len(path) > _LONGEST:
            return False
        folder, name = os.path.split(path)
        found = self.folder(folder) if name not in ("", os.curdir, os.pardir) and "\0" not in name else None
        if found is not None and not os.path.islink(os.path.join(found, name)):
            return True
        try:
            real = os.path.realpath(path)
        except (OSError, ValueError):  # a NUL byte, or on Windows a device
            return False
        return is_inside(real, self.top) or real in self.named

    def resolved(self, path: str) -> str:
        """The path with the links of its folders followed. Raises `OutsideError` when these lead outside."""
        folder, _, name = path.rpartition(os.sep)
        known = self._real.get(folder) or (self.folder(folder) if folder else None)
        if known is not None and _is_plain(name):
            return f"{known}{os.sep}{name}"
        if self.holds(path):
            return os.path.realpath(path)
        raise OutsideError(OUTSIDE)

    def admit(self, path: str) -> tuple[str, int]:
        """The file at a path and its mode, links followed. Raises `OutsideError` when it leads outside, and `OSError`."""
        resolved = self.resolved(path)
        if not self.holds(resolved):
            raise OutsideError(OUTSIDE)
        resolved = os.path.realpath(resolved) if os.path.islink(resolved) else resolved
        return resolved, os.stat(resolved).st_mode

    def folder(self, folder: str) -> str | None:
        """The real path of a folder, None when it is outside or can be none. One look at each suffices without links."""
        if folder in self._real or len(folder) > _LONGEST:
            return self._real.get(folder)
        parent, _, name = folder.rpartition(os.sep)
        known = self._real.get(parent)
        if known is not None and _is_plain(name) and "\0" not in name and not os.path.islink(real := f"{known}{os.sep}{name}"):
            self._real[folder] = real = folder if real == folder else real  # one text for both where there are very many
            return real
        way = [folder]
        while (parent := os.path.split(way[-1])[0]) not in self._real and parent != way[-1] and is_inside(parent, self.top):
            way.append(parent)
        for one in way[:0:-1]:  # from the top, lest a deep tree be too deep for recursion
            if (found := self._found(one)) is None or not os.path.lexists(found):
                break  # of what is not there each folder is as long as the path
        return self._found(folder)

    def _found(self, folder: str) -> str | None:
        parent, name = os.path.split(folder)
        above = self._real.get(parent) if name not in ("", os.curdir, os.pardir) else None
        real = os.path.join(above, name) if above is not None else ""
        try:
            if not real or os.path.islink(real):
                real = os.path.realpath(folder)
        except (OSError, ValueError):  # a link that is replaced meanwhile, or a NUL byte
            real = ""
        found = self._real[folder] = real if is_inside(real, self.top) and "\0" not in real else None
        return found

    def check(self, path: str) -> None:
        """Refuse a path that leads outside, and one that is neither a regular file nor a folder. A missing one is fine."""
        if not self.holds(path):
            raise OutsideError(OUTSIDE)
        if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
            raise UnreadableError("is not a regular file and was not read")


def _is_plain(name: str) -> bool:
    return name not in ("", os.curdir, os.pardir) and (os.altsep is None or os.altsep not in name)


def real_path(path: str) -> str:
    """A path with its links followed; one that no file system accepts stays as it is, and one that changes meanwhile."""
    try:
        return os.path.realpath(path) if len(path) <= _LONGEST else path
    except (OSError, ValueError):
        return path


def is_inside(path: str, folder: str) -> bool:
    """True if a real path is ``folder``, which is one too, or below it."""
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)


def open_regular(path: str, fence: Fence | None, *, follow: bool = True) -> tuple[int, int]:
    """A descriptor of the regular file at ``path``, and its size. Raises `LinkError`, `UnreadableError` or `OSError`."""
    try:
        descriptor = _opened(path, fence) if follow else _opened_itself(path)
    except ValueError as error:
        raise _unreadable(error) from None
    if descriptor is None:
        raise LinkError("is a symbolic link and was not read")
    status = os.fstat(descriptor)
    if not S_ISREG(status.st_mode):
        os.close(descriptor)
        raise UnreadableError("is not a regular file and was not read")
    if fence is not None:
        fence.sizes[path] = min(status.st_size, LIMIT)
    return descriptor, status.st_size


def _opened(path: str, fence: Fence | None) -> int:
    if fence is None:
        return os.open(path, _FLAGS | _NO_WAIT)
    resolved = fence.resolved(path)
    if (descriptor := _opened_itself(resolved)) is not None:
        return descriptor
    real = os.path.realpath(resolved)
    if not fence.holds(real):
        raise OutsideError(OUTSIDE)
    return os.open(real, _FLAGS | _NO_WAIT | _NO_LINK)


def _opened_itself(path: str) -> int | None:
    if _NO_LINK or not os.path.islink(path):
        try:
            return os.open(path, _FLAGS | _NO_WAIT | _NO_LINK)
        except OSError:
            if not os.path.islink(path):  # it may have become a link meanwhile
                raise
    return None


def read(path: str, limit: int, fence: Fence | None, *, head: bool = False) -> bytes:
    """The bytes of a regular file inside of the fence, or with ``head`` its first ``limit`` bytes. Raises `UnreadableError`."""
    if fence is not None and fence.edited and (text := fence.edited.get(real_path(path))) is not None:
        return text[:limit] if head else text
    try:
        descriptor, size = open_regular(path, fence)
    except OSError as error:
        raise _unreadable(error) from None
    try:
        if size > limit and not head:
            raise TooLargeError(limit, size)
        return os.read(descriptor, limit) if size > limit else _bytes(descriptor, limit, size)
    except OSError as error:
        raise _unreadable(error) from None
    finally:
        os.close(descriptor)


def read_named(path: str, limit: int = LIMIT) -> bytes:
    """The bytes of a file that the caller has named, so that ``-`` and a shell's ``<(command)`` work. Raises `UnreadableError`."""
    if path == STDIN:
        data = sys.stdin.buffer.read(limit + 1) if sys.stdin else b""
        if len(data) > limit:
            raise TooLargeError(limit)
        return data
    try:
        descriptor = os.open(path, _FLAGS)
        try:
            return _bytes(descriptor, limit, 0)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise _unreadable(error) from None


def decoded(data: bytes) -> str:
    """The text in ``data``: UTF-8, or UTF-16 or UTF-32 with its mark, which is left out. Raises `UnreadableError`."""
    try:
        return decode(data)
    except UnicodeDecodeError as error:
        raise UnreadableError(not_text(error)) from None


def _bytes(descriptor: int, limit: int, size: int) -> bytes:
    """Read to the end, which is at ``size`` unless the file changes meanwhile. Raises `TooLargeError`."""
    data = os.read(descriptor, size + 1)
    if len(data) == size > 0 or not data:
        return data
    parts, total = [data], len(data)
    while total <= limit and (part := os.read(descriptor, min(MIB, limit + 1 - total))):
        parts.append(part)
        total += len(part)
    if total > limit:
        raise TooLargeError(limit)
    return b"".join(parts)


def _unreadable(error: OSError | ValueError) -> UnreadableError:
    kind = MissingError if isinstance(error, (FileNotFoundError, NotADirectoryError)) else UnreadableError
    return kind(f"cannot be read: {system_reason(error) if isinstance(error, OSError) else 'a path cannot contain a NUL byte'}")
