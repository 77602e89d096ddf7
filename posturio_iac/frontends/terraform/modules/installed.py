"""Modules that ``terraform init`` has downloaded, as ``.terraform/modules/modules.json`` lists them."""

from __future__ import annotations

import os

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
    import json

    try:
        with open(path, encoding="utf-8") as file:
            entries = json.load(file)["Modules"]
        return {str(e["Key"]): (str(e["Dir"]), str(e["Version"]) if e.get("Version") else None) for e in entries if e.get("Key")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def installed_folder(root: str, module: str, call_path: str) -> str | None:
    """Return the folder of an installed module, relative to the scan root, or None when it is not installed.

    ``module`` is the folder of the root module, ``call_path`` the names of the calls that lead to the module: ``mail.user``.
    """
    entry = _entry(root, module, call_path)
    if entry is None:
        return None
    path = os.path.normpath(os.path.join(module, entry[0])).replace(os.sep, "/")
    return path if os.path.isdir(os.path.join(root, path)) else None


def installed_version(root: str, module: str, call_path: str) -> str | None:
    """Return the exact version of an installed module, when it is installed."""
    entry = _entry(root, module, call_path)
    return entry[1] if entry else None


def _entry(root: str, module: str, call_path: str) -> tuple[str, str | None] | None:
    return manifest(os.path.join(root, module)).get(call_path)
