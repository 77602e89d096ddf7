"""Modules that ``terraform init`` has downloaded, as ``.terraform/modules/modules.json`` lists them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posturio_iac.frontends.terraform.modules.instance import Instance

_cache: dict[str, dict[str, tuple[str, str | None]]] = {}


def manifest(folder: str) -> dict[str, tuple[str, str | None]]:
    """Return the folder and the version of each installed module of the root module at ``folder`` (absolute), by its call path."""
    path = os.path.join(folder, ".terraform", "modules", "modules.json")
    if path not in _cache:
        _cache[path] = _read(path)
    return _cache[path]


def _read(path: str) -> dict[str, tuple[str, str | None]]:
    if not os.path.isfile(path):
        return {}
    import json  # noqa: PLC0415 - only for initialised folders

    try:
        with open(path, encoding="utf-8") as file:
            entries = json.load(file)["Modules"]
        return {str(e["Key"]): (str(e["Dir"]), str(e["Version"]) if e.get("Version") else None) for e in entries if e.get("Key")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _call_path(instance: Instance, name: str) -> str:
    names = [part for part in instance.address.split(".") if part != "module"] if instance.address else []
    return ".".join([*(part.split("[")[0] for part in names), name])


def installed_folder(root: str, instance: Instance, name: str) -> str | None:
    """Return the folder of an installed module, relative to the scan root, or None when it is not installed."""
    entry = _entry(root, instance, name)
    if entry is None:
        return None
    path = os.path.normpath(os.path.join(instance.root.folder.path, entry[0])).replace(os.sep, "/")
    return path if os.path.isdir(os.path.join(root, path)) else None


def installed_version(root: str, instance: Instance, name: str) -> str | None:
    """Return the exact version of an installed module, when it is installed."""
    entry = _entry(root, instance, name)
    return entry[1] if entry else None


def _entry(root: str, instance: Instance, name: str) -> tuple[str, str | None] | None:
    return manifest(os.path.join(root, instance.root.folder.path)).get(_call_path(instance, name))
