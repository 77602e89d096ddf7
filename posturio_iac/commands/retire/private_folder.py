"""Folders that hold key ids in full: made in one step, never over something, and for their owner alone."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from posturio_iac.commands.output import refuse_links_out
from posturio_iac.commands.stoppable import Stoppable
from posturio_iac.errors import OutputError, UsageError, system_reason

if TYPE_CHECKING:
    from collections.abc import Mapping

PRIVATE, RUNNABLE = 0o600, 0o700


def check_new(flag: str, path: str) -> None:
    """Refuse a folder that cannot be made, before anything is asked.

    Raises:
        UsageError: it is there already, or cannot be made.

    """
    if path == "-":
        raise UsageError(f"{flag} needs a folder, because the report goes to standard output")
    if os.path.lexists(path) and not (os.path.isdir(path) and not os.path.islink(path) and not os.listdir(path)):
        raise UsageError(f"{flag} {path} already exists and is never overwritten; name a new folder")
    parent = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(parent):
        raise UsageError(f"{flag} {path}: there is no folder {parent}")


def write_folder(files: Mapping[str, str], path: str, what: str) -> None:
    """Make the folder with all of its files, or not at all; scripts may be run. Raises `OutputError`."""
    refuse_links_out(path)
    path = os.path.abspath(path)
    folder = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.{os.urandom(8).hex()}")
    try:
        with Stoppable():
            _make(files, folder, path)
    except OSError as error:
        raise OutputError(f"cannot write {what} {path}: {system_reason(error)}") from None


def _make(files: Mapping[str, str], folder: str, path: str) -> None:
    """Make ``folder``, a name that nothing has, and give it its own name when it is whole. Raises `OSError`."""
    try:
        os.mkdir(folder, 0o700)
        for name, text in files.items():
            if os.path.basename(name) != name:
                raise OSError(f"{name} is not a file name")
            mode = RUNNABLE if text.startswith("#!") else PRIVATE
            with os.fdopen(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(text.encode("utf-8", "backslashreplace"))
        os.rename(folder, path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
