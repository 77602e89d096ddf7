"""Where results go: to standard output, or to files that are replaced in one step; and how far a run is, on a terminal."""

from __future__ import annotations

import io
import os
import stat
import sys
import time

from posturio_iac.errors import OutputError, system_reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType
    from typing import Any, BinaryIO, TextIO

STDOUT = "-"


class Appended(str):
    """A target whose content is kept: the text is appended."""

    __slots__ = ()


def write(text: str | Iterable[str], target: str, within: str | None = None, mode: int = 0o666) -> str:
    """Write to a file, at its end when it is `Appended`, or to standard output, and return a note on a folder that was made for it.

    Of pieces no more than one is kept. No link may lead out of ``within`` where there is no repository; a new file gets ``mode``.
    Raises `OutputError`; an existing file is still whole then.
    """
    if target == STDOUT:
        to_stdout(text)
        return ""
    refuse_links_out(target, within)
    note = ""
    data = (piece.encode("utf-8", "backslashreplace") for piece in ((text,) if isinstance(text, str) else text))
    try:
        if isinstance(target, Appended):
            with open(target, "ab") as file:
                file.writelines(data)
        else:
            path = os.path.realpath(target)
            if not os.path.lexists(folder := os.path.dirname(path)):
                from posturio_iac.core.text.terminal import printable

                os.makedirs(folder, exist_ok=True)
                note = f"created the folder {printable(os.path.dirname(target))}\n"
            replace_file(path, data, mode)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {system_reason(error)}") from None
    return note


def write_bytes(data: bytes, path: str, shown: str) -> None:
    """Replace a file, which messages call ``shown``, in one step. Raises `OutputError` as `write` does."""
    refuse_links_out(path)
    try:
        replace_file(os.path.realpath(path), (data,))
    except OSError as error:
        raise OutputError(f"cannot write {shown}: {system_reason(error)}") from None


def refuse_links_out(target: str, within: str | None = None) -> None:
    """Raise `OutputError` if links of the repository lead out of it, or into git's folder: their author must not decide where we write."""
    from posturio_iac.core.text.textfile import is_inside
    from posturio_iac.search.locations import repository_of

    place = os.path.abspath(target)
    top = repository_of(os.path.dirname(place)) or within
    if top is None:
        return
    path, bound = os.path.realpath(place), os.path.realpath(top)
    if not is_inside(path, bound):
        raise OutputError(f"cannot write {target}: a symbolic link leads outside of {top}; remove the link, or name another file")
    if is_git_data(path, bound):
        raise OutputError(f"cannot write {target}: it is in the .git of {top}, which only git writes; name another file")


def is_git_data(path: str, folder: str) -> bool:
    """True if a real path in a folder is part of a ``.git``, or is one."""
    return ".git" in path[len(folder) :].lower().split(os.sep)


def to_stdout(text: str | Iterable[str]) -> None:
    """Write to standard output, in pieces where ``text`` comes so; a reader that has gone away is no error."""
    if sys.stdout is None:
        raise OutputError("cannot write to standard output: it is closed")
    try:
        is_raw = isinstance(sys.stdout.buffer if hasattr(sys.stdout, "buffer") else None, io.RawIOBase)
        for piece in (text,) if isinstance(text, str) else text:
            if is_raw:
                _write_all(sys.stdout.buffer, piece.encode(sys.stdout.encoding, sys.stdout.errors or "strict"))
            else:
                sys.stdout.write(piece)
        if not is_raw:
            sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
    except OSError as error:
        _silence(sys.stdout)
        raise OutputError(f"cannot write to standard output: {system_reason(error)}") from None


def _write_all(stream: BinaryIO, data: bytes) -> None:
    """Write all of ``data``: with PYTHONUNBUFFERED the stream takes what it has room for, and the interpreter drops the rest."""
    left = memoryview(data)
    while left:
        left = left[stream.write(left) or 0 :]


def to_stderr(text: str) -> None:
    """Write a message to standard error. One that cannot be written is no reason to lose the result."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError, AttributeError):
        pass


def replace_file(path: str, data: Iterable[bytes], new: int = 0o666) -> None:
    """Put ``data`` in place of a regular file in one step; write into a device or pipe as it is."""
    mode = os.stat(path).st_mode if os.path.exists(path) else None
    if mode is not None and not stat.S_ISREG(mode):
        with open(path, "wb") as device:
            device.writelines(data)
        return

    temporary = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.{os.getpid()}.tmp")
    with Stoppable():
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, new), "wb") as file:
                file.writelines(data)
            if mode is not None:
                os.chmod(temporary, stat.S_IMODE(mode))
            os.replace(temporary, path)
        except BaseException:
            from contextlib import suppress

            with suppress(OSError):
                os.unlink(temporary)
            raise


PATIENCE, EVERY = 1.0, 0.1
_ERASE = "\r\x1b[K"


class ProgressLine:
    """Counts steps, and shows the counts on standard error. Only a person at a terminal sees it: no CI service, no file, no pipe."""

    def __init__(self, *, quiet: bool, environment: Mapping[str, str], clock: Callable[[], float] = time.perf_counter) -> None:
        is_terminal = sys.stderr is not None and sys.stderr.isatty() and environment.get("TERM") != "dumb"
        self._is_seen = is_terminal and not quiet and not environment.get("CI")
        self._clock, self._shown = clock, False
        self._due = clock() + PATIENCE
        self._counts: dict[str, int] = {}

    @property
    def listener(self) -> Callable[[str], object] | None:
        return self.step if self._is_seen else None

    def step(self, what: str) -> None:
        """Count one more ``what``: a ``folder`` or ``file`` that was searched."""
        self._counts[what] = self._counts.get(what, 0) + 1
        if self._clock() >= self._due:
            self.show(self._text())

    def show(self, text: str) -> None:
        """Show ``text``, unless it is too early or nobody is there to see it."""
        if self._is_seen and self._clock() >= self._due:
            self._due, self._shown = self._clock() + EVERY, True
            to_stderr(_ERASE + text)

    def erase(self) -> None:
        """Erase the line before something else is printed."""
        if self._shown:
            self._shown = False
            to_stderr(_ERASE)

    def _text(self) -> str:
        from posturio_iac.render import count

        return f"searching: {count(self._counts.get('folder', 0), 'folder')}, {count(self._counts.get('file', 0), 'file')}"


class _StoppedError(BaseException):
    """A signal asks the process to stop. Not an `Exception`, so that handlers do not swallow it."""


class Stoppable:
    """Lets SIGTERM and SIGHUP unwind the stack as Ctrl-C does, then stop the process; ones that are handled or ignored stay as they are."""

    def __enter__(self) -> None:
        import signal

        self._old: dict[int, Any] = {}
        self._stopped_by = 0
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            try:
                if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                    self._old[number] = signal.signal(number, self._stop)
            except ValueError:
                return

    def _stop(self, number: int, _frame: Any) -> None:
        self._stopped_by = number
        raise _StoppedError

    def __exit__(self, kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None) -> None:
        import signal

        for number, handler in self._old.items():
            signal.signal(number, handler)
        if self._stopped_by:
            os.kill(os.getpid(), self._stopped_by)
