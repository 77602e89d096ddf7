"""Modules that ``terraform init`` has downloaded, as ``.terraform/modules/modules.json`` lists them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.text.textfile import LIMIT, OUTSIDE, Fence, MissingError, UnreadableError, read
from posturio_iac.search.installed import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Callable

Entries = dict[str, tuple[str, "str | None"]]
_cache: dict[str, tuple[Entries, str]] = {}


def manifest(folder: str, fence: Fence | None = None) -> tuple[Entries, str]:
    """The folder and the version of each installed module of the root module at ``folder`` (absolute), by its call path.

    The text says why the list could not be read, and is empty when it could, or nothing is installed. Without a fence ``folder`` is one.
    """
    path = os.path.join(folder, *MANIFEST.split("/"))
    if path not in _cache:
        _cache[path] = _read(path, fence or Fence(os.path.realpath(folder)))
    return _cache[path]


def _read(path: str, fence: Fence) -> tuple[Entries, str]:
    if not os.path.lexists(path):
        return {}, ""
    import json

    try:
        entries = json.loads(read(path, LIMIT, fence).decode("utf-8"))["Modules"]
        listed = {str(e["Key"]): (str(e["Dir"]), str(e["Version"]) if e.get("Version") else None) for e in entries if e.get("Key")}
    except MissingError:
        return {}, ""
    except UnreadableError as error:
        return {}, str(error)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}, "is not what terraform init writes; run terraform init again"
    return listed, ""


class Installed:
    """The modules that ``terraform init`` has installed below one scan root."""

    __slots__ = ("_fence", "_report", "_root")

    def __init__(self, root: str, fence: Fence, report: Callable[[Diagnostic], None]) -> None:
        """Look below ``root``, and nowhere outside of ``fence``."""
        self._root, self._fence, self._report = root, fence, report

    def folder(self, module: str, call_path: str) -> str | None:
        """The folder of an installed module, relative to the scan root, or None when it is not installed.

        ``module`` is the folder of the root module, ``call_path`` the names of the calls that lead to the module: ``mail.user``.
        A folder outside of the fence is refused, with a diagnostic.
        """
        entry = self._entry(module, call_path)
        if entry is None:
            return None
        path = os.path.normpath(os.path.join(module, entry[0])).replace(os.sep, "/")
        there = os.path.join(self._root, path)
        if self._fence.holds(there):
            return path if os.path.isdir(there) else None
        self._say(module, f'the folder of module "{call_path.rpartition(".")[2]}" {OUTSIDE}')
        return None

    def version(self, module: str, call_path: str) -> str | None:
        entry = self._entry(module, call_path)
        return entry[1] if entry else None

    def _entry(self, module: str, call_path: str) -> tuple[str, str | None] | None:
        listed, problem = manifest(os.path.join(self._root, module), self._fence)
        if problem:
            self._say(module, f"{problem}; the code of installed modules was not checked")
        return listed.get(call_path)

    def _say(self, module: str, text: str) -> None:
        self._report(Diagnostic(Level.ERROR, text, f"{module}/{MANIFEST}" if module else MANIFEST))
