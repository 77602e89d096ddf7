"""Reads the file of a state, or standard input, as text."""

from __future__ import annotations

import os
import sys

from posturio_iac.core.text.decoding import decode, not_text
from posturio_iac.errors import UsageError, system_reason
from posturio_iac.link.state import StateError, TerraformState, parse

STDIN = "-"
LIMIT = 512 * 1024 * 1024
_COMPRESSED = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))
_PLAN = b"PK\x03\x04"


def read(path: str) -> TerraformState:
    """The state in a file, or on standard input for ``-``. Raises `UsageError` (no such file) and `StateError`."""
    label = "standard input" if path == STDIN else path
    return parse(_text(_data(path, label), label), label)


def _data(path: str, label: str) -> bytes:
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read(LIMIT + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(LIMIT + 1)
    except FileNotFoundError:
        raise UsageError(f"--state {path}: there is no such file") from None
    except IsADirectoryError:
        raise UsageError(f"--state {path} is a folder; {_inside(path)}") from None
    except (OSError, ValueError, AttributeError) as error:
        raise StateError(f"{label} cannot be read: {system_reason(error)}") from None
    if len(data) > LIMIT:
        raise StateError(f"{label} has more than {LIMIT // 1024**2} MiB and was not read; pass the states of its parts")
    return data


def _inside(folder: str) -> str:
    workspaces = os.path.join(folder, "terraform.tfstate.d")
    found = [os.path.join(folder, "terraform.tfstate")]
    if os.path.isdir(workspaces):
        found += [os.path.join(workspaces, name, "terraform.tfstate") for name in sorted(os.listdir(workspaces))]
    there = [path for path in found if os.path.isfile(path)]
    if there:
        return f"name the files: {' '.join(f'--state {path}' for path in there[:5])}"
    return "run `terraform state pull` in it and pass the output: --state -"


def _text(data: bytes, label: str) -> str:
    """Decode a file by its byte order mark, as PowerShell writes one, else as UTF-8."""
    if not data.strip():
        raise StateError(f"{label} is empty; `terraform state pull` prints nothing if nothing has been applied yet")
    if data.startswith(_PLAN):
        raise StateError(f"{label} is a saved plan or an archive, not a state; pass the output of `terraform state pull`")
    for mark, name in _COMPRESSED:
        if data.startswith(mark):
            raise StateError(f"{label} is compressed with {name}; pass the decompressed state, for example with --state -")
    try:
        return decode(data)
    except UnicodeDecodeError as error:
        raise StateError(f"{label} {not_text(error)}, so not a state; pass the output of `terraform state pull`") from None
