"""Modules that ``terraform init`` has downloaded, as ``.terraform/modules/modules.json`` lists them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.finding import Diagnostic, Level
from posturio_iac.textfile import LIMIT, OUTSIDE, Fence, MissingError, UnreadableError, read

if TYPE_CHECKING:
    from posturio_iac.terraform.instance import Instance

LIST = ".terraform/modules/modules.json"
Entries = dict[str, tuple[str, "str | None"]]
_cache: dict[str, tuple[Entries, str]] = {}


def manifest(folder: str, fence: Fence | None = None) -> tuple[Entries, str]:
    """Return the folder and the version of each installed module of the root module at ``folder`` (absolute), by its call path.

    The text says why the list could not be read, and is empty when it could, or nothing is installed. Without a fence ``folder`` is one.
    """
    path = os.path.join(folder, *LIST.split("/"))
    if path not in _cache:
        _cache[path] = _read(path, fence or Fence(os.path.realpath(folder)))
    return _cache[path]


def _read(path: str, fence: Fence) -> tuple[Entries, str]:
    if not os.path.lexists(path):
        return {}, ""
    import json  # noqa: PLC0415 - only for initialised folders

    try:
        entries = json.loads(read(path, LIMIT, fence).decode("utf-8"))["Modules"]
        listed = {str(e["Key"]): (str(e["Dir"]), str(e["Version"]) if e.get("Version") else None) for e in entries if e.get("Key")}
    except MissingError:
        return {}, ""
    except UnreadableError as error:
        return {}, str(error)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}, "is not what terraform init writes; run it again"
    return listed, ""


def _call_path(instance: Instance, name: str) -> str:
    names = [part for part in instance.address.split(".") if part != "module"] if instance.address else []
    return ".".join([*(part.split("[")[0] for part in names), name])


def installed_folder(root: str, instance: Instance, name: str) -> str | None:
    """Return the folder of an installed module, relative to the scan root, or None when it is not installed.

    A folder outside of what may be read is refused and said.
    """
    entry = _entry(root, instance, name)
    if entry is None:
        return None
    path = os.path.normpath(os.path.join(instance.root.folder.path, entry[0])).replace(os.sep, "/")
    there = os.path.join(root, path)
    if instance.program.fence.holds(there):
        return path if os.path.isdir(there) else None
    _report(instance, f'the folder of module "{name}" {OUTSIDE}')
    return None


def installed_version(root: str, instance: Instance, name: str) -> str | None:
    """Return the exact version of an installed module, when it is installed."""
    entry = _entry(root, instance, name)
    return entry[1] if entry else None


def _entry(root: str, instance: Instance, name: str) -> tuple[str, str | None] | None:
    listed, problem = manifest(os.path.join(root, instance.root.folder.path), instance.program.fence)
    if problem:
        _report(instance, f"{problem}; the code of installed modules was not judged")
    return listed.get(_call_path(instance, name))


def _report(instance: Instance, text: str) -> None:
    """Say what is wrong with the list of the root module's installed modules."""
    folder = instance.root.folder.path
    instance.program.report(Diagnostic(Level.ERROR, text, f"{folder}/{LIST}" if folder else LIST))
