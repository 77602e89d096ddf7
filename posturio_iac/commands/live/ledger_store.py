"""Where a ledger is kept: in a file, or in an object of S3 that the user names. Nothing else is ever written there."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from contextlib import ExitStack, contextmanager, suppress

from posturio_iac.commands.output import refuse_links_out, write
from posturio_iac.errors import OutputError, UsageError, system_reason
from posturio_iac.live.connection.calls import AwsError, CredentialsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posturio_iac.live.connection.session import Connection

S3 = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+[^/])", re.ASCII)
PRIVATE = 0o600
PAUSE = 15.0  # seconds between two writes of an object while a run goes on, since each writes all of it


def store_of(target: str, connection: Callable[[], Connection]) -> FileStore | S3Store:
    """The store that a user names. Raises `UsageError`."""
    if not target.startswith("s3:"):
        if target in ("-", ""):
            raise UsageError("--ledger needs a file, or an object such as s3://bucket/ledger.jsonl")
        return FileStore(target)
    if (found := S3.fullmatch(target)) is None:
        raise UsageError(f'--ledger must be a file, or an object such as s3://bucket/ledger.jsonl, not "{target}"')
    return S3Store(connection(), found[1], found[2])


class FileStore:
    """A file. It is replaced in one step, and lines are added whole or, where the machine stops, cut off at the end."""

    def __init__(self, path: str) -> None:
        self._path, self._size, self._known = path, 0, hashlib.sha256()

    def load(self) -> str | None:
        """The text; None where there is no file yet. Raises `UsageError` and, where links lead elsewhere, `OutputError`."""
        refuse_links_out(self._path)
        if not os.path.lexists(self._path):
            return None
        try:
            with open(self._path, encoding="utf-8", newline="\n") as file:
                if os.name == "posix" and os.fstat(file.fileno()).st_mode & stat.S_IWOTH:
                    text = "may be changed by everybody, so nothing can rest on it: chmod 600 it if it is yours"
                    raise UsageError(f"the ledger {self._path} {text}")
                text = file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the ledger {self._path} cannot be read: {system_reason(error)}") from None
        self._known, self._size = hashlib.sha256(text.encode()), len(text.encode())
        return text

    def replace(self, text: str) -> None:
        """Put a text in place of the whole, unless another run has changed it. Raises `OutputError`."""
        try:
            with _locked(os.path.dirname(os.path.realpath(self._path))):
                self._check()
                write(text, self._path, mode=PRIVATE)
                os.chmod(self._path, PRIVATE)
        except OSError as error:
            raise OutputError(f"cannot write {self._path}: {system_reason(error)}") from None
        self._known, self._size = hashlib.sha256(text.encode()), len(text.encode())

    def _check(self) -> None:
        try:
            with open(self._path, "rb") as file:
                there = hashlib.sha256(file.read())
        except FileNotFoundError:
            there = hashlib.sha256()
        if there.digest() != self._known.digest():
            raise OutputError(f"cannot write {self._path}: another run changed it meanwhile; run again")

    def append(self, line: str) -> None:
        """Add a line, unless another run has changed the file. Raises `OutputError`."""
        data = f"{line}\n".encode()
        try:
            with open(self._path, "ab") as file:
                if file.tell() != self._size:
                    raise OutputError(f"cannot write {self._path}: another run changed it meanwhile; run again")
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(f"cannot write {self._path}: {system_reason(error)}") from None
        self._size += len(data)
        self._known.update(data)


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Hold a folder for the moment of one write. The system releases it when a run dies, and nothing is left beside the ledger."""
    with ExitStack() as held:
        with suppress(ImportError, OSError):  # Windows and some network drives have no such lock; the comparison remains
            import fcntl

            number = os.open(folder, os.O_RDONLY)
            held.callback(os.close, number)
            fcntl.flock(number, fcntl.LOCK_EX)
        yield


class S3Store:
    """An object of S3, which is written as a whole and only while it is as this run knows it."""

    def __init__(self, connection: Connection, bucket: str, key: str) -> None:
        self._call, self._place, self._name = connection.call, {"Bucket": bucket, "Key": key}, f"s3://{bucket}/{key}"
        self._text, self._tag, self._kept, self._last = "", "", True, time.monotonic()

    def load(self) -> str | None:
        """The text; None where there is no object yet. Raises `UsageError`."""
        try:
            answer = self._call("s3:GetObject", **self._place)
            self._text, self._tag = answer["Body"].read().decode(), str(answer["ETag"])
        except AwsError as error:
            if error.code not in ("NoSuchKey", "404"):
                raise UsageError(f"the ledger {self._name} cannot be read: {error}") from None
        except CredentialsError as error:
            raise UsageError(str(error)) from None
        except UnicodeDecodeError as error:
            raise UsageError(f"the ledger {self._name} cannot be read: {error}") from None
        return self._text if self._tag else None

    def replace(self, text: str) -> None:
        self._text, self._kept = text, False
        self.flush()

    def append(self, line: str) -> None:
        """Add a line, and write the object when the last time is long ago. Raises `OutputError`."""
        self._text, self._kept = f"{self._text}{line}\n", False
        if time.monotonic() - self._last >= PAUSE:
            self.flush()

    def flush(self) -> None:
        """Write the object, unless another run has changed it. Raises `OutputError`."""
        if self._kept:
            return
        try:
            condition = {"IfMatch": self._tag} if self._tag else {"IfNoneMatch": "*"}
            body = {"Body": self._text.encode(), "ContentType": "application/x-ndjson"}
            self._tag = str(self._call("s3:PutObject", **self._place, **condition, **body)["ETag"])
        except (AwsError, CredentialsError) as error:
            changed = isinstance(error, AwsError) and error.code in ("PreconditionFailed", "ConditionalRequestConflict")
            why = "another run changed it meanwhile; run again" if changed else str(error)
            raise OutputError(f"cannot write {self._name}: {why}") from None
        self._kept, self._last = True, time.monotonic()
