"""Reading Terraform's files: bytes to syntax, and one sentence about each file that cannot be read."""

from __future__ import annotations

import os

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.text.textfile import Fence, TooLargeError, UnreadableError, read_named
from posturio_iac.core.text.textfile import read as read_bytes
from posturio_iac.frontends.terraform.syntax import hcl

GIT_CRYPT = b"\0GITCRYPT\0"
HCL = (".tf", ".tofu")
JSON = (".tf.json", ".tofu.json")
CONFIGURATION = (*HCL, *JSON)

Parsed = tuple[hcl.Body, tuple[Diagnostic, ...]]


def read(root: str, path: str, max_size: int, fence: Fence | None = None, *, named: bool = False) -> bytes | Diagnostic:
    """The bytes of a file, or why it cannot be used. ``path`` is relative to ``root``.

    It must be inside of ``fence``, or of ``root`` when there is none, unless the command line has ``named`` it.
    """
    name = os.path.join(root, path)
    try:
        data = read_named(name, max_size) if named else read_bytes(name, max_size, fence or Fence(os.path.realpath(root)))
    except TooLargeError as error:
        return Diagnostic(Level.ERROR, f"{error}; raise --max-file-size to read it", path)
    except UnreadableError as error:
        return Diagnostic(Level.ERROR, str(error), path)
    return unreadable(path, data) or data


def unreadable(path: str, data: bytes) -> Diagnostic | None:
    """Return why ``data`` is no text that Terraform reads, or None when it is."""
    if data.startswith(GIT_CRYPT):
        return Diagnostic(Level.ERROR, "encrypted with git-crypt; unlock the repository, or exclude the file", path)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Diagnostic(Level.ERROR, "UTF-16, which Terraform does not read; save the file as UTF-8", path)
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        return Diagnostic(Level.ERROR, "contains a NUL byte, so it is not Terraform code; exclude the file", path, line)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Diagnostic(Level.ERROR, "not UTF-8; save the file as UTF-8", path, line)
    return None


def parse(path: str, data: bytes) -> Parsed:
    """The syntax of a file, JSON by its ending, and what is wrong with it."""
    if path.endswith(".json"):
        from posturio_iac.frontends.terraform.syntax import json_syntax

        return json_syntax.parse(path, data)
    from posturio_iac.frontends.terraform.syntax import parsing

    return parsing.parse(path, data)


def load(root: str, path: str, max_size: int, fence: Fence | None = None, *, named: bool = False) -> Parsed:
    data = read(root, path, max_size, fence, named=named)
    return (hcl.EMPTY, (data,)) if isinstance(data, Diagnostic) else parse(path, data)


def configuration_files(names: list[str]) -> tuple[list[str], list[str]]:
    """Return which of a folder's file names make up its module: the ordinary ones and the override files, each in Terraform's order.

    ``x.tofu`` hides ``x.tf``, as in OpenTofu.
    """
    chosen = [n for n in names if n.endswith(CONFIGURATION) and not n.startswith(".")]
    present = set(chosen)
    chosen = [n for n in chosen if not _shadowed(n, present)]
    overrides = [n for n in chosen if _stem(n) == "override" or _stem(n).endswith("_override")]
    return sorted(set(chosen) - set(overrides)), sorted(overrides)


def _stem(name: str) -> str:
    return next(name.removesuffix(ending) for ending in (*JSON, *HCL) if name.endswith(ending))


def _shadowed(name: str, present: set[str]) -> bool:
    if name.endswith(".tf"):
        return f"{name[:-3]}.tofu" in present
    return name.endswith(".tf.json") and f"{name[:-8]}.tofu.json" in present
