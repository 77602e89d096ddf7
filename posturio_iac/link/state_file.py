"""Reads the file of a state, or standard input, as text."""

from __future__ import annotations

import os

from posturio_iac.core.text.textfile import LARGE, STDIN, MissingError, TooLargeError, UnreadableError, decoded, describe_size, read_named
from posturio_iac.errors import UsageError
from posturio_iac.link.state import StateError, TerraformState, parse

_COMPRESSED = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))
_PLAN = b"PK\x03\x04"


def read(path: str) -> TerraformState:
    """The state in a file, or on standard input for ``-``. Raises `UsageError` (no such file) and `StateError`."""
    label = "standard input" if path == STDIN else path
    return parse(_text(path, label), label)


def _inside(folder: str) -> str:
    workspaces = os.path.join(folder, "terraform.tfstate.d")
    found = [os.path.join(folder, "terraform.tfstate")]
    if os.path.isdir(workspaces):
        found += [os.path.join(workspaces, name, "terraform.tfstate") for name in sorted(os.listdir(workspaces))]
    there = [path for path in found if os.path.isfile(path)]
    if there:
        return f"name the files: {' '.join(f'--state {path}' for path in there[:5])}"
    return "run `terraform state pull` in it and pass the output: --state -"


def _text(path: str, label: str) -> str:
    try:
        data = read_named(path, LARGE)
    except MissingError:
        raise UsageError(f"--state {path}: there is no such file") from None
    except TooLargeError:
        raise StateError(f"{label} has more than {describe_size(LARGE)} and was not read; pass the states of its parts") from None
    except UnreadableError as error:
        if os.path.isdir(path):
            raise UsageError(f"--state {path} is a folder; {_inside(path)}") from None
        raise StateError(f"{label}: {error}") from None
    if not data.strip():
        raise StateError(f"{label} is empty; `terraform state pull` prints nothing if nothing has been applied yet")
    if data.startswith(_PLAN):
        raise StateError(f"{label} is a saved plan or an archive, not a state; pass the output of `terraform state pull`")
    for mark, name in _COMPRESSED:
        if data.startswith(mark):
            raise StateError(f"{label} is compressed with {name}; pass the decompressed state, for example with --state -")
    try:
        return decoded(data)
    except UnreadableError as error:
        raise StateError(f"{label} {error}, so not a state; pass the output of `terraform state pull`") from None
